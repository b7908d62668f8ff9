"""The Monitor page as a script: the verdict first, then pictures with their numbers; an empty one that teaches."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
import time_machine
from streamlit.testing.v1 import AppTest

from flora_core.workflows.context import AppContext
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
    return " ".join(element.value for element in (*at.markdown, *at.caption))


def test_an_empty_page_teaches(page) -> None:
    at = page()
    assert "Too few to say" in at.info[0].value
    assert "counted here by day" in shown(at)


def test_ordinary_plants_are_green_and_drawn(context: AppContext, page) -> None:
    values, kinds = flowers(context.champion("iris"), 60, seed=1)
    recorded = record_flowers(context, values, 0)
    determine(context, recorded[:20], kinds[:20], 3)
    record_flowers(context, values[:30], 8)
    at = page()
    assert at.success[0].value.startswith("**Green.** The last 30 flowers look like the training flowers")
    # Accuracy, calibration, four measurements, the mix and the strangers; no mistake is a sentence and no picture.
    assert len(at.get("plotly_chart")) == 8
    assert "No mistake among 20 determined plants" in "".join(html.body for html in at.get("html"))
    assert "The estimate takes the model's probabilities at their word" in shown(at)


def test_a_red_verdict_says_why_and_whose_plants_they_are(context: AppContext, page) -> None:
    values, _ = flowers(context.champion("iris"), 60, seed=2)
    record_flowers(context, values, 0)
    record_flowers(context, values + np.array([1.0, 0.0, 0.0, 0.0]), 7, collector="Bob")
    at = page()
    assert at.error[0].value.startswith("**Red.**")
    assert "epal length is 1" in shown(at)
    assert "**Bob** (red)" in shown(at)
