"""The Monitor page as a script: the verdict first, then pictures with their numbers; an empty one that teaches."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
import time_machine
from streamlit.testing.v1 import AppTest

from flora_core.workflows.context import AppContext
from flora_core.workflows.monitor import acknowledge
from tests.servers import ROOT
from tests.workflows.monitor.seasons import determine, flowers, record_flowers
from ui.server.startup import STARTUP

FRAME = str(ROOT / "ui" / "frame.py")
NOW = datetime(2026, 6, 20, 12, tzinfo=UTC)


@pytest.fixture
def page(context: AppContext, monkeypatch: pytest.MonkeyPatch):
    """Opens the page on the test's own context, in June 2026."""
    monkeypatch.setenv("FLORA_DATABASE_URL", f"sqlite:///{context.database.path}")
    monkeypatch.setenv("FLORA_MODELS", str(context.settings.models))
    STARTUP.close()
    STARTUP.wait(30)

    def open_page() -> AppTest:
        with time_machine.travel(NOW, tick=True):
            at = AppTest.from_file(FRAME, default_timeout=60).run()
            at.switch_page("../pages/monitor.py")
            return at.run()

    yield open_page
    STARTUP.close()


def shown(at: AppTest) -> str:
    assert not at.exception
    return " ".join([*(e.value for e in (*at.markdown, *at.caption)), *(html.body for html in at.get("html"))])


def labels(at: AppTest) -> list[str]:
    return [button.label for button in at.button]


def test_an_empty_page_teaches(page) -> None:
    at = page()
    assert "Too few to say" in shown(at)
    assert "No flower was recorded in the last 30 days." in shown(at)
    assert "counted here by day" in shown(at)


def test_ordinary_plants_are_green_and_drawn(context: AppContext, page) -> None:
    values, kinds = flowers(context.champion("iris"), 60, seed=1)
    recorded = record_flowers(context, values, 0)
    determine(context, recorded[:20], kinds[:20], 3)
    record_flowers(context, values[:30], 8)
    at = page()
    assert "<b>All is well</b>" in shown(at)
    assert "<b>The last 30 flowers look like the training flowers.</b>" in shown(at)
    assert "3 to 9 June 2026 · 30 flowers · version 1" in shown(at)
    # The mix, accuracy, those that fit none, and behind "How do we know?" calibration; no mistake is a sentence, no picture.
    assert len(at.get("plotly_chart")) == 4
    assert "No mistake among 20 determined plants" in shown(at)
    assert "The estimate of accuracy takes the model's probabilities at their word" in shown(at)
    table = at.dataframe[0].value
    assert len(table) == 4
    assert all(row[0].endswith("as before") for row in table["Verdict"])
    assert all(line.startswith("data:image/svg+xml;base64,") for line in table["line"])
    assert not [label for label in labels(at) if label.startswith("See")]


def test_no_p_value_stands_outside_how_do_we_know(context: AppContext, page) -> None:
    values, _ = flowers(context.champion("iris"), 60, seed=2)
    record_flowers(context, values + np.array([1.0, 0.0, 0.0, 0.0]), 7)
    at = page()
    assert " p < " not in shown(at)
    assert " p = " not in shown(at)
    tests = next(one.value for one in at.dataframe if "Test" in one.value.columns)
    assert "< .001" in list(tests["p, corrected (Holm)"])


def test_a_red_verdict_says_why_whose_plants_they_are_and_what_to_do(context: AppContext, page) -> None:
    values, _ = flowers(context.champion("iris"), 60, seed=2)
    record_flowers(context, values, 0)
    record_flowers(context, values + np.array([1.0, 0.0, 0.0, 0.0]), 7, collector="Bob")
    at = page()
    assert "<b>Look at it</b>" in shown(at)
    assert "epal length is 1" in shown(at)
    assert "**Bob**" in shown(at)
    changed = at.dataframe[0].value
    assert changed["Measurement"][0] == "Sepal length cm"
    assert changed["Verdict"][0] == ["▲ changed"]
    see = next(button for button in at.button if button.label.startswith("See these"))
    assert see.label == "See these 12 flowers"
    with time_machine.travel(NOW, tick=True):
        at = see.click().run()
    assert "Plant 1 of the 12 that fit no species, recorded 2 to 8 June 2026" in shown(at)


def test_five_at_random_are_determined_as_drawn(context: AppContext, page) -> None:
    values, _ = flowers(context.champion("iris"), 40, seed=3)
    record_flowers(context, values, 7)
    at = page()
    with time_machine.travel(NOW, tick=True):
        at = next(button for button in at.button if button.label == "Draw 5 at random").click().run()
    assert "Plant 1 of the 5 drawn at random, recorded" in shown(at)


def test_who_knows_why_writes_it_down_and_it_is_known_until_something_new(context: AppContext, page) -> None:
    values, _ = flowers(context.champion("iris"), 60, seed=2)
    record_flowers(context, values + np.array([1.0, 0.0, 0.0, 0.0]), 7)
    with time_machine.travel(NOW, tick=True):
        known = acknowledge(context, "iris", why="Measured on fresh flowers.", by="Ada")
    assert (known.word, known.verdict) == ("Known", "red")
    at = page()
    assert "<b>Known</b>" in shown(at)
    assert "Measured on fresh flowers" in shown(at)
    record_flowers(context, values + np.array([0.0, 1.5, 0.0, 0.0]), 8)
    assert "<b>Known</b>" not in shown(page())
