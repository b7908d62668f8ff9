"""The Home page as a script: an empty context that teaches, a season at one click, and the way back."""

import pytest
from streamlit.runtime.scriptrunner import StopException
from streamlit.testing.v1 import AppTest

from flora_core.errors import Unavailable
from flora_core.workflows.demo import load as demo
from flora_core.workflows.identify import identify, record
from flora_core.workflows.models.training import train_version
from tests.builders import typed_flower
from tests.servers import ROOT
from ui.server.startup import STARTUP


@pytest.fixture
def page(context, monkeypatch):
    """Opens the page on the test's own context."""
    monkeypatch.setenv("FLORA_DATABASE_URL", f"sqlite:///{context.database.path}")
    monkeypatch.setenv("FLORA_MODELS", str(context.settings.models))
    season = demo.simulate_season
    monkeypatch.setattr(demo, "simulate_season", lambda model, last, seed: season(model, last, seed=seed, days=14))
    STARTUP.close()
    STARTUP.wait(30)
    yield AppTest.from_file(str(ROOT / "ui" / "frame.py"), default_timeout=60).run()
    STARTUP.close()


def said(at):
    return " ".join([h.value for h in at.get("html")] + [m.value for m in at.markdown])


def button(at, label):
    return next(b for b in at.button if b.label == label)


def test_an_empty_installation_says_how_good_the_model_is_and_what_to_do_next(page):
    assert not page.exception
    assert page.title[0].value == "Fisher's irises"
    assert "98.0 %" in said(page)
    assert "of 150 unseen plants named right (94.3 to 99.6 %)" in said(page)
    assert "Nothing was recorded yet." in said(page)
    assert "Nothing is waiting. Identify the next flower." in said(page)
    assert button(page, "Identify a flower")


def test_what_was_recorded_counts_at_once(page, context):
    record(context, [identify(context, "iris", typed_flower())] * 3, by="Ada", door="page")
    page.run()
    assert "<p class='v'>3</p>" in said(page)
    assert "0 of 3" in said(page)
    assert "role='img' aria-label='Bars: plants recorded on each day" in said(page)


def test_a_challenger_waits_for_somebody(page, context, monkeypatch):
    monkeypatch.setattr("ui.home.has_page", lambda name: True)
    train_version(context, "iris", algorithm="bayes", by="Ada")
    page.run()
    waiting = said(page)
    assert "Version 2 was trained after the champion and nobody has judged it." in waiting


def test_a_season_is_loaded_marked_and_removed_at_one_click_each(page, context):
    button(page, "Load a simulated season").click().run()
    assert not page.exception
    assert page.title[0].value == "Fisher's irises, a simulated season"
    assert any("**Simulated.**" in m.value for m in page.markdown)
    assert demo.is_loaded(context)
    button(page, "Begin the tour").click().run()
    assert any(m.value.startswith("**1 of 5. A flower gets its name") for m in page.markdown)
    assert any("**Simulated.**" in m.value for m in page.markdown)
    button(page, "End the tour").click().run()
    button(page, "Remove the simulated season").click().run()
    assert page.title[0].value == "Fisher's irises"
    assert not demo.is_loaded(context)


def test_a_look_at_an_unchanged_study_is_not_computed_again(page, context, monkeypatch):
    def never(*_):
        raise AssertionError

    monkeypatch.setattr("ui.home.home", never)
    page.run()
    assert not page.exception


def test_a_season_that_was_asked_for_in_a_run_that_was_cut_off_is_loaded_by_the_next(page, context, monkeypatch):
    load, cut = demo.load, []

    def cut_off(context):
        cut.append(True)
        raise StopException

    monkeypatch.setattr(demo, "load", cut_off)
    button(page, "Load a simulated season").click().run()
    assert cut == [True]
    assert not demo.is_loaded(context)
    monkeypatch.setattr(demo, "load", load)
    page.run()
    assert page.title[0].value == "Fisher's irises, a simulated season"


def test_a_season_that_can_t_be_loaded_is_refused_once_with_the_reason(page, context, monkeypatch):
    def refuse(context):
        raise Unavailable("The disk is full.")

    monkeypatch.setattr(demo, "load", refuse)
    button(page, "Load a simulated season").click().run()
    assert [e.value for e in page.error] == ["The disk is full\\."]
    page.run()
    assert not page.error
