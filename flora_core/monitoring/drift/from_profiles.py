"""A window against the reference from their profiles alone, so that it costs the same however many plants there were.

References
----------
docs/decisions/0011-profiles.md: measurements are counted in bins fixed by the reference. A permutation of binned plants is a
draw from the multivariate hypergeometric distribution; where each bin holds one value nothing is lost.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from flora_core.model import Floats, Ints
from flora_core.monitoring.decision import ALPHA_AMBER, MIN_PLANTS, plants_missing
from flora_core.monitoring.drift.attribution import Decomposition, decompose
from flora_core.monitoring.drift.categorical import categorical_drift, proportion_drift
from flora_core.monitoring.drift.confidence import Confidence, confidence_of_counts
from flora_core.monitoring.drift.multivariate import MultivariateDrift
from flora_core.monitoring.drift.samples import Findings, with_verdicts
from flora_core.monitoring.drift.states import StatesWithin, state_drifts, state_drifts_within
from flora_core.monitoring.drift.univariate import UnivariateDrift
from flora_core.monitoring.drift.within_species import WithinReference, WithinSpecies, within_species
from flora_core.monitoring.performance.isotonic import Isotonic, fit_isotonic, gains_by_calibration
from flora_core.monitoring.profiles.bins import Cells
from flora_core.monitoring.profiles.profile import MICRO, Profile
from flora_core.monitoring.statistics import permutation
from flora_core.monitoring.statistics.outlier_fences import RARE, OutlierFences
from flora_core.monitoring.statistics.power import detectable_shift
from flora_core.monitoring.statistics.psi import critical_value, psi


def compare_profiles(
    reference: Profile,
    current: Profile,
    *,
    together: MultivariateDrift | None = None,
    earlier: Profile | None = None,
    chance: Sequence[Floats] | None = None,
    within: WithinReference | None = None,
    states: StatesWithin | None = None,
    smallest: int = MIN_PLANTS,
) -> Findings:
    """Everything that can be asked of two profiles.

    Parameters
    ----------
    reference, current : Profile
        In the same bins.
    together : MultivariateDrift or None
        All measurements at once, which needs plants and not counts, where somebody has compared a sample of them.
    earlier : Profile or None
        What came before the window, for the share of rows with issues: training tables had none by choice.
    chance : sequence of (draws,) float, or None
        From `reference_null_distributions`, where many windows are compared with one reference; computed here if None.
    within : WithinReference or None
        The reference as plants are held against it within the species named.
    states : StatesWithin or None
        The same of its characters with states.
    """
    names = reference.bins.names
    tests = len(names) + (together is not None) + (earlier is not None) + 4
    shifts = tuple(
        profile_shift(reference, current, j, tests=tests, smallest=smallest, chance=chance[j] if chance else None)
        for j in reference.bins.numbers
    )
    shares = [
        proportion_drift("unfit", reference.unfit, reference.plants, current.unfit, current.plants, smallest=smallest),
        proportion_drift(
            "missing", reference.incomplete, reference.plants, current.incomplete, current.plants, smallest=smallest
        ),
    ]
    if earlier is not None:
        shares.append(
            proportion_drift(
                "issues", earlier.troubled, earlier.rows, current.troubled, current.rows, smallest=smallest
            )
        )
    findings = Findings(
        reference.plants,
        current.plants,
        shifts,
        together,
        categorical_drift(reference.named[:-1], current.named[:-1], tests=tests, smallest=smallest),
        _confidence(reference, current, tests, smallest),
        tuple(shares),
        plants_missing=plants_missing(reference.plants, current.plants, smallest),
        within=None if within is None else _within(within, current, smallest),
        groups=state_drifts(reference, current, tests=tests, smallest=smallest),
        states_within=()
        if within is None or states is None
        else state_drifts_within(within, states, current, smallest=smallest),
    )
    return with_verdicts(findings)


def _within(within: WithinReference, current: Profile, smallest: int) -> WithinSpecies | None:
    names, k = current.bins.names, current.bins.species
    shape = k, len(names)
    means, squares = np.zeros(shape), np.zeros(shape)
    for g in np.flatnonzero(current.named[:-1]).tolist():
        for j in range(len(names)):
            means[g, j] = current.mean(j, g) or 0.0
            squares[g, j] = current.m2(j, g)
    sizes = current.measured[:-1].astype(np.int64)
    # States are no numbers: they are held against the reference by their shares.
    sizes[:, current.bins.with_states] = 0
    return within_species(names, within, current.named[:-1], sizes, means, squares, smallest=smallest)


def _confidence(reference: Profile, current: Profile, tests: int, smallest: int) -> Confidence:
    counted = [
        (p.confidence.astype(np.int64), np.array([int(x) for x in p.confidence_sums], dtype=np.float64) / MICRO)
        for p in (reference, current)
    ]
    n, _, m2 = reference.certainty()
    spread = math.sqrt(m2 / (n - 1)) if n > 1 else 0.0
    return confidence_of_counts(counted[0], counted[1], spread, tests=tests, smallest=smallest)


def reference_null_distributions(reference: Profile) -> tuple[Floats, ...]:
    """What chance makes of each measurement's distance, for `compare_profiles` of many windows."""
    return tuple(
        permutation.null_distribution(cells.positions, counts)
        for cells, counts in zip(reference.bins.cells, reference.counts, strict=True)
    )


