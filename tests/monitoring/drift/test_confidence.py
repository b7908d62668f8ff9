import numpy as np
import pytest
from scipy.stats import permutation_test, ttest_ind

from flora_core.monitoring.drift.confidence import confidence_from_moments, confidence_of


def sure(n, mean, seed):
    return np.clip(np.random.default_rng(seed).normal(mean, 0.1, n), 0, 1)


def test_a_fall_against_scipy():
    reference, current = sure(80, 0.9, 1), sure(40, 0.87, 2)
    found = confidence_of(reference, current)
    expected = permutation_test(
        (reference, current), lambda x, y: x.mean() - y.mean(), alternative="greater", n_resamples=9999, rng=1
    ).pvalue
    assert found.p == pytest.approx(expected, abs=0.03)
    assert found.fall == pytest.approx(reference.mean() - current.mean())


def test_a_rise_is_no_alarm():
    assert confidence_of(sure(80, 0.7, 1), sure(40, 0.95, 2)).p == 1.0


def test_from_moments_it_is_welchs_test():
    reference, current = sure(200, 0.9, 1), sure(60, 0.83, 2)
    moments = [part for x in (reference, current) for part in (len(x), x.mean(), x.var() * len(x))]
    found = confidence_from_moments(*moments)
    expected = ttest_ind(current, reference, equal_var=False, alternative="less")
    assert found.p == pytest.approx(expected.pvalue)
    assert found.judged(found.p).verdict == "red"


def test_a_model_that_is_always_sure():
    assert confidence_of(np.ones(50), np.ones(50)).p == 1.0
    assert confidence_from_moments(50, 1.0, 0.0, 50, 1.0, 0.0).p == 1.0
    assert confidence_from_moments(50, 1.0, 0.0, 50, 0.9, 0.0).p == 0.0


@pytest.mark.parametrize("m", [0, 1])
def test_too_few(m):
    few = confidence_of(sure(50, 0.9, 1), sure(m, 0.9, 2)).judged(None)
    assert (few.verdict, few.p, few.plants_missing) == ("too few", None, 20 - m)


def test_many_plants_go_by_moments():
    assert confidence_of(sure(3000, 0.9, 1), sure(3000, 0.88, 2)).p < 1e-6
