import numpy as np
import pytest
from scipy.stats import binom, binomtest
from sklearn import metrics

from flora_core.identification.predicting import calibrate
from flora_core.learning.validation.scoring import (
    calibration_error,
    chance_range,
    clopper_pearson,
    cross_fitted_calibration,
    effective_plants,
    fit_calibration,
    log_loss,
    random_half,
    score,
    selection_optimism,
)
from flora_core.model import Calibration


@pytest.mark.parametrize(
    ("right", "n", "low", "high"), [(147, 150, 94.3, 99.6), (30, 30, 88.4, 100.0), (0, 10, 0.0, 30.8), (0, 0, 0, 100)]
)
def test_exact_intervals(right, n, low, high):
    assert [100 * bound for bound in clopper_pearson(right, n)] == pytest.approx([low, high], abs=0.06)


def test_intervals_are_scipy_s():
    found = binomtest(17, 42).proportion_ci(0.95, "exact")
    assert clopper_pearson(17, 42) == pytest.approx((found.low, found.high))


def test_scores_are_sklearn_s():
    rng = np.random.default_rng(0)
    species = rng.integers(0, 3, 90)
    p = rng.dirichlet([1, 1, 1], 90) + 1.2 * np.eye(3)[species]
    p /= p.sum(axis=1, keepdims=True)
    s = score(["a", "b", "c"], [p], species, "by hand")
    named = p.argmax(axis=1)
    assert s.accuracy == metrics.accuracy_score(species, named)
    assert s.balanced_accuracy == metrics.balanced_accuracy_score(species, named)
    assert s.macro_f1 == pytest.approx(metrics.f1_score(species, named, average="macro"))
    assert s.log_loss == pytest.approx(metrics.log_loss(species, p))
    assert s.confusion == tuple(map(tuple, metrics.confusion_matrix(species, named)))
    assert s.right == (named == species).sum()
    for j, name in enumerate("abc"):
        assert s.by_species[name].recall == pytest.approx(metrics.recall_score(species, named, average=None)[j])
        assert s.by_species[name].precision == pytest.approx(metrics.precision_score(species, named, average=None)[j])


def test_a_species_never_named_has_no_precision():
    p = np.tile([0.9, 0.1], (10, 1))
    s = score(["a", "b"], [p], np.array([0] * 8 + [1] * 2), "x")
    assert s.by_species["b"].precision is None
    assert s.by_species["b"].recall == 0


def test_calibration_error_by_hand():
    p = np.array([[0.9, 0.1]] * 10)
    species = np.array([0] * 6 + [1] * 4)
    assert calibration_error(p, species, bins=1) == pytest.approx(0.3)


def test_boasting_probabilities_get_a_temperature_above_one_and_honest_ones_none():
    rng = np.random.default_rng(0)
    honest = rng.dirichlet([0.7, 0.7, 0.7], 3000)
    species = np.array([rng.choice(3, p=row) for row in honest])
    boasting = honest**3 / (honest**3).sum(axis=1, keepdims=True)
    found = fit_calibration(boasting, species)
    assert found.temperature == pytest.approx(3.0, rel=0.1)
    assert calibrate(boasting, found) == pytest.approx(honest, abs=0.06)
    assert fit_calibration(honest, species).temperature == pytest.approx(1.0, abs=0.1)


def test_even_a_forest_that_gave_no_vote_is_not_infinitely_wrong():
    raw = np.array([[1.0, 0.0], [0.0, 1.0]] * 10)
    species = np.array([0, 1] * 9 + [1, 1])
    calibrated = calibrate(raw, fit_calibration(raw, species))
    assert log_loss(calibrated, species) < 1


def test_a_choice_among_equals_flatters_and_a_clear_choice_does_not():
    rng = np.random.default_rng(0)
    hits = (rng.random((60, 20)) < 0.8).astype(float)
    among_equals = selection_optimism(1 - hits, hits, seed=0)
    assert 0.02 < among_equals < 0.15
    clear = hits.copy()
    clear[:, 0] = 1
    assert selection_optimism(1 - clear, clear, seed=0) == 0.0
    assert selection_optimism(hits[:, :1], hits[:, :1], seed=0) == 0.0


def test_halves_are_halves():
    half = random_half(101)
    assert half.sum() == 50
    assert (half == random_half(101)).all()


def test_the_floor_comes_from_the_number_of_plants():
    raw = np.tile([0.5, 0.5], (99, 1))
    assert fit_calibration(raw, np.arange(99) % 2) == Calibration(1.0, 0.5 / 100, each_completion=True)


def test_nobody_s_calibration_saw_the_plant_itself():
    rng = np.random.default_rng(0)
    raw, species = rng.dirichlet([0.3, 0.3], 60), rng.integers(0, 2, 60)
    other_name = species.copy()
    other_name[7] = 1 - species[7]
    found, changed = cross_fitted_calibration(raw, species), cross_fitted_calibration(raw, other_name)
    half = random_half(60)
    same_half = half == half[7]
    # A plant's own name may only change what is said of the other half.
    assert found[same_half] == pytest.approx(changed[same_half])


def test_plants_that_came_one_by_one_count_fully_and_one_group_counts_for_one():
    right = np.array([1.0] * 8 + [0.0] * 2)
    assert effective_plants(right, None) == 10
    assert effective_plants(right, np.zeros(10, dtype=np.int64)) == 1


def test_groups_that_are_all_right_or_all_wrong_are_worth_one_plant_each_by_hand():
    # Four groups of five, three right and one wrong: the variance of the mean is 4/3 (3 (5/4)^2 + (15/4)^2) / 400 = .0625,
    # against .75 .25 / 20 for single plants: each plant is worth .15. Then Student's t with 19 against 3 degrees of freedom.
    right = np.repeat([1.0, 1.0, 1.0, 0.0], 5)
    found = effective_plants(right, np.repeat(np.arange(4), 5))
    assert found == pytest.approx(20 * 0.15 * (2.0930 / 3.1824) ** 2, rel=1e-3)


def test_an_interval_by_group_is_never_narrower_than_that_of_as_many_plants():
    rng = np.random.default_rng(3)
    p = rng.dirichlet([2, 1], 80)
    species, groups = rng.integers(0, 2, 80), rng.integers(0, 6, 80)
    plain, grouped = score(["a", "b"], [p], species, "x"), score(["a", "b"], [p], species, "x", groups)
    assert grouped.low < plain.low < plain.accuracy < plain.high < grouped.high
    assert (grouped.accuracy, grouped.log_loss) == (plain.accuracy, plain.log_loss)


def test_a_species_without_plants_counts_for_nothing_in_the_means_over_species():
    p = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]])
    s = score(["a", "b", "c"], [p], np.array([0, 1, 1]), "x")
    assert s.balanced_accuracy == pytest.approx((1 + 0.5) / 2)
    assert s.by_species["c"].plants == 0
    assert s.by_species["c"].named == 1


def test_chance_leaves_as_much_as_the_binomial_says():
    for share, n in ((0.9, 20), (0.5, 7), (0.999, 300), (0.0, 5), (1.0, 5)):
        low, high = chance_range(share, n)
        assert (low, high) == pytest.approx((binom.ppf(0.025, n, share) / n, binom.ppf(0.975, n, share) / n))
    assert chance_range(0.5, 0) == (0.0, 1.0)
