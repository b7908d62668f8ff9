import numpy as np
import pytest
from scipy.stats import chi2_contingency, fisher_exact

from flora_core.monitoring.drift.categorical import categorical_drift, proportion_drift


def test_large_counts_against_scipy():
    before, now = np.array([50, 50, 50]), np.array([40, 25, 10])
    found = categorical_drift(before, now)
    expected = chi2_contingency([before, now], correction=False)
    assert (found.value, found.p_value) == (pytest.approx(expected.statistic), pytest.approx(expected.pvalue))
    assert found.moved == pytest.approx((40 / 75 - 1 / 3) / 1)


def test_small_counts_by_dealing():
    before, now = np.array([12, 9]), np.array([2, 18])
    found = categorical_drift(before, now, smallest=20)
    assert found.p_value == pytest.approx(fisher_exact([before, now]).pvalue, abs=0.01)


def test_one_unseen_species_in_a_hundred_is_no_alarm():
    found = categorical_drift(np.array([50, 50, 0]), np.array([50, 49, 1]))
    assert found.p_value > 0.4
    assert found.with_verdict(found.p_value).verdict == "green"


def test_one_species_two_species_and_none():
    assert categorical_drift(np.array([30]), np.array([40])).p_value == 1.0
    two = categorical_drift(np.array([30, 30]), np.array([40, 0]))
    assert two.with_verdict(two.p_value).verdict == "red"
    none = categorical_drift(np.array([30, 30]), np.array([0, 0])).with_verdict(None)
    assert (none.verdict, none.value, none.plants_missing) == ("too few", None, 20)
    assert (none.n, none.m) == (60, 0)


def test_a_share_that_rose_against_scipy():
    found = proportion_drift("unfit", 1, 150, 9, 75)
    assert found.p_value == pytest.approx(fisher_exact([[9, 66], [1, 149]], alternative="greater").pvalue)
    assert found.rise == pytest.approx(9 / 75 - 1 / 150)
    assert found.with_verdict(found.p_value).verdict == "red"


def test_a_share_that_fell_or_stayed_at_nothing_is_no_alarm():
    assert proportion_drift("unfit", 30, 150, 0, 75).p_value == 1.0
    assert proportion_drift("unfit", 0, 150, 0, 75).p_value == 1.0
    few = proportion_drift("unfit", 0, 150, 3, 3).with_verdict(None)
    assert (few.verdict, few.plants_missing, few.current) == ("too few", 17, 1.0)
    assert proportion_drift("unfit", 0, 0, 0, 0).current is None
