"""Were the names as sure as they should be? What was said of some plants on average, against how many came true."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from flora_core.model import Bools, Floats
from flora_core.monitoring.decision import MIN_PLANTS
from flora_core.monitoring.performance.realised import wilson


@dataclass(frozen=True, slots=True)
class CalibrationInTheLarge:
    """What was said and what came true.

    Attributes
    ----------
    plants : int
        Determined plants that were given a name.
    said : float or None
        The mean probability of the names given; None without plants.
    right : int
    share, low, high : float or None
        The share named right, with its 95 % interval (Wilson's).
    p_value : float or None
        How often certainties that mean what they say would miss by as much; None where there are too few plants.
    """

    plants: int
    said: float | None
    right: int
    share: float | None
    low: float | None
    high: float | None
    p_value: float | None


def calibration_in_the_large(certainties: Floats, right: Bools) -> CalibrationInTheLarge:
    """Mean certainty against the share that came true.

    Parameters
    ----------
    certainties : (n,) float
        The probability of the name each plant was given.
    right : (n,) bool
        Whether that name was right.

    References
    ----------
    Calibration in the large: Cox (1958), Two further applications of a model for binary regression, Biometrika 45. If each
    certainty means what it says, the plants named right have the mean sum(p) and the variance sum(p (1 - p)).
    """
    n, hits = len(certainties), int(right.sum())
    if not n:
        return CalibrationInTheLarge(0, None, 0, None, None, None, None)
    said, variance = float(certainties.sum()), float((certainties * (1.0 - certainties)).sum())
    p = None
    if n >= MIN_PLANTS:
        # Half a plant off: counts move in steps of one.
        off = max(0.0, abs(hits - said) - 0.5)
        p = math.erfc(off / math.sqrt(2.0 * variance)) if variance > 0.0 else float(off == 0.0)
    low, high = wilson(hits, n)
    return CalibrationInTheLarge(n, float(np.clip(said / n, 0.0, 1.0)), hits, hits / n, low, high, p)
