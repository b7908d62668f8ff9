"""Probabilities that say what they mean, learned from plants whose species is known.

One species against the rest, by isotonic regression, and kept only where it helps on plants it was not fitted on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from flora_core.model import Bools, Floats, Ints

#: Species that are told apart better than this need no calibration: it could only blur them.
SEPARATED: Final = 0.999
#: How often calibration is tried on plants it was not fitted on, and on which share of them.
TRIALS: Final = 10
TRIAL_SHARE: Final = 0.1
#: Bins of equal count over which calibration is judged.
BINS: Final = 10
#: Probabilities closer than this are one.
_SAME: Final = float(np.finfo(np.float64).resolution)


@dataclass(frozen=True, slots=True, eq=False)
class Isotonic:
    """A curve that never falls: straight between its points, level beyond them.

    Attributes
    ----------
    x, y : (k,) float
        Its points, x increasing.
    """

    x: Floats
    y: Floats

    def __call__(self, values: Floats) -> Floats:
        """The curve at each value."""
        return np.interp(values, self.x, self.y)


def fit_isotonic(scores: Floats, hits: Bools, weights: Floats | None = None) -> Isotonic:
    """The never falling curve closest to whether each plant was a hit.

    Parameters
    ----------
    scores : (n,) float
    hits : (n,) bool
    weights : (n,) float or None
        How much each plant counts, above 0; all the same where None.

    References
    ----------
    Zadrozny & Elkan (2002), Transforming classifier scores into accurate multiclass probability estimates.
    """
    order = np.argsort(scores, kind="stable")
    return _fit_sorted(scores[order], hits[order], None if weights is None else weights[order])


def _fit_sorted(scores: Floats, hits: Bools, weights: Floats | None = None) -> Isotonic:
    from scipy.optimize import isotonic_regression

    starts = _starts(scores)
    right = hits.astype(np.float64)
    if weights is None:
        sizes = np.diff(np.append(starts, len(scores))).astype(np.float64)
    else:
        sizes, right = np.add.reduceat(weights, starts), right * weights
    means = np.add.reduceat(right, starts) / sizes
    return Isotonic(scores[starts], np.asarray(isotonic_regression(means, weights=sizes).x))


def _starts(scores: Floats) -> Ints:
    """Where each distinct one of the sorted scores begins; those closer than `_SAME` to the first of theirs are one."""
    gaps = np.diff(scores)
    starts = np.concatenate(([0], np.flatnonzero(gaps > 0) + 1))
    if not ((gaps > 0) & (gaps < _SAME)).any():
        return starts
    values = scores[starts]
    # Chains of values that are each close to the next; in most tables there is one, next to zero.
    begins = np.concatenate(([0], np.flatnonzero(np.diff(values) >= _SAME) + 1))
    ends = np.append(begins[1:], len(values))
    kept = np.zeros(len(values), dtype=bool)
    kept[begins] = True
    for first, end in zip(begins[ends - begins > 1].tolist(), ends[ends - begins > 1].tolist(), strict=True):
        current = first
        while True:
            further = values[current:end] - values[current] >= _SAME
            if not further.any():
                break
            current += int(further.argmax())
            kept[current] = True
    return np.asarray(starts[kept])


def expected_calibration_error(scores: Floats, hits: Bools, bins: int = BINS) -> float:
    """Mean distance between what was said and what came true, over bins of equal count.

    References
    ----------
    Naeini, Cooper & Hauskrecht (2015), Obtaining well calibrated probabilities using Bayesian binning.
    """
    n = len(scores)
    if n <= 2 * bins:
        bins = n // 2
    order = np.argsort(scores)
    # The last bin takes what is left over, unless that is a bin's worth.
    edges = np.arange(0, n + 1, n // bins)
    edges[-1] = n
    counts = np.diff(edges)
    said = np.add.reduceat(scores[order], edges[:-1]) / counts
    came = np.add.reduceat(hits[order].astype(np.float64), edges[:-1]) / counts
    return float((counts / n * np.abs(said - came)).sum())


def auroc(scores: Floats, hits: Bools) -> float:
    """How often a hit has the higher score than a miss, ties counted half; NaN where there is only one kind."""
    from scipy.stats import rankdata

    positives = int(hits.sum())
    negatives = len(hits) - positives
    if not positives or not negatives:
        return float("nan")
    ranks = float(rankdata(scores)[hits].sum())
    return (ranks - positives * (positives + 1) / 2) / (positives * negatives)


def expected_auroc(calibrated: Floats, scores: Floats) -> float:
    """The area under the ROC curve that calibrated probabilities expect, in the order of the scores as they came.

    NaN where no hit, or no miss, is expected at all.
    """
    order = np.argsort(scores)[::-1]
    hits = np.cumsum(calibrated[order])
    misses = 1 + np.arange(len(hits)) - hits
    hits, misses = np.round(np.append(0, hits), 5), np.round(np.append(0, misses), 5)
    if hits[-1] == 0 or misses[-1] == 0:
        return float("nan")
    return float(np.trapezoid(hits / hits[-1], misses / misses[-1]))


def stratified_trials(hits: Bools, count: int = TRIALS, share: float = TRIAL_SHARE) -> Iterator[tuple[Ints, Ints]]:
    """Random parts to fit on and to test on, hits and misses in proportion; the same at every call.

    The draws are those of scikit-learn's StratifiedShuffleSplit with random state 42, on which the known tools rest.

    Yields
    ------
    (train, test) : rows
    """
    n = len(hits)
    tested = int(np.ceil(share * n))
    counts = np.array([n - int(hits.sum()), int(hits.sum())])
    members = (np.flatnonzero(~hits), np.flatnonzero(hits))
    # The legacy generator, because its stream is what is matched.
    rng = np.random.RandomState(42)
    for _ in range(count):
        fitted = _in_proportion(counts, n - tested, rng)
        left = _in_proportion(counts - fitted, tested, rng)
        train, test = [], []
        for kind in range(2):
            drawn = members[kind][rng.permutation(counts[kind])]
            train.append(drawn[: fitted[kind]])
            test.append(drawn[fitted[kind] : fitted[kind] + left[kind]])
        yield rng.permutation(np.concatenate(train)), rng.permutation(np.concatenate(test))


def _in_proportion(counts: Ints, drawn: int, rng: np.random.RandomState) -> Ints:
    """How many of each kind make `drawn`, nearest to proportion, ties decided by chance."""
    exact = counts / counts.sum() * drawn
    whole = np.floor(exact)
    missing = int(drawn - whole.sum())
    rest = exact - whole
    for value in np.sort(np.unique(rest))[::-1]:
        if missing <= 0:
            break
        (places,) = np.where(rest == value)
        now = min(len(places), missing)
        whole[rng.choice(places, size=now, replace=False)] += 1
        missing -= now
    return np.asarray(whole, dtype=np.int64)


def gains_by_calibration(scores: Floats, hits: Bools) -> bool:
    """Whether isotonic calibration lowers the calibration error on plants it was not fitted on.

    Parameters
    ----------
    scores : (n,) float
        What was said of each plant, out of fold.
    hits : (n,) bool
        Whether it came true.
    """
    n, positives = len(hits), int(hits.sum())
    # Fewer than two of a kind can't be split, fewer than four tests can't be binned.
    if min(positives, n - positives) < 2 or np.ceil(TRIAL_SHARE * n) < 2 or auroc(scores, hits) > SEPARATED:
        return False
    order = np.argsort(scores, kind="stable")
    place = np.empty(n, dtype=np.int64)
    place[order] = np.arange(n)
    sorted_scores, sorted_hits = scores[order], hits[order]
    said, better, came = [], [], []
    for train, test in stratified_trials(hits):
        fitted = np.zeros(n, dtype=bool)
        fitted[place[train]] = True
        curve = _fit_sorted(sorted_scores[fitted], sorted_hits[fitted])
        said.append(scores[test])
        better.append(curve(scores[test]))
        came.append(hits[test])
    truth = np.concatenate(came)
    before = expected_calibration_error(np.concatenate(said), truth)
    return before > expected_calibration_error(np.concatenate(better), truth)


@dataclass(frozen=True, slots=True, eq=False)
class Calibrators:
    """A curve for each species, or None where its probabilities are left as they are; of two, the second speaks for both."""

    curves: tuple[Isotonic | None, ...]

    def __call__(self, probabilities: Floats) -> Floats:
        """Calibrated probabilities whose rows sum to 1; a row of zeros becomes even odds.

        Parameters
        ----------
        probabilities : (n, k) float
        """
        if len(self.curves) == 2:
            second = probabilities[:, 1] if self.curves[1] is None else self.curves[1](probabilities[:, 1])
            return np.stack([1.0 - second, second], axis=1)
        result = np.empty_like(probabilities)
        for j, curve in enumerate(self.curves):
            result[:, j] = probabilities[:, j] if curve is None else curve(probabilities[:, j])
        total = result.sum(axis=1, keepdims=True)
        even = np.full_like(result, 1 / len(self.curves))
        np.divide(result, total, out=even, where=total != 0)
        return even


def fit_calibrators(probabilities: Floats, species: Ints) -> Calibrators:
    """One curve a species, learned from plants whose species is known.

    Parameters
    ----------
    probabilities : (n, k) float
        Out of fold.
    species : (n,) int
        Each plant's species.
    """
    curves: list[Isotonic | None] = []
    for j in range(probabilities.shape[1]):
        if j == 0 and probabilities.shape[1] == 2:
            curves.append(None)
            continue
        scores, hits = np.ascontiguousarray(probabilities[:, j]), species == j
        curves.append(fit_isotonic(scores, hits) if gains_by_calibration(scores, hits) else None)
    return Calibrators(tuple(curves))
