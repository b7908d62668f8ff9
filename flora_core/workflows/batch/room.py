"""How much of the disk all tables and their results take: room is set aside before anything is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, BinaryIO, Final, cast

from flora_core.errors import OverBudget
from flora_core.storage.files.batch_store import BatchFolder
from flora_core.workflows.context import AppContext

#: Bytes that a file has set aside for it at a time.
_ROOM_AT_ONCE: Final = 64_000


def new_batch(context: AppContext) -> BatchFolder:
    """A place for a table and what becomes of it, its lock held; what is too old is swept away first.

    Raises
    ------
    OverBudget
        The tables and results that are kept take all the room there is for them.
    Unavailable
        The disk is full.
    """
    settings, batches = context.settings, context.batches
    batches.sweep(timedelta(hours=settings.keep_results_hours))
    if batches.size() + _ROOM_AT_ONCE > _room(context):
        raise _no_room(context)
    return batches.new()


@contextmanager
def writing_within_room(
    context: AppContext, batch: BatchFolder, name: str, *, here: bool = False
) -> Iterator[BinaryIO]:
    """A file of a table, as `BatchFolder.writing`, which outgrows nothing: what has no room is not written.

    Raises
    ------
    OverBudget
        While it is written: all tables and results together would take more than they may; the file does not appear.
    Unavailable
        The disk is full, or the folder is gone.
    """
    with batch.writing(name, here=here) as stream, _bounded(stream, context) as bounded:
        yield bounded


@contextmanager
def upload_within_room(context: AppContext, batch: BatchFolder) -> Iterator[BinaryIO]:
    """The file that a table is written to as it comes; raises as `writing_within_room` does.

    Room is set aside for what came and not for what may come: a body that never goes on takes nobody else's.
    """
    with batch.open_upload() as stream, _bounded(stream, context) as bounded:
        yield bounded


@contextmanager
def _bounded(stream: BinaryIO, context: AppContext) -> Iterator[BinaryIO]:
    owner = object()
    try:
        yield cast(BinaryIO, _BoundedFile(stream, context, owner))
    finally:
        context.batches.give_back(owner)


class _BoundedFile:
    """A file that has room set aside before it writes, some at a time."""

    def __init__(self, stream: BinaryIO, context: AppContext, owner: object) -> None:
        self._stream, self._context, self._owner, self._left, self._written = stream, context, owner, 0, 0

    def write(self, content: Any) -> int:
        size = memoryview(content).nbytes
        if size > self._left:
            asked = max(size, _ROOM_AT_ONCE)
            # A file that is not whole yet has no name, and is not counted by anybody else.
            if not self._context.batches.set_aside(self._owner, self._written + asked, _room(self._context)):
                raise _no_room(self._context)
            self._left = asked
        self._left -= size
        self._written += size
        return self._stream.write(content)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _room(context: AppContext) -> int:
    """Bytes of the disk that all tables and their results may take."""
    return context.settings.max_results_mb * 1_000_000


def _no_room(context: AppContext) -> OverBudget:
    settings = context.settings
    return OverBudget(
        f"The tables and results that are kept fill the {settings.max_results_mb:,} MB there are for them; the oldest are "
        f"deleted after {settings.keep_results_hours} hours. Try again later."
    )
