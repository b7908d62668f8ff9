"""Estimated accuracy where the measurements changed: the reference is weighted until it looks like the window (M-CBPE).

References
----------
Bialek, Kivimaki, Kuberski & Perrakis (2024), We don't need no labels: estimating post-deployment model performance under
covariate shift without ground truth. Bickel, Brückner & Scheffer (2009), Discriminative learning under covariate shift: how
much more often a plant's like occurs in the window is the odds of a logistic regression that tells the two apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from flora_core.model import Floats, Ints
from flora_core.monitoring.decision import MIN_PLANTS
from flora_core.monitoring.performance.cbpe import MetricEstimate, estimate_share
from flora_core.monitoring.performance.isotonic import Calibrators, fit_isotonic
from flora_core.monitoring.performance.platt import are_rare, fit_platt
from flora_core.monitoring.statistics.outlier_fences import tukey_fences

#: A plant counts at most so many times more, or less, than it did.
MOST: Final = 20.0
#: Below such a mean of the ratios most of the window lies where the reference has no plants.
_WITHIN: Final = 0.25
_RIDGE: Final = 1.0
_STEPS: Final = 30


@dataclass(frozen=True, slots=True)
class ShiftedGuess:
    """An estimate on the weighted reference.

    Attributes
    ----------
    guess : MetricEstimate
    plants : float
        How many reference plants it comes down to: (sum of weights)² over the sum of their squares.
    """

    guess: MetricEstimate
    plants: float


def estimate_shifted(
    reference: Floats, probabilities: Floats, species: Ints, window: Floats, window_probabilities: Floats
) -> ShiftedGuess | None:
    """The accuracy of a window whose measurements changed; None where fewer than twenty reference plants are like it.

    Parameters
    ----------
    reference, window : (n, p), (m, p) float
        Measurements, NaN where missing.
    probabilities, window_probabilities : (n, k), (m, k) float
        As the model gave them; those of the reference out of fold.
    species : (n,) int
        The reference plants' true species.
    """
    if not len(reference) or not len(window):
        return None
    weights = density_ratio(reference, window)
    plants = float(weights.sum() ** 2 / (weights**2).sum())
    # Were the window within what the reference holds, the ratios would be 1 on average.
    if plants < MIN_PLANTS or weights.mean() < _WITHIN:
        return None
    weights = weights / weights.mean()
    calibrated = _calibrated(probabilities, species, weights, window_probabilities)
    sure = calibrated[np.arange(len(window)), window_probabilities.argmax(axis=1)]
    right = float((weights * (probabilities.argmax(axis=1) == species)).sum() / weights.sum() * plants)
    return ShiftedGuess(estimate_share(float(sure.sum()), len(window), right, plants), plants)


def _calibrated(probabilities: Floats, species: Ints, weights: Floats, window: Floats) -> Floats:
    """The window's probabilities by curves learned from the weighted reference."""
    if are_rare(species):
        return fit_platt(probabilities, species, weights)(window)
    curves = [fit_isotonic(probabilities[:, j], species == j, weights) for j in range(probabilities.shape[1])]
    return Calibrators(tuple(curves))(window)


def density_ratio(reference: Floats, window: Floats) -> Floats:
    """How much more often plants like each of the reference's occur in the window; (n,), about 1 on average.

    Parameters
    ----------
    reference, window : (n, p), (m, p) float
        NaN where not measured.
    """
    first, second = _features(reference, window)
    both = np.concatenate([first, second])
    n, m = len(first), len(second)
    # Both samples count the same in all, so that the odds are the ratio itself.
    size = np.concatenate([np.full(n, 0.5 * (n + m) / n), np.full(m, 0.5 * (n + m) / m)])
    target = np.concatenate([np.zeros(n), np.ones(m)])
    penalty = _RIDGE * np.eye(both.shape[1])
    penalty[0, 0] = 1e-9
    found = np.zeros(both.shape[1])
    for _ in range(_STEPS):
        p = 1.0 / (1.0 + np.exp(-np.clip(both @ found, -30.0, 30.0)))
        curvature = (both * (size * np.maximum(p * (1.0 - p), 1e-6))[:, None]).T @ both + penalty
        step = np.linalg.solve(curvature, both.T @ (size * (target - p)) - penalty @ found)
        found += np.clip(step, -5.0, 5.0)
        if np.abs(step).max() < 1e-7:
            break
    weights: Floats = np.clip(np.exp(np.clip(first @ found, -30.0, 30.0)), 1.0 / MOST, MOST)
    return weights


def _features(reference: Floats, window: Floats) -> tuple[Floats, Floats]:
    """Of each plant: 1, its measurements as the reference's deviate, and their squares; what is missing deviates by nothing."""
    parts: list[list[Floats]] = [[np.ones(len(reference))], [np.ones(len(window))]]
    for j in range(reference.shape[1]):
        there = reference[np.isfinite(reference[:, j]), j]
        if not len(there):
            continue
        fences = tukey_fences(there)
        for part, values in zip(parts, (reference[:, j], window[:, j]), strict=True):
            deviation = (fences.kept(values) - fences.centre) / (fences.spread or 1.0)
            part += [np.nan_to_num(deviation), np.nan_to_num(deviation**2 - 1.0)]
    return np.stack(parts[0], axis=1), np.stack(parts[1], axis=1)
