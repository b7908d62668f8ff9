"""The bins that later plants are counted in: fixed once for a model version, by the plants it was trained on.

Bins taken from the window too would move with it: one value of 1e6 then hides a shift of all the others. Edges are values
of the reference, so that the same reference makes the same bins on every machine, and profiles of any day can be added.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final

import numpy as np

from flora_core.model import Bools, Floats, Ints, Model, Reference
from flora_core.monitoring.statistics.outlier_fences import OutlierFences, tukey_fences
from flora_core.monitoring.statistics.psi import decile_edges

#: Bins of about equal count between the reference's lowest and highest value; by tens, so that deciles are sums of them.
FINE: Final = 60
#: Up to so many distinct values in the reference, each has a bin of its own: counting then loses nothing.
BY_VALUE: Final = 64
#: Bins of equal width between the reference's extremes and its fences, on either side.
BEYOND: Final = 8
#: Measurements are added up as whole numbers of a unit so many digits finer than the largest one.
_DIGITS: Final = 7
#: So that squares of a part of a table can be added without overflow; seven million times the reference's largest value.
_FARTHEST: Final = 2.0**45


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """The bins of one measurement.

    Attributes
    ----------
    edges : (b - 1,) float
        Increasing; a value on an edge belongs to the bin below it, the outer bins are open.
    positions : (b,) float
        Where the values of a bin lie: the mean of the reference's, the middle where it has none there; those beyond a
        fence are put on it.
    fences : OutlierFences
    exponent : int
        Sums are kept in whole numbers of 10 ** exponent of the measurement's unit.
    far_low, far_high : int
        The first so many bins, and the last so many, lie beyond the fences.
    below, above : int
        The first so many bins, and the last so many, lie beyond the lowest and the highest value of the reference.
    deciles : (b,) int
        The decile of the reference that each bin belongs to.
    """

    edges: Floats
    positions: Floats
    fences: OutlierFences
    exponent: int
    far_low: int
    far_high: int
    below: int
    above: int
    deciles: Ints

    def __len__(self) -> int:
        return len(self.positions)

    def places(self, values: Floats) -> Ints:
        """The bin of each value; (n,). Values without NaN."""
        return np.searchsorted(self.edges, values, side="left")

    def whole(self, values: Floats) -> Ints:
        """The values as whole numbers of 10 ** exponent; (n,). NaN, not measured, counts as 0."""
        scaled = values * 10.0**-self.exponent if self.exponent <= 0 else values / 10.0**self.exponent
        clipped = np.clip(np.nan_to_num(np.rint(scaled), nan=0.0), -_FARTHEST, _FARTHEST)
        return np.asarray(clipped, dtype=np.int64)

    @property
    def inside(self) -> slice:
        """The bins within the fences."""
        return slice(self.far_low, len(self) - self.far_high)

    def by_decile(self, counts: Ints) -> Ints:
        """Counts in the bins as counts in the reference's deciles, to show and for the stability index."""
        return np.bincount(self.deciles, weights=counts, minlength=int(self.deciles[-1]) + 1).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Bins:
    """The bins of all measurements of one model version.

    Attributes
    ----------
    names : tuple of str
        The measurements.
    species : int
        How many the model knows.
    cells : tuple of Cells
        One a measurement.
    fingerprint : str
        Two profiles can be added where this is the same.
    states : tuple of tuple of str
        For each measurement the states it may have, empty where it is a number: a bin each, after one for several states.
    """

    names: tuple[str, ...]
    species: int
    cells: tuple[Cells, ...]
    fingerprint: str
    states: tuple[tuple[str, ...], ...] = ()

    @property
    def with_states(self) -> tuple[int, ...]:
        """The characters that have states."""
        return tuple(j for j, labels in enumerate(self.states) if labels)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The characters that are numbers."""
        return tuple(j for j in range(len(self.names)) if not (self.states and self.states[j]))


@lru_cache(maxsize=32)
def bins_of(model: Model) -> Bins:
    """The bins that plants identified by a model are counted in; the same for the same model, always."""
    study = model.study
    states = tuple(m.state_labels for m in study.measurements)
    return bins_from(study.names, len(study.species_names), model.reference, states if any(states) else ())


def bins_from(
    names: Sequence[str], species: int, reference: Reference, states: tuple[tuple[str, ...], ...] = ()
) -> Bins:
    """The bins that a reference makes."""
    cells = tuple(
        _state_cells(len(states[j])) if states and states[j] else _cells(reference.values[:, j])
        for j in range(len(names))
    )
    said = [list(names), species, [[c.edges.tolist(), c.exponent, c.far_low, c.far_high] for c in cells]]
    fingerprint = hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]
    return Bins(tuple(names), species, cells, fingerprint, states)


def _state_cells(size: int) -> Cells:
    """A bin for plants with several states, and one for each state."""
    edges = np.arange(size, dtype=np.float64) - 0.5
    places = np.arange(size + 1, dtype=np.float64) - 1.0
    fences = OutlierFences(-np.inf, np.inf, 0.0, 0.0)
    return Cells(edges, places, fences, 0, 0, 0, 0, 0, np.arange(size + 1, dtype=np.int64))


def _cells(column: Floats) -> Cells:
    values = np.sort(column[np.isfinite(column)])
    if not len(values):
        fences = OutlierFences(-np.inf, np.inf, 0.0, 0.0)
        return Cells(np.empty(0), np.zeros(1), fences, -_DIGITS, 0, 0, 0, 0, np.zeros(1, dtype=np.int64))
    exponent = _exponent(float(np.abs(values).max()))
    fences = _rounded(tukey_fences(values), exponent)
    distinct = np.unique(values)
    if len(distinct) <= BY_VALUE:
        within = distinct
    else:
        within = np.unique(np.quantile(values, np.arange(1, FINE + 1) / FINE, method="inverted_cdf"))
    deciles = decile_edges(values)
    lowest, highest = float(values[0]), float(values[-1])
    # A value on an edge belongs below it: the fence and the lowest value themselves belong to what they bound.
    under_fence, under_lowest = (float(np.nextafter(x, -np.inf)) for x in (fences.low, lowest))
    beyond = [*_between(fences.low, lowest, exponent), *_between(highest, fences.high, exponent)]
    edges = np.unique(np.concatenate([within, deciles, [under_fence, under_lowest, fences.high], beyond]))
    edges = edges[np.isfinite(edges)]
    tops = np.append(edges, np.inf)
    bottoms = np.append(-np.inf, edges)
    far_low, far_high = int((tops <= under_fence).sum()), int((bottoms >= fences.high).sum())
    return Cells(
        edges,
        _positions(values, edges, fences),
        fences,
        exponent,
        far_low,
        far_high,
        int((tops <= under_lowest).sum()),
        int((bottoms >= highest).sum()),
        np.searchsorted(deciles, np.append(edges, np.inf), side="left"),
    )


def _exponent(largest: float) -> int:
    """The power of ten that is seven digits finer than the largest value, counted without a logarithm's rounding."""
    return (Decimal(largest).adjusted() if largest > 0.0 else 0) - _DIGITS


