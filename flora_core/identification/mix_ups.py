"""Did you mean 5.1 cm? The one change of unit, decimal point or column that makes a plant fit a species.

A plant that fits no species may be a stranger, or a mix-up: millimetres read as centimetres, a lost decimal point, petal
and sepal swapped. Every such change is tried; one is offered where it alone brings the plant inside, and never made silently.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, pairwise
from typing import Final

import numpy as np

from flora_core.errors import Unknown
from flora_core.identification.fitness import misfits, patterns
from flora_core.languages import localised, translate
from flora_core.model import Bools, Floats, Model
from flora_core.study import Study

#: Millimetres for centimetres, inches for centimetres, a lost or slipped decimal point.
_FACTORS: Final = ((0.1, "divided by 10"), (10.0, "times 10"), (2.54, "times 2.54"), (1 / 2.54, "divided by 2.54"))
_SLIPPED: Final = ((0.01, "divided by 100"), (0.001, "divided by 1000"), (100.0, "times 100"))
#: Up to so many measurements every pair is tried for a swap.
_MOST_SWAPPED: Final = 24
_CAUSE: Final = {
    "divided by 10": "measured in millimetres",
    "times 10": "measured in decimetres",
    "times 2.54": "measured in inches",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One mix-up undone.

    Attributes
    ----------
    words : str
        "petal length divided by 10", "sepal and petal swapped".
    columns : tuple of int
        The measurements that change.
    factors, sources
        Each becomes the value of its source times its factor.
    whole : bool
        Whether it is one factor on everything that was measured.
    """

    words: str
    columns: tuple[int, ...]
    factors: tuple[float, ...]
    sources: tuple[int, ...]
    whole: bool = False

    def apply(self, X: Floats) -> Floats:
        """The rows after the change."""
        changed = X.copy()
        changed[:, list(self.columns)] = X[:, list(self.sources)] * np.array(self.factors)
        return changed


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One change that would bring the plant inside, while no other would.

    Attributes
    ----------
    change : Change
    values : tuple of float
        All measurements after the change, NaN where missing.
    changed : tuple of str
        Names of the measurements that changed.
    question : str
        "Did you mean petal length 1.4 cm?"
    """

    change: Change
    values: tuple[float, ...]
    changed: tuple[str, ...]
    question: str


def did_you_mean(model: Model, values: Floats) -> Suggestion | None:
    """The one change that would make the plant fit a species.

    Parameters
    ----------
    values : (p,) float
        One plant; NaN where not measured.

    Returns
    -------
    Suggestion or None
        None where the plant fits already, where no change helps, or where several would: a guess among several is worse
        than none.
    """
    row = np.asarray(values, dtype=np.float64)[None, :]
    if misfits(model.gaussians, row).min() <= 1.0:
        return None
    return mix_ups(model, row)[0]


def mix_ups(model: Model, X: Floats) -> list[Suggestion | None]:
    """`did_you_mean` for each of many plants that fit no species.

    Parameters
    ----------
    X : (n, p) float
        NaN where not measured.
    """
    found: list[Suggestion | None] = [None] * len(X)
    for observed, rows in patterns(X):
        index = np.arange(len(X))[rows]
        changes = _changes(model.study, observed)
        inside = _inside(model, changes, X[index])
        for place in np.flatnonzero(inside.sum(axis=0) == 1):
            change = changes[int(inside[:, place].argmax())]
            row = X[index[place]]
            # Twelve digits: 5.1 cm divided by 10 is 0.51, not 0.5099999999999999.
            corrected = np.array([float(f"{value:.12g}") for value in change.apply(row[None])[0]])
            names = tuple(model.study.names[i] for i in change.columns)
            question = _question(model.study, change, corrected)
            found[int(index[place])] = Suggestion(change, tuple(corrected), names, question)
    return found


def _inside(model: Model, changes: Sequence[Change], X: Floats) -> Bools:
    """Which changes bring which plants inside a species; (c, n)."""
    inside = np.zeros((len(changes), len(X)), dtype=bool)
    if len(X) < len(changes):
        # One plant and many changes are asked at once, as are many plants and one change.
        for i, row in enumerate(X):
            changed = np.concatenate([change.apply(row[None]) for change in changes])
            inside[:, i] = misfits(model.gaussians, changed).min(axis=1) <= 1.0
        return inside
    for c, change in enumerate(changes):
        inside[c] = misfits(model.gaussians, change.apply(X)).min(axis=1) <= 1.0
    return inside


@dataclass(frozen=True, slots=True)
class Offer:
    """A change that would mend many rows of a table.

    Attributes
    ----------
    change : Change
    rows : int
        How many of the rows that fit no species it alone would bring inside.
    examined : int
        Out of how many.
    """

    change: Change
    rows: int
    examined: int


def offers(suggestions: Sequence[Suggestion | None]) -> list[Offer]:
    """The changes that would mend at least three rows and a tenth of those examined, most first."""
    counts = Counter(s.change for s in suggestions if s is not None)
    least = max(3, len(suggestions) // 10)
    return [Offer(change, n, len(suggestions)) for change, n in counts.most_common() if n >= least]


def change_in_words(study: Study, words: str) -> Change:
    """The change that an offer called so: "petal length divided by 10", "sepal and petal swapped".

    Raises
    ------
    Unknown
        There is none.
    """
    wanted = " ".join(words.lower().rstrip(".").split())
    for change in _changes(study, (True,) * len(study.measurements)):
        if change.words.lower() == wanted:
            return change
    first = study.measurements[0].label
    raise Unknown(f"'{words}' is not a change that is known here. One is written like '{first} divided by 10'.")


@lru_cache(maxsize=256)
def _changes(study: Study, observed: tuple[bool, ...]) -> tuple[Change, ...]:
    """All changes that can be tried on a plant measured in these columns."""
    # Only what is measured can be in another unit, or stand in another's column.
    columns = tuple(int(i) for i in np.flatnonzero(observed) if study.measurements[i].kind == "measured")
    labels = [measurement.label for measurement in study.measurements]
    changes = [
        Change(f"all values {words}", columns, (f,) * len(columns), columns, whole=True)
        for f, words in _FACTORS
        if len(columns) > 1
    ]
    changes += [
        Change(f"{labels[i]} {words}", (i,), (f,), (i,)) for i in columns for f, words in (*_FACTORS, *_SLIPPED)
    ]
    units = [measurement.unit for measurement in study.measurements]
    changes += [
        Change(f"{labels[i]} and {labels[j]} swapped", (i, j), (1.0, 1.0), (j, i))
        # Of many measurements nobody swaps any with any other, but neighbours.
        for i, j in (combinations(columns, 2) if len(columns) <= _MOST_SWAPPED else pairwise(columns))
        if units[i] == units[j]
    ]
    return (*changes, *_organ_swaps(study, set(columns)))


def _organ_swaps(study: Study, columns: set[int]) -> list[Change]:
    """Whole organs swapped: sepal length and width for petal length and width."""
    place = {(m.organ, m.dimension): i for i, m in enumerate(study.measurements) if m.dimension and i in columns}
    swaps = []
    for first, second in combinations(dict.fromkeys(organ for organ, _ in place), 2):
        shared = [d for o, d in place if o == first and (second, d) in place]
        if len(shared) > 1:
            left = tuple(place[first, d] for d in shared)
            right = tuple(place[second, d] for d in shared)
            swaps.append(Change(f"{first} and {second} swapped", left + right, (1.0,) * 2 * len(shared), right + left))
    return swaps


def _question(study: Study, change: Change, corrected: Floats) -> str:
    if change.whole:
        words = change.words.removeprefix("all values ")
        cause = _CAUSE.get(words) if study.unit == "cm" else None
        meant = _listed(study, change.columns, corrected)
        if not cause:
            return translate("Did you mean {values}?", values=meant)
        message = f"Did you mean {{values}}: was the {{organism}} {cause}?"
        return translate(message, values=meant, organism=translate(study.organism))
    if len(change.columns) == 1:
        (i,) = change.columns
        meant = f"{translate(study.measurements[i].label)} {localised(study.measurements[i].written(corrected[i]))}"
        return translate("Did you mean {values}?", values=meant)
    return translate(
        "Did you mean {values}: are {which} swapped?",
        values=_listed(study, change.columns, corrected),
        which=change.words.removesuffix(" swapped"),
    )


def _listed(study: Study, columns: tuple[int, ...], values: Floats) -> str:
    shown = [
        f"{translate(study.measurements[i].label)} {localised(study.measurements[i].written(values[i]))}"
        for i in columns[:4]
    ]
    more = f" and {len(columns) - 4} more" if len(columns) > 4 else ""
    return ", ".join(shown) + more
