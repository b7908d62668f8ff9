import math

import pytest

from flora_core.monitoring.statistics.power import plants_to_see, seen_half_the_time


def test_more_plants_see_smaller_shifts():
    assert seen_half_the_time(0.83, 75, 75) == pytest.approx(1.06 * 1.959964 * 0.83 * math.sqrt(2 / 75))
    assert seen_half_the_time(0.83, 75, 75, tests=4) > seen_half_the_time(0.83, 75, 75)
    assert seen_half_the_time(0.83, 75, 0) == math.inf


def test_how_many_plants_see_a_shift_is_the_same_turned_round():
    shift = seen_half_the_time(0.83, 150, 42, tests=4)
    assert plants_to_see(shift, 0.83, 150, tests=4) == 42
    assert plants_to_see(0.01, 0.83, 150) is None  # 150 reference plants alone don't know their mean so well
    assert plants_to_see(0.0, 0.83, 150) is None
    assert plants_to_see(0.3, 0.0, 150) is None
