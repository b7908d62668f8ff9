"""A season, day by day: at each point the monitor says what happened, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from flora_core.workflows.context import AppContext, open_context
from flora_core.workflows.demo import load as demo
from flora_core.workflows.demo.season import DAYS, LATE
from flora_core.workflows.monitor import MonitorResult, groups_of, monitor_study
from flora_core.workflows.monitor.profiles import recount
from tests.conftest import settings_in

LAST = date(2026, 6, 30)
FIRST = LAST - timedelta(days=DAYS - 1)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def season(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppContext]:
    context = open_context(settings_in(tmp_path_factory.mktemp("season")))
    context.database.prepare()
    demo.load(context, last=LAST)
    yield context
    context.close()


def as_of(context: AppContext, day: int) -> MonitorResult:
    """What the monitor said on a day of the season, with the determinations there were."""
    today = FIRST + timedelta(days=day)
    return monitor_study(context, demo.STUDY, until=today, known=today)


@pytest.mark.parametrize("day", [12, 20, 25])
def test_ordinary_weeks_are_green(season: AppContext, day: int) -> None:
    found = as_of(season, day)
    assert found.verdict == "green"
    assert "look like the training flowers" in found.sentence


@pytest.mark.parametrize("day", [33, 36])
def test_a_ruler_read_in_millimetres_is_red_and_named(season: AppContext, day: int) -> None:
    found = as_of(season, day)
    assert found.verdict == "red"
    assert "would fit with petal width divided by 10" in found.sentence
    assert "Look at the ruler" in found.reasons[0]
    assert not any("another species" in reason for reason in found.reasons)
    groups, _ = groups_of(season, demo.STUDY, 1, "collector", FIRST + timedelta(days=30), FIRST + timedelta(days=37))
    assert [group.name for group in groups if group.verdict == "red"] == ["Ada Field"]


def test_after_the_ruler_is_mended_all_is_green_and_the_week_is_remembered(season: AppContext) -> None:
    found = as_of(season, 45)
    assert found.verdict == "green"
    assert any("windows were red, the last of them" in note for note in found.notes)


def test_another_population_is_seen_within_the_species(season: AppContext) -> None:
    groups, _ = groups_of(season, demo.STUDY, 1, "site", FIRST + timedelta(days=48), FIRST + timedelta(days=65))
    coast = next(group for group in groups if group.name == "Coast")
    assert coast.verdict in ("amber", "red")
    assert all(group.verdict == "green" for group in groups if group.name != "Coast")
    window = next(w for w in as_of(season, 59).windows if w.span.since <= FIRST + timedelta(days=55) < w.span.until)
    assert window.verdict in ("amber", "red")


def test_a_species_never_trained_is_red_and_called_another_species(season: AppContext) -> None:
    found = as_of(season, 86)
    assert found.verdict == "red"
    assert any("fit no species" in reason and "another species" in reason for reason in found.reasons)
    assert "divided by" not in found.sentence
    groups, _ = groups_of(season, demo.STUDY, 1, "site", FIRST + timedelta(days=76), LAST + timedelta(days=1))
    assert [group.name for group in groups if group.verdict == "red"] == ["Ditch"]


def test_names_come_three_weeks_late_and_then_count_where_their_plants_are(season: AppContext) -> None:
    early, late = as_of(season, LATE - 1), as_of(season, 60)
    assert sum(part.realised.determined for window in early.windows for part in window.parts) == 0
    assert "none determined yet" in early.sentence
    first = late.windows[0]
    (part,) = first.parts
    assert part.realised.determined > 0
    assert (part.realised.accuracy.value or 0) > 0.85
    assert all(p.realised.determined == 0 for window in late.windows[-2:] for p in window.parts)


def test_what_was_estimated_of_ordinary_weeks_came_true(season: AppContext) -> None:
    found = as_of(season, DAYS - 1)
    pairs = [(part.estimated, part.realised) for window in found.windows[:4] for part in window.parts]
    for guess, known in pairs:
        assert guess is not None
        assert guess.low <= (known.accuracy.high or 0)
        assert known.accuracy.low <= guess.high


def test_profiles_of_the_season_are_those_of_its_records(season: AppContext) -> None:
    (found,) = recount(season, demo.STUDY)
    assert found.plants > 900
    assert found.differing == ()
