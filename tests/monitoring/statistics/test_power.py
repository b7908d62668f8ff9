import math

import pytest

from flora_core.monitoring.statistics.power import detectable_shift, sample_size_for_shift


def test_more_plants_see_smaller_shifts():
    assert detectable_shift(0.83, 75, 75) == pytest.approx(1.06 * 1.959964 * 0.83 * math.sqrt(2 / 75))
    assert detectable_shift(0.83, 75, 75, tests=4) > detectable_shift(0.83, 75, 75)
    assert detectable_shift(0.83, 75, 0) == math.inf


def test_how_many_plants_see_a_shift_is_the_same_turned_round():
    shift = detectable_shift(0.83, 150, 42, tests=4)
    assert sample_size_for_shift(shift, 0.83, 150, tests=4) == 42
    assert sample_size_for_shift(0.01, 0.83, 150) is None  # 150 reference plants alone don't know their mean so well
    assert sample_size_for_shift(0.0, 0.83, 150) is None
    assert sample_size_for_shift(0.3, 0.0, 150) is None
