"""Bins are the reference's, whatever comes later; counting loses nothing where its values are few."""

from __future__ import annotations

import numpy as np
import pytest

from flora_core.model import Floats, Model, Reference
from flora_core.monitoring.profiles.bins import FINE, Bins, bins_from, bins_of
from flora_core.monitoring.statistics.psi import counts_between, decile_edges, psi
from tests.builders import iris_table


def bins_for(*columns: Floats) -> Bins:
    values = np.stack(columns, axis=1)
    n = len(values)
    names = [f"leaf_{j}" for j in range(len(columns))]
    return bins_from(names, 2, Reference(values, np.zeros(n, np.int64), np.full((n, 2), 0.5)))


def test_each_value_has_a_bin_where_the_reference_has_few() -> None:
    values, _ = iris_table()
    cells = bins_for(*values.T).cells[0]
    counts = np.bincount(cells.places(values[:, 0]), minlength=len(cells))
    filled = counts > 0
    distinct, expected = np.unique(values[:, 0], return_counts=True)
    assert counts[filled].tolist() == expected.tolist()
    assert cells.positions[filled] == pytest.approx(distinct)


def test_many_values_share_bins_of_about_equal_count() -> None:
    values = np.random.default_rng(0).normal(5.0, 1.0, 6000)
    cells = bins_for(values).cells[0]
    inner = np.bincount(cells.places(values), minlength=len(cells))[cells.below : len(cells) - cells.above]
    assert inner.sum() == 6000
    assert FINE <= len(inner) <= FINE + 2
    assert np.sort(inner)[2:].min() >= 90


def test_values_outside_the_reference_and_beyond_the_fences_are_told_apart() -> None:
    cells = bins_for(np.arange(1.0, 101.0)).cells[0]  # quartiles 25.75 and 75.25: fences at -122.75 and 223.75
    low, high = cells.fences.low, cells.fences.high
    assert (low, high) == (-122.75, 223.75)
    places = cells.places(np.array([-1e6, low, 0.99, 1.0, 100.0, 100.01, high, 1e6]))
    assert places[0] < cells.far_low <= places[1]
    assert places[2] < cells.below <= places[3]
    assert places[4] < len(cells) - cells.above <= places[5]
    assert places[6] < len(cells) - cells.far_high <= places[7]


def test_deciles_of_bins_are_deciles_of_values() -> None:
    rng = np.random.default_rng(1)
    for reference in (rng.normal(size=937), np.round(rng.normal(5, 1, 400), 1), np.repeat([1.0, 2.0], 30)):
        now = np.append(rng.normal(0.3, 1.2, 211), [1e6, -1e6])
        cells = bins_for(reference).cells[0]
        edges = decile_edges(reference)
        before, after = (cells.by_decile(np.bincount(cells.places(x), minlength=len(cells))) for x in (reference, now))
        assert before.tolist() == counts_between(edges, reference).tolist()
        assert after.tolist() == counts_between(edges, now).tolist()
        assert psi(before, after) == psi(counts_between(edges, reference), counts_between(edges, now))


def test_positions_never_fall_and_the_outer_ones_are_the_fences() -> None:
    cells = bins_for(np.random.default_rng(2).gamma(2.0, size=500)).cells[0]
    assert (np.diff(cells.positions) >= 0).all()
    assert cells.positions[0] == pytest.approx(cells.fences.low)
    assert cells.positions[-1] == pytest.approx(cells.fences.high)


@pytest.mark.parametrize(
    "column",
    [
        np.full(10, np.nan),
        np.full(10, 3.2),
        np.array([7.0, *[np.nan] * 9]),
        np.zeros(10),
        np.array([1.0] * 9 + [1e6]),
        np.array([-5.0, -4.0] * 5),
        np.arange(10) * 1e9,
        np.arange(10) * 1e-9,
    ],
    ids=["empty", "constant", "one", "zero", "far", "negative", "large", "small"],
)
def test_any_column_makes_bins(column: Floats) -> None:
    cells = bins_for(column).cells[0]
    assert len(cells.edges) == len(cells) - 1 == len(cells.deciles) - 1
    assert (np.diff(cells.edges) > 0).all()
    assert np.isfinite(cells.positions).all()
    there = column[np.isfinite(column)]
    places = cells.places(np.append(there, [-1e30, 1e30]))
    assert ((places >= 0) & (places < len(cells))).all()
    assert cells.whole(there) * 10.0**cells.exponent == pytest.approx(there, rel=1e-6)


def test_the_same_reference_makes_the_same_bins(champion: Model) -> None:
    again = bins_from(champion.study.names, 3, champion.reference)
    assert again.fingerprint == bins_of(champion).fingerprint
    assert bins_of(champion) is bins_of(champion)
    shifted = Reference(champion.reference.values + 0.1, champion.reference.species, champion.reference.probabilities)
    assert bins_from(champion.study.names, 3, shifted).fingerprint != again.fingerprint
