import numpy as np
import pytest

from flora_core.identification.key_detours import detours


def test_the_character_that_parts_plants_alike_stands_in_whichever_way_it_runs():
    rng = np.random.default_rng(0)
    own = rng.normal(size=200)
    values = np.column_stack([own, -own + rng.normal(0, 0.1, 200), rng.normal(size=200), own + rng.normal(0, 1, 200)])
    found = detours(values, own <= 0.0, 0)
    assert [d.column for d in found] == [1, 3]
    assert found[0].agrees > 0.95
    assert not found[0].first_below
    assert found[0].takes_first(2.0)
    assert not found[0].takes_first(-2.0)
    assert found[1].first_below


def test_nothing_stands_in_where_nothing_does_better_than_the_commoner_way():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(300, 3))
    values[:, 1] = 1.0
    assert detours(values, values[:, 0] <= 1.5, 0) == []


@pytest.mark.parametrize("n", [2, 3])
def test_a_few_plants_are_parted_too(n):
    values = np.column_stack([np.arange(n), np.arange(n) * 2.0])
    assert [d.border for d in detours(values, np.arange(n) == 0, 0)] == [1.0]
