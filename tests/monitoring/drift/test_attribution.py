import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flora_core.monitoring.drift.attribution import decompose, decompose_plants
from flora_core.monitoring.drift.samples import PlantSample

#: Species means 1 and 5; half of each; nobody fits none.
BEFORE = np.array([50, 50, 0]), np.array([1.0, 5.0, 0.0])


def parts(now, means):
    found = decompose("petal_length", *BEFORE, np.array(now), np.array(means))
    return [round(x, 9) for x in (found.mix, found.within, found.strangers, found.total)], found.source


def test_another_mix():
    assert parts([10, 30, 0], [1.0, 5.0, 0.0]) == ([1.0, 0.0, 0.0, 1.0], "mix")


def test_longer_petals_within_the_species():
    assert parts([20, 20, 0], [1.5, 5.5, 0.0]) == ([0.0, 0.5, 0.0, 0.5], "within")


def test_strangers():
    assert parts([10, 10, 5], [1.0, 5.0, 13.0]) == ([0.0, 0.0, 2.0, 2.0], "strangers")


def test_nothing_changed_and_nothing_to_compare():
    assert parts([5, 5, 0], [1.0, 5.0, 0.0]) == ([0.0, 0.0, 0.0, 0.0], None)
    assert decompose("x", *BEFORE, np.zeros(3, int), np.zeros(3)) is None


def test_a_species_that_was_not_there_before_is_a_change_within():
    found = decompose(
        "x", np.array([50, 0, 0]), np.array([2.0, np.nan, 0.0]), np.array([25, 25, 0]), np.array([2.0, 4.0, 0.0])
    )
    assert (found.mix, found.within, found.total) == (0.0, 1.0, 1.0)


counts = st.lists(st.integers(0, 30), min_size=4, max_size=4).filter(any).map(np.array)
means = st.lists(st.floats(-50, 50), min_size=4, max_size=4).map(np.array)


@given(counts, means, counts, means)
def test_the_parts_add_up_to_the_difference_of_the_means(before, before_means, now, now_means):
    found = decompose("x", before, before_means, now, now_means)
    expected = now @ now_means / now.sum() - before @ before_means / before.sum()
    assert found.total == pytest.approx(expected, abs=1e-9)


def test_from_plants_with_missing_and_far_values():
    values = np.array([[1.0, np.nan]] * 30 + [[5.0, np.nan]] * 30) + np.linspace(0, 0.5, 60)[:, None]
    species = np.repeat([0, 1], 30)
    reference = PlantSample(values, species, fits=np.ones(60, bool))
    current = values.copy()
    current[0, 0] = 1e6
    found = decompose_plants(["a", "b"], 2, reference, PlantSample(current, species, fits=np.ones(60, bool)))
    assert [f.name for f in found] == ["a"]
    assert 0 < found[0].within < 1
    strange = decompose_plants(["a", "b"], 2, reference, PlantSample(values + 9, np.full(60, -1)))
    assert strange[0].source == "strangers"
