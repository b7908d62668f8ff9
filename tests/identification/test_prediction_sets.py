import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flora_core.identification.prediction_sets import cumulative_probability, fit_conformal_thresholds, prediction_sets


def test_the_mass_of_likelier_species_by_hand():
    p = np.array([[0.2, 0.5, 0.3], [1.0, 0.0, 0.0]])
    assert cumulative_probability(p) == pytest.approx(np.array([[0.8, 0.0, 0.5], [0.0, 1.0, 1.0]]))


def test_models_of_the_first_format_keep_the_smallest_group_that_reaches_95_percent():
    p = np.array([[0.96, 0.03, 0.01], [0.90, 0.06, 0.04], [0.50, 0.46, 0.04], [0.34, 0.33, 0.33]])
    sets = prediction_sets(p, np.array([0.95] * 3), "cumulative")
    assert sets.tolist() == [[True, False, False], [True, True, False], [True, True, False], [True, True, True]]


def test_two_species_give_the_same_sets_as_the_general_rule_of_the_first_format():
    rng = np.random.default_rng(0)
    p = rng.dirichlet([0.5, 0.5], 500)
    limits = np.array([0.95, 0.97])
    assert (prediction_sets(p, limits, "cumulative") == (cumulative_probability(p) <= limits)).all()


def test_a_species_is_in_the_set_from_its_threshold_on_and_the_likeliest_always():
    p = np.array([[0.70, 0.20, 0.10], [0.34, 0.33, 0.33], [0.90, 0.06, 0.04]])
    sets = prediction_sets(p, np.array([0.40, 0.20, 0.34]))
    assert sets.tolist() == [[True, True, False], [True, True, False], [True, False, False]]


@given(st.integers(2, 8), st.integers(0, 10_000), st.sampled_from(["cumulative", "prevalence"]))
def test_the_likeliest_species_is_always_in_the_set(k, seed, rule):
    p = np.random.default_rng(seed).dirichlet(np.full(k, 0.3), 20)
    sets = prediction_sets(p, np.full(k, 0.95), rule)
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
    thresholds = fit_conformal_thresholds(p, species)
    fresh, truth = overconfident(20_000, k, seed=100 + k)
    held = prediction_sets(fresh, thresholds)[np.arange(len(truth)), truth]
    assert held.mean() == pytest.approx(0.95, abs=0.015)
    for j in range(k):
        assert held[truth == j].mean() > 0.92


def of_own(own, species, k=2):
    """Probabilities in which each plant's own species has `own` and the others share the rest."""
    p = np.repeat((1 - own)[:, None] / (k - 1), k, axis=1)
    p[np.arange(len(own)), species] = own
    return p


def test_the_shared_limit_and_a_species_own_by_hand():
    """Two species of 99 plants: of 198 the floor(199 * 0.05) = 9th smallest is the limit of all, each drawn half way."""
    species = np.repeat([0, 1], 99)
    own = np.concatenate([np.arange(1, 100) / 100, np.arange(1, 100) / 1000 + 0.5])
    thresholds = fit_conformal_thresholds(of_own(own, species), species)
    # Alone the first species would have its 5th of 99, 0.05; 92 % of its plants reach 0.08. All of the second reach 0.4.
    shared = thresholds[0] * 2 - 0.05
    assert thresholds[0] == pytest.approx(0.08)
    assert thresholds[1] == 0.4 or thresholds[1] == pytest.approx((shared + 0.4) / 2)
    missed = (own < thresholds[species]).sum()
    assert missed <= 8


def test_no_species_with_plants_enough_loses_more_than_eight_in_a_hundred():
    rng = np.random.default_rng(0)
    species = np.repeat([0, 1, 2], [2000, 100, 100])
    own = np.where(species == 0, rng.beta(9, 1, 2200), rng.beta(1, 3, 2200))
    thresholds = fit_conformal_thresholds(of_own(own, species, 3), species)
    for j in range(3):
        assert (own[species == j] >= thresholds[j]).mean() >= 0.91
    assert (own >= thresholds[species]).mean() >= 0.95


def test_a_species_that_is_held_more_often_than_it_must_leaves_room_for_smaller_sets():
    """Where rare species have all of their plants held, the common ones' limit is as high as 95 % of all allow."""
    rng = np.random.default_rng(0)
    species = np.repeat([0, 1, 2], [300, 300, 10])
    own = rng.beta(2, 2, 610) * 0.5
    thresholds = fit_conformal_thresholds(of_own(own, species, 3), species)
    assert (own < thresholds[species]).sum() == int(611 * 0.05) - 1


def test_rare_species_have_a_low_limit_in_proportion_to_their_share():
    rng = np.random.default_rng(0)
    species = np.repeat([0, 1, 2], [200, 10, 5])
    p = rng.dirichlet([1, 1, 1], 215)
    thresholds = fit_conformal_thresholds(p, species)
    assert thresholds[1] == pytest.approx(2 * thresholds[2])
    own = p[np.arange(215), species]
    shares = np.array([200, 10, 5]) / 215
    adjusted = np.sort(own / shares[species])
    # Between the 10th and the 11th of 215: 216 * 0.05 = 10.8.
    assert thresholds[2] == pytest.approx((adjusted[9] + 0.8 * (adjusted[10] - adjusted[9])) * shares[2])


def test_rare_species_that_are_harder_than_the_others_have_a_limit_of_their_own_plants():
    rng = np.random.default_rng(0)
    species = np.concatenate([np.zeros(900, dtype=int), np.repeat(np.arange(1, 11), 8)])
    own = np.where(species == 0, rng.beta(30, 1, 980), rng.beta(1, 300, 980))
    thresholds = fit_conformal_thresholds(of_own(own, species, 11), species)
    rare = species > 0
    assert (own[rare] >= thresholds[species[rare]]).mean() == pytest.approx(0.94, abs=0.015)


@given(st.integers(1, 60), st.integers(2, 5), st.integers(0, 1000))
@settings(max_examples=50)
def test_thresholds_lie_between_none_and_the_highest_and_too_few_plants_rule_nothing_out(n, k, seed):
    rng = np.random.default_rng(seed)
    thresholds = fit_conformal_thresholds(rng.dirichlet(np.ones(k), n), rng.integers(0, k, n))
    assert ((thresholds >= 0) & (thresholds <= 0.4)).all()
    if n < 19:
        assert (thresholds == 0).all()
