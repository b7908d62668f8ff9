"""How often is the model right, where nobody has looked? Estimated from its own calibrated probabilities (CBPE).

What a calibrated model is sure of comes true that often, so its mean probability of the species it names is its accuracy.
That assumes that a plant that looks like this one is of the same species as often as it was in the reference: a change of
mix or of measurements is followed, a species that looks different than it did is not.

References
----------
NannyML documentation, confidence-based performance estimation. Bialek, Kivimaki, Kuberski & Perrakis (2024), We don't need
no labels: estimating post-deployment model performance under covariate shift without ground truth (M-CBPE). Angelopoulos
et al. (2023), Prediction-powered inference, Science 382: 669-674; tuned as in PPI++ (2023).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from flora_core.model import Bools, Floats, Ints
from flora_core.monitoring.performance.isotonic import auroc, expected_auroc, fit_calibrators
from flora_core.monitoring.performance.platt import are_rare, fit_platt
from flora_core.monitoring.predictions import Estimate, PredictionSample
from flora_core.monitoring.windows import Window, windows_of

METRICS: Final = ("accuracy", "f1", "precision", "recall", "specificity", "roc_auc")
_TAIL: Final = 0.025
_Z: Final = 1.959963984540054
#: Determined plants below which a correction by them would be a guess.
_FEW: Final = 5
_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Plants by true and by named species, counted or expected.

    Attributes
    ----------
    table : (k, k) float
        Rows: the true species; columns: the species named. Expected counts need not be whole.
    named : (k,) float
        All plants given each name, those of other species among them.
    others : float
        Plants given a name that is none of the species.
    """

    table: Floats
    named: Floats
    others: float = 0.0

    @property
    def n(self) -> float:
        """All plants."""
        return float(self.named.sum() + self.others)

    def parts(self, metric: str) -> list[tuple[float, float]]:
        """For each species (or all at once) the successes and trials whose share is the metric; mean over the parts."""
        if metric == "accuracy":
            return [(float(np.trace(self.table)), self.n)]
        parts = []
        for j in range(len(self.table)):
            hits, named, true = float(self.table[j, j]), float(self.named[j]), float(self.table[j].sum())
            if metric == "precision":
                parts.append((hits, named))
            elif metric == "recall":
                parts.append((hits, true))
            elif metric == "f1":
                parts.append((hits, 0.5 * (named + true)))
            else:
                parts.append((self.n - named - true + hits, self.n - true))
        # Differences of sums: what is nothing but rounding is nothing.
        return [(max(0.0, hits), trials) if trials > _ROUNDING else (0.0, 0.0) for hits, trials in parts]


def expected_counts(probabilities: Floats, identified: Ints) -> Counts:
    """Plants by true and by named species, as calibrated probabilities expect them.

    Parameters
    ----------
    probabilities : (n, k) float
        Calibrated.
    identified : (n,) int
    """
    k = probabilities.shape[1]
    among = identified < k
    named = np.bincount(identified[among], minlength=k).astype(np.float64)
    table = np.zeros((k, k))
    for j in range(k):
        table[j] = np.bincount(identified[among], probabilities[among, j], minlength=k)
    return Counts(table, named, float((~among).sum()))


def counted(identified: Ints, true: Ints, k: int) -> Counts:
    """Plants by true and by named species, as they are known."""
    among = identified < k
    named = np.bincount(identified[among], minlength=k).astype(np.float64)
    both = among & (true < k)
    table = np.bincount(true[both] * k + identified[both], minlength=k * k).reshape(k, k).astype(np.float64)
    return Counts(table, named, float((~among).sum()))


@dataclass(frozen=True, slots=True)
class MetricEstimate:
    """An estimate with its error and its 95 % interval.

    Attributes
    ----------
    value, standard_error, low, high : float
        The error is never 0 and the interval never of no width.
    n : int
        The plants it rests on.
    threshold : float
        What the estimate falls below in one of forty windows while the model is as good as on the reference.
    """

    value: float
    standard_error: float
    low: float
    high: float
    n: int
    threshold: float

    @property
    def alert(self) -> bool:
        """Whether the model seems worse than on the reference, beyond chance."""
        return self.value < self.threshold


def estimate_metric(metric: str, window: Counts, reference: Counts) -> MetricEstimate | None:
    """A metric of a window from its expected counts, given the reference's known ones; None where either has no plants.

    Notes
    -----
    Each share is smoothed as by a uniform prior, (hits + 1) / (n + 2), whose variance is never 0. The error has two parts:
    the window's own size, and the reference's, on which the calibration rests.
    """
    if window.n <= 0 or reference.n <= 0:
        return None
    here, there = window.parts(metric), reference.parts(metric)
    chance = _variance(there) + _variance(there, window.n / reference.n)
    variance = _variance(here) + _variance(there)
    return _guess(_mean(here), _smoothed(here), variance, window.n, _smoothed(there), chance)


