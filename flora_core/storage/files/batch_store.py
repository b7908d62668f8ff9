"""Tables that were handed in: each in a folder of its own, with what became of it, for a limited time.

Whoever works on a table holds its lock; a table that waits or is worked on while nobody holds its lock was interrupted by a
restart. So several processes may share the folder, and none needs to clean up before it ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final

from filelock import FileLock, Timeout

from flora_core.durable_files import appearing_whole
from flora_core.errors import Unavailable, Unknown
from flora_core.storage.database import Database
from flora_core.storage.files.object_files import is_remote
from flora_core.storage.shared_locks import SharedLocks

#: Letters that are not taken for each other; 26 of them are 128 bits, which nobody guesses.
LETTERS: Final = "23456789abcdefghjkmnpqrstuvwxyz"
IDENTIFIER: Final = re.compile(rf"[{LETTERS}]{{26}}")
DOCUMENT, UPLOAD, _LOCK = "batch.json", "upload", "lock"


class BatchFolder:
    """The folder of one table.

    Attributes
    ----------
    identifier : str
        Cannot be guessed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.identifier = folder.name
        # Taken by the thread that receives the table, given back by the one that worked on it.
        self._lock = FileLock(folder / _LOCK, thread_local=False)

    def acquire(self) -> bool:
        """Take the lock, as whoever works on the table; False where somebody else has it."""
        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            return False
        except OSError:
            # The folder was swept away in the meantime.
            return False
        return True

    def release(self) -> None:
        """Give the lock back."""
        with contextlib.suppress(OSError):
            self._lock.release(force=True)

    def is_locked(self) -> bool:
        """Whether anybody works on the table."""
        if self._lock.is_locked:
            return True
        if not self.acquire():
            return True
        self.release()
        return False

    def write_document(self, document: dict[str, Any]) -> None:
        """Keep what is known of the table, whole or not at all.

        Raises
        ------
        Unavailable
            The disk is full, or the folder is gone.
        """
        with self.writing(DOCUMENT) as stream:
            stream.write(json.dumps(document, ensure_ascii=False).encode())

    def document(self) -> dict[str, Any]:
        """What is known of the table.

        Raises
        ------
        Unknown
            It was swept away in the meantime.
        """
        try:
            read: dict[str, Any] = json.loads((self._folder / DOCUMENT).read_bytes())
        except FileNotFoundError:
            raise unknown_batch() from None
        return read

    def open_upload(self) -> BinaryIO:
        """The file that the table is written to as it comes."""
        with clear_errors():
            return open(self._folder / UPLOAD, "wb")

    def keep_upload(self) -> None:
        """Keep the table, which has come whole, where whoever works on it finds it."""

    def offer(self, order: dict[str, Any]) -> None:
        """Let any server take the table that waits, and tell it what is to be done; only of a store that servers share."""

    def order(self) -> dict[str, Any]:
        """What was said to be done with it; of a store that servers share."""
        raise unknown_batch()

    def settle(self) -> None:
        """Note that nothing is to be done any more."""

    def is_mine(self) -> bool:
        """Whether the lock that was taken is still held."""
        return self._lock.is_locked

    def table(self) -> BinaryIO:
        """The table as it came."""
        with clear_errors():
            return open(self._folder / UPLOAD, "rb")

    def drop_table(self) -> None:
        """Delete the table itself; what became of it stays."""
        (self._folder / UPLOAD).unlink(missing_ok=True)

    @contextmanager
    def writing(self, name: str, *, here: bool = False) -> Iterator[BinaryIO]:
        """A file of this name, which appears whole or not at all; `here`: only this server needs it.

        Raises
        ------
        Unavailable
            The disk is full, or the folder is gone.
        """
        with clear_errors(), appearing_whole(self._folder / name) as stream:
            yield stream

    def result(self, name: str) -> tuple[BinaryIO, int] | None:
        """A file that became of the table, and its size; None where there is none."""
        try:
            stream = open(self._folder / name, "rb")  # noqa: SIM115  closed by the caller
        except FileNotFoundError:
            return None
        return stream, os.fstat(stream.fileno()).st_size

    def path(self, name: str) -> str:
        """Where a file that became of the table lies, for a reader that maps it into memory."""
        return str(self._folder / name)

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)


