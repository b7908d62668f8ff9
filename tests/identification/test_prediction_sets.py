import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flora_core.identification.prediction_sets import cumulative_probability, fit_conformal_thresholds, prediction_sets


def test_the_mass_of_likelier_species_by_hand():
    p = np.array([[0.2, 0.5, 0.3], [1.0, 0.0, 0.0]])
    assert cumulative_probability(p) == pytest.approx(np.array([[0.8, 0.0, 0.5], [0.0, 1.0, 1.0]]))


def test_the_set_is_the_smallest_group_that_reaches_95_percent():
    p = np.array([[0.96, 0.03, 0.01], [0.90, 0.06, 0.04], [0.50, 0.46, 0.04], [0.34, 0.33, 0.33]])
    sets = prediction_sets(p, np.array([0.95] * 3))
    assert sets.tolist() == [[True, False, False], [True, True, False], [True, True, False], [True, True, True]]


def test_two_species_give_the_same_sets_as_the_general_rule():
    rng = np.random.default_rng(0)
    p = rng.dirichlet([0.5, 0.5], 500)
    limits = np.array([0.95, 0.97])
    assert (prediction_sets(p, limits) == (cumulative_probability(p) <= limits)).all()


@given(st.integers(2, 8), st.integers(0, 10_000))
def test_the_likeliest_species_is_always_in_the_set(k, seed):
    p = np.random.default_rng(seed).dirichlet(np.full(k, 0.3), 20)
    sets = prediction_sets(p, np.full(k, 0.95))
    assert sets[np.arange(20), p.argmax(axis=1)].all()


def overconfident(n, k, seed, power=3.0):
    """Plants and probabilities that are surer than they should be."""
    rng = np.random.default_rng(seed)
    honest = rng.dirichlet(np.full(k, 0.7), n)
    species = np.array([rng.choice(k, p=row) for row in honest])
    claimed = honest**power
    return claimed / claimed.sum(axis=1, keepdims=True), species


@pytest.mark.parametrize("k", [2, 3, 7])
def test_the_promise_is_kept_even_where_the_probabilities_boast(k):
    p, species = overconfident(2000, k, seed=k)
    limits = fit_conformal_thresholds(p, species)
    fresh, truth = overconfident(20_000, k, seed=100 + k)
    held = prediction_sets(fresh, limits)[np.arange(len(truth)), truth]
    naive = prediction_sets(fresh, np.full(k, 0.95))[np.arange(len(truth)), truth]
    assert naive.mean() < 0.93
    assert held.mean() == pytest.approx(0.95, abs=0.01)
    for j in range(k):
        assert held[truth == j].mean() > 0.92


def test_the_conformal_quantile_by_hand():
    """20 plants of one species, 19 of them likeliest: the 20th smallest of 20 scores is what (20+1) * 0.95 asks for."""
    p = np.tile([0.999, 0.001], (40, 1))
    p[20:] = p[20:, ::-1]
    p[0] = [0.03, 0.97]
    species = np.repeat([0, 1], 20)
    assert fit_conformal_thresholds(p, species) == pytest.approx([0.97, 0.95])


def test_rare_species_share_a_limit_and_too_few_of_them_take_everybody_s():
    rng = np.random.default_rng(0)
    species = np.repeat([0, 1, 2], [200, 10, 10])
    p = rng.dirichlet([1, 1, 1], 220)
    limits = fit_conformal_thresholds(p, species)
    assert limits[1] == limits[2]
    pooled = cumulative_probability(p)[np.arange(220), species][200:]
    assert limits[1] == max(0.95, np.sort(pooled)[int(np.ceil(21 * 0.95)) - 1])
    few = fit_conformal_thresholds(p[:205], species[:205])
    everybody = cumulative_probability(p[:205])[np.arange(205), species[:205]]
    assert few[1] == max(0.95, np.sort(everybody)[int(np.ceil(206 * 0.95)) - 1])


@given(st.integers(1, 60), st.integers(2, 5), st.integers(0, 1000))
@settings(max_examples=50)
def test_limits_are_never_below_the_level_and_never_above_one(n, k, seed):
    rng = np.random.default_rng(seed)
    limits = fit_conformal_thresholds(rng.dirichlet(np.ones(k), n), rng.integers(0, k, n))
    assert ((limits >= 0.95) & (limits <= 1)).all()