def estimate_share(hits: float, n: float, right: float, plants: float) -> MetricEstimate:
    """A share of n plants from its expected hits, given how many of the reference's plants were right.

    Parameters
    ----------
    hits, n : float
        Expected of the window, n > 0.
    right, plants : float
        Known of the reference.
    """
    here, there = [(hits, n)], [(right, plants)]
    chance = _variance(there) + _variance(there, n / plants if plants > 0 else 0.0)
    return _guess(_mean(here), _smoothed(here), _variance(here) + _variance(there), n, _smoothed(there), chance)


def _guess(value: float, smoothed: float, variance: float, n: float, before: float, chance: float) -> MetricEstimate:
    from scipy.special import betaincinv

    # The Beta distribution of as many plants as would leave the same error.
    plants = max(smoothed * (1.0 - smoothed) / variance - 3.0, 0.0)
    a, b = value * plants + 1.0, (1.0 - value) * plants + 1.0
    low, high = (float(betaincinv(a, b, tail)) for tail in (_TAIL, 1.0 - _TAIL))
    threshold = max(0.0, before - _Z * math.sqrt(chance))
    return MetricEstimate(value, math.sqrt(variance), min(low, value), max(high, value), round(n), threshold)


def _mean(parts: list[tuple[float, float]]) -> float:
    return float(np.mean([min(1.0, hits / trials) if trials > 0 else 0.0 for hits, trials in parts]))


def _smoothed(parts: list[tuple[float, float]]) -> float:
    return float(np.mean([min(1.0, (hits + 1.0) / (trials + 2.0)) for hits, trials in parts]))


def _variance(parts: list[tuple[float, float]], larger: float = 1.0) -> float:
    """Of the mean of the smoothed shares, were there so many times as many trials."""
    shares = [(min(1.0, (hits + 1.0) / (trials + 2.0)), trials * larger) for hits, trials in parts]
    return sum(share * (1.0 - share) / (trials + 3.0) for share, trials in shares) / len(parts) ** 2


def estimate(reference: PredictionSample, current: PredictionSample, size: int | None = None) -> tuple[Estimate, ...]:
    """Every metric of every window of the current plants, by window and metric.

    Parameters
    ----------
    reference : PredictionSample
        With true species; plants without one are left out.
    size : int or None
        Rows of a window; None for all at once.

    Notes
    -----
    Each species has its own curve of calibration. Where half of the species have fewer than twenty plants in the reference,
    one curve for how sure the model is does for all: on thirty species of eight plants each it halves the error.
    """
    k = reference.probabilities.shape[1]
    fitted = reference[reference.usable & (reference.true >= 0)]
    calibrators: Callable[[Floats], Floats]
    if are_rare(fitted.true):
        calibrators = fit_platt(fitted.probabilities, fitted.true)
    else:
        calibrators = fit_calibrators(fitted.probabilities, fitted.true)
    known, areas = counted(fitted.identified, fitted.true, k), auroc_parts(fitted)
    calibrated = calibrators(current.probabilities)
    estimates = []
    for window in windows_of(len(current), size or max(1, len(current)), 1):
        part = current[window]
        usable = part.usable
        expected = expected_counts(calibrated[window.rows][usable], part.identified[usable])
        labelled = part[part.known]
        true = counted(labelled.identified, labelled.true, k)
        for metric in METRICS:
            if metric == "roc_auc":
                found = estimate_auroc(part[usable].probabilities, calibrated[window.rows][usable], areas)
                real = _auroc(labelled)
            else:
                found = estimate_metric(metric, expected, known)
                real = _mean(true.parts(metric)) if len(labelled) else None
            estimates.append(_row(window, metric, found, real))
    return tuple(estimates)


def _row(window: Window, metric: str, found: MetricEstimate | None, real: float | None) -> Estimate:
    place = window.number, window.start, window.stop - 1
    if found is None:
        return Estimate(*place, 0, metric, None, None, None, None, None, None, real, False)
    return Estimate(
        *place,
        found.n,
        metric,
        found.value,
        found.standard_error,
        found.low,
        found.high,
        found.threshold,
        None,
        real,
        found.alert,
    )


@dataclass(frozen=True, slots=True)
class AurocParts:
    """The area under one species' ROC curve, and how many plants are of it and not."""

    value: float
    hits: float
    misses: float


def auroc_parts(known: PredictionSample) -> tuple[AurocParts, ...]:
    """Each species against the rest, on plants whose species is known; the area is NaN where there is only one kind."""
    return tuple(
        AurocParts(auroc(known.probabilities[:, j], known.true == j), *_two(known.true == j))
        for j in range(known.probabilities.shape[1])
    )


def _two(hits: Bools) -> tuple[float, float]:
    return float(hits.sum()), float((~hits).sum())


