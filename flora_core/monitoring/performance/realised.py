"""How often is the model right? Counted on plants that a person determined.

References
----------
Wilson (1927), Probable inference, the law of succession, and statistical inference: intervals that hold with few plants and
at 100 %.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from flora_core.model import Floats, Ints

_Z: Final = 1.959963984540054  # 97.5 % of normal values lie below


@dataclass(frozen=True, slots=True)
class Rate:
    """A share that was counted, with its 95 % interval.

    Attributes
    ----------
    hits, n : int
    value : float or None
        None where nothing was counted.
    low, high : float
        From 0 to 1 where nothing was counted.
    """

    hits: int
    n: int
    value: float | None
    low: float
    high: float


def rate(hits: int, n: int) -> Rate:
    """`hits` of `n` with Wilson's 95 % interval: 16 of 17 is 94 %, 73 to 99 %."""
    low, high = wilson(hits, n)
    return Rate(hits, n, hits / n if n else None, low, high)


def wilson(hits: float, n: float, z: float = _Z) -> tuple[float, float]:
    """Wilson's interval of a share; (0, 1) where nothing was counted, of zero width never."""
    if n <= 0:
        return 0.0, 1.0
    share = hits / n
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    # At the ends the bound is the end itself; rounding must not step over it.
    return (0.0 if hits <= 0 else max(0.0, middle - half)), (1.0 if hits >= n else min(1.0, middle + half))


@dataclass(frozen=True, slots=True)
class SpeciesRates:
    """One species: how many of its plants were named right, and how many of those named so were."""

    recall: Rate
    precision: Rate


@dataclass(frozen=True, slots=True)
class Realised:
    """What determinations say of the plants of a window.

    Attributes
    ----------
    identified, determined, right : int
        Plants identified; of them determined by a person; of them named right.
    accuracy : Rate
        Right of determined. Determined plants are no random sample: people look at the doubtful ones first.
    coverage : Rate
        Determined of identified.
    species : tuple of SpeciesRates
        In the study's order.
    confusion : tuple of tuple of int
        Rows: the true species, and in the last row any other; columns: the species named.
    """

    identified: int
    determined: int
    right: int
    accuracy: Rate
    coverage: Rate
    species: tuple[SpeciesRates, ...]
    confusion: tuple[tuple[int, ...], ...]


def realised(species: int, identified: Ints, true: Ints) -> Realised:
    """How often the determined plants of a window were named right.

    Parameters
    ----------
    species : int
        How many the study has.
    identified, true : (n,) int
        Place among the species; -1 where there is none; `species` and above for a name that is not among them.
    """
    named = identified >= 0
    known = named & (true >= 0)
    confusion = confusion_of(species, identified[known], true[known])
    return realised_from_confusion(int(named.sum()), confusion)


def confusion_of(species: int, identified: Ints, true: Ints) -> Ints:
    """Counts of (true, named): (species + 1, species), any other true species in the last row."""
    among = (identified >= 0) & (identified < species) & (true >= 0)
    cells = np.minimum(true[among], species) * species + identified[among]
    return np.bincount(cells, minlength=(species + 1) * species).reshape(species + 1, species)


def realised_from_confusion(identified: int, confusion: Ints) -> Realised:
    """As `realised`, from the counts of (true, named)."""
    k = confusion.shape[1]
    determined, right = int(confusion.sum()), int(np.trace(confusion))
    rates = tuple(
        SpeciesRates(
            rate(int(confusion[j, j]), int(confusion[j].sum())), rate(int(confusion[j, j]), int(confusion[:, j].sum()))
        )
        for j in range(k)
    )
    rows = tuple(tuple(int(c) for c in row) for row in confusion)
    return Realised(identified, determined, right, rate(right, determined), rate(determined, identified), rates, rows)


@dataclass(frozen=True, slots=True)
class CalibrationPoint:
    """Plants that were given about the same probability: what was said, and what came true."""

    said: float
    observed: Rate


def reliability_points(confidence: Floats, right: Ints, bins: int = 10) -> tuple[CalibrationPoint, ...]:
    """What the model said of determined plants against what came true, over bins of about equal count.

    Parameters
    ----------
    confidence : (n,) float
        The probability of the species named.
    right : (n,) bool or int
        Whether it was.
    bins : int
        At most; fewer where there are fewer than ten plants for each.
    """
    n = len(confidence)
    parts = np.array_split(np.argsort(confidence, kind="stable"), max(1, min(bins, n // 10)))
    return tuple(
        CalibrationPoint(float(confidence[part].mean()), rate(int(right[part].sum()), len(part)))
        for part in parts
        if len(part)
    )
