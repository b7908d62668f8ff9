"""Plants that came since the last training: seen when they measure otherwise, and not when there are only others of them."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, norm

from flora_core.learning.data_checks.new_plants import _stratified, new_plant_drift
from flora_core.model import TrainingPlants
from flora_core.study import IRIS
from flora_core.workflows.models.lifecycle import iris_plants


def sample(seed, since=60, change=None):
    """Fisher's irises, some of which came later, changed or not."""
    plants, rng = iris_plants(), np.random.default_rng(seed)
    known = np.ones(150, dtype=bool)
    known[rng.permutation(150)[:since]] = False
    values = plants.values.copy()
    if change:
        values[~known] = change(values[~known])
    return TrainingPlants(values, plants.species, None, plants.table), known


def test_ranks_within_a_species_by_hand():
    plants = TrainingPlants(
        np.array([[1.0], [2.0], [6.0], [5.0], [9.0]]), np.zeros(5, dtype=int), None, iris_plants().table
    )
    known = np.array([True, True, True, False, False])
    by, p = _stratified(plants.values[:, 0], plants.species, known)
    # 5 and 9 lie 2 and 6 above 3, the mean of 1, 2 and 6; ranks 3 and 5 of five lie 0 and 2 above the middle rank, and
    # their sum has the variance 2 * 3 * 6 / 12 = 3.
    assert by == pytest.approx(4.0)
    assert p == pytest.approx(2 * norm.sf(2 / 3**0.5))


def test_of_one_species_it_is_wilcoxon_s_test():
    rng = np.random.default_rng(0)
    values, known = rng.normal(size=90).round(1), rng.random(90) < 0.6
    _, p = _stratified(values, np.zeros(90, dtype=int), known)
    assert p == pytest.approx(
        mannwhitneyu(values[known], values[~known], use_continuity=False, method="asymptotic").pvalue
    )


def test_other_shares_of_the_species_are_no_drift():
    alarms = 0
    for seed in range(20):
        plants, rng = iris_plants(), np.random.default_rng(seed)
        known = np.ones(150, dtype=bool)
        # 40 setosa and 35 virginica came since: petals as a whole moved far, within species not at all.
        known[rng.permutation(50)[:40]] = known[100 + rng.permutation(50)[:35]] = False
        found = new_plant_drift(IRIS, plants, known)
        assert found.compared == 75
        alarms += min(one.p for one in found.moved) < 0.05
    assert alarms <= 3


def test_with_nothing_changed_few_are_noticed_and_a_new_ruler_always():
    quiet = [min(one.p for one in new_plant_drift(IRIS, *sample(seed)).moved) for seed in range(100)]
    assert sum(p < 0.05 for p in quiet) <= 10
    for seed in range(5):
        moved = new_plant_drift(IRIS, *sample(seed, change=lambda v: v + np.array([0, 0, 0.5, 0]))).moved
        assert moved[2].p < 0.001
        assert moved[2].by == pytest.approx(0.5, abs=0.2)


def test_a_far_value_weighs_no_more_than_another():
    plants, known = sample(1)
    values = plants.values.copy()
    values[np.flatnonzero(~known)[0], 0] = 1e6
    far = new_plant_drift(IRIS, TrainingPlants(values, plants.species, None, plants.table), known)
    assert min(one.p for one in far.moved) > 0.05


def test_plants_of_new_species_are_counted_apart_and_few_are_too_few():
    plants, known = sample(0, since=0)
    known[:50] = False
    found = new_plant_drift(IRIS, plants, known)
    assert (found.compared, found.others, found.plants_missing) == (0, 50, 20)
    assert all(one.p is None and np.isnan(one.by) for one in found.moved)
