"""Accuracy without labels (CBPE), as NannyML 0.13.1 defines it: six metrics, their errors, bands and thresholds.

A table of two species follows the tool's binary path, the second species being the positive one; its multiclass path
takes three and more. What both do where a window lacks a species is kept: no figure.

References
----------
NannyML documentation, "Confidence-based performance estimation" and "Estimation of standard error".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from flora_core.model import Bools, Floats, Ints
from flora_core.monitoring.performance.isotonic import (
    Isotonic,
    auroc,
    expected_auroc,
    fit_calibrators,
    fit_isotonic,
    gains_by_calibration,
)
from flora_core.monitoring.predictions import Estimate, PredictionSample
from flora_core.monitoring.windows import Window, number_or_none, windows_of

METRICS: Final = ("accuracy", "f1", "precision", "recall", "specificity", "roc_auc")
_CHUNKS: Final = 10
#: Half the width of the band, and the distance of the thresholds, in standard errors and standard deviations.
_ERRORS: Final = 3
#: What the errors of single species understate together, by the tool's own experiments.
_AUROC_FACTOR: Final = 1.2

_NOTHING: Final = float("nan")


def estimate(reference: PredictionSample, current: PredictionSample, size: int | None = None) -> tuple[Estimate, ...]:
    """Every metric of every window of the current plants, by window and metric.

    Parameters
    ----------
    reference : PredictionSample
        With true species; plants without one are left out.
    size : int or None
        Rows of a window; None for about ten windows of one size.
    """
    kind = _Binary if reference.probabilities.shape[1] == 2 else _Multiclass
    fitted = reference[reference.usable & (reference.true >= 0)]
    tool = kind(fitted)
    calibrated = tool.calibrated(current)
    limits = {}
    for metric in METRICS:
        found = np.array(
            [tool.realised(metric, reference[window]) for window in windows_of(len(reference), size, _CHUNKS)]
        )
        found = found[np.isfinite(found)]
        limits[metric] = _limits(found) if len(found) else (None, None)
    estimates = []
    for window in windows_of(len(current), size, _CHUNKS):
        part = current[window]
        usable = part.usable
        shown = part[usable]
        for metric in METRICS:
            value = tool.estimated(metric, shown, calibrated[window.rows][usable]) if usable.any() else _NOTHING
            error = tool.error(metric, len(shown)) if usable.any() else _NOTHING
            estimates.append(_estimate(window, metric, len(shown), value, error, limits[metric], tool, part))
    return tuple(estimates)


def _limits(found: Floats) -> tuple[float, float]:
    spread = _ERRORS * float(found.std())
    return max(0.0, float(found.mean()) - spread), min(1.0, float(found.mean()) + spread)


def _estimate(
    window: Window,
    metric: str,
    n: int,
    value: float,
    error: float,
    limits: tuple[float | None, float | None],
    tool: _Binary | _Multiclass,
    part: PredictionSample,
) -> Estimate:
    low, high = limits
    alert = (low is not None and value < low) or (high is not None and value > high)
    return Estimate(
        window.number,
        window.start,
        window.stop - 1,
        n,
        metric,
        number_or_none(value),
        number_or_none(error),
        number_or_none(max(0.0, value - _ERRORS * error)) if np.isfinite(value) else None,
        number_or_none(min(1.0, value + _ERRORS * error)) if np.isfinite(value) else None,
        low,
        high,
        number_or_none(tool.realised(metric, part)),
        bool(alert),
    )


@dataclass(frozen=True, slots=True)
class _Counts:
    """The four cells of one species against the rest; expected counts need not be whole."""

    tp: float
    fp: float
    fn: float
    tn: float

    def metric(self, name: str) -> float:
        """f1, precision, recall or specificity; 0 where it divides by nothing."""
        over, under = {
            "f1": (self.tp, self.tp + 0.5 * (self.fp + self.fn)),
            "precision": (self.tp, self.tp + self.fp),
            "recall": (self.tp, self.tp + self.fn),
            "specificity": (self.tn, self.tn + self.fp),
        }[name]
        return float(over / under) if under != 0 else 0.0


def _expected(named: Bools, probability: Floats) -> _Counts:
    rest = 1 - probability
    return _Counts(
        float(probability[named].sum()),
        float(rest[named].sum()),
        float(probability[~named].sum()),
        float(rest[~named].sum()),
    )


def _counted(named: Bools, true: Bools) -> _Counts:
    return _Counts(
        int((named & true).sum()), int((named & ~true).sum()), int((~named & true).sum()), int((~named & ~true).sum())
    )


def _auroc_spread(true: Ints, scores: Floats, spread: Callable[[Floats], float]) -> tuple[float, float]:
    """Spread of the share of misses below each hit, and the share of hits: Mann-Whitney's U in parts."""
    if np.mean(true) > 0.5:
        true, scores = 1 - true, 1 - scores
    order = np.argsort(scores)
    ranks = np.unique(true[order] * np.arange(len(true)))[1:]
    hits = int(true.sum())
    below = (ranks - np.arange(len(ranks))) / max(len(true) - hits, 1)
    return _of(spread, below), hits / len(true)


def _of(spread: Callable[[Floats], float], values: Floats) -> float:
    return float(spread(values)) if len(values) else _NOTHING


def _ones_and_zeros(ones: float, zeros: float) -> Floats:
    return np.repeat([1.0, 0.0], [int(ones), int(zeros)])


