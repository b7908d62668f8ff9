"""What a window of so many plants can show at all."""

from __future__ import annotations

import math
from typing import Final

from flora_core.monitoring.decision import ALPHA_AMBER

#: The test for a shift by the Wasserstein distance needs a little more than the best test of a mean would on normal
#: plants: found by simulation, held by a test.
_EFFICIENCY: Final = 1.06


def detectable_shift(spread: float, reference: int, current: int, tests: int = 1) -> float:
    """The shift that comparing so many plants would find in one case of two.

    Parameters
    ----------
    spread : float
        Standard deviation of the measurement.
    reference, current : int
        Plants on each side.
    tests : int
        How many measurements are tested at once.

    Returns
    -------
    float
        In the unit of the spread; infinite where a side has no plants.
    """
    from scipy.special import ndtri

    if not reference or not current:
        return math.inf
    z = float(ndtri(1.0 - ALPHA_AMBER / tests / 2.0))
    return _EFFICIENCY * z * spread * math.sqrt(1.0 / reference + 1.0 / current)


def sample_size_for_shift(shift: float, spread: float, reference: int, tests: int = 1) -> int | None:
    """How many plants a window needs to find such a shift in one case of two; None where no number would do."""
    unit = detectable_shift(spread, 1, 1, tests) / math.sqrt(2.0)
    if shift <= 0.0 or unit <= 0.0:
        return None
    left = (shift / unit) ** 2 - 1.0 / reference
    return math.ceil(1.0 / left) if left > 0.0 else None
