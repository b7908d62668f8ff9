"""Files that appear whole or not at all, and last through a power failure once they are there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def appearing_whole(target: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of `target` when everything is written, and is not there at all where that failed.

    Its content is on the disk before it has its name, so that a power failure leaves the old file or the new one.

    Raises
    ------
    OSError
        The folder can't be written, or the disk is full; nothing is left behind.
    """
    unfinished = target.with_name(f".{target.name}.unfinished")
    try:
        with open(unfinished, "w+b") as stream:
            yield stream
            write_through(stream)
        unfinished.replace(target)
        sync_folder(target.parent)
    finally:
        unfinished.unlink(missing_ok=True)


def write_durably(path: Path, content: bytes) -> None:
    """Write a file whose content lasts through a power failure; its name does after `sync_folder`."""
    with open(path, "wb") as stream:
        stream.write(content)
        write_through(stream)


def write_through(stream: BinaryIO) -> None:
    """Have on the disk what was written to a stream so far (one that was closed already is left alone)."""
    if not stream.closed:
        stream.flush()
        os.fsync(stream.fileno())


def sync_folder(folder: Path) -> None:
    """Make the folder's entries last through a power failure; where a system can't, its own habits must do."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
