"""The verdict in words: with its numbers, its reasons and what to do."""

from datetime import timedelta

import pytest
import time_machine

from flora_core.workflows.monitor.current_verdict import DAYS, current_verdict
from tests.workflows.models.test_retraining import NOW, fresh, season  # noqa: F401  the fixture is used by name


@pytest.fixture
def context(fresh):  # noqa: F811
    with time_machine.travel(NOW, tick=False):
        yield fresh("context")


def test_nothing_recorded_is_said(context):
    found = current_verdict(context, "iris")
    assert (found.verdict, found.plants) == ("too few", 0)
    assert found.sentence == "No flower was recorded in the last 30 days."


def test_too_few_says_how_many_are_still_needed(context):
    season(context, 12, seed=3)
    found = current_verdict(context, "iris")
    assert found.verdict == "too few"
    assert found.sentence.startswith("12 flowers are too few to say; 8 more are needed.")


def test_an_ordinary_season_is_green_with_its_determinations(context):
    season(context, 80, seed=4, determined=0.25)
    found = current_verdict(context, "iris")
    assert found.verdict == "green"
    assert found.reasons == ()
    assert found.determined == 20
    assert f"20 determined, {found.right} right" in found.sentence


def test_a_shifted_season_is_red_and_says_what_to_do(context):
    season(context, 80, seed=4, shift=1.2)
    found = current_verdict(context, "iris")
    assert found.verdict == "red"
    assert any("heck ruler and unit" in reason for reason in found.reasons)
    assert "do not look like the training flowers" in found.sentence


def test_it_looks_at_its_thirty_days_only(context):
    season(context, 80, seed=4, shift=1.2)
    later = current_verdict(context, "iris", until=NOW + timedelta(days=DAYS + 1))
    assert (later.verdict, later.plants) == ("too few", 0)
