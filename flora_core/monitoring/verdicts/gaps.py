"""What a column that vanished, is empty or holds text does to a verdict: it is never green beside one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from flora_core.monitoring.decision import worst
from flora_core.monitoring.verdicts.reasons import VerdictReason
from flora_core.monitoring.verdicts.verdict import WindowVerdict

#: A column that lost so large a share of its values is red.
_MOST_OF_IT: Final = 0.5
_STEP: Final = "Look at how it was measured or written in both tables; what is missing was not compared."


def gap_reason(column: str, earlier: float, share: float, text: str) -> VerdictReason:
    """The reason that a changed share of missing values is.

    Parameters
    ----------
    earlier, share : float
        Missing values in the reference and in the window, from 0 to 1.
    text : str
        The sentence that says so, with counts.
    """
    return VerdictReason("missing", column, "red" if share - earlier >= _MOST_OF_IT else "amber", text, _STEP)


def with_gaps(verdict: WindowVerdict, gaps: Sequence[VerdictReason], *, compared: bool = True) -> WindowVerdict:
    """The verdict with missing values among its reasons; the gravest of all decides.

    Parameters
    ----------
    compared : bool
        Whether anything else was compared; if not, the first sentence is of what is missing.
    """
    if not gaps:
        return verdict
    reasons = sorted((*verdict.reasons, *gaps), key=lambda reason: reason.verdict != "red")
    whole = worst([verdict.verdict, *(reason.verdict for reason in gaps)])
    more = len(gaps) - 1
    others = f" Other columns lost values too ({more})." if more else ""
    said = gaps[0].text
    sentence = (
        said
        if not compared
        else f"{verdict.sentence.rstrip('.')}, but {said}"
        if verdict.verdict in ("green", "too few")
        else f"{verdict.sentence} {said}"
    )
    return replace(verdict, verdict=whole, sentence=f"{sentence}{others}", reasons=tuple(reasons))
