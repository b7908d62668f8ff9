"""Files that appear whole or not at all, and last through a power failure once they are there."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

#: Where Linux shows what this process has open.
_OPEN_FILES: Final = Path("/proc/self/fd")


@contextmanager
def appearing_whole(target: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of `target` when everything is written, and is not there at all where that failed.

    Its content is on the disk before it has its name, so that a power failure leaves the old file or the new one. Where the
    system can (Linux), it has no name until then: a process that is killed leaves nothing behind.

    Raises
    ------
    OSError
        The folder can't be written, or the disk is full; nothing is left behind.
    """
    unfinished = target.with_name(f".{target.name}.unfinished")
    handle = _nameless_file(target.parent)
    named = handle is None
    if handle is None:
        handle = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o666)
    try:
        try:
            # Whoever writes may close the stream; the file itself stays open until it has its name.
            with open(os.dup(handle), "w+b") as stream:
                yield stream
            os.fsync(handle)
            if not named and not _named(handle, target):
                unfinished.unlink(missing_ok=True)
                named = _named(handle, unfinished)
        finally:
            os.close(handle)
        if named:
            unfinished.replace(target)
        sync_folder(target.parent)
    finally:
        unfinished.unlink(missing_ok=True)


def _nameless_file(folder: Path) -> int | None:
    """A new file of this folder that has no name yet; None where the system or the disk knows no such files."""
    if not hasattr(os, "O_TMPFILE") or not _OPEN_FILES.exists():
        return None
    try:
        return os.open(folder, os.O_RDWR | os.O_TMPFILE, 0o666)
    except OSError as error:
        if error.errno in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT):
            return None
        raise


def _named(handle: int, name: Path) -> bool:
    """Give a file without a name one; False where there is a file of this name."""
    try:
        # With a folder to start from, the link is followed to the file (linkat(2), AT_SYMLINK_FOLLOW).
        os.link(_OPEN_FILES / str(handle), name, src_dir_fd=handle, follow_symlinks=True)
    except FileExistsError:
        return False
    return True


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
