"""Tables that were handed in, in an object store that all servers share: any of them answers for each, and works on any.

    tables/<identifier>/…    the table, what is known of it, what is to be done with it, what became of it
    waiting/<identifier>     there until nothing is to be done with it any more
    owners/<owner>/<identifier>

Whoever works on a table holds its lock (`SharedLocks`). One whose server died in the middle is taken by another.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final

from flora_core.durable_files import appearing_whole
from flora_core.errors import FloraError, Unknown
from flora_core.storage.files.batch_store import (
    DOCUMENT,
    IDENTIFIER,
    LETTERS,
    UPLOAD,
    BatchFolder,
    BatchStore,
    clear_errors,
    unknown_batch,
)
from flora_core.storage.files.object_files import ObjectFiles, files_below
from flora_core.storage.shared_locks import SharedLocks

_ORDER: Final = "order.json"
#: Seconds for which the size of all tables is believed: it is asked for with every piece that is written.
_SIZE_SECONDS: Final = 5.0


class SharedBatch(BatchFolder):
    """A table of the store, and the folder of this server in which its files are worked on.

    Parameters
    ----------
    folder : Path
        Of this server; it may be gone.
    """

    def __init__(self, folder: Path, files: ObjectFiles, locks: SharedLocks) -> None:
        super().__init__(folder)
        self._files, self._locks = files, locks

    @property
    def _name_of_lock(self) -> str:
        return f"table-{self.identifier}"

    def _key(self, name: str) -> str:
        return f"tables/{self.identifier}/{name}"

    def acquire(self) -> bool:
        """Take the lock, as whoever works on the table; False where any server has it."""
        return self._locks.take(self._name_of_lock)

    def release(self) -> None:
        """Give the lock back."""
        self._locks.give_back(self._name_of_lock)

    def is_locked(self) -> bool:
        """Whether any server works on the table."""
        return self._locks.is_held(self._name_of_lock)

    def is_mine(self) -> bool:
        """Whether the lock that was taken is still held: it is lost with the connection to the database."""
        return self._locks.confirm(self._name_of_lock)

    def write_document(self, document: dict[str, Any]) -> None:
        """Keep what is known of the table; raises as an object store does."""
        self._put(self._key(DOCUMENT), document)
        self._files.put(_mark_of_owner(document.get("owner", ""), self.identifier), io.BytesIO(b""))

    def document(self) -> dict[str, Any]:
        """What is known of the table."""
        return self._read(DOCUMENT)

    def offer(self, order: dict[str, Any]) -> None:
        """Keep what is to be done, then the mark that it waits."""
        self._put(self._key(_ORDER), order)
        self._files.put(f"waiting/{self.identifier}", io.BytesIO(b""))

    def order(self) -> dict[str, Any]:
        """What is to be done with it."""
        return self._read(_ORDER)

    def settle(self) -> None:
        """Take the mark away."""
        self._files.delete(f"waiting/{self.identifier}")

    def open_upload(self) -> BinaryIO:
        """A file of this server; `keep_upload` brings it into the store."""
        with clear_errors():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return super().open_upload()

    def keep_upload(self) -> None:
        """Bring the table into the store."""
        with super().table() as stream:
            self._files.put(self._key(UPLOAD), stream)

    def table(self) -> BinaryIO:
        """The table as it came; fetched where this server does not have it."""
        here = self._folder / UPLOAD
        if not here.exists():
            with clear_errors(), self._files.open(self._key(UPLOAD)) as stream:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                with appearing_whole(here) as copy:
                    shutil.copyfileobj(stream, copy, 1 << 20)
        return super().table()

    def drop_table(self) -> None:
        """Delete the table itself; what became of it stays."""
        super().drop_table()
        self._files.delete(self._key(UPLOAD))

    @contextmanager
    def writing(self, name: str, *, here: bool = False) -> Iterator[BinaryIO]:
        """A file of this server, brought into the store once it is whole, unless only this server needs it."""
        with clear_errors():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with super().writing(name) as stream:
            yield stream
        if not here:
            whole = self._folder / name
            with open(whole, "rb") as content:
                self._files.put(self._key(name), content)
            whole.unlink()

    def result(self, name: str) -> tuple[BinaryIO, int] | None:
        """A file that became of the table, from the store, and its size."""
        try:
            stream = self._files.open(self._key(name))
        except Unknown:
            return None
        return stream, os.fstat(stream.fileno()).st_size

    def remove(self) -> None:
        """Delete all of it, here and in the store."""
        super().remove()
        with contextlib.suppress(FloraError):
            owner = ""
            with contextlib.suppress(Unknown):
                owner = self.document().get("owner", "")
            self.settle()
            self._files.delete(_mark_of_owner(owner, self.identifier))
            for one in self._files.files(f"tables/{self.identifier}"):
                self._files.delete(one.name)

    def _put(self, name: str, document: dict[str, Any]) -> None:
        self._files.put(name, io.BytesIO(json.dumps(document, ensure_ascii=False).encode()))

    def _read(self, name: str) -> dict[str, Any]:
        try:
            with self._files.open(self._key(name)) as stream:
                read: dict[str, Any] = json.load(stream)
                return read
        except Unknown:
            raise unknown_batch() from None


class SharedBatchStore(BatchStore):
    """All tables below an address of an object store.

    Parameters
    ----------
    address : str
        "s3://bucket/results"
    locks : SharedLocks
    folder : Path
        Of this server; files are worked on there.
    """

    shared = True

    def __init__(self, address: str, locks: SharedLocks, folder: Path) -> None:
        super().__init__(folder)
        self._files, self._locks = files_below(address), locks
        self._size_at, self._size = 0.0, 0

    def _batch(self, identifier: str) -> SharedBatch:
        return SharedBatch(self._folder / identifier, self._files, self._locks)

    def new(self) -> BatchFolder:
        """A new table, whose lock is held."""
        batch = self._batch("".join(secrets.choice(LETTERS) for _ in range(26)))
        batch.acquire()
        return batch

    def get(self, identifier: str) -> BatchFolder:
        """The table of this identifier, whichever server took it."""
        if not IDENTIFIER.fullmatch(identifier):
            raise unknown_batch()
        batch = self._batch(identifier)
        batch.document()
        return batch

    def offered(self) -> list[str]:
        """By the marks of those that wait."""
        found = sorted(self._files.files("waiting"), key=lambda one: one.changed)
        names = (one.name.rpartition("/")[2] for one in found)
        return [name for name in names if IDENTIFIER.fullmatch(name)]

    def documents_of(self, owner: str, most: int) -> list[tuple[str, dict[str, Any]]]:
        """By the marks of the owner."""
        marks = sorted(self._files.files(f"owners/{_owner_folder(owner)}"), key=lambda one: one.changed, reverse=True)
        found = []
        for one in marks[:most]:
            identifier = one.name.rpartition("/")[2]
            with contextlib.suppress(Unknown):
                found.append((identifier, self._batch(identifier).document()))
        return sorted(found, key=lambda one: str(one[1]["created"]), reverse=True)

    def size(self) -> int:
        """Bytes in the store, as of a few seconds ago at most."""
        if time.monotonic() - self._size_at > _SIZE_SECONDS or not self._size_at:
            self._size = sum(one.size for one in self._files.files("tables"))
            self._size_at = time.monotonic()
        return self._size

    def sweep(self, older_than: timedelta) -> int:
        """Delete what is older, unless a server works on it; how many tables that was. Files of this server go, too."""
        before = (datetime.now(UTC) - older_than).timestamp()
        newest: dict[str, float] = {}
        for one in self._files.files("tables"):
            identifier = one.name.split("/")[1]
            newest[identifier] = max(newest.get(identifier, 0.0), one.changed)
        swept = 0
        for identifier, changed in newest.items():
            if changed < before and IDENTIFIER.fullmatch(identifier):
                batch = self._batch(identifier)
                if not batch.is_locked():
                    batch.remove()
                    swept += 1
        for one in (*self._files.files("owners"), *self._files.files("waiting")):
            # Marks of tables that are gone: whoever removed these was stopped half-way.
            if one.changed < before and one.name.rpartition("/")[2] not in newest:
                self._files.delete(one.name)
        for folder in self._folder.iterdir() if self._folder.exists() else ():
            with contextlib.suppress(OSError):
                touched = max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
                if touched < before and not self._batch(folder.name).is_locked():
                    shutil.rmtree(folder, ignore_errors=True)
        return swept


def _mark_of_owner(owner: str, identifier: str) -> str:
    return f"owners/{_owner_folder(owner)}/{identifier}"


def _owner_folder(owner: str) -> str:
    """No name of a person stands in the store's own lists."""
    return hashlib.sha256(owner.encode()).hexdigest()[:32]
