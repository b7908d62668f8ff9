import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn import metrics

from flora_core.identification.predicting import calibrate
from flora_core.learning.algorithms import ALGORITHMS, settled
from flora_core.learning.evaluation import (
    calibration_error,
    fit_calibration,
    interval,
    log_loss,
    random_half,
    score,
    selection_optimism,
)
from flora_core.learning.folds import fold_count, make_folds, out_of_fold
from flora_core.learning.pipelines import build_pipeline
from flora_core.model import Calibration
from flora_core.workflows.models import iris_plants
from tests.builders import make_plants

IRIS = iris_plants()


def lda():
    return build_pipeline(ALGORITHMS["lda"], settled(ALGORITHMS["lda"], {}), gaps=False, seed=0, rarest=45)


@pytest.mark.parametrize(
    ("right", "n", "low", "high"), [(147, 150, 94.3, 99.6), (30, 30, 88.4, 100.0), (0, 10, 0.0, 30.8), (0, 0, 0, 100)]
)
def test_exact_intervals(right, n, low, high):
    assert [100 * bound for bound in interval(right, n)] == pytest.approx([low, high], abs=0.06)


def test_intervals_are_scipy_s():
    found = binomtest(17, 42).proportion_ci(0.95, "exact")
    assert interval(17, 42) == pytest.approx((found.low, found.high))


def test_leave_one_out_names_147_of_150_and_misses_fisher_s_famous_three():
    folds = make_folds(IRIS, 50, seed=0)
    raw = np.empty((150, 3))
    for i in range(150):
        others = np.arange(150) != i
        raw[i] = lda().fit(IRIS.values[others], IRIS.species[others]).predict_proba(IRIS.values[i : i + 1])
    assert (np.flatnonzero(raw.argmax(axis=1) != IRIS.species) + 1).tolist() == [71, 84, 134]
    assert len(folds) == 50


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


def test_out_of_fold_probabilities_are_sklearn_s_on_the_same_folds():
    folds = make_folds(IRIS, 10, seed=3)
    steps = []
    found = out_of_fold(lda, IRIS, folds, lambda: steps.append(1)).raw
    for f in folds:
        expected = lda().fit(IRIS.values[f.train], IRIS.species[f.train]).predict_proba(IRIS.values[f.test])
        assert found[f.test] == pytest.approx(expected)
    assert len(steps) == 10


def test_a_species_missing_from_a_training_part_gets_probability_zero_there():
    plants = make_plants((20, 1, 20))
    found = out_of_fold(lda, plants, make_folds(plants, 2, seed=0), lambda: None).raw
    assert found[20, 1] == 0.0
    assert found.sum(axis=1) == pytest.approx(np.ones(41))


def test_scores_are_sklearn_s():
    rng = np.random.default_rng(0)
    species = rng.integers(0, 3, 90)
    p = rng.dirichlet([1, 1, 1], 90) + 1.2 * np.eye(3)[species]
    p /= p.sum(axis=1, keepdims=True)
    s = score(["a", "b", "c"], [p], species, "by hand")
    named = p.argmax(axis=1)
    assert s.accuracy == metrics.accuracy_score(species, named)
    assert s.balanced_accuracy == metrics.balanced_accuracy_score(species, named)
    assert s.macro_f1 == pytest.approx(metrics.f1_score(species, named, average="macro"))
    assert s.log_loss == pytest.approx(metrics.log_loss(species, p))
    assert s.confusion == tuple(map(tuple, metrics.confusion_matrix(species, named)))
    assert s.right == (named == species).sum()
    for j, name in enumerate("abc"):
        assert s.by_species[name].recall == pytest.approx(metrics.recall_score(species, named, average=None)[j])
        assert s.by_species[name].precision == pytest.approx(metrics.precision_score(species, named, average=None)[j])


def test_a_species_never_named_has_no_precision():
    p = np.tile([0.9, 0.1], (10, 1))
    s = score(["a", "b"], [p], np.array([0] * 8 + [1] * 2), "x")
    assert s.by_species["b"].precision is None
    assert s.by_species["b"].recall == 0


def test_calibration_error_by_hand():
    p = np.array([[0.9, 0.1]] * 10)
    species = np.array([0] * 6 + [1] * 4)
    assert calibration_error(p, species, bins=1) == pytest.approx(0.3)


def test_boasting_probabilities_get_a_temperature_above_one_and_honest_ones_none():
    rng = np.random.default_rng(0)
    honest = rng.dirichlet([0.7, 0.7, 0.7], 3000)
    species = np.array([rng.choice(3, p=row) for row in honest])
    boasting = honest**3 / (honest**3).sum(axis=1, keepdims=True)
    found = fit_calibration(boasting, species)
    assert found.temperature == pytest.approx(3.0, rel=0.1)
    assert calibrate(boasting, found) == pytest.approx(honest, abs=0.06)
    assert fit_calibration(honest, species).temperature == pytest.approx(1.0, abs=0.1)


def test_even_a_forest_that_gave_no_vote_is_not_infinitely_wrong():
    raw = np.array([[1.0, 0.0], [0.0, 1.0]] * 10)
    species = np.array([0, 1] * 9 + [1, 1])
    calibrated = calibrate(raw, fit_calibration(raw, species))
    assert log_loss(calibrated, species) < 1


def test_a_choice_among_equals_flatters_and_a_clear_choice_does_not():
    rng = np.random.default_rng(0)
    hits = (rng.random((60, 20)) < 0.8).astype(float)
    among_equals = selection_optimism(1 - hits, hits, seed=0)
    assert 0.02 < among_equals < 0.15
    clear = hits.copy()
    clear[:, 0] = 1
    assert selection_optimism(1 - clear, clear, seed=0) == 0.0
    assert selection_optimism(hits[:, :1], hits[:, :1], seed=0) == 0.0


def test_halves_are_halves():
    half = random_half(101)
    assert half.sum() == 50
    assert (half == random_half(101)).all()


def test_the_floor_comes_from_the_number_of_plants():
    raw = np.tile([0.5, 0.5], (99, 1))
    assert fit_calibration(raw, np.arange(99) % 2) == Calibration(1.0, 0.5 / 100)
