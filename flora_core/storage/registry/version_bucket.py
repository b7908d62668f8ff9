"""Versions in a bucket: every replica reads and writes them, and no folder is shared.

A version takes its number by putting its model on the condition that nothing of that name is there. Its card comes after, and
its row in the database last: without a row nobody asks for it, so that a version is there whole or not at all.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

from flora_core.errors import ArtifactRefused, Conflict, FloraError, Unavailable, Unknown
from flora_core.storage.files.copies import LocalCopies
from flora_core.storage.files.object_files import StoredFile, files_below
from flora_core.storage.registry.version_store import ARTIFACT, CARD, UNREGISTERED, way_out


class VersionBucket:
    """The versions below an address of an object store; its methods are those of `VersionStore`.

    Parameters
    ----------
    address : str
        "s3://bucket/models"
    cache : Path
        Where copies are kept on this machine.
    """

    def __init__(self, address: str, cache: Path) -> None:
        self._address, self._files = address.rstrip("/"), files_below(address)
        self._copies = LocalCopies(cache / "models")
        self.place = self._address

    def save(self, study: str, artifact: bytes, card_of: Callable[[int], bytes], first: int) -> int:
        """Put the model where no other is, then its mark and its card."""
        version = first
        try:
            while True:
                try:
                    self._files.put(_name(study, version, ARTIFACT), io.BytesIO(artifact), new=True)
                    break
                except Conflict:
                    version += 1
            try:
                self._files.put(_name(study, version, UNREGISTERED), io.BytesIO(b""))
                self._files.put(_name(study, version, CARD), io.BytesIO(card_of(version)))
            except BaseException:
                self.remove(study, version)
                raise
        except Unavailable as error:
            raise Unavailable(
                f"The model can't be saved below {self._address}/{study}: {error.message} Nothing was registered. "
                "Mend the store or the way to it, or set FLORA_MODELS."
            ) from error
        return version

    def content(self, study: str, version: int, name: str, sha256: str, *, fresh: bool = False) -> bytes:
        """From the copy on this machine, else from the store; compared in both cases."""
        content = None if fresh else self._copies.find(sha256)
        if content is not None:
            return content
        content = self._fetched(study, version, name)
        if hashlib.sha256(content).hexdigest() != sha256:
            raise ArtifactRefused(
                way_out(
                    f"{self._address}/{_name(study, version, name)} is not the file that was registered as version {version}, "
                    "and was not loaded."
                )
            )
        self._copies.keep(content)
        return content

    def _fetched(self, study: str, version: int, name: str) -> bytes:
        try:
            with self._files.open(_name(study, version, name)) as stream:
                return stream.read()
        except Unknown:
            raise ArtifactRefused(
                way_out(
                    f"{self._address}/{_name(study, version, name)} of model version {version} can't be read: "
                    "it is not there."
                )
            ) from None

    def open_file(self, study: str, version: int, name: str) -> BinaryIO:
        """Fetch it."""
        return self._files.open(_name(study, version, name))

    def take_in(self, study: str, folder: Path) -> None:
        """Put every file, the models first."""
        for path in sorted(folder.glob("*/*"), key=lambda path: (path.name != ARTIFACT, path)):
            with open(path, "rb") as content:
                self._files.put(_name(study, int(path.parent.name), path.name), content, new=True)

    def delete_study(self, study: str) -> None:
        """Delete every file below its name."""
        for one in self._files.files(study):
            self._files.delete(one.name)

    def remove(self, study: str, version: int) -> None:
        """The model last: as long as it is there, nobody else takes the number."""
        with contextlib.suppress(FloraError):
            for name in (CARD, UNREGISTERED, ARTIFACT):
                self._files.delete(_name(study, version, name))

    def mark_unregistered(self, study: str, numbers: Iterable[int]) -> None:
        """A file beside those of each."""
        there = {one.name for one in self._files.files(study)}
        for version in numbers:
            if _name(study, version, ARTIFACT) in there:
                self._files.put(_name(study, version, UNREGISTERED), io.BytesIO(b""))

    def mark_registered(self, study: str, numbers: Iterable[int]) -> None:
        """Delete that file."""
        for version in numbers:
            with contextlib.suppress(FloraError):
                self._files.delete(_name(study, version, UNREGISTERED))

    def delete_removed(self, study: str, numbers: Iterable[int]) -> None:
        """One after the other."""
        for version in numbers:
            self.remove(study, version)

    def studies(self) -> list[str]:
        """The first folders of all names."""
        first = {one.name.partition("/")[0] for one in self._files.files() if one.name.count("/") >= 2}
        return sorted(name for name in first if not name.startswith("."))

    def leftovers(self, study: str, registered: set[int]) -> list[str]:
        """Numbers that no registered version has."""
        found = self._by_version(study)
        return sorted(name for name in found if not (name.isdecimal() and int(name) in registered))

    def delete_leftovers(self, study: str, registered: set[int], seconds: float) -> int:
        """Numbers that say so, that have no card, or that no row will ever have."""
        deleted, before = 0, time.time() - seconds
        for name, files in self._by_version(study).items():
            if not name.isdecimal() or int(name) in registered:
                continue
            has = {one.name.rpartition("/")[2] for one in files}
            if int(name) > max(registered, default=0) and UNREGISTERED not in has and CARD in has:
                continue
            if max(one.changed for one in files) < before:
                self.remove(study, int(name))
                deleted += 1
        return deleted

    def _by_version(self, study: str) -> dict[str, list[StoredFile]]:
        found: dict[str, list[StoredFile]] = {}
        for one in self._files.files(study):
            parts = one.name.split("/")
            if len(parts) == 3:
                found.setdefault(parts[1], []).append(one)
        return found


def _name(study: str, version: int, name: str) -> str:
    return f"{study}/{version}/{name}"
