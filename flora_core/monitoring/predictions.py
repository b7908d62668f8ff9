"""What a model said of some plants, and what is known of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flora_core.model import Bools, Floats, Ints
from flora_core.monitoring.windows import Window


@dataclass(frozen=True, slots=True, eq=False)
class PredictionSample:
    """What a model said of each plant, and its true species where a person determined it.

    Attributes
    ----------
    probabilities : (n, k) float
        Of each species; NaN where missing.
    identified, true : (n,) int
        Place among the species; k and above for a name without probabilities; -1 where there is none.
    """

    probabilities: Floats
    identified: Ints
    true: Ints

    def __len__(self) -> int:
        return len(self.identified)

    @property
    def usable(self) -> Bools:
        """The plants with an identification and a probability of every species."""
        return np.isfinite(self.probabilities).all(axis=1) & (self.identified >= 0)

    @property
    def known(self) -> Bools:
        """The plants with an identification and a true species."""
        return (self.identified >= 0) & (self.true >= 0)

    def __getitem__(self, rows: Bools | Ints | slice | Window) -> PredictionSample:
        chosen = rows.rows if isinstance(rows, Window) else rows
        return PredictionSample(self.probabilities[chosen], self.identified[chosen], self.true[chosen])


@dataclass(frozen=True, slots=True)
class Estimate:
    """How well the plants of one window were named, without knowing their names.

    Attributes
    ----------
    window, start, end : int
        The window, its first and last row, counted from 0.
    n : int
        The plants it rests on.
    metric : str
        accuracy, f1, precision, recall, specificity or roc_auc.
    value, standard_error, low, high : float or None
        The estimate and its interval; None where there is nothing to estimate from.
    threshold_low, threshold_high : float or None
        Beyond which the estimate is an alert.
    realised : float or None
        The same from true species, where they are known.
    alert : bool
    """

    window: int
    start: int
    end: int
    n: int
    metric: str
    value: float | None
    standard_error: float | None
    low: float | None
    high: float | None
    threshold_low: float | None
    threshold_high: float | None
    realised: float | None
    alert: bool
