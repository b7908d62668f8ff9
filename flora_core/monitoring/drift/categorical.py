"""Did shares change? The mix of species, or of any groups; the plants that fit nothing; values missing; plants with issues.

References
----------
Pearson's chi squared where every expected count reaches five (Cochran 1954); where not, the same statistic against permuted
plants. One share against another: Fisher's exact test.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from flora_core.model import Floats, Ints
from flora_core.monitoring.decision import MIN_PLANTS, Verdict, plants_missing, verdict_of
from flora_core.monitoring.statistics import permutation

#: Of 100 plants as many named otherwise are a change of the mix worth naming.
MOVED: Final = 0.1
#: A share that rose by as much is worth naming.
ROSE: Final = 0.05
#: So many plants of a window with a state that no plant of the reference shows are worth a word.
NEW: Final = 2
_COCHRAN: Final = 5.0


@dataclass(frozen=True, slots=True)
class CategoricalDrift:
    """How plants are spread over groups, a window against the reference.

    Attributes
    ----------
    reference, current : tuple of int
        Plants of each group.
    labels : tuple of str
        What the groups are called; empty where the order says it.
    value : float or None
        Chi squared.
    p_value, p_adjusted : float or None
    moved : float or None
        The share of plants that would have to change their group to give the reference's mix (total variation).
    needed : int
    verdict : Verdict
    states : bool
        Whether the groups are states of a character, of which one that the reference lacks is worth a word.
    """

    reference: tuple[int, ...]
    current: tuple[int, ...]
    labels: tuple[str, ...] = ()
    value: float | None = None
    p_value: float | None = None
    p_adjusted: float | None = None
    moved: float | None = None
    plants_missing: int = 0
    verdict: Verdict = "too few"
    states: bool = False

    @property
    def new(self) -> tuple[int, ...]:
        """The states that several plants of the window show, and none of the reference."""
        pairs = zip(self.reference, self.current, strict=True)
        return tuple(
            j for j, (reference, current) in enumerate(pairs) if self.states and not reference and current >= NEW
        )

    @property
    def n(self) -> int:
        """Plants of the reference."""
        return sum(self.reference)

    @property
    def m(self) -> int:
        """Plants of the window."""
        return sum(self.current)

    def with_verdict(self, p_adjusted: float | None) -> CategoricalDrift:
        """With its verdict, given its p value after correction."""
        if p_adjusted is None or self.moved is None:
            return replace(self, p_adjusted=None, verdict="too few")
        verdict = verdict_of(p_adjusted, self.moved >= MOVED)
        return replace(self, p_adjusted=p_adjusted, verdict="amber" if verdict == "green" and self.new else verdict)


def categorical_drift(
    reference: Ints,
    current: Ints,
    *,
    labels: tuple[str, ...] = (),
    tests: int = 1,
    smallest: int = MIN_PLANTS,
    seed: int = permutation.SEED,
    states: bool = False,
) -> CategoricalDrift:
    """How a mix changed, without a verdict yet.

    Parameters
    ----------
    reference, current : (k,) int
        Plants of each group.
    states : bool
        Whether the groups are states of a character.
    """
    counts = tuple(map(int, reference)), tuple(map(int, current)), labels
    n, m = int(reference.sum()), int(current.sum())
    missing = plants_missing(n, m, smallest)
    if not n or not m:
        return CategoricalDrift(*counts, plants_missing=missing, states=states)
    moved = float(np.abs(reference / n - current / m).sum() / 2.0)
    together = reference + current
    seen = together > 0
    value, p = _chi_squared(
        reference[seen], current[seen], permutation.permutations_needed(permutation.PERMUTATIONS, tests), seed
    )
    return CategoricalDrift(
        *counts, value=value, p_value=p if not missing else None, moved=moved, plants_missing=missing, states=states
    )


def _chi_squared(reference: Ints, current: Ints, draws: int, seed: int) -> tuple[float, float]:
    from scipy.special import chdtrc

    n, m = int(reference.sum()), int(current.sum())
    together = reference + current
    if len(together) < 2:
        return 0.0, 1.0
    expected = together * m / (n + m)

    def statistic(counts: Ints) -> Floats:
        # The other sample's counts lie as far off; its expected ones are larger by n / m.
        return np.asarray(((counts - expected) ** 2 / expected).sum(axis=-1) * (1.0 + m / n))

    value = float(statistic(current))
    if min(expected.min(), (together * n / (n + m)).min()) >= _COCHRAN:
        return value, float(chdtrc(len(together) - 1, value))
    null_distances = np.random.default_rng(seed).multivariate_hypergeometric(
        together, m, size=draws, method="marginals"
    )
    return value, permutation.p_value(value, statistic(null_distances))


@dataclass(frozen=True, slots=True)
class ProportionDrift:
    """How many plants of a kind there are, a window against the reference; only a rise is asked about.

    Attributes
    ----------
    kind : str
        What is counted: "unfit", "missing", "issues".
    hits_reference, n, hits_current, m : int
    p_value, p_adjusted : float or None
    needed : int
    verdict : Verdict
    """

    kind: str
    hits_reference: int
    n: int
    hits_current: int
    m: int
    p_value: float | None = None
    p_adjusted: float | None = None
    plants_missing: int = 0
    verdict: Verdict = "too few"

    @property
    def reference(self) -> float | None:
        """The reference's share, or None without plants."""
        return self.hits_reference / self.n if self.n else None

    @property
    def current(self) -> float | None:
        """The window's share, or None without plants."""
        return self.hits_current / self.m if self.m else None

    @property
    def rise(self) -> float | None:
        """From before to now."""
        return self.current - self.reference if self.current is not None and self.reference is not None else None

    def with_verdict(self, p_adjusted: float | None) -> ProportionDrift:
        """With its verdict, given its p value after correction."""
        if p_adjusted is None or self.rise is None:
            return replace(self, p_adjusted=None, verdict="too few")
        return replace(self, p_adjusted=p_adjusted, verdict=verdict_of(p_adjusted, self.rise >= ROSE))


def proportion_drift(
    kind: str, hits_reference: int, n: int, hits_current: int, m: int, *, smallest: int = MIN_PLANTS
) -> ProportionDrift:
    """Whether a share rose, without a verdict yet: the probability that as many of all hits fall into the window by chance."""
    missing = plants_missing(n, m, smallest)
    p = None
    if not missing:
        from scipy.stats import hypergeom

        p = float(np.clip(hypergeom.sf(hits_current - 1, n + m, hits_reference + hits_current, m), 0.0, 1.0))
    return ProportionDrift(kind, hits_reference, n, hits_current, m, p_value=p, plants_missing=missing)