def profile_shift(
    reference: Profile,
    current: Profile,
    j: int,
    *,
    tests: int = 1,
    smallest: int = MIN_PLANTS,
    chance: Floats | None = None,
) -> UnivariateDrift:
    """Measurement j's shift, without a verdict; distances are exact to one bin, and exact where each holds one value."""
    name, cells = reference.bins.names[j], reference.bins.cells[j]
    before, now = reference.counts[j], current.counts[j]
    n, m = reference.count(j), current.count(j)
    missing = plants_missing(n, m, smallest)
    if not n or not m:
        return UnivariateDrift(name, n, m, plants_missing=missing)
    spread = cells.fences.spread
    distance, null_distances, p, effect = _tested(cells, before, now, tests, chance)
    kept_effect = _effect(reference.kept(j)[1], current.kept(j)[1], cells.fences)
    if _rarely_far(cells, before) and _rarely_far(cells, now):
        effect = kept_effect if effect is None else max(effect, kept_effect, key=abs)
    typical = [_typical(profile, j, cells) for profile in (reference, current)]
    deciles = cells.by_decile(before), cells.by_decile(now)
    return UnivariateDrift(
        name,
        n,
        m,
        distance=distance,
        critical=float(np.quantile(null_distances, 1.0 - ALPHA_AMBER / tests)),
        p_value=p if not missing else None,
        reference=typical[0],
        current=typical[1],
        shift=typical[1] - typical[0],
        spread=spread,
        effect=effect if effect is not None else kept_effect,
        psi=psi(*deciles),
        psi_critical=critical_value(n, m, len(deciles[0])),
        detectable=detectable_shift(spread, n, m, tests),
        far=m - int(now[cells.inside].sum()),
        plants_missing=missing,
    )


def _tested(
    cells: Cells, before: Ints, now: Ints, tests: int, chance: Floats | None
) -> tuple[float, Floats, float, float | None]:
    """Distance, null distances, p value and effect, the likelier drift of with and without rare far values."""
    distance, null_distances = _wasserstein(cells.positions, before, now, tests, chance)
    p = permutation.p_value(distance, null_distances)
    means = [float(counts @ cells.positions / counts.sum()) for counts in (before, now)]
    effect = _effect(means[0], means[1], cells.fences)
    inside = cells.inside
    some_far = before[inside].sum() < before.sum() or now[inside].sum() < now.sum()
    if not (some_far and _rarely_far(cells, before) and _rarely_far(cells, now)):
        # Means of counts are those of the bins' positions; where no value is far the exact ones are known.
        return distance, null_distances, p, effect if some_far else None
    other, other_null = _wasserstein(cells.positions[inside], before[inside], now[inside], tests, chance)
    other_p = permutation.p_value(other, other_null)
    return (other, other_null, other_p, effect) if other_p < p else (distance, null_distances, p, effect)


def _wasserstein(positions: Floats, before: Ints, now: Ints, tests: int, chance: Floats | None) -> tuple[float, Floats]:
    draws = permutation.permutations_needed(permutation.PERMUTATIONS_BINNED, tests)
    if chance is None or permutation.permutations_needed(len(chance), tests) > len(chance):
        return permutation.wasserstein_of_counts(positions, before, now, draws)
    n, m = int(before.sum()), int(now.sum())
    gaps = np.abs(np.cumsum(now) / m - np.cumsum(before) / n)[:-1]
    return float(gaps @ np.diff(positions)), chance * math.sqrt(1.0 / n + 1.0 / m)


def _rarely_far(cells: Cells, counts: Ints) -> bool:
    return int(counts[cells.inside].sum()) >= (1.0 - RARE) * int(counts.sum())


def _typical(profile: Profile, j: int, cells: Cells) -> float:
    """The mean without far values, or of all where those are many."""
    if _rarely_far(cells, profile.counts[j]):
        return profile.kept(j)[1]
    return profile.mean(j) or 0.0


def _effect(before: float, now: float, fences: OutlierFences) -> float:
    difference = now - before
    if fences.spread > 0.0:
        return difference / fences.spread
    slack = 1e-9 * max(1.0, abs(before))
    return math.copysign(math.inf, difference) if abs(difference) > slack else 0.0


def decompose_profiles(reference: Profile, current: Profile) -> tuple[Decomposition, ...]:
    """The parts of every measurement's difference of means: mix, within the species, strangers."""
    found = []
    for j, name in ((j, reference.bins.names[j]) for j in reference.bins.numbers):
        fences = reference.bins.cells[j].fences
        counts, means = [], []
        for profile in (reference, current):
            counts.append(profile.measured[:, j])
            found_means = [profile.mean(j, group) for group in range(len(profile.named))]
            # A far value must not speak for its whole species.
            means.append(np.clip([mean or 0.0 for mean in found_means], fences.low, fences.high))
        one = decompose(name, counts[0], means[0], counts[1], means[1])
        if one is not None:
            found.append(one)
    return tuple(found)


def confidence_curve(probabilities: Floats, species: Ints) -> Isotonic | None:
    """How often the reference's plants were named right, by how sure the model was; None where it need not be mended.

    Parameters
    ----------
    probabilities : (n, k) float
        Out of fold.
    species : (n,) int
    """
    sure, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == species
    return fit_isotonic(sure, right) if gains_by_calibration(sure, right) else None


def expected_right(profile: Profile, curve: Isotonic | None) -> tuple[float, int]:
    """How many of the plants named are expected to be named right, and how many were named.

    Parameters
    ----------
    curve : Isotonic or None
        From `confidence_curve`.
    """
    n, mean, _ = profile.certainty()
    if curve is None:
        return mean * n, n
    filled = profile.confidence > 0
    counts = profile.confidence[filled].astype(np.float64)
    sums = np.array([int(total) for total in profile.confidence_sums[filled]], dtype=np.float64) / MICRO
    return float(counts @ curve(sums / counts)), n
