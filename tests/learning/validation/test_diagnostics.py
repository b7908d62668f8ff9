from itertools import pairwise

import numpy as np
import pytest

from flora_core.learning.algorithms.catalogue import ALGORITHMS, resolve_hyperparameters
from flora_core.learning.algorithms.pipelines import Recipe
from flora_core.learning.validation.diagnostics import (
    SHARES,
    calibration_curve,
    curve_folds,
    importance,
    learning_curve,
)
from flora_core.learning.validation.folds import make_folds
from flora_core.learning.validation.out_of_fold import OutOfFold
from flora_core.learning.validation.scoring import clopper_pearson
from flora_core.study import IRIS
from flora_core.workflows.models.lifecycle import iris_plants
from tests.builders import make_plants, make_study

FLOWERS = iris_plants()
LDA = Recipe(ALGORITHMS["lda"], resolve_hyperparameters(ALGORITHMS["lda"], {}), seed=0)


def test_a_calibration_curve_by_hand():
    p = np.array([[0.6, 0.4], [0.4, 0.6], [0.65, 0.35], [0.999, 0.001]])
    unsure, sure = calibration_curve(p, np.array([0, 0, 0, 0]))
    assert (unsure.plants, unsure.certainty, unsure.right) == (3, pytest.approx(1.85 / 3), pytest.approx(2 / 3))
    assert (unsure.low, unsure.high) == clopper_pearson(2, 3)
    assert (sure.plants, sure.certainty, sure.right) == (1, 0.999, 1)


def test_every_plant_is_in_one_bin_and_bins_rise():
    rng = np.random.default_rng(0)
    p, species = rng.dirichlet([0.3] * 4, 500), rng.integers(0, 4, 500)
    bins = calibration_curve(p, species)
    assert sum(b.plants for b in bins) == 500
    assert [b.certainty for b in bins] == sorted(b.certainty for b in bins)


def test_a_curve_learns_from_more_and_more_of_the_same_plants():
    folds = make_folds(FLOWERS, 10, seed=0)
    shares = curve_folds(folds, FLOWERS, seed=0)
    for f in range(10):
        parts = [share[f] for share in shares]
        for smaller, larger in pairwise(parts):
            assert set(smaller.train) < set(larger.train)
            assert smaller.test.tolist() == larger.test.tolist()
        assert set(parts[-1].train) == set(folds[f].train)
        assert np.bincount(parts[0].species).tolist() == pytest.approx([34 / 3] * 3, abs=1)


def test_a_curve_of_a_large_table_looks_at_some_of_it():
    plants = make_plants((6000, 3000, 40))
    shares = curve_folds(make_folds(plants, 10, seed=0), plants, seed=0)
    assert [len(share) for share in shares] == [4] * 4
    assert [len(share[0].train) for share in shares] == [1000, 2000, 3000, 4000]
    assert max(len(fold.test) for fold in shares[0]) == 500
    assert np.bincount(shares[0][0].species).min() >= 4


def answers(right):
    """One fold whose test plants are named right or wrong as told, for each share."""
    plants = make_plants((60, 60))
    shares = curve_folds(make_folds(plants, 2, seed=0)[:1], plants, seed=0)
    asked = shares[0][0].test
    said = []
    for share in right:
        named = np.where(np.arange(len(asked)) < share * len(asked), plants.species[asked], 1 - plants.species[asked])
        raw = np.zeros((120, 2))
        raw[asked] = np.eye(2)[named]
        said.append(OutOfFold(raw, 0.0))
    return shares, said, plants.species


@pytest.mark.parametrize(
    ("right", "sentence"),
    [
        (
            (0.4, 0.6, 0.7, 0.9),
            "More plants would help: from 30 to 60 plants the accuracy went from 60.0 to 90.0 % (+18.3 to",
        ),
        (
            (0.8, 0.9, 0.9, 0.93),
            "More plants may help: from 30 to 60 plants the accuracy went from 90.0 to 93.3 %, which could",
        ),
        (
            (0.8, 0.9, 0.9, 0.9),
            "More plants of the same kind would hardly help: from 30 to 60 plants the accuracy went from",
        ),
    ],
)
def test_whether_more_plants_would_help(right, sentence):
    points, said = learning_curve(*answers(right))
    assert said.startswith(sentence)
    assert [point.plants for point in points] == [15, 30, 45, 60]
    for point, share in zip(points, right, strict=True):
        assert point.accuracy == pytest.approx(share, abs=0.01)
        assert (point.low, point.high) == clopper_pearson(round(point.accuracy * 60), 60)


def test_too_few_plants_to_tell_say_so():
    shares, said, species = answers((0.5, 0.7, 0.7, 0.7))
    swapped = said[-1].raw.copy()
    # Fifteen that were right are wrong, fifteen that were wrong are right.
    some = shares[0][0].test[27:57]
    swapped[some] = swapped[some][:, ::-1]
    _, sentence = learning_curve(shares, [*said[:-1], OutOfFold(swapped, 0.0)], species)
    assert sentence.startswith("Whether more plants would help can't be seen from so few")


def test_shares_begin_with_a_quarter_and_end_with_all():
    assert SHARES == (0.25, 0.5, 0.75, 1.0)


def test_the_measurement_that_carries_the_name_matters_and_noise_does_not():
    plants = make_plants((40, 40), 3, gap=0.0)
    plants.values[:, 1] += 8.0 * plants.species
    found = importance(make_study(2, 3), LDA, plants, make_folds(plants, 10, seed=0), seed=0)
    assert found[0].measurement == "leaf_1"
    assert 0.4 < found[0].low < found[0].drop < found[0].high < 0.65
    for noise in found[1:]:
        assert noise.low <= 0 <= noise.high


def test_petals_matter_more_than_sepals():
    found = importance(IRIS, LDA, FLOWERS, make_folds(FLOWERS, 10, seed=0), seed=0)
    assert [i.measurement for i in found[:2]] == ["petal_length", "petal_width"]
    assert found == importance(IRIS, LDA, FLOWERS, make_folds(FLOWERS, 10, seed=0), seed=0)


def test_importance_can_be_had_where_cells_are_missing():
    plants = make_plants((40, 40), 3, missing=0.3)
    found = importance(make_study(2, 3), LDA, plants, make_folds(plants, 10, seed=0), seed=0)
    assert all(i.low <= i.drop <= i.high for i in found)
