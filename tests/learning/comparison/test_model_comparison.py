from dataclasses import replace

import numpy as np
import pytest

from flora_core.errors import Refused
from flora_core.identification.naming import predict_plants
from flora_core.learning.comparison.model_comparison import compare
from flora_core.learning.training import train
from flora_core.model import TrainingPlants
from flora_core.study import IRIS
from flora_core.workflows.models.lifecycle import iris_plants
from tests.builders import make_plants, make_study

FLOWERS = iris_plants()


@pytest.fixture(scope="module")
def blind():
    """A version that saw sepal width shuffled into every measurement: it can tell nothing apart."""
    rng = np.random.default_rng(0)
    noise = FLOWERS.values[rng.permutation(150)]
    return train(IRIS, replace(FLOWERS, values=noise), algorithm="lda")


@pytest.fixture(scope="module")
def tree():
    return train(IRIS, FLOWERS, algorithm="tree", hyperparameters={"depth": 1})


def test_a_version_against_itself_does_not_differ(champion):
    found = compare(IRIS, FLOWERS, champion, champion)
    assert (found.overall.only_champion, found.overall.only_challenger, found.overall.p) == (0, 0, 1.0)
    assert found.log_loss == 0
    assert found.overall.low == pytest.approx(-found.overall.high)
    assert found.sentence.startswith("The difference is within chance (98.0 against 98.0 % right, n = 150;")


def test_a_key_of_one_couplet_is_worse_beyond_chance_and_the_species_is_named(champion, tree):
    found = compare(IRIS, FLOWERS, champion, tree)
    assert found.overall.value < -0.2
    assert found.overall.high < 0
    assert found.overall.p < 1e-9
    assert found.sentence.startswith("The challenger is worse beyond chance")
    # One question tells two of the three apart; one of the others is never named.
    worst = min(found.by_species.values(), key=lambda d: d.value)
    assert worst.challenger <= 0.3
    assert worst.plants == 50
    assert sum(d.plants for d in found.by_species.values()) == 150
    assert sum(d.only_champion for d in found.by_species.values()) == found.overall.only_champion


def test_the_other_way_round_it_is_better(champion, tree):
    found = compare(IRIS, FLOWERS, tree, champion)
    assert found.overall.low > 0
    assert found.log_loss_high < 0
    assert found.sentence.startswith("The challenger is better beyond chance")


def test_the_same_seed_gives_the_same_comparison_and_each_fold_is_told(champion, tree):
    told = []
    first = compare(IRIS, FLOWERS, champion, tree, progress=lambda *step: told.append(step))
    assert first == compare(IRIS, FLOWERS, champion, tree)
    assert [(done, total) for done, total, _ in told] == [(i, 20) for i in range(1, 21)]
    assert told[0][2] == "asking version 1, fold 1 of 10"


def test_both_are_learned_again_so_none_is_flattered_by_what_it_saw(champion, blind):
    # Trained on nonsense, it is judged by its algorithm and settings, which are the champion's.
    assert compare(IRIS, FLOWERS, champion, blind).overall.value == 0


def test_determined_plants_are_named_by_the_versions_as_they_are(champion, blind):
    found = compare(IRIS, FLOWERS, champion, blind, (FLOWERS.values[::3], FLOWERS.species[::3]))
    named = predict_plants(champion, FLOWERS.values[::3])
    assert found.determined.plants == 50
    assert found.determined.champion == (named.fits & (named.best == FLOWERS.species[::3])).mean()
    assert found.determined.high < 0
    assert " On 50 determined plants " in found.sentence


def test_no_determined_plants_are_no_evidence(champion):
    assert compare(IRIS, FLOWERS, champion, champion, (np.empty((0, 4)), np.empty(0, dtype=int))).determined is None


def test_a_version_is_asked_by_the_names_it_knew_then():
    """The study grew a species, which now stands between the two it had."""
    three = make_plants((20, 20, 20), gap=8.0)
    study = make_study(3)
    two = study.model_copy(update={"species": (study.species[0], study.species[2])})
    rows = three.species != 1
    older = TrainingPlants(three.values[rows], three.species[rows] // 2, None, three.table)
    old, new = (train(s, p, algorithm="lda") for s, p in ((two, older), (study, three)))
    found = compare(study, three, old, new, (three.values[rows], three.species[rows]), champion_knew=rows)
    assert found.determined.champion == found.determined.challenger == 1.0
    assert found.by_species["Planta speciesb"].champion == 0.0
    assert found.by_species["Planta speciesc"].champion == 1.0


def test_a_table_that_grew_is_not_learned_from_by_the_champion(champion):
    knew = np.ones(150, dtype=bool)
    knew[FLOWERS.species == 2] = False
    found = compare(IRIS, FLOWERS, champion, champion, champion_knew=knew)
    assert found.by_species["Iris virginica"].champion == 0.0
    assert found.by_species["Iris virginica"].challenger > 0.9


@pytest.mark.parametrize("change", [{"name": "style_length"}, {"unit": "mm"}])
def test_other_measurements_or_units_cannot_be_compared(champion, change):
    first, *rest = IRIS.measurements
    study = IRIS.model_copy(update={"measurements": (first.model_copy(update=change), *rest)})
    with pytest.raises(
        Refused, match=r"iris v1 was trained on other measurements \(sepal_length in cm, sepal_width in cm, "
    ):
        compare(study, FLOWERS, champion, champion)


def test_versions_with_gaps_and_shape_ratios_can_be_compared():
    plants, study = make_plants((30, 30), 3, gap=2.0, missing=0.15), make_study(2, 3)
    plain = train(study, plants, algorithm="lda")
    shaped = train(study, plants, algorithm="logistic", shape_ratios=True)
    found = compare(study, plants, plain, shaped)
    assert found.overall.plants == 60
    assert 0.8 < found.coverage_low <= found.coverage <= found.coverage_high
