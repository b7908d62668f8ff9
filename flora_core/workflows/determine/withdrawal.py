"""Taking determinations back: a slip of the hand is withdrawn by a record of its own, and nothing is overwritten."""

from __future__ import annotations

from collections.abc import Sequence

from flora_core.access import UseCase
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext


@use_case(UseCase.DETERMINE, signs="by")
def withdraw(context: AppContext, numbers: Sequence[int], *, by: str) -> int:
    """Take determinations back that one entered oneself; a curator takes back those of others too.

    Parameters
    ----------
    numbers : sequence of int
        `Outcome.numbers` of what was laid down.
    by : str
        Who takes them back.

    Returns
    -------
    int
        How many were taken back now; those of others, and those that were taken back before, are passed over.

    Raises
    ------
    NotAllowed, DatabaseUnavailable
    """
    entered_by = "" if context.allows(UseCase.DETERMINE_VERIFIED) else context.signed_by(by)
    return context.determinations.withdraw(numbers, by=context.signed_by(by), entered_by=entered_by)
