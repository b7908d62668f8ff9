"""What was said of some plants on average, against how many came true."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from flora_core.monitoring.performance.calibration_in_the_large import calibration_in_the_large


def test_by_hand():
    sure = np.full(100, 0.9)
    found = calibration_in_the_large(sure, np.arange(100) < 80)
    assert (found.plants, found.right, found.share) == (100, 80, 0.8)
    assert found.said == pytest.approx(0.9)
    # 90 right are expected, give or take 3; ten fewer are 9.5 away, half a plant being the step.
    assert found.p_value == pytest.approx(2 * norm.sf(9.5 / 3.0))
    assert found.low < 0.8 < found.high


def test_none_and_few_are_said_to_be_too_few():
    nothing = calibration_in_the_large(np.zeros(0), np.zeros(0, bool))
    assert (nothing.plants, nothing.said, nothing.share, nothing.p_value) == (0, None, None, None)
    few = calibration_in_the_large(np.full(19, 0.5), np.zeros(19, bool))
    assert few.p_value is None
    assert few.high > 0.0


def test_wholly_sure_names_are_right_or_wrong_beyond_any_chance():
    sure = np.ones(30)
    assert calibration_in_the_large(sure, np.ones(30, bool)).p_value == 1.0
    assert calibration_in_the_large(sure, np.arange(30) < 28).p_value == 0.0


@given(st.integers(20, 200), st.integers(0, 2**32 - 1))
def test_there_are_figures_and_never_nan(n, seed):
    rng = np.random.default_rng(seed)
    found = calibration_in_the_large(rng.random(n), rng.random(n) < 0.5)
    assert 0 <= found.p_value <= 1
    assert 0 <= found.low <= found.share <= found.high <= 1
    assert found.high > found.low


def test_certainties_that_mean_what_they_say_rarely_alarm():
    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(400):
        sure = rng.beta(8, 1, 60)
        alarms += calibration_in_the_large(sure, rng.random(60) < sure).p_value < 0.05
    assert 4 <= alarms <= 30