def estimate_auroc(scores: Floats, calibrated: Floats, reference: tuple[AurocParts, ...]) -> MetricEstimate | None:
    """The area under the ROC curve, each species against the rest, averaged over those that can be told apart.

    Parameters
    ----------
    scores, calibrated : (n, k) float
        Of the window, as the model gave them and as they are after calibration.

    References
    ----------
    Hanley & McNeil (1982), The meaning and use of the area under a receiver operating characteristic curve: its error.
    """
    here, there = [], []
    for j, before in enumerate(reference):
        value, hits = expected_auroc(calibrated[:, j], scores[:, j]), float(calibrated[:, j].sum())
        if math.isfinite(value) and math.isfinite(before.value):
            here.append(AurocParts(value, hits, len(scores) - hits))
            there.append(before)
    if not here:
        return None
    larger = len(scores) / (there[0].hits + there[0].misses)
    chance = _area_variance(there) + _area_variance(
        [AurocParts(a.value, a.hits * larger, a.misses * larger) for a in there]
    )
    variance = _area_variance(here) + _area_variance(there)
    smoothed, usual = (float(np.mean([_softened(area) for area in areas])) for areas in (here, there))
    return _guess(float(np.mean([area.value for area in here])), smoothed, variance, len(scores), usual, chance)


def _softened(area: AurocParts) -> float:
    fewer = min(area.hits, area.misses)
    return (area.value * fewer + 1.0) / (fewer + 2.0)


def _area_variance(areas: list[AurocParts]) -> float:
    total = 0.0
    for area in areas:
        a, hits, misses = _softened(area), area.hits, area.misses
        more_hits = max(hits - 1.0, 0.0) * (a / (2.0 - a) - a**2)
        more_misses = max(misses - 1.0, 0.0) * (2.0 * a**2 / (1.0 + a) - a**2)
        total += (a * (1.0 - a) + more_hits + more_misses) / (max(hits, 1.0) * max(misses, 1.0))
    return total / len(areas) ** 2


def _auroc(part: PredictionSample) -> float | None:
    whole = part[part.usable]
    areas = [auroc(whole.probabilities[:, j], whole.true == j) for j in range(part.probabilities.shape[1])]
    found = [area for area in areas if math.isfinite(area)]
    return float(np.mean(found)) if found else None


@dataclass(frozen=True, slots=True)
class Powered:
    """Accuracy from few determinations and many identifications together.

    Attributes
    ----------
    value, low, high : float
    identified, determined : int
    """

    value: float
    low: float
    high: float
    identified: int
    determined: int


def prediction_powered(
    confidence: Floats, determined: Floats, right: Ints, *, counts: Ints | None = None
) -> Powered | None:
    """Accuracy of all identified plants, the estimate corrected by what determinations showed it to miss.

    Unbiased, whatever the estimate is worth, where the determined plants are a random sample; None with fewer than five.

    Parameters
    ----------
    confidence : (N,) float
        Calibrated probability of the species named, of the plants without determination.
    determined : (n,) float
        The same, of the plants with one.
    right : (n,) bool or int
        Whether those were named right.
    counts : (N,) int, optional
        How many plants have each of these confidences, where they are counted; one each where not given.
    """
    each = np.ones(len(confidence), dtype=np.int64) if counts is None else counts
    n, many = len(determined), int(each.sum())
    if n < _FEW:
        return None
    hits = right.astype(np.float64)
    spread = _variance_of_counts(
        np.concatenate([confidence, determined]), np.concatenate([each, np.ones(n, dtype=np.int64)])
    )
    covariance = float(np.cov(hits, determined, ddof=1)[0, 1])
    trust = min(1.0, max(0.0, covariance / (spread * (1.0 + n / many)))) if many and spread > 0.0 else 0.0
    all_of_them = float(each @ confidence) / many if many else 0.0
    value = trust * all_of_them + float((hits - trust * determined).mean())
    # Few plants that were all right show no spread; one more right and one more wrong do.
    smoothed = (hits.sum() + 1.0) / (n + 2.0)
    rest = max(float((hits - trust * determined).var(ddof=1)), smoothed * (1.0 - smoothed) * (1.0 - trust))
    error = math.sqrt(rest / n + (trust**2 * _variance_of_counts(confidence, each) / many if many > 1 else 0.0))
    value = min(1.0, max(0.0, value))
    return Powered(value, max(0.0, value - _Z * error), min(1.0, value + _Z * error), n + many, n)


def _variance_of_counts(values: Floats, counts: Ints) -> float:
    """The sample variance of values that occur so often; 0 for fewer than two."""
    n = int(counts.sum())
    if n < 2:
        return 0.0
    mean = float(counts @ values) / n
    return float(counts @ (values - mean) ** 2) / (n - 1)
