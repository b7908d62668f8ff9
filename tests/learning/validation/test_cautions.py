from dataclasses import replace

import numpy as np
import pytest

from flora_core.learning.algorithms.catalogue import ALGORITHMS, resolve_hyperparameters
from flora_core.learning.algorithms.pipelines import Recipe
from flora_core.learning.validation.cautions import warnings_of
from flora_core.study import IRIS
from flora_core.workflows.models.lifecycle import iris_plants
from tests.builders import make_plants, make_study, with_groups


@pytest.fixture(scope="session")
def scores(champion):
    return champion.card.scores


def recipe(name="lda", **given):
    return Recipe(ALGORITHMS[name], resolve_hyperparameters(ALGORITHMS[name], given), seed=0)


def warned(scores, plants=None, *, made=None, by_group=None, seen=0.98, baseline=0.5, searched=(), **changes):
    plants = plants or make_plants((40, 40), 4, gap=1.5)
    study = make_study(int(plants.species.max()) + 1, plants.values.shape[1])
    return warnings_of(
        study, plants, made or recipe(), scores.model_copy(update=changes), by_group, seen, baseline, searched
    )


def test_nothing_is_said_of_a_sound_training(scores):
    assert warned(scores) == ()
    assert warnings_of(IRIS, iris_plants(), recipe(), scores, None, 0.98, 1 / 3, ()) == ()


def test_no_better_than_always_naming_the_commonest(scores):
    (said,) = warned(scores, accuracy=0.55, low=0.44, high=0.66, plants=None, seen=0.6)
    assert said == (
        "It names 55 % right (at least 44 %); always naming the commonest species would reach 50 %. These measurements hardly "
        "tell the species apart."
    )


def test_learned_by_heart(scores):
    (said,) = warned(scores, accuracy=0.8, low=0.7, high=0.87, seen=1.0)
    assert said.startswith(
        "It names 100 % of the plants it learned from right, but 80 % of others: it has learned plants by"
    )


def test_a_gap_within_chance_is_not_held_against_it(scores):
    assert warned(scores, accuracy=0.85, low=0.6, high=0.97, plants=None, seen=0.96) == ()


def test_other_populations_are_harder(scores):
    plants = with_groups(make_plants((40, 40), 4, gap=1.5), [f"{i % 4}" for i in range(80)])
    harder = scores.model_copy(update={"accuracy": 0.78})
    (said,) = warned(scores, plants, by_group=harder)
    assert (
        said
        == "On plants of groups it has not seen it names 78 % right instead of 98 %: expect that on new populations."
    )
    assert warned(scores, plants, by_group=scores) == ()


def test_groups_that_cannot_be_scored_are_told(scores):
    plants = with_groups(make_plants((40, 40), 4, gap=1.5), ["a"] * 40 + ["b"] * 40)
    (said,) = warned(scores, plants)
    assert said.startswith(
        "It can't be scored by group: that needs three groups, and two species that grow in more than one."
    )


def test_rare_species_and_gaps_are_told_as_the_table_s_own_checks_tell_them(scores):
    plants = make_plants((40, 4), 4, gap=1.5)
    plants.values[plants.species == 1, 2] = np.nan
    plants.values[:, 3] = 7.0
    gaps, few, constant = warned(scores, plants)
    assert gaps.startswith("Never measured: leaf 2 of Planta speciesb.")
    assert few == "Fewer than 10 plants: Planta speciesb (4). Their scores are guesses."
    assert constant == "The same in every plant, so of no use: leaf 3."


def test_a_column_that_gives_the_name_away(scores):
    plants = make_plants((40, 40, 40), 4, gap=0.5)
    plants.values[:, 2] = np.array([3.0, 1.0, 2.0])[plants.species]
    (said,) = warned(scores, plants)
    assert said == (
        "leaf 2 alone names 100 % of the plants right. If it was noted after naming, or worked out from the name, leave it out."
    )


def test_species_that_are_far_apart_in_everything_are_no_leak(scores):
    assert warned(scores, make_plants((40, 40), 4, gap=20.0)) == ()


def test_a_running_number_is_no_measurement(scores):
    plants = make_plants((40, 40), 4, gap=0.5)
    plants.values[:, 0] = np.arange(1, 81)
    said = warned(scores, plants)
    assert said[0] == "leaf 0 rises from row to row: is it a running number? Then leave it out, it is no measurement."


def test_plants_entered_twice(scores):
    plants = make_plants((40, 40), 4, gap=1.5)
    doubled = plants.values.copy()
    doubled[20:26] = doubled[:6]
    twice = replace(plants, values=doubled)
    (said,) = warned(scores, twice)
    assert said.startswith("12 of 80 plants have a twin of their species with the same values.")
    # With a column of plants they are never parted.
    assert warned(scores, with_groups(twice, [f"{i % 20}" for i in range(80)]), by_group=scores) == ()


def test_ends_of_a_tree_that_are_too_large_for_a_species(scores):
    said = warned(scores, make_plants((40, 12), 4, gap=1.5), made=recipe("tree", leaf=10))
    assert said == (
        "With at least 10 plants at each end, Planta speciesb can hardly have an end of its own: choose a smaller leaf.",
    )


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("logistic", {"C": 1000}, "The best Freedom (C) (1000) lies at the edge of what was searched (0.001 to 1000);"),
        ("logistic", {"C": 0.001}, "The best Freedom (C) (0.001) lies at the edge"),
        ("forest", {"trees": 300}, "The best Trees (300) lies at the edge of what was searched (50 to 300);"),
        ("logistic", {"C": 10}, ""),
        ("knn", {"neighbours": 1}, ""),
        ("lda", {"shrinkage": "0.9"}, ""),
    ],
)
def test_the_edge_of_what_was_searched(scores, name, given, said):
    found = warned(scores, made=recipe(name, **given), searched=tuple(given))
    assert [text.startswith(said) for text in found] == [True] * bool(said)
    assert warned(scores, made=recipe(name, **given)) == ()
