"""What determined plants can say of the accuracy, which depends on who chose them.

Plants drawn at random, and windows of which nearly all plants are determined, are held against the accuracy the model was
scored with. Plants that somebody chose, as those an inbox puts first, are harder than the others by choice: they are held
against their own confidences, and never turn a verdict red.

References
----------
Angelopoulos, Bates, Fannjiang, Jordan & Zrnic (2023), Prediction-powered inference, Science 382: 669-674. The number of right
names among plants of different confidence is Poisson-binomial (Le Cam 1960).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from flora_core.model import Bools, Floats, Ints
from flora_core.monitoring.decision import ALPHA_AMBER, MIN_PLANTS
from flora_core.monitoring.performance.cbpe import Powered, prediction_powered

#: From this share of the plants named on, determined plants are all there is, and nobody's choice.
CENSUS: Final = 0.9
#: Plants that were chosen are tested beside everything else, and at most turn a verdict amber.
ALPHA_CHOSEN: Final = 0.01
_NODES: Final = 21

Chosen = Literal["drawn", "census"]


@dataclass(frozen=True, slots=True, eq=False)
class DeterminationEvidence:
    """The determined plants of a window, parted by how they were chosen.

    Attributes
    ----------
    how : {"drawn", "census"}
        Which plants speak for the others: those drawn at random, or all of them, because nearly all are determined.
    plants, right : int
        Of the plants that speak for the others: how many, and how many of them were named right.
    drawn : int
        Drawn at random, whoever speaks.
    chosen_confidence : (c,) float
        Calibrated probability of the species named, of the plants that somebody chose; not all of them where there are many.
    chosen_right : (c,) bool
    information : float
        What the reference knows of the calibration of these confidences: see `fewer_right_than_expected`.
    joined : Powered or None
        The accuracy of all plants named, from the few drawn and the many identified together; None with fewer than five drawn.
    """

    how: Chosen
    plants: int
    right: int
    drawn: int
    chosen_confidence: Floats
    chosen_right: Bools
    information: float = math.inf
    joined: Powered | None = None


def determination_evidence(
    named: int,
    determined: tuple[int, int],
    drawn: tuple[int, int],
    confidence: Floats,
    right: Bools,
    by_lot: Bools,
    *,
    information: float = math.inf,
    window: tuple[Floats, Ints] | None = None,
) -> DeterminationEvidence:
    """The determined plants of a window, parted by how they were chosen.

    Parameters
    ----------
    named : int
        Plants of the window that were given a name.
    determined, drawn : (int, int)
        Of these, those determined, and of them those drawn at random; how many, and how many named right.
    confidence, right, by_lot : (c,) float, bool, bool
        Of determined plants one by one: calibrated probability of the name given, whether it was right, whether drawn.
    information : float
        What the reference knows of its calibration: see `fewer_right_than_expected`.
    window : ((g,) float, (g,) int) or None
        The calibrated confidences of all plants named, and how many plants have each.
    """
    census = determined[0] >= max(1, CENSUS * named)
    if census:
        return DeterminationEvidence("census", *determined, drawn[0], confidence[:0], right[:0])
    chosen = ~by_lot
    joined = None
    if window is not None and int(by_lot.sum()) == drawn[0] > 0:
        joined = _joined(window, confidence, right, by_lot, determined[0] - drawn[0], determined[1] - drawn[1])
    return DeterminationEvidence("drawn", *drawn, drawn[0], confidence[chosen], right[chosen], information, joined)


def _joined(
    window: tuple[Floats, Ints], confidence: Floats, right: Bools, by_lot: Bools, chosen: int, chosen_right: int
) -> Powered | None:
    """The plants that were chosen are known and stand for themselves; those drawn speak for the rest."""
    levels, counts = window
    left = counts.astype(np.int64).copy()
    if len(levels):
        # What is known of a plant already is not asked of the estimate once more.
        nearest = np.abs(confidence[:, None] - levels[None, :]).argmin(axis=1)
        left = np.maximum(left - np.bincount(nearest, minlength=len(levels)), 0)
    found = prediction_powered(levels, confidence[by_lot], right[by_lot].astype(np.int64), counts=left)
    if found is None:
        return None
    rest = found.identified
    share = rest / (rest + chosen)
    known = chosen_right / (rest + chosen)
    low, value, high = (known + share * x for x in (found.low, found.value, found.high))
    return Powered(value, low, high, rest + chosen, found.determined)


def fewer_right_than_expected(confidence: Floats, right: Bools, information: float = math.inf) -> float | None:
    """How often plants of these confidences would have as few right names as these, or fewer; None below twenty plants.

    Parameters
    ----------
    confidence : (c,) float
        Calibrated.
    right : (c,) bool
    information : float
        What the reference knows of its calibration: p (1 - p) added up over its plants. The confidences of a model that was
        seen to be wrong on four plants are themselves known to a factor of two only.

    Notes
    -----
    The logits of all confidences are off by one unknown amount (Cox 1958), normal with variance 1 / information; the
    Poisson-binomial probability is averaged over it by Gauss-Hermite quadrature.
    """
    if len(right) < MIN_PLANTS:
        return None
    # One plant may always be wrong: a confidence of 1 rests on no more plants than the reference has.
    clipped = np.clip(confidence, 0.005, 0.995)
    logits = np.log(clipped / (1.0 - clipped))
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    off = nodes * (1.0 / math.sqrt(information) if information > 0.0 else 1.0)
    shares = 1.0 / (1.0 + np.exp(-(logits[None, :] + off[:, None])))
    distribution = np.zeros((_NODES, len(right) + 1))
    distribution[:, 0] = 1.0
    for p in shares.T:
        grown = distribution * (1.0 - p[:, None])
        grown[:, 1:] += distribution[:, :-1] * p[:, None]
        distribution = grown
    tails = distribution[:, : int(right.sum()) + 1].sum(axis=1)
    return float(min(1.0, weights @ tails / weights.sum()))


def visible_accuracy(plants: int, reference: tuple[int, int]) -> float | None:
    """The accuracy that would be noticed in one case of two among so many plants drawn at random; None where none would.

    Parameters
    ----------
    reference : (int, int)
        Plants named right, and plants, when the model was scored.
    """
    from scipy.special import betaincinv
    from scipy.stats import hypergeom

    right, n = reference
    if plants < 1 or n < 1:
        return None
    wrong = np.arange(plants + 1)
    p = hypergeom.sf(wrong - 1, n + plants, wrong + n - right, plants)
    noticed = np.flatnonzero(p < ALPHA_AMBER)
    if not len(noticed):
        return None
    fewest = int(noticed[0])
    return float(1.0 - betaincinv(fewest, plants - fewest + 1, 0.5))