def _rounded(fences: OutlierFences, exponent: int) -> OutlierFences:
    """The fences in the unit of the sums, so that no library's last digit decides on which side a value lies."""
    low, high = (round(x, -exponent) if np.isfinite(x) else x for x in (fences.low, fences.high))
    return OutlierFences(low, high, fences.centre, fences.spread)


def _between(low: float, high: float, exponent: int) -> list[float]:
    """Edges that part the space between two values evenly; none where there is no space."""
    if not (np.isfinite(low) and np.isfinite(high)) or high <= low:
        return []
    return [round(low + (high - low) * i / BEYOND, -exponent) for i in range(1, BEYOND)]


def _positions(values: Floats, edges: Floats, fences: OutlierFences) -> Floats:
    """Where the values of each bin lie."""
    places = np.searchsorted(edges, values, side="left")
    counts = np.bincount(places, minlength=len(edges) + 1)
    sums = np.bincount(places, weights=values, minlength=len(edges) + 1)
    low = fences.low if np.isfinite(fences.low) else float(edges[0])
    high = fences.high if np.isfinite(fences.high) else float(edges[-1])
    bottoms, tops = np.append(min(low, edges[0]), edges), np.append(edges, max(high, edges[-1]))
    filled: Bools = counts > 0
    middle = np.where(filled, sums / np.maximum(counts, 1), (bottoms + tops) / 2.0)
    return np.asarray(np.clip(middle, low, high))
