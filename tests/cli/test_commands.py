"""Every command as a newcomer would type it, in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from flora_core.cli import app
from flora_core.storage.database import HEAD
from tests.servers import ROOT

FLOWER = ["sepal_length=5.1", "sepal_width=3.5", "petal_length=1.4", "petal_width=0.2"]


@pytest.fixture
def flora(context):
    """Runs a command on the test's own context."""

    def run(*words, **environment):
        return subprocess.run(
            [sys.executable, "-W", "error", "-m", "flora_core", *words],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            env={
                **os.environ,
                "FLORA_DATABASE_URL": f"sqlite:///{context.database.path}",
                "FLORA_MODELS": str(context.settings.models),
                **environment,
            },
        )

    return run


def test_a_flower_in_words(flora):
    done = flora("identify", "sepal_length=6.0", "sepal_width=2.7", "petal_length=4.9", "petal_width=1.6")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "Iris cf. virginica: the flower fits both I. virginica and I. versicolor.",
        "",
        "  Iris virginica   57 %",
        "  Iris versicolor  43 %",
        "  Iris setosa      less than 1 %",
        "",
        "Still possible (95 % prediction set): Iris virginica, Iris versicolor",
        "Named by Flora Classification, iris v1 (linear discriminant analysis).",
    ]
    assert done.stderr == ""


def test_a_flower_as_a_document_and_nothing_else_on_stdout(flora):
    done = flora("identify", *FLOWER, "--json")
    document = json.loads(done.stdout)
    assert document["species"] == "Iris setosa"
    assert document["id"] is None


def test_a_flower_in_millimetres_with_its_names_as_people_write_them(flora):
    done = flora(
        "identify", "Sepal-Length=51", "sepal.width=35", "PETAL LENGTH=14", "petal_width=2", "--unit", "mm", "--json"
    )
    assert json.loads(done.stdout)["measurements"]["sepal_length"] == 5.1


def test_a_flower_is_recorded_on_request(flora, context):
    words = ["--record", "--by", "Ada", "--collector", "Anderson", "--site", "Gaspé", "--json"]
    document = json.loads(flora("identify", *FLOWER, *words).stdout)
    recorded = context.records.get(document["id"])
    assert (recorded.recording.collector, recorded.recording.site) == ("Anderson", "Gaspé")
    assert recorded.recording.by == "Ada"
    assert recorded.recording.door == "command"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ["petal_length=57"],
            "flora: Petal length is 57.0 cm. These plants have 0.8 to 8.0 cm. Is it in millimetres? Did you mean petal length 5.7 cm?",
        ),
        (
            ["petal_length=x1"],
            "flora: Petal length 'x1' is not a number. Write a number like 5.1, or leave the cell empty.",
        ),
        (["petal_length"], "flora: 'petal_length' is not NAME=VALUE; write for example petal_length=5.1."),
        (["petal_length=1", "petal_length=2"], "flora: petal_length is given twice; give it once."),
        (
            ["petl=1"],
            "flora: 'petl' is not a measurement of iris. There are: sepal_length, sepal_width, petal_length, petal_width.",
        ),
        ([*FLOWER, "--study", "rosa"], "flora: There is no study 'rosa'. There are: iris."),
        (
            [*FLOWER, "--unit", "ell"],
            "flora: 'ell' is not a unit that is known here. There are: µm, mm, cm, dm, m, in, mm², cm², dm², m², px, °, %, g, mg.",
        ),
    ],
)
def test_a_refusal_is_one_line_and_exit_1(flora, words, line):
    done = flora("identify", *words)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"{line}\n")


def test_a_refusal_as_a_document(flora):
    done = flora("identify", "petal_length=57", "--json")
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert document["error"] == "BadValues"
    assert document["issues"][0]["column"] == "petal_length"


@pytest.mark.parametrize("words", [["identify"], ["nonsense"], ["models", "show"], ["identify", "a=1", "--nonsense"]])
def test_wrong_usage_is_exit_2(flora, words):
    assert flora(*words).returncode == 2


def test_versions_and_studies(flora):
    assert json.loads(flora("models", "list", "--json").stdout)[0]["champion"] is True
    shown = json.loads(flora("models", "show", "v1", "--json").stdout)
    assert shown["algorithm"] == "lda"
    assert [e["kind"] for e in shown["events"]] == ["registered", "promoted"]
    assert "147 of 150" not in flora("models", "show", "1").stdout
    assert "Accuracy 98." in flora("models", "show", "1").stdout
    assert json.loads(flora("studies", "list", "--json").stdout)[0]["species"] == {
        "Iris setosa": 50,
        "Iris versicolor": 50,
        "Iris virginica": 50,
    }
    assert json.loads(flora("studies", "show", "iris", "--json").stdout)["name"] == "iris"
    assert "Fisher himself warned" in flora("studies", "show", "iris").stdout


def test_verify_is_exit_1_where_a_file_is_not_the_registered_one(flora, context):
    assert json.loads(flora("models", "verify", "--json").stdout)["ok"] is True
    (context.settings.models / "iris" / "1" / "model.joblib").write_bytes(b"x")
    done = flora("models", "verify")
    assert done.returncode == 1
    assert "model.joblib is not the file that was registered as version 1" in done.stdout
    assert flora("identify", *FLOWER).returncode == 1


