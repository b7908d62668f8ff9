import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

from flora_core.monitoring.decision import verdict_of, worst
from flora_core.monitoring.drift.univariate import univariate_drift, univariate_drifts


def plants(n, shift=0.0, seed=0):
    return np.random.default_rng(seed).normal(5.84 + shift, 0.83, n)


def verdict(reference, current):
    shift = univariate_drift("sepal_length", reference, current)
    return shift.with_verdict(shift.p_value).verdict


def test_a_shift_of_half_a_centimetre():
    reference, current = plants(75), plants(75, 0.5, 1)
    shift = univariate_drift("sepal_length", reference, current)
    assert shift.distance == pytest.approx(wasserstein_distance(reference, current))
    assert shift.shift == pytest.approx(current.mean() - reference.mean())
    assert shift.effect == pytest.approx(shift.shift / reference.std(ddof=1))
    assert (shift.n, shift.m, shift.p_value, shift.with_verdict(shift.p_value).verdict) == (75, 75, 0.0058, "red")
    assert shift.distance > shift.critical


def test_a_window_against_itself_has_no_drift():
    shift = univariate_drift("sepal_length", plants(60), plants(60))
    assert (shift.distance, shift.p_value, shift.shift, shift.effect) == (0.0, 1.0, 0.0, 0.0)
    assert shift.with_verdict(1.0).verdict == "green"


def test_missing_values_are_left_out_and_counted():
    current = np.append(plants(30, seed=1), [np.nan] * 5)
    shift = univariate_drift("sepal_length", np.append(plants(50), np.nan), current)
    assert (shift.n, shift.m) == (50, 30)


@pytest.mark.parametrize("m", [1, 2, 19])
def test_too_few_to_say_with_the_number_still_needed(m):
    shift = univariate_drift("sepal_length", plants(150), plants(m, 3, 1)).with_verdict(None)
    assert (shift.verdict, shift.plants_missing, shift.p_value) == ("too few", 20 - m, None)
    assert math.isfinite(shift.distance)
    assert math.isfinite(shift.psi)


def test_an_empty_column_is_no_error():
    empty = np.full(40, np.nan)
    for reference, current in ((plants(40), empty), (empty, plants(40)), (empty, empty), (plants(40), empty[:0])):
        shift = univariate_drift("sepal_length", reference, current).with_verdict(None)
        assert (shift.distance, shift.p_value, shift.verdict) == (None, None, "too few")
        assert shift.plants_missing == 20


def test_a_perfect_reference():
    same = univariate_drift("x", np.full(50, 2.5), np.full(50, 2.5))
    assert (same.p_value, same.effect, same.psi, same.with_verdict(same.p_value).verdict) == (1.0, 0.0, 0.0, "green")
    other = univariate_drift("x", np.full(50, 2.5), np.full(50, 2.6))
    assert (other.p_value, other.effect, other.with_verdict(other.p_value).verdict) == (0.0002, math.inf, "red")
    one_strange = univariate_drift("x", np.full(50, 2.5), np.append(np.full(49, 2.5), 1e6))
    assert one_strange.with_verdict(one_strange.p_value).verdict == "green"


def test_a_thousand_and_a_thousand_and_one_rows_give_the_same_verdict():
    for shift in (0.0, 0.05, 0.1, 0.3):
        current = plants(400, shift, 3)
        assert verdict(plants(1001)[:1000], current) == verdict(plants(1001), current)


ORDER = ["green", "amber", "red"]


@settings(max_examples=50)
@given(
    st.integers(0, 10_000), st.floats(-0.8, 0.8), st.sampled_from([1e6, -1e6]), st.integers(30, 120), st.integers(1, 3)
)
def test_values_of_a_million_never_lower_a_verdict(seed, shift, far, m, how_many):
    reference, current = plants(100, seed=seed), plants(m, shift, seed + 1)
    before = verdict(reference, current)
    soiled = np.append(current, [far] * min(how_many, m // 20))
    assert ORDER.index(verdict(reference, soiled)) >= ORDER.index(before)


def test_a_million_in_the_reference_does_not_hide_a_shift():
    assert verdict(np.append(plants(100), 1e6), plants(75, 0.8, 1)) == "red"


def test_a_ruler_read_in_millimetres_is_told_with_its_median():
    current = 10 * plants(40, seed=2)
    shift = univariate_drift("sepal_length", plants(150), current)
    assert shift.current == pytest.approx(np.median(current))
    assert (shift.far, shift.with_verdict(shift.p_value).verdict) == (40, "red")


def test_large_windows_are_binned_and_say_the_same():
    reference, current = plants(6000), plants(5000, 0.02, 1)
    shift = univariate_drift("sepal_length", reference, current)
    assert shift.distance == pytest.approx(wasserstein_distance(reference, current), rel=0.2)
    assert univariate_drift("sepal_length", plants(6000), plants(5000, 0.2, 1)).p_value <= 0.001


def test_every_measurement_at_once():
    values = np.stack([plants(40), plants(40, seed=5)], axis=1)
    found = univariate_drifts(["a", "b"], values, values + np.array([0.0, 5.0]))
    assert [s.name for s in found] == ["a", "b"]
    assert [verdict_of(s.p_value, s.is_material) for s in found] == ["green", "red"]
    assert worst([verdict_of(s.p_value, s.is_material) for s in found]) == "red"


def test_the_same_numbers_at_every_call():
    assert univariate_drift("x", plants(80), plants(60, 0.1, 1)) == univariate_drift(
        "x", plants(80), plants(60, 0.1, 1)
    )
