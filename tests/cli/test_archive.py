"""`archive` as a newcomer would type it."""

import json

import pytest

from tests.cli.test_commands import flora
from tests.workflows.determine.conftest import recorded

__all__ = ["flora"]


def test_an_archive_in_words_and_as_a_document(flora, context, tmp_path):
    recorded(context, "1", "2")
    target = tmp_path / "records.zip"
    done = flora("archive", str(target))
    assert done.stdout == f"Written to {target}: 2 plants, 0 of them determined (0 determinations).\n"
    document = json.loads(flora("archive", str(target), "--determined", "--since", "2026-01-01", "--json").stdout)
    assert document == {"file": str(target), "plants": 0, "determined": 0, "determinations": 0}


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--since", "soon"], "flora: --since 'soon' is not a day; write it like 2026-06-01.\n"),
        (["--study", "rosa"], "flora: There is no study 'rosa'. There are: iris.\n"),
    ],
)
def test_a_refusal_is_one_line_and_no_file(flora, tmp_path, words, line):
    done = flora("archive", str(tmp_path / "records.zip"), *words)
    assert (done.returncode, done.stderr) == (1, line)
    assert list(tmp_path.glob("*.zip*")) == []