def test_a_mistyped_setting_is_a_sentence(flora):
    done = flora("models", "list", FLORA_DATABSE_URL="x")
    assert done.returncode == 1
    assert done.stderr == "flora: FLORA_DATABSE_URL is not a setting. Did you mean FLORA_DATABASE_URL?\n"


def test_a_first_start_by_command_tells_its_progress_on_stderr(flora, tmp_path):
    done = flora(
        "identify",
        *FLOWER,
        "--json",
        FLORA_DATABASE_URL=f"sqlite:///{tmp_path}/x/f.db",
        FLORA_MODELS=str(tmp_path / "m"),
    )
    assert json.loads(done.stdout)["species"] == "Iris setosa"
    assert "Training the first model: 100 %" in done.stderr


def test_migrating_a_database_that_is_up_to_date(flora):
    assert json.loads(flora("migrate", "--json").stdout) == {"before": HEAD, "after": HEAD}


def two_tables(folder):
    """Last year and this year: petals a centimetre longer, named by a model whose probabilities are true."""
    rows = ["petal_length,site,p,named,true"]
    for name, longer in (("last", 0.0), ("this", 1.0)):
        lines = [
            f"{3 + (i * 37 % 101) / 50 + longer:.2f},{'bog' if i % 3 else 'fen'},{0.1 + 0.8 * (i % 2):.1f},"
            f"{'ba'[i % 2 == 0]},{'ba'[i % 2 == 0 or i % 9 == 0]}"
            for i in range(90)
        ]
        (folder / f"{name}.csv").write_text("\n".join(rows + lines))
    return str(folder / "last.csv"), str(folder / "this.csv")


def test_two_tables_in_words(flora, tmp_path):
    done = flora("drift", *two_tables(tmp_path), "--columns", "petal_length,site")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "These 90 rows do not look like last.csv: petal length is 1 higher than before (3.99 to 4.99).",
        "  Check ruler and unit on ten plants, and ask whether they were pressed or come from another place.",
        "  With 90 rows a shift of 0.208 in petal length would be seen about half of the time.",
    ]


def test_two_tables_as_documents_of_each_tool(flora, tmp_path):
    tables = two_tables(tmp_path)
    for tool, method in (("flora", "wasserstein"), ("nannyml", "jensen_shannon"), ("evidently", "psi")):
        done = flora("drift", *tables, "--columns", "petal_length", "--as", tool, "--chunk-size", "45", "--json")
        document = json.loads(done.stdout)
        assert (document[0]["method"], document[0]["n"], document[0]["alert"]) == (method, 45, True)
        assert document[-1]["window"] == 1
    assert (
        flora("drift", *tables, "--as", "popmon").stderr
        == "flora: --as can't be 'popmon'; it is flora, nannyml, evidently.\n"
    )


def test_the_accuracy_of_a_table_without_its_labels(flora, tmp_path):
    words = ["--identified", "named", "--true", "true", "--probability", "b=p"]
    done = flora("estimate", *two_tables(tmp_path), *words)
    assert done.stdout.splitlines()[0] == "0-89  accuracy 94.4 % (83.4 to 98.2 %, n = 90; realised 94.4 %)"
    assert done.stdout.splitlines()[-1].startswith("Assumed: ")
    document = json.loads(flora("estimate", *two_tables(tmp_path), *words, "--as", "nannyml", "--json").stdout)
    assert {row["metric"] for row in document} == {"accuracy", "f1", "precision", "recall", "specificity", "roc_auc"}
    assert flora("estimate", *two_tables(tmp_path), *words[:5], "b").stderr == (
        "flora: --probability 'b' is not SPECIES=COLUMN; write for example setosa=p_setosa.\n"
    )


def test_a_table_that_is_not_there(flora, tmp_path):
    done = flora("drift", str(tmp_path / "none.csv"), str(tmp_path / "none.csv"))
    assert (done.returncode, done.stderr) == (
        1,
        f"flora: {tmp_path}/none.csv can't be read: No such file or directory.\n",
    )


def commands():
    def walk(command, words):
        if hasattr(command, "commands"):
            for name, inner in command.commands.items():
                yield from walk(inner, [*words, name])
        else:
            yield words, command

    return list(walk(get_command(app), []))


@pytest.mark.parametrize(("words", "command"), commands(), ids=[" ".join(words) for words, _ in commands()])
def test_every_command_has_a_sentence_an_example_and_json(words, command):
    assert command.help.strip().endswith(".")
    assert f"Example: python -m flora_core {' '.join(words)}" in command.epilog
    # A server goes on until it is stopped: it has no document to end with.
    assert words == ["serve"] or "--json" in {option for parameter in command.params for option in parameter.opts}


@pytest.mark.parametrize("words", [words for words, _ in commands()], ids=" ".join)
def test_every_command_is_documented(words):
    assert f"`{' '.join(words)}" in (Path(ROOT) / "docs" / "commands.md").read_text()
