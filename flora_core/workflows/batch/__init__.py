"""A table nobody has seen before: every row back, with a name or a reason.

`plan_batch` says what the file is and which column is which, without naming a plant. `run_batch` then goes through the file a
part at a time: reads, checks, names, records, and hands each part to its sinks (the table with our columns, a Darwin Core
archive, a screen), so that memory does not grow with the file.
"""

from flora_core.workflows.batch.plan import BatchPlan, BatchRequest, check_size, plan_batch, remember_columns
from flora_core.workflows.batch.row_naming import ADDED, IdentifiedChunk, own_columns
from flora_core.workflows.batch.run import Sink, recorded_before, run_batch
from flora_core.workflows.batch.summary import Summary, summary_document

__all__ = [
    "ADDED",
    "BatchPlan",
    "BatchRequest",
    "IdentifiedChunk",
    "Sink",
    "Summary",
    "check_size",
    "own_columns",
    "plan_batch",
    "recorded_before",
    "remember_columns",
    "run_batch",
    "summary_document",
]
