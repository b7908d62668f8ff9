"""Copies on this machine of what lies in an object store, by their checksums: fetched once, compared whenever they are read."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path
from typing import Final

from flora_core.durable_files import appearing_whole

#: Bytes that all copies may take; those that were not asked for longest go first.
_ROOM: Final = 2_000_000_000


class LocalCopies:
    """A folder of copies. It may be deleted at any time, and where it can't be written the program works without it.

    Parameters
    ----------
    folder : Path
        Made when it is first needed, for its owner only.
    room : int
        Bytes that all copies may take.
    """

    def __init__(self, folder: Path, room: int = _ROOM) -> None:
        self._folder, self._room = folder, room

    def find(self, sha256: str) -> bytes | None:
        """The content of this checksum; None where there is no copy, or what lies there is something else."""
        path = self._folder / sha256
        with contextlib.suppress(OSError):
            content = path.read_bytes()
            if hashlib.sha256(content).hexdigest() == sha256:
                path.touch()
                return content
            path.unlink()
        return None

    def keep(self, content: bytes) -> None:
        """Keep a copy, and make room for it."""
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with appearing_whole(self._folder / hashlib.sha256(content).hexdigest()) as stream:
                stream.write(content)
            there = sorted((p.stat().st_mtime, p.stat().st_size, p) for p in self._folder.iterdir())
            taken = sum(size for _, size, _ in there)
            for _, size, path in there:
                if taken <= self._room:
                    return
                path.unlink(missing_ok=True)
                taken -= size
