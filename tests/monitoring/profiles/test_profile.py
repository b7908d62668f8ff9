"""Profiles add up: merge(a, b) is profile(a + b), exactly, in any order; and they say what the plants themselves say."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flora_core.model import Bools, Floats, Ints, Reference
from flora_core.monitoring.profiles.profile import (
    Bins,
    Profile,
    bins_from,
    empty,
    from_document,
    merge,
    merge_all,
    profile_of,
)
from tests.builders import iris_table

VALUES, SPECIES = iris_table()
NAMES = ("sepal_length", "sepal_width", "petal_length", "petal_width")


def iris_bins() -> Bins:
    return bins_from(NAMES, 3, Reference(VALUES, SPECIES, np.eye(3)[SPECIES]))


BINS = iris_bins()


@dataclass(frozen=True)
class Some:
    values: Floats
    species: Ints
    probabilities: Floats
    fits: Bools

    def __getitem__(self, rows: slice | Ints) -> Some:
        return Some(self.values[rows], self.species[rows], self.probabilities[rows], self.fits[rows])

    @property
    def profile(self) -> Profile:
        return profile_of(BINS, self.values, self.species, self.probabilities, self.fits)


def some_plants(n: int, seed: int = 0, far: float = 0.0) -> Some:
    rng = np.random.default_rng(seed)
    values = VALUES[rng.integers(0, 150, n)] + rng.normal(0, 0.3, (n, 4))
    values[rng.random(values.shape) < 0.1] = np.nan
    values[rng.random(values.shape) < far] = 1e6
    probabilities = np.round(rng.dirichlet([0.4] * 3, n), 6)
    return Some(values, probabilities.argmax(axis=1).astype(np.int64), probabilities, rng.random(n) > 0.15)


@settings(max_examples=60)
@given(n=st.integers(0, 80), cut=st.integers(0, 80), seed=st.integers(0, 10**6), far=st.sampled_from([0.0, 0.2, 1.0]))
def test_merging_is_counting_together(n: int, cut: int, seed: int, far: float) -> None:
    plants = some_plants(n, seed, far)
    a, b, whole = plants[slice(0, cut)].profile, plants[slice(cut, None)].profile, plants.profile
    assert merge(a, b).as_document() == merge(b, a).as_document() == whole.as_document()
    assert from_document(BINS, json.loads(json.dumps(whole.as_document()))).as_document() == whole.as_document()


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6), parts=st.lists(st.integers(0, 20), min_size=1, max_size=6))
def test_any_order_and_any_parts_add_up_to_the_same(seed: int, parts: list[int]) -> None:
    plants = some_plants(sum(parts), seed)
    ends = np.cumsum(parts)
    profiles = [plants[slice(end - part, end)].profile for part, end in zip(parts, ends, strict=True)]
    shuffled = [profiles[i] for i in np.random.default_rng(seed).permutation(len(profiles))]
    assert merge_all(BINS, shuffled).as_document() == plants.profile.as_document()


@pytest.mark.parametrize("group", [None, 0, 1, 2, 3])
def test_moments_are_those_of_the_values(group: int | None) -> None:
    plants = some_plants(500, seed=3)
    groups = np.where(plants.fits, plants.species, 3)
    chosen = plants.values if group is None else plants.values[groups == group]
    for j in range(4):
        values = chosen[:, j][np.isfinite(chosen[:, j])]
        assert plants.profile.mean(j, group) == pytest.approx(values.mean(), abs=1e-8)
        assert plants.profile.m2(j, group) == pytest.approx(((values - values.mean()) ** 2).sum(), rel=1e-7)


def test_values_written_in_decimals_are_added_exactly() -> None:
    profile = profile_of(BINS, VALUES, SPECIES, np.eye(3)[SPECIES], np.ones(150, dtype=bool))
    assert [profile.mean(j, 0) for j in range(4)] == [5.006, 3.428, 1.462, 0.246]


def test_far_values_stay_out_of_what_is_kept() -> None:
    values = np.vstack([VALUES, np.full((3, 4), 1e6)])
    species = np.append(SPECIES, [0, 0, 0])
    profile = profile_of(BINS, values, species, np.eye(3)[species], np.ones(153, dtype=bool))
    n, mean, m2 = profile.kept(0)
    assert (n, mean) == (150, pytest.approx(VALUES[:, 0].mean()))
    assert m2 == pytest.approx(VALUES[:, 0].var() * 150)
    assert profile.mean(0) == pytest.approx(values[:, 0].mean())
    assert profile.high[0] == 1e6


def test_millions_of_plants_do_not_overflow() -> None:
    profile = some_plants(1000, far=0.5).profile
    for _ in range(14):
        profile = merge(profile, profile)
    assert profile.plants == 16_384_000
    assert profile.mean(0) == some_plants(1000, far=0.5).profile.mean(0)
    assert profile.m2(0) == pytest.approx(some_plants(1000, far=0.5).profile.m2(0) * 16_384)


def test_it_counts_what_was_named_how_surely_and_what_fits_nothing() -> None:
    probabilities = np.array([[0.9, 0.1, 0.0], [0.6, 0.4, 0.0], [0.0, 0.2, 0.8], [0.5, 0.3, 0.2]])
    profile = profile_of(
        BINS, VALUES[[0, 1, 120, 60]], np.array([0, 0, 2, 0]), probabilities, np.array([True, True, True, False])
    )
    assert profile.named.tolist() == [2, 0, 1, 1]
    assert profile.unfit == 1
    assert profile.expected_confusion() == pytest.approx(np.array([[1.5, 0.5, 0.0], [0.0, 0.0, 0.0], [0.0, 0.2, 0.8]]))
    n, mean, m2 = profile.certainty()
    assert (n, mean, m2) == (3, pytest.approx(2.3 / 3), pytest.approx(np.var([0.9, 0.6, 0.8]) * 3))
    assert profile.certainty(strangers=True)[:2] == (4, pytest.approx(2.8 / 4))
    assert profile.doubt() == pytest.approx(0.9 * 0.1 + 0.6 * 0.4 + 0.8 * 0.2)
    assert profile.confidence.sum() == 3
    assert profile.confidence[[30, 40, 45]].tolist() == [1, 1, 1]


def test_rows_of_tables_and_their_issues_are_kept_too() -> None:
    plants = some_plants(7)
    profile = profile_of(
        BINS, plants.values, plants.species, plants.probabilities, plants.fits, rows=10, refused=3, troubled=4
    )
    assert (profile.plants, profile.rows, profile.refused, profile.troubled) == (7, 10, 3, 4)
    assert plants.profile.rows == 7


def test_a_large_part_is_counted_as_small_ones_are() -> None:
    plants = some_plants(70_000, seed=5)
    small = [plants[slice(i, i + 9_000)].profile for i in range(0, 70_000, 9_000)]
    assert plants.profile.as_document() == merge_all(BINS, small).as_document()


def test_no_plants_make_an_empty_profile() -> None:
    assert some_plants(0).profile.as_document() == empty(BINS).as_document()
    assert empty(BINS).mean(0) is None
    assert empty(BINS).m2(0) == 0.0
    assert empty(BINS).certainty() == (0, 0.0, 0.0)


def test_profiles_in_different_bins_are_never_added() -> None:
    other = bins_from(NAMES, 3, Reference(VALUES + 0.1, SPECIES, np.eye(3)[SPECIES]))
    with pytest.raises(ValueError, match="different bins"):
        merge(empty(BINS), empty(other))
    with pytest.raises(ValueError, match="other bins"):
        from_document(BINS, empty(other).as_document())
