"""Numbers and states together: probabilities, gaps, what fits, why, and what to look at next."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2

from flora_core.identification.explanation import explain, next_measurement
from flora_core.identification.fitness import misfits, outlying_levels
from flora_core.identification.key import key_of, surrogate_key
from flora_core.identification.naming import predict_plants
from flora_core.identification.predicting import expected_values, uncalibrated
from flora_core.identification.state_scores import levels_of, state_scores, upper_limit
from flora_core.learning.algorithms.catalogue import ALGORITHMS
from flora_core.learning.species_gaussians import fit_gaussians
from flora_core.learning.species_states import fit_states
from flora_core.learning.training import train
from flora_core.model import Model, SpeciesGaussians, StateColumns, state_columns
from flora_core.states import code_of
from tests.characters.known_truth import KnownTruth, known_truth


class ByState:
    """A pipeline whose answer is written into the state of its last column."""

    def predict_proba(self, X: Any) -> Any:
        return np.eye(3)[X[:, -1].astype(int)]


def one_character(shares: list[list[float]], counts: tuple[float, ...] = (50.0, 50.0, 50.0)) -> SpeciesGaussians:
    """Species of one character with states and no number."""
    from flora_core.model import SpeciesStates

    k = len(shares)
    states = SpeciesStates(StateColumns((0,), (len(shares[0]),), (False,)), (np.array(shares),))
    return SpeciesGaussians(np.array(counts), np.zeros((k, 1)), np.ones((k, 1, 1)), np.full(k, 49.0), 1.0, states)


SHARES = [[0.8, 0.1, 0.1], [0.2, 0.6, 0.2], [0.1, 0.1, 0.8]]


def test_a_state_not_seen_is_averaged_over_the_species_shares() -> None:
    said = uncalibrated(ByState(), one_character(SHARES), np.array([[np.nan]]))[0]
    assert said == pytest.approx(np.mean(SHARES, axis=0), abs=0.02)


def test_of_several_states_only_those_are_averaged() -> None:
    said = uncalibrated(ByState(), one_character(SHARES), np.array([[code_of([0, 1])]]))[0]
    # Bayes: each species by how often it shows either state, and within it by its shares of the two.
    weights = np.array([0.9, 0.8, 0.2]) / 1.9
    expected = weights @ np.array([[8 / 9, 1 / 9, 0], [0.25, 0.75, 0], [0.5, 0.5, 0]])
    assert said == pytest.approx(expected, abs=0.02)
    assert said[2] == 0.0


def test_shares_of_few_plants_are_drawn_to_those_of_all_and_never_0() -> None:
    rng = np.random.default_rng(0)
    species = np.repeat([0, 1], [100, 3])
    values = rng.integers(0, 3, len(species)).astype(float)[:, None]
    (shares,) = fit_states(values, species, 2, StateColumns((0,), (4,), (False,))).shares
    assert shares.sum(axis=1) == pytest.approx(1.0)
    assert (shares > 0).all()
    assert np.abs(shares[1, :3] - 1 / 3).max() < 0.2
    assert (shares[:, 3] < 1e-6).all()


def test_a_species_that_always_shows_one_state_is_sure_of_it() -> None:
    values = np.repeat([0.0, 1.0, 2.0], 40)[:, None]
    (shares,) = fit_states(values, np.repeat([0, 1, 2], 40), 3, StateColumns((0,), (3,), (False,))).shares
    assert (np.diagonal(shares) > 0.999).all()


def test_surprise_has_the_cumulants_of_its_distribution() -> None:
    shares = np.array(SHARES)
    scores = state_scores(one_character(SHARES).states, np.array([[0.0], [1.0], [2.0]]))  # type: ignore[arg-type]
    for k in range(3):
        surprise = -2 * np.log(shares[k])
        assert scores.surprise[:, k] == pytest.approx(surprise)
        mean = shares[k] @ surprise
        assert scores.mean[0, k] == pytest.approx(mean)
        assert scores.variance[0, k] == pytest.approx(shares[k] @ (surprise - mean) ** 2)
    assert scores.rarest[:, 1] == pytest.approx([0.4, 1.0, 0.4])


@pytest.mark.parametrize("freedom", [4.0, 20.0, 60.0])
def test_the_limit_of_numbers_alone_is_that_of_chi_squared(freedom: float) -> None:
    cumulants = [np.array(factor * freedom) for factor in (1.0, 2.0, 8.0)]
    assert upper_limit(*cumulants, 0.999) == pytest.approx(chi2.ppf(0.999, freedom), rel=0.02)
    assert levels_of(np.array(chi2.ppf(0.95, freedom)), *cumulants) == pytest.approx(0.95, abs=0.005)


def test_numbers_alone_are_held_against_their_limits_as_ever() -> None:
    truth = known_truth(numbers=4, states=0, missing=0.1)
    plants = truth.plants(200, np.random.default_rng(2))
    plain = fit_gaussians(plants.values, plants.species, 4)
    assert plain.states is None
    beside = known_truth(numbers=4, states=3, missing=0.1)
    more = beside.plants(200, np.random.default_rng(2))
    both = fit_gaussians(more.values, more.species, 4, columns=more.states)
    only = more.values.copy()
    only[:, 4:] = np.nan
    alone = fit_gaussians(more.values[:, :4], more.species, 4)
    assert misfits(both, only) == pytest.approx(misfits(alone, more.values[:, :4]), rel=0.02)


def test_held_out_plants_fit_and_95_of_100_are_usual(truth: KnownTruth, mixed: Model) -> None:
    species = np.repeat(np.arange(4), 150)
    named = predict_plants(mixed, truth.draw(species, np.random.default_rng(5)))
    assert named.fits.mean() > 0.97
    assert 0.01 <= (~named.fits | named.unusual).mean() <= 0.1
    assert named.in_set[np.arange(600), species].mean() > 0.92
    assert (named.best == species).mean() > 0.75


def test_a_state_that_no_plant_ever_showed_fits_nothing() -> None:
    base = known_truth(species=3, numbers=2, states=2, missing=0.0)
    plants = base.plants(150, np.random.default_rng(3))
    size = plants.states.sizes[0]  # type: ignore[union-attr]
    never = plants.values[:, 2] != size - 1
    kept = replace(plants, values=plants.values[never], species=plants.species[never])
    model = train(base.study, kept, algorithm="lda")
    plant = kept.values[:1].copy()
    assert predict_plants(model, plant).fits[0]
    plant[0, 2] = size - 1
    assert not predict_plants(model, plant).fits[0]


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
def test_every_algorithm_learns_from_states(truth: KnownTruth, algorithm: str) -> None:
    plants = truth.plants(160, np.random.default_rng(4))
    settings = {"trees": 20} if algorithm in ("forest", "boosting") else {}
    model = train(truth.study, plants, algorithm=algorithm, hyperparameters=settings)
    named = predict_plants(model, truth.draw(np.repeat(np.arange(4), 50), np.random.default_rng(6)))
    assert named.probabilities.sum(axis=1) == pytest.approx(1.0)
    assert (named.best == np.repeat(np.arange(4), 50)).mean() > 0.5


def test_boosting_has_states_without_order_as_categories(truth: KnownTruth) -> None:
    plants = truth.plants(120, np.random.default_rng(4))
    model = train(truth.study, plants, algorithm="boosting", hyperparameters={"trees": 10})
    columns = state_columns(truth.study)
    assert columns is not None
    assert model.pipeline[-1].is_categorical_.sum() == sum(not ordered for ordered in columns.ordered)


def test_why_counts_the_plants_with_the_state(mixed: Model) -> None:
    values = mixed.reference.values[0].copy()
    values[4] = 1.0
    found = explain(mixed, values)
    assert found.share is not None
    assert found.shown is not None
    for j in range(4):
        own = mixed.reference.values[mixed.reference.species == j, 4]
        assert found.share[j, 4] == pytest.approx((own == 1.0).sum() / (~np.isnan(own)).sum())
        assert found.shown[j, 4] == (~np.isnan(own)).sum()
    assert np.isnan(found.standing[:, 4:]).all()
    assert np.isnan(found.share[:, :4]).all()


def test_the_next_character_is_the_one_that_tells_most() -> None:
    rng = np.random.default_rng(8)
    truth = known_truth(species=3, numbers=2, states=3, missing=0.0, apart=0.3)
    plants = truth.plants(300, rng)
    values = plants.values.copy()
    # The second character with states is the species' own; the others say nothing.
    size = plants.states.sizes[1]  # type: ignore[union-attr]
    values[:, 3] = np.minimum(plants.species, size - 1)
    model = train(truth.study, replace(plants, values=values), algorithm="lda")
    plant = np.full(5, np.nan)
    plant[0] = 50.0
    found = next_measurement(model, plant)
    assert found is not None
    assert found.column == 3
    assert found.certainty_then > found.certainty_now + 0.2


def test_a_gap_in_a_key_is_the_likeliest_state(mixed: Model) -> None:
    values = mixed.reference.values
    filled = expected_values(mixed.gaussians, values)
    assert not np.isnan(filled).any()
    assert np.array_equal(filled[~np.isnan(values)], values[~np.isnan(values)])
    for column, size in zip(*list(vars_of(mixed)), strict=True):
        assert np.isin(filled[:, column], np.arange(size)).all()


def vars_of(model: Model) -> tuple[tuple[int, ...], tuple[int, ...]]:
    columns = state_columns(model.study)
    assert columns is not None
    return columns.columns, columns.sizes


def test_a_key_leads_through_states(truth: KnownTruth, mixed: Model) -> None:
    key = surrogate_key(mixed)
    asked = [c for c in key.couplets if c.states]
    assert asked
    assert all("state" in c.first.text and "state" in c.second.text for c in asked)
    assert "at most" not in "".join(c.first.text for c in asked)
    names = predict_plants(mixed, mixed.reference.values).best
    agreed = np.mean(
        [key.name_of(row) == truth.study.species_names[j] for row, j in zip(mixed.reference.values, names, strict=True)]
    )
    assert agreed > 0.6


def test_a_tree_is_its_own_key(truth: KnownTruth) -> None:
    model = train(truth.study, truth.plants(200, np.random.default_rng(9)), algorithm="tree")
    key = key_of(model)
    assert key is not None
    whole = ~np.isnan(model.reference.values).any(axis=1)
    X = model.reference.values[whole]
    named = model.pipeline.predict_proba(X).argmax(axis=1)
    same = [key.name_of(row) == truth.study.species_names[j] for row, j in zip(X, named, strict=True)]
    assert np.mean(same) > 0.95


def test_levels_fall_between_0_and_1_and_nothing_known_is_no_stranger(mixed: Model) -> None:
    nothing = np.full((1, 8), np.nan)
    assert (misfits(mixed.gaussians, nothing) <= 1.0).all()
    levels = outlying_levels(mixed.gaussians, mixed.reference.values)
    assert ((levels >= 0) & (levels <= 1)).all()


def test_all_states_of_a_plant_open_and_closed_agree() -> None:
    """Averaging over the states is what asking about each of them and weighing the answers would give."""
    gaussians = one_character(SHARES)
    alone = {s: uncalibrated(ByState(), gaussians, np.array([[float(s)]]))[0] for s in range(3)}
    for a, b in product(range(3), range(3)):
        if a < b:
            weights = np.array([[row[a], row[b]] for row in SHARES]).sum(axis=0)
            expected = (weights[0] * alone[a] + weights[1] * alone[b]) / weights.sum()
            said = uncalibrated(ByState(), gaussians, np.array([[code_of([a, b])]]))[0]
            assert said == pytest.approx(expected, abs=0.03)


def test_plants_with_several_states_and_no_gap_are_learned_from() -> None:
    truth = known_truth(species=3, numbers=2, states=3, missing=0.0)
    plants = truth.plants(120, np.random.default_rng(11))
    values = plants.values.copy()
    values[::5, 3] = code_of([0, 1])
    model = train(truth.study, replace(plants, values=values), algorithm="lda")
    assert model.card.scores.plants == 120
    assert model.card.scores.accuracy > 0.4
