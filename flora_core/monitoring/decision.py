"""From numbers to one of four verdicts: green, amber, red, or too few to say.

References
----------
Holm (1979), A simple sequentially rejective multiple test procedure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

Verdict = Literal["green", "amber", "red", "too few"]

#: Below so many plants in a window nothing is said.
MIN_PLANTS: Final = 20
#: Corrected p below which chance is an unlikely explanation, and none.
ALPHA_AMBER: Final = 0.05
ALPHA_RED: Final = 0.01
#: A shift worth naming, in the reference's standard deviations.
MIN_EFFECT: Final = 0.2

_ORDER: Final = ("too few", "green", "amber", "red")


def holm(p_values: Sequence[float], weights: Sequence[float] | None = None) -> tuple[float, ...]:
    """The p values corrected for being several: none of them below a level while nothing changed, but rarely.

    Parameters
    ----------
    weights : sequence of float, optional
        The part of the error rate that each may spend, in any unit; the same for all where not given.

    Returns
    -------
    tuple of float
        In the given order, at most 1.
    """
    k = len(p_values)
    shares = [1.0] * k if weights is None else list(weights)
    corrected = [1.0] * k
    highest = 0.0
    order = sorted(range(k), key=lambda i: p_values[i] / shares[i])
    for rank, i in enumerate(order):
        left = sum(shares[j] for j in order[rank:])
        highest = max(highest, min(1.0, left / shares[i] * p_values[i]))
        corrected[i] = highest
    return tuple(corrected)


def verdict_of(p: float, effect: bool) -> Verdict:
    """What a corrected p value and the size of the effect come to together.

    Red needs both: chance is no explanation (p < 0.01), and the effect is worth naming. Amber: chance is an unlikely
    explanation (p < 0.05), however large or small the effect. An effect without that is no reason: among 75 plants one
    of four means wanders by 0.2 standard deviations in every other window.
    """
    if p < ALPHA_RED and effect:
        return "red"
    return "amber" if p < ALPHA_AMBER else "green"


def plants_missing(reference: int, current: int, smallest: int = MIN_PLANTS) -> int:
    """How many plants are still missing for an answer; 0 where there are enough on both sides."""
    return max(0, smallest - current, smallest - reference)


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """The gravest of several: red, amber, green, and too few where nothing else can be said."""
    return max(verdicts, key=_ORDER.index, default="too few")
