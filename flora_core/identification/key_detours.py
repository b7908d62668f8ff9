"""Around a character that can't be measured: what stands in its place at a couplet of a key.

References
----------
Breiman, Friedman, Olshen & Stone (1984), Classification and regression trees, section 5.3 (surrogate splits).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from flora_core.identification.mixed_key import shows_any
from flora_core.model import Bools, Floats

#: Other characters that a couplet names at most.
_MOST: Final = 2
#: How many more of a hundred plants another character must send the right way than always taking the commoner one.
_WORTH: Final = 0.05
#: Plants at a couplet that are looked at.
_LOOKED_AT: Final = 1000


@dataclass(frozen=True, slots=True)
class Detour:
    """Another character that parts the plants at a couplet nearly alike.

    Attributes
    ----------
    column : int
        Its place among the study's measurements.
    border : float
        In the measurement's unit.
    first_below : bool
        Whether a value of at most the border leads to the couplet's first half; to the second otherwise.
    agrees : float
        Share of the plants at this couplet that it sends the way the missing character would.
    states : tuple of int
        Of a character with states those that lead to the first half; empty of numbers.
    """

    column: int
    border: float
    first_below: bool
    agrees: float
    states: tuple[int, ...] = ()

    def takes_first(self, value: float) -> bool:
        """Whether a plant of this value goes on at the first half."""
        if self.states:
            return shows_any(value, self.states)
        return (value <= self.border) == self.first_below


def detours(values: Floats, below: Bools, column: int, states: Sequence[int] = ()) -> list[Detour]:
    """The other characters that part plants most nearly as `column` does, best first.

    Parameters
    ----------
    values : (n, p) float
        The plants at the couplet, without gaps.
    below : (n,) bool
        Those that go on at the first half.
    states : sequence of int
        The columns that hold states.
    """
    step = max(1, len(values) // _LOOKED_AT)
    some, first = values[::step], below[::step]
    usual = max(float(first.mean()), 1.0 - float(first.mean()))
    found = [
        _best_states(some[:, c], first, c) if c in states else _best_border(some[:, c], first, c)
        for c in range(some.shape[1])
        if c != column
    ]
    able = [d for d in found if d is not None and d.agrees >= usual + _WORTH]
    return sorted(able, key=lambda d: (-d.agrees, d.column))[:_MOST]


def _best_states(cells: Floats, first: Bools, column: int) -> Detour | None:
    """The states most of whose plants go on at the first half."""
    places = cells.astype(np.int64)
    counts = np.bincount(places)
    ahead = np.bincount(places, weights=first)
    chosen = 2 * ahead > counts
    if not chosen.any() or chosen[counts > 0].all():
        return None
    agrees = float(np.where(chosen, ahead, counts - ahead).sum() / len(cells))
    return Detour(column, 0.0, True, agrees, tuple(int(s) for s in np.flatnonzero(chosen)))


def _best_border(cells: Floats, first: Bools, column: int) -> Detour | None:
    order = np.argsort(cells, kind="stable")
    ranked, sent = cells[order], first[order]
    between = np.flatnonzero(ranked[1:] > ranked[:-1])
    if not len(between):
        return None
    # Of the plants up to each border those that go on at the first half, and of those above it the others.
    alike = (np.cumsum(sent) + (len(sent) - 1 - np.arange(len(sent))) - (sent.sum() - np.cumsum(sent)))[between]
    unlike = len(sent) - alike
    best, worst = int(alike.argmax()), int(unlike.argmax())
    first_below = bool(alike[best] >= unlike[worst])
    place = between[best if first_below else worst]
    agrees = (alike[best] if first_below else unlike[worst]) / len(sent)
    return Detour(column, float((ranked[place] + ranked[place + 1]) / 2.0), first_below, float(agrees))
