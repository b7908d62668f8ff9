import numpy as np
import pytest
from scipy.stats import permutation_test

from flora_core.monitoring.drift.confidence import confidence_of, confidence_of_counts


def sure(n, mean, seed):
    return np.clip(np.random.default_rng(seed).normal(mean, 0.1, n), 0, 1)


def test_a_fall_against_scipy():
    reference, current = sure(80, 0.9, 1), sure(40, 0.87, 2)
    found = confidence_of(reference, current)
    expected = permutation_test(
        (reference, current), lambda x, y: x.mean() - y.mean(), alternative="greater", n_resamples=9999, rng=1
    ).pvalue
    assert found.p_value == pytest.approx(expected, abs=0.03)
    assert found.fall == pytest.approx(reference.mean() - current.mean())


def test_a_rise_is_no_alarm():
    assert confidence_of(sure(80, 0.7, 1), sure(40, 0.95, 2)).p_value == 1.0


def counted(confidence, bins=50):
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    return np.bincount(place, minlength=bins), np.bincount(place, weights=confidence, minlength=bins)


def test_of_counts_it_is_the_same_test():
    reference, current = sure(200, 0.9, 1), sure(60, 0.87, 2)
    found = confidence_of_counts(counted(reference), counted(current), reference.std(ddof=1))
    assert found.p_value == pytest.approx(confidence_of(reference, current).p_value, abs=0.02)
    assert found.fall == pytest.approx(reference.mean() - current.mean())
    assert confidence_of_counts(counted(reference), counted(current - 0.1), 0.1).with_verdict(0.001).verdict == "red"


@pytest.mark.parametrize("m", [300, 10_000])
def test_a_good_model_with_a_small_reference_is_no_alarm(m):
    # Confidences crowd below 1; of 45 plants few or none show the long tail.
    rng = np.random.default_rng(3)
    alarms = 0
    for _ in range(200):
        reference, current = rng.beta(12, 0.25, 45), rng.beta(12, 0.25, m)
        alarms += confidence_of_counts(counted(reference), counted(current), reference.std(ddof=1)).p_value < 0.05
        alarms += confidence_of(reference, current).p_value < 0.05
    assert alarms / 400 <= 0.08


def test_a_model_that_is_always_sure():
    assert confidence_of(np.ones(50), np.ones(50)).p_value == 1.0
    assert confidence_of_counts(counted(np.ones(50)), counted(np.ones(50)), 0.0).p_value == 1.0
    assert confidence_of_counts(counted(np.ones(50)), counted(np.full(50, 0.9)), 0.0).p_value < 0.001


@pytest.mark.parametrize("m", [0, 1])
def test_too_few(m):
    few = confidence_of(sure(50, 0.9, 1), sure(m, 0.9, 2)).with_verdict(None)
    assert (few.verdict, few.p_value, few.plants_missing) == ("too few", None, 20 - m)


def test_many_plants_are_counted_in_bins():
    assert confidence_of(sure(3000, 0.9, 1), sure(3000, 0.88, 2)).p_value < 0.001
