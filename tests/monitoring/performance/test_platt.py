import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from flora_core.monitoring.performance.platt import are_rare, fit_platt


def boasting(n, seed=0, k=4):
    rng = np.random.default_rng(seed)
    sure = rng.uniform(0.4, 0.99, n)
    probabilities = np.full((n, k), ((1 - sure) / (k - 1))[:, None])
    probabilities[:, 0] = sure
    return probabilities, np.where(rng.random(n) < sure - 0.2, 0, 1)


def test_the_curve_is_a_logistic_regression():
    probabilities, species = boasting(3000)
    logit = np.log(probabilities[:, :1] / (1 - probabilities[:, :1]))
    other = LogisticRegression(C=1e6).fit(logit, species == 0)
    found = fit_platt(probabilities, species)
    assert found.slope == pytest.approx(other.coef_[0, 0], rel=0.02)
    assert found.level == pytest.approx(other.intercept_[0], abs=0.02)


def test_the_largest_says_how_often_it_is_right_and_the_others_keep_their_proportion():
    probabilities, species = boasting(3000)
    calibrated = fit_platt(probabilities, species)(probabilities)
    assert calibrated[:, 0].mean() == pytest.approx((species == 0).mean(), abs=0.01)
    np.testing.assert_allclose(calibrated.sum(axis=1), 1.0)
    np.testing.assert_allclose(calibrated[:, 1], calibrated[:, 3])


def test_certainty_is_shared_out_and_a_perfect_reference_stays_finite():
    curve = fit_platt(np.eye(3)[[0, 1, 2] * 10], np.array([0, 1, 2] * 10))
    calibrated = curve(np.eye(3))
    assert (np.isfinite(calibrated)).all()
    assert 0.9 < calibrated[0, 0] < 1.0
    assert calibrated[0, 1] == calibrated[0, 2] > 0
    assert np.isfinite(fit_platt(np.eye(2)[[0] * 5], np.zeros(5, dtype=int)).level)


def test_rows_that_do_not_sum_to_one_are_made_to():
    curve = fit_platt(*boasting(300))
    calibrated = curve(
        np.array([[0.5, 0.5, 0.5, 0.5], [0.9, 0.9, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [1.0, 1e-12, 0.0, 0.0]])
    )
    np.testing.assert_allclose(calibrated.sum(axis=1), 1.0)
    assert ((calibrated >= 0) & (calibrated <= 1)).all()


def test_when_species_are_rare():
    assert are_rare(np.repeat(np.arange(30), 8))
    assert not are_rare(np.repeat([0, 1, 2], [300, 40, 5]))
    assert are_rare(np.array([], dtype=int))
