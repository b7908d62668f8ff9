"""What persons say of identified plants: one by one, by table (`by_table`), from an inbox of what teaches most (`inbox`).

A determination is only ever added: whoever disagrees lays another slip beside the first, and the newest counts. A slip of
the hand is taken back (`withdrawal`): it stays in the database, and counts no more.
"""

from flora_core.workflows.determine.recorder import Defaults, DeterminationRecorder, Outcome, defaults
from flora_core.workflows.determine.single import DeterminationOutcome, determine, slip_document

__all__ = [
    "Defaults",
    "DeterminationOutcome",
    "DeterminationRecorder",
    "Outcome",
    "defaults",
    "determine",
    "slip_document",
]
