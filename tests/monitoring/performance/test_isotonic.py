import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedShuffleSplit

from flora_core.monitoring.performance.isotonic import (
    auroc,
    expected_calibration_error,
    fit_calibrators,
    fit_isotonic,
    gains_by_calibration,
    stratified_trials,
)


def scored(n, seed, decimals=2, bend=1.0):
    """Scores, and hits that come true less or more often than the scores say."""
    rng = np.random.default_rng(seed)
    scores = np.round(rng.random(n), decimals)
    return scores, rng.random(n) < scores**bend


@pytest.mark.parametrize("decimals", [1, 3, 16])
def test_the_curve_is_that_of_scikit_learn(decimals):
    scores, hits = scored(300, 1, decimals)
    other = IsotonicRegression(out_of_bounds="clip").fit(scores, hits)
    asked = np.linspace(-0.5, 1.5, 400)
    np.testing.assert_allclose(fit_isotonic(scores, hits)(asked), other.predict(asked), atol=1e-12)


def test_scores_closer_than_rounding_are_one_as_in_scikit_learn():
    scores = np.array([1e-20, 3e-17, 8e-16, 1.5e-15, 2.4e-15, 0.2, 0.7])
    hits = np.array([True, False, False, True, False, True, True])
    other = IsotonicRegression(out_of_bounds="clip").fit(scores, hits)
    np.testing.assert_allclose(fit_isotonic(scores, hits)(scores), other.predict(scores), atol=1e-12)


def test_the_trials_are_those_of_scikit_learn():
    hits = scored(103, 2)[1]
    theirs = StratifiedShuffleSplit(n_splits=10, test_size=0.1, random_state=42).split(hits, hits)
    for (train, test), (other_train, other_test) in zip(stratified_trials(hits), theirs, strict=True):
        assert train.tolist() == other_train.tolist()
        assert test.tolist() == other_test.tolist()


def test_the_area_under_the_curve():
    scores, hits = scored(200, 3, 1)
    assert auroc(scores, hits) == pytest.approx(roc_auc_score(hits, scores))
    assert np.isnan(auroc(scores, np.ones(200, dtype=bool)))


def test_calibration_error_by_hand():
    # Two bins of two: said 0.15 and 0.85, came 0 and 0.5.
    scores, hits = np.array([0.1, 0.2, 0.8, 0.9]), np.array([False, False, False, True])
    assert expected_calibration_error(scores, hits) == pytest.approx(0.5 * 0.15 + 0.5 * 0.35)


def test_honest_scores_are_left_alone_and_bent_ones_are_mended():
    scores, hits = scored(2000, 4, 16, bend=3.0)
    assert gains_by_calibration(scores, hits)
    rng = np.random.default_rng(5)
    separated = rng.random(300)
    assert not gains_by_calibration(separated, separated > 0.5)


@pytest.mark.parametrize("n", [0, 1, 2, 5, 9, 10])
def test_a_handful_of_plants_is_never_calibrated(n):
    assert not gains_by_calibration(np.linspace(0, 1, n), np.arange(n) == 0)


def test_rows_sum_to_one_and_a_row_of_zeros_becomes_even_odds():
    rng = np.random.default_rng(6)
    species = rng.integers(0, 3, 900)
    probabilities = rng.dirichlet([1, 1, 1], 900)
    calibrated = fit_calibrators(probabilities, species)(np.vstack([probabilities, np.zeros(3)]))
    np.testing.assert_allclose(calibrated.sum(axis=1), 1.0)
    nothing = fit_calibrators(np.zeros((4, 3)), np.array([0, 1, 2, 0]))(np.zeros((1, 3)))
    assert nothing.tolist() == [[1 / 3, 1 / 3, 1 / 3]]


def test_plants_that_count_twice_are_two():
    scores, hits = scored(200, 8, 1)
    twice = np.random.default_rng(9).random(200) < 0.5
    weighted = fit_isotonic(scores, hits, 1.0 + twice)
    doubled = fit_isotonic(np.append(scores, scores[twice]), np.append(hits, hits[twice]))
    np.testing.assert_allclose(weighted(scores), doubled(scores), atol=1e-12)
