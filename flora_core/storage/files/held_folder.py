"""Folders of work in progress: whoever works in one holds its lock, and one that nobody holds may be swept away."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

_LOCK: Final = "lock"


def hold(folder: Path) -> FileLock:
    """The folder's lock, taken; it is given back by `release`, or with the process."""
    lock = FileLock(folder / _LOCK, thread_local=False)
    lock.acquire(blocking=False)
    return lock


def let_go(folder: Path, lock: FileLock) -> None:
    """Give the lock of a finished folder back, and take its file away."""
    lock.release()
    (folder / _LOCK).unlink(missing_ok=True)


def is_abandoned(folder: Path, seconds: float) -> bool:
    """Whether nothing in a folder was written for so long, and nobody holds it."""
    try:
        if not folder.is_dir() or time.time() - max(p.stat().st_mtime for p in (folder, *folder.iterdir())) <= seconds:
            return False
        lock = FileLock(folder / _LOCK, thread_local=False)
        lock.acquire(blocking=False)
        lock.release()
    except (OSError, Timeout):
        # It is held, or was taken away meanwhile.
        return False
    return True
