"""Two versions asked about the same plants: how much oftener one names them right, and whether that is chance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from scipy.optimize import brentq
from scipy.special import bdtr

from flora_core.model import Bools

_Z: Final = 1.959963984540054
#: How near an end of the interval is found, as a share.
_NEAR: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Difference:
    """Challenger less champion on the same plants.

    Attributes
    ----------
    plants : int
    champion, challenger : float
        Accuracies (for one species: the share of its plants named right).
    low, high : float
        95 % interval of the difference (Tango's).
    only_champion, only_challenger : int
        Plants that only one of them named right.
    p : float
        McNemar's test, mid-p, two-sided; it and the interval say the same of chance but for a hair's breadth.
    """

    plants: int
    champion: float
    challenger: float
    low: float
    high: float
    only_champion: int
    only_challenger: int
    p: float

    @property
    def value(self) -> float:
        """Challenger less champion."""
        return self.challenger - self.champion

    def worse(self, level: float = 0.05) -> bool:
        """Whether the challenger is worse beyond chance, at a two-sided level."""
        return self.value < 0 and self.p < level


def difference(old: Bools, new: Bools) -> Difference:
    """Of the same plants: whether the champion, and whether the challenger, named each right."""
    n, only_old, only_new = len(old), int((old & ~new).sum()), int((new & ~old).sum())
    low, high = tango(only_new, only_old, n)
    return Difference(
        plants=n,
        champion=float(old.mean()),
        challenger=float(new.mean()),
        low=low,
        high=high,
        only_champion=only_old,
        only_challenger=only_new,
        p=mcnemar(only_old, only_new),
    )


def mcnemar(first: int, second: int) -> float:
    """The two-sided mid-p of so many plants that only the first, and only the second, named right.

    The exact test counts what was seen wholly against chance and so errs on one side with few plants; the mid-p counts it half.

    References
    ----------
    McNemar (1947), Note on the sampling error of the difference between correlated proportions, Psychometrika 12. Fagerland,
    Lydersen & Laake (2013), The McNemar test for binary matched-pairs data: mid-p and asymptotic are better than exact
    conditional, BMC Medical Research Methodology 13:91.
    """
    if first == second:
        return 1.0
    few, n = min(first, second), first + second
    return float(2.0 * bdtr(few, n, 0.5) - _fair(few, n))


def tango(more: int, fewer: int, n: int) -> tuple[float, float]:
    """The 95 % interval of the difference of two shares of the same n plants.

    Parameters
    ----------
    more, fewer : int
        Plants that count for the first share only, and for the second only.

    References
    ----------
    Tango (1998), Equivalence test and confidence interval for the difference in proportions for the paired-sample design,
    Statistics in Medicine 17, 891-908.
    """

    def score(true: float) -> float:
        """Standard errors between what was seen and this difference."""
        linear = -more - fewer + (2 * n - more + fewer) * true
        root = math.sqrt(max(0.0, linear * linear + 8 * n * fewer * true * (1.0 - true)))
        disagree = (root - linear) / (4 * n)
        variance = n * (2.0 * disagree + true * (1.0 - true))
        return (more - fewer - n * true) / math.sqrt(variance) if variance > 0.0 else 0.0

    seen, end = (more - fewer) / n, 1.0 - _NEAR
    low = brentq(lambda true: score(true) - _Z, -end, seen, xtol=_NEAR) if score(-end) > _Z else -1.0
    high = brentq(lambda true: score(true) + _Z, seen, end, xtol=_NEAR) if score(end) < -_Z else 1.0
    return float(low), float(high)


def _fair(successes: int, trials: int) -> float:
    """The probability of just so many successes in fair trials."""
    return float(bdtr(successes, trials, 0.5) - (bdtr(successes - 1, trials, 0.5) if successes else 0.0))
