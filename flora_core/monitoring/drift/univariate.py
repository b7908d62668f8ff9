"""Did the measurements change? One by one: how far, whether chance explains it, and whether it is worth naming."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from flora_core.model import Floats
from flora_core.monitoring.decision import ALPHA_AMBER, MIN_EFFECT, MIN_PLANTS, Verdict, plants_missing, verdict_of
from flora_core.monitoring.statistics import permutation
from flora_core.monitoring.statistics.outlier_fences import RARE, OutlierFences, robust_mean, tukey_fences
from flora_core.monitoring.statistics.power import detectable_shift
from flora_core.monitoring.statistics.psi import counts_between, critical_value, decile_edges, psi
from flora_core.parallel import work_through


@dataclass(frozen=True, slots=True)
class UnivariateDrift:
    """One measurement, a window against the reference.

    Attributes
    ----------
    name : str
    n, m : int
        Plants of the reference, and of the window, in which it was measured.
    distance, critical : float or None
        The Wasserstein distance, in the measurement's unit, and what chance exceeds once in twenty comparisons of all
        measurements; None where a side has no plants.
    p_value, p_adjusted : float or None
        By permutation; and after correction for all tests of the window. None where there are too few plants.
    reference, current : float or None
        What a plant typically measures: a mean without far values.
    shift : float or None
        From before to now.
    spread : float or None
        Standard deviation of the reference, far values put on the fence.
    effect : float or None
        The shift in units of the spread; infinite where the reference has none.
    psi, psi_critical : float or None
        On reference deciles; and what it exceeds once in twenty comparisons without drift.
    detectable : float or None
        The shift that would be found in one case of two.
    far : int
        Values of the window that lie far outside the reference's.
    needed : int
        Plants still missing for an answer.
    verdict : Verdict
    """

    name: str
    n: int
    m: int
    distance: float | None = None
    critical: float | None = None
    p_value: float | None = None
    p_adjusted: float | None = None
    reference: float | None = None
    current: float | None = None
    shift: float | None = None
    spread: float | None = None
    effect: float | None = None
    psi: float | None = None
    psi_critical: float | None = None
    detectable: float | None = None
    far: int = 0
    plants_missing: int = 0
    verdict: Verdict = "too few"

    @property
    def is_material(self) -> bool:
        """Whether the change is large enough to matter, were it no chance."""
        if self.effect is None or self.psi is None or self.psi_critical is None:
            return False
        return abs(self.effect) >= MIN_EFFECT or self.psi > self.psi_critical

    def with_verdict(self, p_adjusted: float | None) -> UnivariateDrift:
        """The shift with its verdict, given its p value after correction."""
        if p_adjusted is None:
            return replace(self, p_adjusted=None, verdict="too few")
        return replace(self, p_adjusted=p_adjusted, verdict=verdict_of(p_adjusted, self.is_material))


def univariate_drift(
    name: str,
    reference: Floats,
    current: Floats,
    *,
    tests: int = 1,
    smallest: int = MIN_PLANTS,
    fences: OutlierFences | None = None,
    seed: int = permutation.SEED,
) -> UnivariateDrift:
    """One measurement's shift, without a verdict yet.

    Parameters
    ----------
    reference, current : (n,), (m,) float
        NaN where not measured.
    tests : int
        How many tests the window will have in all.
    smallest : int
        Fewer plants than this on either side are too few for a p value.
    fences : OutlierFences or None
        The reference's, where they are known already.
    """
    before, now = reference[np.isfinite(reference)], current[np.isfinite(current)]
    n, m = len(before), len(now)
    missing = plants_missing(n, m, smallest)
    if not n or not m:
        return UnivariateDrift(name, n, m, plants_missing=missing)
    fences = fences or tukey_fences(before)
    edges = decile_edges(before)
    distance, null_distances, p, effect = _tested(fences, before, now, tests, seed)
    typical_before, typical_now = robust_mean(fences, before), robust_mean(fences, now)
    return UnivariateDrift(
        name,
        n,
        m,
        distance=distance,
        critical=float(np.quantile(null_distances, 1.0 - ALPHA_AMBER / tests)),
        p_value=p if not missing else None,
        reference=typical_before,
        current=typical_now,
        shift=typical_now - typical_before,
        spread=fences.spread,
        effect=effect,
        psi=psi(counts_between(edges, before), counts_between(edges, now)),
        psi_critical=critical_value(n, m, len(edges) + 1),
        detectable=detectable_shift(fences.spread, n, m, tests),
        far=m - len(fences.inside(now)),
        plants_missing=missing,
    )


def _tested(
    fences: OutlierFences, before: Floats, now: Floats, tests: int, seed: int
) -> tuple[float, Floats, float, float]:
    """Distance, null distances, p value and effect; the likelier drift of with and without rare far values."""
    whole = fences.kept(before), fences.kept(now)
    distance, null_distances = permutation.wasserstein_test(*whole, tests, seed)
    p, effect = permutation.p_value(distance, null_distances), _effect(fences, *whole)
    parts = fences.inside(before), fences.inside(now)
    left = [len(part) / len(sample) for part, sample in zip(parts, whole, strict=True)]
    if min(left) < 1.0 and min(left) >= 1.0 - RARE:
        # A far value on the other side of a shift makes up for some of it. It must not hide what the others say.
        other, other_null = permutation.wasserstein_test(*parts, tests, seed)
        other_p, other_effect = permutation.p_value(other, other_null), _effect(fences, *parts)
        if other_p < p:
            distance, null_distances, p = other, other_null, other_p
        effect = max(effect, other_effect, key=abs)
    return distance, null_distances, p, effect


def _effect(fences: OutlierFences, before: Floats, now: Floats) -> float:
    """The difference of means in standard deviations of the reference."""
    difference = float(now.mean() - before.mean())
    if fences.spread > 0.0:
        return difference / fences.spread
    slack = 1e-9 * max(1.0, abs(float(before.mean())))
    return math.copysign(math.inf, difference) if abs(difference) > slack else 0.0


def univariate_drifts(
    names: Sequence[str], reference: Floats, current: Floats, *, tests: int = 0, smallest: int = MIN_PLANTS
) -> tuple[UnivariateDrift, ...]:
    """Every measurement's shift, without a verdict yet.

    Parameters
    ----------
    reference, current : (n, p), (m, p) float
        NaN where not measured.
    tests : int
        How many tests the window will have in all; 0 for one a measurement.
    """
    columns = [(name, reference[:, j], current[:, j]) for j, name in enumerate(names)]
    return drifts_of_columns(columns, tests=max(tests, len(names), 1), smallest=smallest)


def drifts_of_columns(
    columns: Sequence[tuple[str, Floats, Floats]], *, tests: int, smallest: int = MIN_PLANTS
) -> tuple[UnivariateDrift, ...]:
    """As `univariate_drifts`, of columns that are (name, reference, current); of many, several at once (`parallel.at_once`)."""
    tasks = [(place, *column, tests, smallest) for place, column in enumerate(columns)]
    found = dict(work_through(_drift_of_column, tasks))
    return tuple(found[place] for place in range(len(columns)))


def _drift_of_column(task: tuple[int, str, Floats, Floats, int, int]) -> tuple[int, UnivariateDrift]:
    place, name, reference, current, tests, smallest = task
    return place, univariate_drift(name, reference, current, tests=tests, smallest=smallest)
