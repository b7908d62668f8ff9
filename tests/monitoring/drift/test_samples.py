import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from flora_core.monitoring.drift.samples import PlantSample, compare_columns, compare_plants
from flora_core.monitoring.windows import Column

NAMES = ["length", "width"]


def plants(n, seed=0, shift=0.0, mix=(0.5, 0.5), unfit=0.0, issues=0.0):
    rng = np.random.default_rng(seed)
    species = rng.choice(len(mix), n, p=mix)
    values = rng.normal([5, 2], [1, 0.5], (n, 2)) + species[:, None] + shift
    return PlantSample(values, species, rng.beta(20, 2, n), rng.random(n) >= unfit, rng.random(n) < issues)


def test_a_window_like_the_reference_is_green():
    found = compare_plants(NAMES, 2, plants(150), plants(60, 1))
    assert found.verdict == "green"
    assert found.p_value > 0.05
    assert (found.n, found.m, found.plants_missing) == (150, 60, 0)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"shift": 1.5}, lambda f: f.shifts[0]),
        ({"mix": (0.05, 0.95)}, lambda f: f.mix),
        ({"unfit": 0.3}, lambda f: f.share("unfit")),
        ({"issues": 0.3}, lambda f: f.share("issues")),
    ],
)
def test_each_change_is_found_where_it_is(change, where):
    found = compare_plants(NAMES, 2, plants(150), plants(60, 1, **change))
    assert where(found).verdict == "red"
    assert found.verdict == "red"


def test_missing_values_and_less_confidence():
    current = plants(60, 1)
    current.values[:20, 0] = np.nan
    found = compare_plants(NAMES, 2, plants(150), replace(current, confidence=current.confidence - 0.2))
    assert found.share("missing").verdict == "red"
    assert found.confidence.verdict == "red"


def test_what_is_not_known_is_not_asked():
    found = compare_plants(NAMES, 2, PlantSample(plants(50).values), plants(50, 1))
    assert (found.mix, found.confidence, found.share("unfit")) == (None, None, None)


@pytest.mark.parametrize("m", [0, 1, 5])
def test_too_few_to_say(m):
    found = compare_plants(NAMES, 2, plants(150), plants(m, 1))
    assert (found.verdict, found.plants_missing, found.p_value) == ("too few", 20 - m, None)
    json.dumps(asdict(found), allow_nan=False)


def test_an_empty_column_does_not_stop_the_others():
    current = plants(60, 1, shift=2)
    current.values[:, 1] = np.nan
    found = compare_plants(NAMES, 2, plants(150), current)
    assert [s.verdict for s in found.shifts] == ["red", "too few"]


def test_one_species_everywhere():
    found = compare_plants(NAMES, 1, plants(50, mix=(1.0,)), plants(50, 1, mix=(1.0,)))
    assert (found.mix.p_value, found.verdict) == (1.0, "green")


def test_tables_of_numbers_and_groups():
    rng = np.random.default_rng(1)
    columns = [
        Column("x", rng.normal(size=100), rng.normal(1, size=80)),
        Column("y", rng.normal(size=100), rng.normal(size=80)),
        Column("colour", rng.integers(0, 2, 100), np.append(rng.integers(0, 2, 78), [-1, -1]), ("blue", "white")),
    ]
    found = compare_columns(columns)
    assert [s.verdict for s in found.shifts] == ["red", "green"]
    assert found.groups[0][0] == "colour"
    assert (found.groups[0][1].m, found.groups[0][1].verdict) == (78, "green")
    assert found.multivariate_drift.verdict == "red"
    first = compare_columns(columns, rows=slice(0, 10))
    assert (first.verdict, first.plants_missing) == ("too few", 10)
    assert compare_columns([]).verdict == "too few"
