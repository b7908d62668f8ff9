import numpy as np
import pytest

from flora_core.errors import Refused
from flora_core.learning.validation.folds import (
    askable_by_group,
    fold_count,
    group_numbers,
    held_out_misfits,
    make_folds,
    make_group_folds,
)
from flora_core.workflows.models.lifecycle import iris_plants
from tests.builders import make_plants, with_groups

IRIS = iris_plants()


def test_folds_part_the_plants_and_keep_every_species_share():
    folds = make_folds(IRIS, 10, seed=0)
    assert np.sort(np.concatenate([f.test for f in folds])).tolist() == list(range(150))
    for f in folds:
        assert np.bincount(IRIS.species[f.test]).tolist() == [5, 5, 5]
        assert not set(f.train) & set(f.test)


def test_folds_of_unequal_species_are_still_of_one_size():
    plants = make_plants((7, 13, 29))
    sizes = [len(f.test) for f in make_folds(plants, 7, seed=0)]
    assert sizes == [7] * 7


@pytest.mark.parametrize(("counts", "folds"), [((50, 50, 50), 10), ((50, 4), 4), ((50, 1), 2), ((3, 3), 3)])
def test_there_are_never_more_folds_than_the_rarest_species_has_plants(counts, folds):
    assert fold_count(np.repeat(np.arange(len(counts)), counts)) == folds


def test_gaps_are_filled_from_the_training_part_alone():
    plants = make_plants((15, 15), 3, missing=0.3)
    fold = make_folds(plants, 5, seed=0)[0]
    changed = plants.values.copy()
    changed[fold.test] += 100.0
    again = make_folds(type(plants)(changed, plants.species, None, plants.table), 5, seed=0)[0]
    assert fold.values == pytest.approx(again.values)
    assert not np.isnan(fold.values).any()


def test_no_group_is_ever_parted_and_every_plant_is_asked_once():
    plants = make_plants((30, 21, 9), groups=7)
    folds = make_group_folds(plants, seed=0)
    assert len(folds) == 7
    assert np.sort(np.concatenate([f.test for f in folds])).tolist() == list(range(60))
    for f in folds:
        assert not set(plants.groups[f.train]) & set(plants.groups[f.test])


def test_groups_of_many_sizes_make_folds_that_are_even_in_their_species():
    rng = np.random.default_rng(0)
    plants = with_groups(make_plants((120, 60, 20)), [f"site {int(g)}" for g in rng.geometric(0.08, 200)])
    folds = make_group_folds(plants, seed=0)
    assert len(folds) == 10
    sizes = np.array([np.bincount(plants.species[f.test], minlength=3) for f in folds])
    largest = max(np.bincount(group_numbers(plants)))
    assert sizes.sum(axis=1).max() <= max(30, largest)
    assert (sizes > 0).sum(axis=0)[:2].min() >= 8


def test_plants_of_unknown_group_are_groups_of_their_own():
    plants = with_groups(make_plants((4, 4)), ["a", "a", "b", "", "c", "c", "", "b"])
    numbers = group_numbers(plants)
    assert len(set(numbers.tolist())) == 5
    assert numbers[0] == numbers[1]
    assert numbers[3] != numbers[6]


@pytest.mark.parametrize("groups", [None, ["a"] * 8, ["a", "b"] * 4, ["a", "", "b", ""] * 2])
def test_fewer_than_three_groups_are_no_groups(groups):
    plants = with_groups(make_plants((4, 4)), groups) if groups else make_plants((4, 4))
    assert group_numbers(plants) is None
    assert not askable_by_group(plants).any()
    with pytest.raises(Refused, match="at least 3 groups"):
        make_group_folds(plants, seed=0)


def test_a_species_of_one_place_cannot_be_asked_about_elsewhere():
    plants = with_groups(make_plants((4, 4, 4)), ["a", "b"] * 2 + ["b", "c"] * 2 + ["c"] * 4)
    assert askable_by_group(plants).tolist() == [True] * 8 + [False] * 4


def test_where_every_species_has_a_place_of_its_own_nothing_can_be_asked():
    plants = with_groups(make_plants((4, 4, 4)), ["a"] * 4 + ["b"] * 4 + ["c"] * 4)
    assert not askable_by_group(plants).any()


def test_part_of_a_fold_keeps_what_belongs_together():
    fold = make_folds(IRIS, 10, seed=0)[2]
    part = fold.some(np.array([3, 5, 8]), fold.test[:2])
    assert part.values.tolist() == IRIS.values[part.train].tolist()
    assert part.species.tolist() == IRIS.species[part.train].tolist()
    assert part.test.tolist() == fold.test[:2].tolist()


def test_a_plant_s_misfit_is_measured_without_it():
    plants = make_plants((20, 20))
    stray = plants.values.copy()
    stray[3] += 40.0
    misfits = held_out_misfits(type(plants)(stray, plants.species, None, plants.table), make_folds(plants, 10, 0))
    assert misfits[3] > 1
    assert np.median(misfits) < 1
