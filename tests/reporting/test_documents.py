"""The report's papers: words and numbers that are the card's, one small page, the same bytes every time."""

import json
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from flora_core.learning.data_checks.checks import Check
from flora_core.reporting.documents import render_documents
from flora_core.workflows.models.training import train_version
from flora_core.workflows.reports.study_report import build_study_report


@pytest.fixture(scope="module")
def facts(tmp_path_factory, first_start):
    import shutil

    from flora_core.workflows.context import open_context
    from tests.conftest import settings_in

    folder = tmp_path_factory.mktemp("report") / "context"
    shutil.copytree(first_start, folder)
    context = open_context(settings_in(folder))
    train_version(context, "iris", algorithm="bayes", by="Ada")
    found = build_study_report(context, "iris")
    context.close()
    return found


@pytest.fixture(scope="module")
def files(facts):
    return render_documents(facts)


def test_every_file_is_there_and_the_same_facts_give_the_same_bytes(facts, files):
    assert set(files) >= {"report.md", "report.html", "report.json", "junit.xml", "confusion.svg", "importance.svg"}
    assert render_documents(facts) == files


def test_the_page_is_one_small_file_that_calls_nobody(files):
    page = files["report.html"]
    assert len(page.encode()) < 300_000
    assert not re.search(r"""(?:src|href)=["'](?!#|data:image)""", page)
    assert "<script" not in page
    assert page.count("<figure>") >= 4


def test_the_words_hold_the_card_s_numbers(facts, files):
    s = facts.champion.scores
    said = f"{100 * s.accuracy:.1f} % were named right (95 % interval {100 * s.low:.1f} % to {100 * s.high:.1f} %)"
    assert said in files["report.md"]
    assert said in files["report.html"]
    assert "naive Bayes" in files["report.md"]
    assert facts.rival.comparison.sentence in files["report.md"]
    for reason in facts.rival.gate.reasons:
        assert reason in files["report.md"]


def test_every_picture_says_in_words_what_it_shows(files):
    labels = re.findall(r'<svg role="img" aria-label="([^"]+)"', files["report.html"])
    assert len(labels) == files["report.html"].count("<svg ")
    assert any(label.startswith("Mistaken plants: 2 I. versicolor named I. virginica") for label in labels)


def test_the_document_for_programs(facts, files):
    document = json.loads(files["report.json"])
    assert document["study"] == "iris"
    assert document["verdict"] == "too few"
    assert document["champion"]["scores"]["right"] == facts.champion.scores.right
    assert document["challenger"]["gate"]["passed"] is facts.rival.gate.passed
    # What only a clock knows would make two reports of one state differ.
    assert '"seconds"' not in files["report.json"]


def test_a_build_server_sees_checks_gate_and_verdict(facts, files):
    suite = ElementTree.fromstring(files["junit.xml"])
    assert int(suite.get("tests")) == len(suite) == len(facts.checks) + 2
    assert suite.get("failures") == "0"
    broken = replace(facts, checks=(Check("limits", "failed", "Values that can't be: petal length has 3."),))
    suite = ElementTree.fromstring(render_documents(broken)["junit.xml"])
    assert suite.get("failures") == "1"
    assert "petal length has 3" in suite.find(".//failure").get("message")
    assert json.loads(render_documents(broken)["report.json"])["verdict"] == "red"


def test_what_a_person_wrote_never_becomes_markup(facts):
    event = replace(facts.history[0], by="<script>|x", why="[link](http://x) `code`")
    files = render_documents(replace(facts, history=(event,)))
    assert "<script>" not in files["report.html"]
    assert r"\<script\>\|x" in files["report.md"]
    assert r"\[link\](http://x) \`code\`" in files["report.md"]


def test_a_simulated_study_is_marked_on_every_paper(facts):
    files = render_documents(replace(facts, simulated=True))
    assert "**Simulated.**" in files["report.md"]
    assert "<strong>Simulated.</strong>" in files["report.html"]
    assert json.loads(files["report.json"])["simulated"] is True