def _relevant(metric: str, named: Bools, true: Bools) -> tuple[Floats, float]:
    """What a metric says of each plant that counts for it, and the share of plants that do."""
    counts = _counted(named, true)
    n = len(named)
    if metric == "f1":
        return _ones_and_zeros(counts.tp, counts.fp + counts.fn), (counts.tp + counts.fp + counts.fn) / n
    if metric == "precision":
        return _ones_and_zeros(counts.tp, counts.fp), float(named.sum()) / n
    if metric == "recall":
        return _ones_and_zeros(counts.tp, counts.fn), float(true.sum()) / n
    return _ones_and_zeros(counts.tn, counts.fp), (counts.tn + counts.fp) / n


def _some_of_both(part: PredictionSample) -> bool:
    return len(np.unique(part.true)) > 1 and len(np.unique(part.identified)) > 1


class _Binary:
    """Two species; the second is the positive one."""

    def __init__(self, reference: PredictionSample) -> None:
        scores, hits = np.ascontiguousarray(reference.probabilities[:, 1]), reference.true == 1
        gains = len(hits) > 0 and gains_by_calibration(scores, hits)
        self._curve: Isotonic | None = fit_isotonic(scores, hits) if gains else None
        self._reference = reference

    def calibrated(self, answers: PredictionSample) -> Floats:
        scores = answers.probabilities[:, 1]
        return scores if self._curve is None else self._curve(scores)

    def estimated(self, metric: str, part: PredictionSample, calibrated: Floats) -> float:
        if metric == "roc_auc":
            return expected_auroc(calibrated, part.probabilities[:, 1])
        counts = _expected(part.identified == 1, calibrated)
        return (counts.tp + counts.tn) / len(part) if metric == "accuracy" else counts.metric(metric)

    def error(self, metric: str, n: int) -> float:
        named, true = self._reference.identified == 1, self._reference.true == 1
        if not len(named):
            return _NOTHING
        if metric == "accuracy":
            return float(np.std(named == true) / np.sqrt(n))
        if metric == "roc_auc":
            spread, share = _auroc_spread(true.astype(np.int64), self._reference.probabilities[:, 1], np.std)
        else:
            values, share = _relevant(metric, named, true)
            if metric == "f1" and len(values):
                values = values * (len(values) / ((len(values) + values.sum()) / 2))
            spread = _of(np.std, values)
        return float(spread / np.sqrt(n * share)) if share else _NOTHING

    def realised(self, metric: str, part: PredictionSample) -> float:
        if metric == "roc_auc":
            part = part[(part.true >= 0) & np.isfinite(part.probabilities[:, 1])]
            return auroc(part.probabilities[:, 1], part.true == 1) if len(part) else _NOTHING
        part = part[part.known]
        named, true = part.identified == 1, part.true == 1
        if not len(part):
            return _NOTHING
        if metric == "accuracy":
            return float((named == true).mean())
        if metric == "specificity":
            return _counted(named, true).metric(metric) if not true.all() else _NOTHING
        return _counted(named, true).metric(metric) if _some_of_both(part) else _NOTHING


class _Multiclass:
    """Three and more species, each against the rest, averaged."""

    def __init__(self, reference: PredictionSample) -> None:
        self._k = reference.probabilities.shape[1]
        self._calibrators = fit_calibrators(reference.probabilities, reference.true)
        self._reference = reference

    def calibrated(self, answers: PredictionSample) -> Floats:
        return self._calibrators(answers.probabilities)

    def estimated(self, metric: str, part: PredictionSample, calibrated: Floats) -> float:
        if metric == "accuracy":
            named = np.where(part.identified < self._k, part.identified, 0)
            said = calibrated[np.arange(len(part)), named]
            return float(np.where(part.identified < self._k, said, 0.0).mean())
        each = []
        for j in range(self._k):
            if metric == "roc_auc":
                each.append(expected_auroc(calibrated[:, j], part.probabilities[:, j]))
            else:
                each.append(_expected(part.identified == j, calibrated[:, j]).metric(metric))
        return float(np.mean(each))

    def error(self, metric: str, n: int) -> float:
        true, named = self._reference.true, self._reference.identified
        seen = np.unique(true)
        if not len(seen):
            return _NOTHING
        if metric == "accuracy":
            return float(np.std(true == named) / np.sqrt(n))
        parts = []
        if metric == "roc_auc":
            if not np.array_equal(seen, np.arange(self._k)):
                return _NOTHING
            for j in range(self._k):
                hits = (true == j).astype(np.int64)
                parts.append(_auroc_spread(hits, self._reference.probabilities[:, j], np.var))
        else:
            # Of two species that were seen, the tool looks at one.
            for j in seen if len(seen) > 2 else seen[1:]:
                values, share = _relevant(metric, named == j, true == j)
                parts.append((_of(np.var, values), share))
        if not parts or any(not share for _, share in parts):
            return _NOTHING
        error = float(np.sqrt(sum(variance / (n * share) for variance, share in parts))) / len(parts)
        return error * _AUROC_FACTOR if metric == "roc_auc" else error

    def realised(self, metric: str, part: PredictionSample) -> float:
        if metric == "roc_auc":
            part = part[(part.true >= 0) & np.isfinite(part.probabilities).all(axis=1)]
            if not np.array_equal(np.unique(part.true), np.arange(self._k)):
                return _NOTHING
            return float(np.mean([auroc(part.probabilities[:, j], part.true == j) for j in range(self._k)]))
        part = part[part.known]
        if not len(part) or not _some_of_both(part):
            return _NOTHING
        if metric == "accuracy":
            return float((part.identified == part.true).mean())
        each = []
        for j in range(self._k):
            counts = _counted(part.identified == j, part.true == j)
            if metric == "specificity" and counts.tn + counts.fp == 0:
                return _NOTHING
            each.append(counts.metric(metric))
        return float(np.mean(each))
