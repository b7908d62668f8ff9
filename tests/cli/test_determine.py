"""`determine` as a newcomer would type it."""

import json

import pytest

from tests.cli.test_commands import flora
from tests.workflows.determine.conftest import recorded

__all__ = ["flora"]


def test_one_determination_in_words_and_as_a_document(flora, context):
    (plant,) = recorded(context, "00042")
    done = flora(
        "determine", plant, "Iris", "versicolor", "--by", "Asa Gray", "--date", "1.VI.2024", "--remark", "fresh"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"Added to {plant}.",
        "  2024-06-01  Iris versicolor, det. Asa Gray (level 2): fresh",
    ]
    words = ["determine", "00042", "cf. virginica", "--by", "Grace", "--date", "2025", "--status", "1", "--json"]
    document = json.loads(flora(*words).stdout)
    assert (document["rows"], document["added"], document["id"]) == (1, 1, plant)
    assert [d["name"] for d in document["determinations"]] == ["Iris versicolor", "Iris cf. virginica"]
    assert json.loads(flora(*words).stdout)["unchanged"] == 1
    assert flora(*words[:-1]).stdout.startswith(f"{plant}: said before; nothing was added.")


def test_a_table_in_words_and_as_a_document(flora, context, tmp_path):
    recorded(context, "1", "2")
    table = tmp_path / "slips.tsv"
    table.write_text("No.\tchecked as\tBy\n1\tIris setosa\tAda\n2\tIris sertosa\tAda\n3\tsetosa\tAda\n")
    words = ["determine", str(table), "--map", "checked as=name", "--date", "2024"]
    done = flora(*words)
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "1 of 3 determinations added; 2 can't be used.",
        "  checked as is name",
        "  No. is number",
        "  By is by",
        "  Columns are separated by tabs.",
        "  Row 3: 'Iris sertosa' is not a species of this study. Did you mean Iris setosa? If it is another species, write "
        "it with [sic] behind it.",
        "  Row 4: '3' is no plant of iris. Give the identifier of its record, like k7f3q2mh4p-1, or a catalogue number that "
        "was recorded.",
    ]
    document = json.loads(flora(*words, "--json").stdout)
    assert {"rows": 3, "added": 0, "unchanged": 1, "refused": 2}.items() <= document.items()
    assert [(i["row"], i["column"]) for i in document["issues"]] == [(3, "checked as"), (4, "No.")]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ["nowhere.csv"],
            "flora: nowhere.csv can't be read: No such file or directory. For one plant write: determine ID NAME --by WHO.",
        ),
        (
            ["1", "setosa"],
            "flora: Nobody is named. Give the person who determined; a determination without a person can't be asked about later.",
        ),
        (
            ["2", "setosa", "--by", "Ada"],
            "flora: '2' is no plant of iris. Give the identifier of its record, like k7f3q2mh4p-1, or a catalogue number that was recorded.",
        ),
        (["1", "setosa", "--by", "Ada", "--date", "3000"], "flora: The date 3000 lies in the future."),
        (
            ["1", "setosa", "--by", "Ada", "--status", "9"],
            "flora: '9' is not a verification level. There are: 0 not checked by anybody;",
        ),
        (["1", "setosa", "--by", "Ada", "--study", "rosa"], "flora: There is no study 'rosa'. There are: iris."),
    ],
)
def test_a_refusal_is_one_line_and_exit_1(flora, context, words, line):
    recorded(context, "1")
    done = flora("determine", *words)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith(line)
