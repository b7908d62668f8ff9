"""The simulated season: the same every time, honest in ordinary weeks, and with each mishap in its place."""

from datetime import date

import numpy as np
import pytest

from flora_core.identification.naming import predict_plants
from flora_core.workflows.demo.season import DAYS, MILLIMETRES, POPULATION, STRANGERS, simulate_season

LAST = date(2026, 6, 30)


@pytest.fixture(scope="module")
def season(champion):
    return simulate_season(champion, LAST)


@pytest.fixture(scope="module")
def champion(first_start):
    from flora_core.workflows.context import open_context
    from tests.conftest import settings_in

    context = open_context(settings_in(first_start))
    yield context.champion("iris")
    context.close()


def values(visits):
    return np.concatenate([visit.values for visit in visits])


def within(season, span, collector=None):
    return [v for v in season if span[0] <= v.day <= span[1] and collector in (None, v.collector)]


def test_the_same_seed_gives_the_same_season(champion, season):
    again = simulate_season(champion, LAST)
    assert [v.at for v in again] == [v.at for v in season]
    assert (values(again) == values(season)).all()
    assert not np.array_equal(values(simulate_season(champion, LAST, seed=1))[:50], values(season)[:50])


def test_it_ends_on_its_last_day_and_nothing_is_dated_later(season):
    assert season[-1].at.date() == LAST
    assert (LAST - season[0].at.date()).days <= DAYS - 1
    assert all(d is None or d <= LAST for v in season for d in v.determined)
    assert list(season) == sorted(season, key=lambda v: (v.day, v.at))


def test_values_are_read_off_a_ruler(season):
    tenths = values(season) * 10
    assert np.abs(tenths - tenths.round()).max() < 1e-6
    assert values(season).min() > 0


def test_an_ordinary_week_fits_as_training_plants_do(champion, season):
    ordinary = values([v for v in season if v.day < MILLIMETRES[0]])
    assert len(ordinary) > 150
    assert predict_plants(champion, ordinary).fits.mean() > 0.98


def test_the_millimetre_week_is_ten_times_too_wide_in_one_column_of_one_collector(champion, season):
    (collector,) = {v.collector for v in within(season, MILLIMETRES) if v.values[:, 3].max() > 4}
    assert collector == "Ada Field"
    wrong, right = within(season, MILLIMETRES, "Ada Field"), within(season, MILLIMETRES, "Carl Meadow")
    assert not predict_plants(champion, values(wrong)).fits.any()
    assert predict_plants(champion, values(right)).fits.mean() > 0.95


def test_the_new_population_is_larger_and_named_all_the_same(champion, season):
    new = [v for v in within(season, POPULATION) if v.site == "Coast"]
    before = [v for v in season if v.site == "Wet meadow" and v.day < MILLIMETRES[0]]
    assert len(values(new)) > 40
    assert values(new)[:, 0].mean() - values(before)[:, 0].mean() > 0.3


def test_strangers_fit_nothing_and_are_named_by_the_curator_only(champion, season):
    strangers = [v for v in within(season, STRANGERS) if v.site == "Ditch"]
    assert {name for v in strangers for name in v.names} == {"Iris pseudacorus"}
    assert not predict_plants(champion, values(strangers)).fits.any()
