"""What a window of identifications leaves behind: counts and sums, from which everything else can be computed later.

Profiles of days add up to profiles of weeks and years, so that what a window costs does not grow with its plants. Sums are
kept as whole numbers (of a ten-millionth of the largest value, of a millionth of a probability): adding them is exact in any
order, and a profile made again from the records is the same to the last digit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from flora_core.model import Bools, Floats, Ints
from flora_core.monitoring.profiles.bins import Bins, bins_from, bins_of

__all__ = [
    "CONFIDENCE_BINS",
    "FORMAT",
    "Bins",
    "Profile",
    "bins_from",
    "bins_of",
    "empty",
    "from_document",
    "merge",
    "merge_all",
    "profile_of",
]

#: Whole numbers of any size, so that no sum of squares ever overflows.
Wholes = npt.NDArray[np.object_]

#: What a profile's document looks like; raised when its meaning changes, and older ones are then made again.
FORMAT: Final = 1
#: Bins of equal width for the probability of the species named.
CONFIDENCE_BINS: Final = 50
#: Probabilities are kept in millionths, as they are recorded.
MICRO: Final = 1_000_000
_AT_ONCE: Final = 65_536
_HALF: Final = 23


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """Some identified plants, counted and added up; never changes.

    Groups are the species named, in the model's order, and last those that fit no species.

    Attributes
    ----------
    bins : Bins
    plants, incomplete : int
        How many; and how many of them with a measurement missing.
    rows, refused, troubled : int
        Rows of the tables they came from (or plants typed), rows that could not be identified, rows with any issue.
    counts : tuple of (b,) int
        For each measurement, the plants in each of its bins.
    missing : (p,) int
        Plants in which it was not measured.
    low, high : (p,) float
        The lowest and highest value; inf and -inf where there is none.
    measured : (k + 1, p) int
        Plants of each group in which it was measured.
    sums, squares : (k + 1, p) whole numbers
        Of the values, and of their squares, in whole numbers of the bins' exponent.
    kept_sums, kept_squares : (p,) whole numbers
        The same of the values within the fences only, all groups together.
    named : (k + 1,) int
        Plants of each group.
    expected : (k + 1, k) whole numbers
        The probabilities of each species added up over the plants of each group, in millionths: what is expected to be
        what, and what the estimated accuracy is computed from.
    sure, sure_squares : (k + 1,) whole numbers
        The probability of the likeliest species added up, in millionths; and its square.
    confidence, confidence_sums : (CONFIDENCE_BINS,) int, whole numbers
        How many plants were named with which probability, and those added up; plants that fit no species left out.
    by_state : tuple of (k + 1, b) int
        For each character with states, the plants of each group with each state.
    """

    bins: Bins
    plants: int
    incomplete: int
    rows: int
    refused: int
    troubled: int
    counts: tuple[Ints, ...]
    missing: Ints
    low: Floats
    high: Floats
    measured: Ints
    sums: Wholes
    squares: Wholes
    kept_sums: Wholes
    kept_squares: Wholes
    named: Ints
    expected: Wholes
    sure: Wholes
    sure_squares: Wholes
    confidence: Ints
    confidence_sums: Wholes
    by_state: tuple[Ints, ...] = ()

    @property
    def unfit(self) -> int:
        """Plants that fit no species."""
        return int(self.named[-1])

    def count(self, j: int) -> int:
        """In how many plants measurement j was measured."""
        return int(self.counts[j].sum())

    def mean(self, j: int, group: int | None = None) -> float | None:
        """The mean of measurement j, of all plants or of one group; None where it was never measured."""
        n, total, _ = self._of(j, group)
        return _decimal(total, n, self.bins.cells[j].exponent) if n else None

    def m2(self, j: int, group: int | None = None) -> float:
        """The squared deviations of measurement j from its mean, added up."""
        n, total, squares = self._of(j, group)
        return _decimal(n * squares - total * total, n, 2 * self.bins.cells[j].exponent) if n else 0.0

    def _of(self, j: int, group: int | None) -> tuple[int, int, int]:
        if group is None:
            return self.count(j), int(self.sums[:, j].sum()), int(self.squares[:, j].sum())
        return int(self.measured[group, j]), int(self.sums[group, j]), int(self.squares[group, j])

    def kept(self, j: int) -> tuple[int, float, float]:
        """How many values of measurement j lie within the fences, their mean and M2; (0, 0.0, 0.0) where none does."""
        n = int(self.counts[j][self.bins.cells[j].inside].sum())
        if not n:
            return 0, 0.0, 0.0
        exponent, total, squares = self.bins.cells[j].exponent, int(self.kept_sums[j]), int(self.kept_squares[j])
        return n, _decimal(total, n, exponent), _decimal(n * squares - total * total, n, 2 * exponent)

    def certainty(self, *, strangers: bool = False) -> tuple[int, float, float]:
        """Of the plants named: how many, the mean probability of the species named, and its M2.

        Parameters
        ----------
        strangers : bool
            Count plants that fit no species too, with their likeliest one.
        """
        groups = slice(None) if strangers else slice(-1)
        n, total, squares = (int(x[groups].sum()) for x in (self.named, self.sure, self.sure_squares))
        if not n:
            return 0, 0.0, 0.0
        return n, _decimal(total, n * MICRO, 0), _decimal(n * squares - total * total, n * MICRO**2, 0)

    def expected_confusion(self) -> Floats:
        """What the plants named are expected to be; (k, k): rows the species named, columns what it may be.

        The accuracy that the probabilities promise is the diagonal over the sum; its variance needs `doubt`.
        """
        return np.asarray(self.expected[:-1] / MICRO, dtype=np.float64)

    def doubt(self) -> float:
        """What p (1 - p) adds up to over the plants named: the variance of how many of them are right."""
        total, squares = int(self.sure[:-1].sum()), int(self.sure_squares[:-1].sum())
        return _decimal(total * MICRO - squares, MICRO**2, 0)

    def as_document(self) -> dict[str, Any]:
        """As JSON can hold it, exactly; groups that no plant belongs to are left out."""
        groups = {
            str(g): [int(self.named[g]), *(x[g].tolist() if x.ndim > 1 else int(x[g]) for x in self._by_group)]
            for g in np.flatnonzero(self.named).tolist()
        }
        certain = np.flatnonzero(self.confidence).tolist()
        return {
            "format": FORMAT,
            "bins": self.bins.fingerprint,
            "plants": [self.plants, self.incomplete, self.rows, self.refused, self.troubled],
            "counts": [_sparse(c) for c in self.counts],
            "missing": self.missing.tolist(),
            "low": [_or_none(x) for x in self.low],
            "high": [_or_none(x) for x in self.high],
            "kept": [self.kept_sums.tolist(), self.kept_squares.tolist()],
            "groups": groups,
            "confidence": [[i, int(self.confidence[i]), int(self.confidence_sums[i])] for i in certain],
            **({"states": [_sparse(table.ravel()) for table in self.by_state]} if self.by_state else {}),
        }

    @property
    def _by_group(self) -> tuple[Any, ...]:
        return self.sure, self.sure_squares, self.expected, self.measured, self.sums, self.squares


def profile_of(
    bins: Bins,
    values: Floats,
    species: Ints,
    probabilities: Floats,
    fits: Bools,
    *,
    rows: int | None = None,
    refused: int = 0,
    troubled: int = 0,
) -> Profile:
    """The profile of some identified plants, as they are recorded.

    Parameters
    ----------
    values : (n, p) float
        In the model's order and units; NaN where not measured.
    species : (n,) int
        The likeliest species.
    probabilities : (n, k) float
        Rounded as they are recorded: millionths count.
    fits : (n,) bool
        Whether the plant fits any species.
    rows, refused, troubled : int
        Of the table: see `Profile`; `rows` is n where nothing else is said.
    """
    parts = [
        _part(
            bins,
            values[i : i + _AT_ONCE],
            species[i : i + _AT_ONCE],
            probabilities[i : i + _AT_ONCE],
            fits[i : i + _AT_ONCE],
        )
        for i in range(0, len(values), _AT_ONCE)
    ]
    return merge_all(bins, [*parts, counts_of_rows(bins, len(values) if rows is None else rows, refused, troubled)])


def empty(bins: Bins) -> Profile:
    """The profile of no plants."""
    return counts_of_rows(bins, 0, 0, 0)


def counts_of_rows(bins: Bins, rows: int, refused: int, troubled: int) -> Profile:
    """The profile of no plants, and of the rows of a table that they came from."""
    k, p = bins.species, len(bins.names)
    groups, by_group = _wholes(k + 1), (k + 1, p)
    return Profile(
        bins,
        0,
        0,
        rows,
        refused,
        troubled,
        tuple(np.zeros(len(cells), dtype=np.int64) for cells in bins.cells),
        np.zeros(p, dtype=np.int64),
        np.full(p, np.inf),
        np.full(p, -np.inf),
        np.zeros(by_group, dtype=np.int64),
        _wholes(*by_group),
        _wholes(*by_group),
        _wholes(p),
        _wholes(p),
        np.zeros(k + 1, dtype=np.int64),
        _wholes(k + 1, k),
        groups,
        groups,
        np.zeros(CONFIDENCE_BINS, dtype=np.int64),
        _wholes(CONFIDENCE_BINS),
        tuple(np.zeros((k + 1, len(bins.cells[j])), dtype=np.int64) for j in bins.with_states),
    )


def _part(bins: Bins, values: Floats, species: Ints, probabilities: Floats, fits: Bools) -> Profile:
    """Of at most `_AT_ONCE` plants, so that no sum of whole numbers overflows."""
    n, k = len(values), bins.species
    group = np.where(fits, species, k)
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    present = group[order][starts]
    micro = np.rint(probabilities * MICRO).astype(np.int64)
    sure = micro[np.arange(n), species]
    there = np.isfinite(values)
    whole = np.stack([cells.whole(values[:, j]) for j, cells in enumerate(bins.cells)], axis=1)
    places = [cells.places(values[there[:, j], j]) for j, cells in enumerate(bins.cells)]
    inside = np.zeros_like(there)
    for j, cells in enumerate(bins.cells):
        inside[there[:, j], j] = (places[j] >= cells.inside.start) & (places[j] < cells.inside.stop)
    # Sums and squares of the values within the fences are added up beside those of all.
    kept = np.where(inside, whole, 0)

    def by_group(columns: Ints) -> Wholes:
        result = _wholes(k + 1, *columns.shape[1:])
        result[present] = np.add.reduceat(columns[order], starts, axis=0).astype(object)
        return result

    def squares_by_group(columns: Ints) -> Wholes:
        high, low = columns >> _HALF, columns & (2**_HALF - 1)
        parts = by_group(high * high), by_group(high * low), by_group(low * low)
        return np.asarray(parts[0] * 2 ** (2 * _HALF) + parts[1] * 2 ** (_HALF + 1) + parts[2])

    certain = np.minimum(sure[fits] * CONFIDENCE_BINS // MICRO, CONFIDENCE_BINS - 1)
    in_bins = np.bincount(certain, minlength=CONFIDENCE_BINS)
    # Millionths of 65,536 plants stay far below where floats stop being exact.
    in_sums = np.bincount(certain, weights=sure[fits], minlength=CONFIDENCE_BINS).astype(np.int64)
    return Profile(
        bins,
        n,
        int((~there).any(axis=1).sum()),
        0,
        0,
        0,
        tuple(np.bincount(place, minlength=len(cells)) for place, cells in zip(places, bins.cells, strict=True)),
        (~there).sum(axis=0),
        np.where(there, values, np.inf).min(axis=0),
        np.where(there, values, -np.inf).max(axis=0),
        by_group(there.astype(np.int64)).astype(np.int64),
        by_group(whole),
        squares_by_group(whole),
        by_group(kept).sum(axis=0),
        squares_by_group(kept).sum(axis=0),
        np.bincount(group, minlength=k + 1),
        by_group(micro),
        by_group(sure),
        squares_by_group(sure),
        in_bins,
        in_sums.astype(object),
        tuple(_crossed(group[there[:, j]], places[j], k + 1, len(bins.cells[j])) for j in bins.with_states),
    )


def _crossed(group: Ints, place: Ints, groups: int, size: int) -> Ints:
    """How many plants of each group lie in each bin."""
    return np.bincount(group * size + place, minlength=groups * size).reshape(groups, size)


def merge(a: Profile, b: Profile) -> Profile:
    """The profile of the plants of both: the same as if they had been counted together.

    Raises
    ------
    ValueError
        Their bins are not the same.
    """
    if a.bins.fingerprint != b.bins.fingerprint:
        raise ValueError("profiles in different bins can't be added")
    return Profile(
        a.bins,
        a.plants + b.plants,
        a.incomplete + b.incomplete,
        a.rows + b.rows,
        a.refused + b.refused,
        a.troubled + b.troubled,
        tuple(x + y for x, y in zip(a.counts, b.counts, strict=True)),
        a.missing + b.missing,
        np.minimum(a.low, b.low),
        np.maximum(a.high, b.high),
        a.measured + b.measured,
        a.sums + b.sums,
        a.squares + b.squares,
        a.kept_sums + b.kept_sums,
        a.kept_squares + b.kept_squares,
        a.named + b.named,
        a.expected + b.expected,
        a.sure + b.sure,
        a.sure_squares + b.sure_squares,
        a.confidence + b.confidence,
        a.confidence_sums + b.confidence_sums,
        tuple(x + y for x, y in zip(a.by_state, b.by_state, strict=True)),
    )


def merge_all(bins: Bins, profiles: Iterable[Profile]) -> Profile:
    """The profile of the plants of all of them; the empty one where there are none."""
    return reduce(merge, profiles, empty(bins))


def from_document(bins: Bins, document: Mapping[str, Any]) -> Profile:
    """The profile that was written with `Profile.as_document`.

    Raises
    ------
    ValueError
        It was counted in other bins, or written in another format.
    """
    if document["format"] != FORMAT or document["bins"] != bins.fingerprint:
        raise ValueError("the profile was counted in other bins")
    blank = empty(bins)
    k = bins.species
    named, measured = blank.named.copy(), blank.measured.copy()
    sure, sure_squares = _wholes(k + 1), _wholes(k + 1)
    expected, sums, squares = (_wholes(*x.shape) for x in (blank.expected, blank.sums, blank.squares))
    for key, group in document["groups"].items():
        g = int(key)
        named[g], sure[g], sure_squares[g], expected[g], measured[g], sums[g], squares[g] = group
    confidence, confidence_sums = np.zeros(CONFIDENCE_BINS, dtype=np.int64), _wholes(CONFIDENCE_BINS)
    for i, count, total in document["confidence"]:
        confidence[i], confidence_sums[i] = count, total
    low, high = (
        np.array([far if x is None else x for x in document[key]], dtype=np.float64)
        for key, far in (("low", np.inf), ("high", -np.inf))
    )
    kept_sums, kept_squares = (np.array(x, dtype=object) for x in document["kept"])
    plants, incomplete, rows, refused, troubled = document["plants"]
    return Profile(
        bins,
        plants,
        incomplete,
        rows,
        refused,
        troubled,
        tuple(_dense(c, len(cells)) for c, cells in zip(document["counts"], bins.cells, strict=True)),
        np.array(document["missing"], dtype=np.int64),
        low,
        high,
        measured,
        sums,
        squares,
        kept_sums,
        kept_squares,
        named,
        expected,
        sure,
        sure_squares,
        confidence,
        confidence_sums,
        tuple(
            _dense(written, table.size).reshape(table.shape)
            for written, table in zip(document.get("states", ()), blank.by_state, strict=True)
        ),
    )


def _wholes(*shape: int) -> Wholes:
    return np.zeros(shape, dtype=object)


def _sparse(counts: Ints) -> list[int]:
    """Places and counts by turns, of the bins that are not empty: most of a day's are."""
    places = np.flatnonzero(counts)
    return [int(x) for pair in zip(places, counts[places], strict=True) for x in pair]


def _dense(written: list[int], length: int) -> Ints:
    counts = np.zeros(length, dtype=np.int64)
    counts[written[::2]] = written[1::2]
    return counts


def _or_none(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _decimal(numerator: int, denominator: int, exponent: int) -> float:
    """A fraction times a power of ten, rounded once: Python divides whole numbers exactly."""
    if exponent >= 0:
        return float(numerator * 10**exponent / denominator)
    return float(numerator / (denominator * 10**-exponent))
