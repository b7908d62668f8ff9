"""One verdict, told once: page, first page, command, API, report and alert show the same window, word and number."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
import time_machine
from streamlit.testing.v1 import AppTest

from flora_core.reporting.documents import render_documents
from flora_core.workflows.context import AppContext
from flora_core.workflows.monitor import WINDOWS, CurrentVerdict, acknowledge, current_verdict, monitor_study
from flora_core.workflows.monitor.documents import monitor_document
from flora_core.workflows.operations.scheduler import check_all_studies
from flora_core.workflows.reports.overview import home
from flora_core.workflows.reports.study_report import build_study_report
from tests.servers import ROOT
from tests.workflows.monitor.seasons import day, determine, flowers, record_flowers
from ui.server.startup import STARTUP

NOW = datetime(2026, 6, 20, 12, tzinfo=UTC)


def ordinary(context: AppContext) -> None:
    values, kinds = flowers(context.champion("iris"), 100, seed=1)
    determine(context, record_flowers(context, values[:60], 0)[:20], kinds[:20], 3)
    record_flowers(context, values[60:], 15)


def shifted_lately(context: AppContext) -> None:
    values, _ = flowers(context.champion("iris"), 100, seed=2)
    record_flowers(context, values[:60], 0)
    record_flowers(context, values[60:] + np.array([0.0, 0.0, 1.2, 0.0]), 14)


def shifted_and_mended(context: AppContext) -> None:
    values, _ = flowers(context.champion("iris"), 100, seed=3)
    record_flowers(context, values[:50] + np.array([0.0, 0.0, 1.2, 0.0]), 2)
    record_flowers(context, values[50:], 16)


def one_bad_day_in_a_good_week(context: AppContext) -> None:
    values, _ = flowers(context.champion("iris"), 220, seed=4)
    record_flowers(context, values[:190], 14)
    record_flowers(context, values[190:] + np.array([0.0, 0.4, 0.0, 0.0]), 15)


def a_few(context: AppContext) -> None:
    record_flowers(context, flowers(context.champion("iris"), 12, seed=5)[0], 15)


def long_ago(context: AppContext) -> None:
    values, _ = flowers(context.champion("iris"), 60, seed=6)
    record_flowers(context, values + np.array([0.0, 0.0, 1.2, 0.0]), -60)


def known(context: AppContext) -> None:
    shifted_lately(context)
    acknowledge(context, "iris", why="Measured on pressed flowers.", by="Ada")


def nothing(context: AppContext) -> None:
    """Nothing was ever recorded."""


@pytest.fixture
def page_of(context: AppContext, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], str]]:
    """What a page shows, as text."""
    monkeypatch.setenv("FLORA_DATABASE_URL", f"sqlite:///{context.database.path}")
    monkeypatch.setenv("FLORA_MODELS", str(context.settings.models))
    STARTUP.close()
    STARTUP.wait(30)

    def shown(name: str) -> str:
        at = AppTest.from_file(str(ROOT / "ui" / "frame.py"), default_timeout=60).run()
        if name != "home":
            at = at.switch_page(f"../pages/{name}.py").run()
        assert not at.exception
        return re.sub(r"</?(b|i|em)>|<span[^>]*>|</span>", "", " ".join(html.body for html in at.get("html")))

    yield shown
    STARTUP.close()


def the_same(document: dict[str, Any], seen: CurrentVerdict) -> bool:
    told = (document["verdict"], document["word"], document["sentence"], document["n"], document["version"])
    days = (document["since"], document["until"])
    until = (seen.until.toordinal() - 1, seen.since.date().isoformat())
    return (
        told == (seen.verdict, seen.word, seen.sentence, seen.plants, seen.version)
        and days[0] == until[1]
        and datetime.fromisoformat(days[1]).toordinal() == until[0]
    )


@pytest.mark.parametrize(
    ("season", "word"),
    [
        (ordinary, "All is well"),
        (shifted_lately, "Look at it"),
        (shifted_and_mended, "All is well"),
        (one_bad_day_in_a_good_week, None),
        (a_few, "Too few to say"),
        (long_ago, "Too few to say"),
        (known, "Known"),
        (nothing, "Too few to say"),
    ],
)
def test_every_door_tells_the_same(
    context: AppContext,
    page_of: Callable[[str], str],
    season: Callable[[AppContext], None],
    word: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with time_machine.travel(NOW, tick=True):
        season(context)
        seen = current_verdict(context, "iris")
        assert word in (None, seen.word)
        for kind in WINDOWS:
            found = monitor_study(context, "iris", window=kind)
            assert found.current is not None
            document = json.loads(json.dumps(monitor_document(found)))
            assert the_same(document["current"], seen)
            assert (document["verdict"], document["word"]) == (seen.verdict, seen.word)
            assert (document["sentence"], document["reasons"]) == (seen.sentence, list(seen.reasons))
            if seen.last is not None:
                assert (document["last"]["n"], document["last"]["since"]) == (
                    seen.plants,
                    seen.since.date().isoformat(),
                )
        first = home(context, "iris").verdict
        assert first is not None
        assert (first.told, first.verdict) == (seen.told, seen.verdict)
        facts = build_study_report(context, "iris")
        files = render_documents(facts)
        assert the_same(json.loads(files["report.json"])["monitor"], seen)
        for name in ("report.md", "report.html"):
            text = files[name].replace("&#39;", "'")
            assert seen.word in text
            assert seen.basis in text
            assert seen.sentence in text
        for name in ("home", "monitor"):
            text = page_of(name).replace("&#x27;", "'")
            assert seen.word in text
            assert seen.basis in text
            assert seen.sentence.split(". ")[0] in text
        messages: list[tuple[str, str]] = []
        monkeypatch.setattr(
            "flora_core.workflows.operations.scheduler.announce_change",
            lambda context, study, verdict, sentence: messages.append((verdict, sentence)) or _OUTCOME,
        )
        (line,) = check_all_studies(context)
        assert messages == [(seen.verdict, seen.told)]
        assert the_same(line["monitor"], seen)


class _Outcome:
    state, detail = "nothing new", ""


_OUTCOME = _Outcome()


def test_windows_explain_the_verdict_and_never_contradict_it(context: AppContext) -> None:
    with time_machine.travel(NOW, tick=True):
        one_bad_day_in_a_good_week(context)
        for kind in WINDOWS:
            found = monitor_study(context, "iris", window=kind)
            assert found.last is not None
            graver = [
                window
                for window in found.windows
                if window.span.until > found.last.span.since
                and ["too few", "green", "amber", "red"].index(window.verdict)
                > ["too few", "green", "amber", "red"].index(found.verdict)
            ]
            for window in graver:
                assert any(window.span.written in note and "looked at alone" in note for note in found.notes)
        daily = monitor_study(context, "iris", window="day")
        bad = next(window for window in daily.windows if window.span.since == day(15))
        assert bad.verdict in ("amber", "red")


def test_the_verdict_of_an_earlier_version_is_over(context: AppContext) -> None:
    from flora_core.learning.training import train
    from flora_core.workflows.models.lifecycle import iris_plants

    with time_machine.travel(NOW, tick=True):
        shifted_lately(context)
        study = context.champion("iris").study
        second = context.registry.register(train(study, iris_plants(), algorithm="lda", by="a test"), by="a test")
        assert current_verdict(context, "iris").verdict == "red"
        context.registry.promote("iris", second.card.version or 0, "a test", "a second one")
        seen = current_verdict(context, "iris")
        assert (seen.verdict, seen.sentence) == (
            "too few",
            "Version 2 identifies now and has named no flower in the last 30 days.",
        )