class BatchStore:
    """All tables that were handed in and are still there.

    Parameters
    ----------
    folder : Path
        Made when it is first needed, for its owner only.

    Attributes
    ----------
    shared : bool
        Whether other servers see the same tables, and any of them may work on one that waits.
    """

    shared = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._counting = threading.Lock()
        self._aside: dict[Hashable, int] = {}

    def set_aside(self, owner: Hashable, more: int, most: int) -> bool:
        """Keep so many bytes for what an owner is about to write, instead of what was kept for it before.

        Parameters
        ----------
        most : int
            Bytes that all tables, their results and what is set aside may take together.

        Returns
        -------
        bool
            False where there is no room for it; then nothing is set aside.
        """
        with self._counting:
            self._aside.pop(owner, None)
            if self.size() + sum(self._aside.values()) + more > most:
                return False
            self._aside[owner] = more
            return True

    def give_back(self, owner: Hashable) -> None:
        """Set nothing aside for an owner any more: it is written, or never will be."""
        with self._counting:
            self._aside.pop(owner, None)

    def new(self) -> BatchFolder:
        """A new folder, whose lock is held.

        Raises
        ------
        Unavailable
            The folder can't be made.
        """
        with clear_errors():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            identifier = "".join(secrets.choice(LETTERS) for _ in range(26))
            (self._folder / identifier).mkdir(mode=0o700)
        batch = BatchFolder(self._folder / identifier)
        batch.acquire()
        return batch

    def get(self, identifier: str) -> BatchFolder:
        """The table of this identifier.

        Raises
        ------
        Unknown
            There is none, or it was swept away.
        """
        # Nothing but an identifier of ours becomes part of a path.
        if IDENTIFIER.fullmatch(identifier) and (self._folder / identifier / DOCUMENT).exists():
            return BatchFolder(self._folder / identifier)
        raise unknown_batch()

    def offered(self) -> list[str]:
        """Tables that any server may take, the oldest first; of a store that servers share."""
        return []

    def documents_of(self, owner: str, most: int) -> list[tuple[str, dict[str, Any]]]:
        """(identifier, what is known) of an owner's tables, the newest first, at most so many."""
        found = []
        for path in self._folder.glob(f"*/{DOCUMENT}"):
            with suppress(OSError):  # it was deleted in this moment
                document = json.loads(path.read_bytes())
                if document["owner"] == owner:
                    found.append((path.parent.name, document))
        return sorted(found, key=lambda one: one[1]["created"], reverse=True)[:most]

    def size(self) -> int:
        """Bytes that all tables and their results take of the disk."""
        total = 0
        for path in self._folder.glob("*/*"):
            with suppress(OSError):  # it was deleted in this moment
                total += path.stat().st_size
        return total

    def sweep(self, older_than: timedelta) -> int:
        """Delete what is older, unless somebody works on it; how many tables that was."""
        before = (datetime.now(UTC) - older_than).timestamp()
        swept = 0
        for folder in self._folder.iterdir() if self._folder.exists() else ():
            with contextlib.suppress(OSError):
                touched = max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
                if touched < before and not BatchFolder(folder).is_locked():
                    shutil.rmtree(folder, ignore_errors=True)
                    swept += 1
        return swept


def batch_store(place: Path | str, locks: SharedLocks, cache: Path) -> BatchStore:
    """The tables at a place.

    Parameters
    ----------
    place : Path or str
        A folder, or the address of an object store.
    locks : SharedLocks
        Tell who works on a table, where that is an object store.
    cache : Path
        Where files of an object store are worked on.

    Raises
    ------
    WrongSetting
        The address is none, or obstore is not installed here.
    """
    if is_remote(str(place)):
        from flora_core.storage.files.shared_batches import SharedBatchStore

        return SharedBatchStore(str(place), locks, cache / "tables")
    return BatchStore(Path(place))


def batches_folder(database: Database, models: Path | str) -> Path | str:
    """Beside a database that is a file; with the models otherwise, which no cleaner of temporary files empties."""
    if database.path is not None:
        return database.path.parent / "batches"
    return models / ".batches" if isinstance(models, Path) else f"{models}/.batches"


def unknown_batch() -> Unknown:
    """What is said where there is no such table, or it is somebody else's."""
    return Unknown("There is no such batch. Results are kept for a limited time; send the table again.")


@contextmanager
def clear_errors() -> Iterator[None]:
    """Errors of the disk as Unavailable."""
    try:
        yield
    except OSError as error:
        raise Unavailable(
            f"The table can't be put down: {error.strerror or error}. An operator can mend it."
        ) from error
