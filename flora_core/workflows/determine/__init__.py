"""What persons say of identified plants: one by one, by table, and from an inbox ordered by what teaches most.

A determination is only ever added: whoever disagrees lays another slip beside the first, and the newest counts.
"""

from flora_core.workflows.determine.by_table import TableOutcome, determine_table
from flora_core.workflows.determine.laying import Defaults, Laying, Outcome, defaults
from flora_core.workflows.determine.one import Laid, determine, slip_document

__all__ = [
    "Defaults",
    "Laid",
    "Laying",
    "Outcome",
    "TableOutcome",
    "defaults",
    "determine",
    "determine_table",
    "slip_document",
]
