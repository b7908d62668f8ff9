import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flora_core.identification.fitness import marginalize
from flora_core.identification.predicting import (
    Uncalibrated,
    calibrate,
    completions,
    entropy,
    predict,
    probabilities,
    species_weights,
)
from flora_core.model import Calibration
from tests.builders import iris_table, make_flower

X, y = iris_table()
NAN = np.nan


def test_complete_plants_get_the_pipeline_s_probabilities_but_for_the_floor(champion):
    floor = champion.calibration.floor
    raw = champion.pipeline.predict_proba(X)
    assert champion.calibration.temperature == 1.0
    assert probabilities(champion, X) == pytest.approx((1 - floor) * raw + floor / 3, abs=1e-12)


def test_147_of_150_are_named_right_and_the_three_are_fisher_s_famous_ones(champion):
    named = probabilities(champion, X).argmax(axis=1)
    assert (np.flatnonzero(named != y) + 1).tolist() == [71, 84, 134]


@given(st.lists(st.floats(0.1, 10), min_size=4, max_size=4), st.lists(st.booleans(), min_size=4, max_size=4))
@settings(max_examples=60)
def test_probabilities_are_probabilities_whatever_is_missing(values, missing):
    model = test_probabilities_are_probabilities_whatever_is_missing.model
    row = np.where(missing, NAN, values)
    p = probabilities(model, row[None])
    assert p.sum() == pytest.approx(1)
    assert (p > 0).all()
    assert (p < 1).all()


@pytest.fixture(autouse=True, scope="module")
def _model(champion):
    test_probabilities_are_probabilities_whatever_is_missing.model = champion


def test_without_petals_the_name_is_less_sure_but_the_same_on_average(champion):
    no_petals = X.copy()
    no_petals[:, 2:] = NAN
    p = probabilities(champion, no_petals)
    # What a discriminant analysis of the sepals alone would reach: 80 %.
    assert (p.argmax(axis=1) == y).mean() == pytest.approx(0.80, abs=0.03)
    assert p.max(axis=1).mean() == pytest.approx((p.argmax(axis=1) == y).mean(), abs=0.06)


def test_with_nothing_measured_the_training_shares_are_all_that_is_known(champion):
    assert probabilities(champion, np.full((1, 4), NAN)) == pytest.approx(np.full((1, 3), 1 / 3), abs=0.02)


def test_completions_keep_what_was_measured_and_centre_on_the_regression(champion):
    row = make_flower()
    row[2:] = NAN
    completed, weights = completions(champion.gaussians, row[None], (True, True, False, False))
    assert (completed[..., :2] == row[:2]).all()
    # By hand for setosa: the regression of petal length on the sepals among its 50 flowers.
    plants = X[y == 0]
    design = np.column_stack([np.ones(50), plants[:, :2]])
    expected = np.array([1, *row[:2]]) @ np.linalg.lstsq(design, plants[:, 2:], rcond=None)[0]
    assert completed[0, 0, :, 2:].mean(axis=0) == pytest.approx(expected, abs=0.01)
    assert weights.argmax() == 0


def test_weights_are_bayes_rule_with_normal_densities(champion):
    from scipy.stats import multivariate_normal

    seen = marginalize(champion.gaussians, (True, True, False, False))
    row = np.array([[5.9, 2.8]])
    densities = [
        multivariate_normal(champion.gaussians.means[k, :2], champion.gaussians.covariances[k, :2, :2]).pdf(row)
        for k in range(3)
    ]
    assert species_weights(champion.gaussians, seen, row)[0] == pytest.approx(np.array(densities) / np.sum(densities))


def test_a_temperature_above_one_makes_humbler_and_one_changes_nothing():
    raw = np.array([[0.9, 0.1]])
    assert calibrate(raw, Calibration(1.0, 0.0)) == pytest.approx(raw)
    humbler = calibrate(raw, Calibration(2.0, 0.0))
    assert humbler[0, 0] == pytest.approx(0.75)  # sqrt(.9) / (sqrt(.9) + sqrt(.1)) = 3 / 4


def test_the_floor_leaves_nobody_certain():
    assert calibrate(np.array([[1.0, 0.0]]), Calibration(1.0, 0.01)) == pytest.approx(np.array([[0.995, 0.005]]))
    assert calibrate(np.array([[1.0, 0.0]]), Calibration(3.0, 0.01)).sum() == pytest.approx(1)


def test_entropy_of_even_odds_is_the_logarithm_of_their_number():
    assert entropy(np.array([[0.5, 0.5], [1.0, 0.0]])) == pytest.approx([np.log(2), 0.0])


def test_the_same_plant_gets_the_same_answer_alone_and_in_a_table(champion):
    gappy = X[:20].copy()
    gappy[::3, 1] = NAN
    together = probabilities(champion, gappy)
    alone = np.vstack([probabilities(champion, gappy[i : i + 1]) for i in range(20)])
    assert together == pytest.approx(alone, abs=1e-12)


def test_each_completion_is_tempered_before_they_are_averaged(champion):
    row = X[120].copy()
    row[2:] = NAN
    completed, weights = completions(champion.gaussians, row[None], (True, True, False, False))
    said = champion.pipeline.predict_proba(completed.reshape(-1, 4)).reshape(3, -1, 3)
    each = (said**0.5 / (said**0.5).sum(axis=2, keepdims=True)).mean(axis=1)
    found = predict(champion.pipeline, champion.gaussians, Calibration(2.0, 0.0, each_completion=True), row[None])
    assert found[0] == pytest.approx(weights[0] @ each, abs=2e-3)
    # Models of the first format temper the average.
    average = weights[0] @ said.mean(axis=1)
    before = predict(champion.pipeline, champion.gaussians, Calibration(2.0, 0.0), row[None])
    assert before[0] == pytest.approx(average**0.5 / (average**0.5).sum(), abs=2e-3)


def test_answers_that_wait_for_a_temperature_are_those_at_that_temperature(champion):
    gappy = X[::5].copy()
    gappy[::2, 2:] = NAN
    waiting = Uncalibrated.of(champion.pipeline, champion.gaussians, gappy)
    for temperature in (0.3, 1.0, 2.2, 9.0):
        calibration = Calibration(temperature, 0.01, each_completion=True)
        direct = predict(champion.pipeline, champion.gaussians, calibration, gappy)
        assert calibrate(waiting, calibration) == pytest.approx(direct, abs=0.004)
    some = waiting[np.array([0, 4, 5])]
    assert calibrate(some, calibration) == pytest.approx(direct[[0, 4, 5]], abs=0.004)
