"""The same small tables by command, on the pages and at the API: each door says and does what is right."""

import io
import json
import sys
import time

import openpyxl
import pytest
from streamlit.testing.v1 import AppTest

from flora_core.cli import main
from tests.api.test_api import Front, client_of
from tests.servers import ROOT, SHARED
from ui.server.startup import STARTUP

CASES = SHARED / "cases"
#: Tables of which a study is made: how many plants of how many species, and what is said besides; or why it is refused.
STUDIES = {
    "cv1.csv": ("150 plants of 3 species", ""),
    "sect2.csv": ("150 plants of 3 species", ""),
    "nm_group.csv": ("150 plants of 3 species", ""),
    "nm_misapp.csv": ("150 plants of 3 species", "another plant is meant"),
    "nfd_labels.csv": ("150 plants of 3 species", ""),
    "codes_na3.csv": ("150 plants of 3 species", "'NA' in 'species' was kept"),
    "g_na.csv": ("150 plants of 3 species", "'NA' in 'site' was kept"),
    "subtotals.csv": ("150 plants of 3 species", "a summary of other rows"),
    "onehot.csv": ("150 plants of 3 species", "made of the names"),
    "leak_index_overlap.csv": ("150 plants of 3 species", "Left out"),
    "serials.csv": ("143 plants of 3 species", "looks like a date"),
    "x_hiddenrows.xlsx": ("20 plants of 3 species", "4 rows are hidden"),
    "x_mergedlabel.xlsx": ("150 plants of 3 species", "merged downwards"),
    "train_reorder.csv": (None, "is a second header"),
    "train_reunit.csv": (None, "is a second header"),
    "x_two_stacked.xlsx": (None, "is a second header"),
    "own_out.csv": (None, "hich column holds the species"),
}
#: Tables that are named: how many rows can't be, and the reason that stands beside them.
BATCHES = {"sum_col2.csv": (3, "summary of other rows"), "sw12.csv": (12, "summary of other rows")}


@pytest.fixture
def flora(context, tmp_path, monkeypatch, capsys):
    """Runs a command in this process: (exit code, what it says)."""

    def run(*words):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["flora", *map(str, words)])
        monkeypatch.setenv("FLORA_DATABASE_URL", f"sqlite:///{context.database.path}")
        monkeypatch.setenv("FLORA_MODELS", str(context.settings.models))
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code, "".join(capsys.readouterr())

    return run


@pytest.fixture
def page(context, monkeypatch):
    monkeypatch.setenv("FLORA_DATABASE_URL", f"sqlite:///{context.database.path}")
    monkeypatch.setenv("FLORA_MODELS", str(context.settings.models))
    STARTUP.close()
    STARTUP.wait(30)
    yield AppTest.from_file(str(ROOT / "ui" / "frame.py"), default_timeout=60).run()
    STARTUP.close()


def kind_of(name):
    return "text/csv" if name.endswith(".csv") else "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def said(at):
    parts = [e.value for kind in (at.error, at.warning, at.markdown, at.info) for e in kind]
    parts += [str(value) for frame in at.dataframe for value in frame.value.to_numpy().ravel()]
    return " ".join(parts).replace("\\", "")


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_is_proposed_on_the_page(page, name):
    plants, besides = STUDIES[name]
    at = page.switch_page("../pages/studies.py").run()
    at = at.file_uploader(key="studies.file").upload(name, (CASES / name).read_bytes(), kind_of(name)).run()
    assert not at.exception, at.exception
    headings = [h.value for h in at.header]
    if plants:
        assert plants in headings
    assert all(b.disabled for b in at.button if b.label == "Make the study") or plants
    assert besides in said(at).replace("’", "'")


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_is_made_by_the_command(flora, context, name):
    plants, besides = STUDIES[name]
    code, told = flora("studies", "create", "new", "--from", CASES / name, "--by", "Ada")
    assert (code == 0) is (plants is not None), told
    assert besides in told
    if plants:
        kept = context.studies.tables("new")[0]
        assert f"{kept.plants} plants of {len(kept.counts)} species" == plants


def test_own_answers_are_no_labels(flora):
    code, told = flora("studies", "create", "new", "--from", CASES / "own_out.csv", "--label", "flora_species")
    assert code == 1
    assert "this program's own answers" in told


@pytest.mark.parametrize("name", BATCHES)
def test_summaries_are_named_at_no_door(flora, page, context, name):
    refused, reason = BATCHES[name]
    code, told = flora("batch", CASES / name, "--no-record", "--json", "-o", "out.csv")
    assert code == 0, told
    document, _ = json.JSONDecoder().raw_decode(told[told.index("{") :])
    assert document["not_identified"] == refused
    assert sum(reason in issue["problem"] for issue in document["issues"]) == refused

    client = client_of(Front(context))
    sent = client.post("/api/v1/batch", content=(CASES / name).read_bytes(), params={"name": name})
    end = time.monotonic() + 60
    while (found := client.get(sent.json()["address"]).json())["state"] in ("waiting", "running"):
        assert time.monotonic() < end
        time.sleep(0.01)
    assert (found["not_identified"], found["identified"]) == (refused, document["identified"])

    at = page.switch_page("../pages/batch.py").run()
    at.file_uploader[0].upload(name, (CASES / name).read_bytes(), "text/csv")
    at = at.run()
    at.session_state["batch.work"].wait(60)
    assert at.session_state["batch.work"].summary.not_identified == refused


@pytest.mark.parametrize("name", ["train_reorder.csv", "train_reunit.csv", "x_two_stacked.xlsx"])
def test_nothing_below_a_second_header_is_named_at_the_api(context, name):
    client = client_of(Front(context))
    sent = client.post("/api/v1/batch", content=(CASES / name).read_bytes(), params={"name": name})
    end = time.monotonic() + 60
    while (found := client.get(sent.json()["address"]).json())["state"] in ("waiting", "running"):
        assert time.monotonic() < end
        time.sleep(0.01)
    below = [issue for issue in found["issues"] if "second header" in issue["problem"]]
    assert len(below) > 10
    assert found["identified"] <= min(issue["row"] for issue in below) - 2


def test_an_identifier_of_sixteen_digits_comes_back_as_it_was(flora, tmp_path):
    code, told = flora("batch", CASES / "x_id16.xlsx", "--no-record", "-o", "out.xlsx")
    assert code == 0, told
    before = openpyxl.load_workbook(io.BytesIO((CASES / "x_id16.xlsx").read_bytes())).active
    after = openpyxl.load_workbook(tmp_path / "out.xlsx").active
    assert [str(row[0].value) for row in after.iter_rows(min_row=2, max_row=9)] == [
        str(row[0].value) for row in before.iter_rows(min_row=2, max_row=9)
    ]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("d_nan.csv", "'x' is missing or no number in 100% of 500 rows"),
        ("d_missingcol.csv", "'z' of d_ref.csv is not in"),
    ],
)
def test_drift_says_what_is_gone(flora, name, words):
    code, told = flora("drift", CASES / "d_ref.csv", CASES / name)
    assert (code, words in told) == (0, True), told


def test_estimate_refuses_labels_that_no_probability_names(flora):
    shares = [f"--probability={s}=p{s}" for s in "abc"]
    files = (CASES / "e_ref.csv", CASES / "e_labels.csv")
    code, told = flora("estimate", *files, "--identified", "said", "--true", "true", *shares)
    assert code == 1
    assert "no --probability names: A, B, C" in told
