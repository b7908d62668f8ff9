"""Versions in a folder of this machine: one folder for each version, which appears whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO, Final

from flora_core.durable_files import sync_folder, write_durably
from flora_core.errors import ArtifactRefused, Unavailable
from flora_core.storage.files.held_folder import hold, is_abandoned, let_go
from flora_core.storage.registry.version_store import ARTIFACT, CARD, UNREGISTERED, way_out

_UNFINISHED: Final = ".unfinished-"


class VersionFolders:
    """The versions below a folder; its methods are those of `VersionStore`.

    Parameters
    ----------
    root : Path
        One folder a study lies in it; made where it is missing.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.place = str(root)

    def save(self, study: str, artifact: bytes, card_of: Callable[[int], bytes], first: int) -> int:
        """Write a folder under another name, then rename it."""
        folder = self._root / study
        unfinished = folder / f"{_UNFINISHED}{uuid.uuid4().hex}"
        try:
            unfinished.mkdir(parents=True)
            held = hold(unfinished)
            write_durably(unfinished / ARTIFACT, artifact)
            version = first
            while True:
                write_durably(unfinished / CARD, card_of(version))
                sync_folder(unfinished)
                (unfinished / UNREGISTERED).touch()
                let_go(unfinished, held)
                try:
                    if (folder / str(version)).exists():
                        raise FileExistsError
                    unfinished.rename(folder / str(version))
                except OSError:
                    # Somebody else took the number between the look and the rename: theirs stays, ours is the next.
                    if not (folder / str(version)).exists():
                        raise
                    version += 1
                    continue
                sync_folder(folder)
                # The study's folder may be new as well.
                sync_folder(folder.parent)
                return version
        except OSError as error:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise Unavailable(
                f"The model can't be saved in {folder}: {error.strerror or error}. Nothing was registered. "
                "Make room there or make the folder writable, or set FLORA_MODELS."
            ) from error

    def content(self, study: str, version: int, name: str, sha256: str, *, fresh: bool = False) -> bytes:
        """Read and compare."""
        path = self._root / study / str(version) / name
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ArtifactRefused(
                way_out(f"{path} of model version {version} can't be read: {error.strerror}.")
            ) from error
        if hashlib.sha256(content).hexdigest() != sha256:
            raise ArtifactRefused(
                way_out(f"{path} is not the file that was registered as version {version}, and was not loaded.")
            )
        return content

    def open_file(self, study: str, version: int, name: str) -> BinaryIO:
        """Open it."""
        return open(self._root / study / str(version) / name, "rb")

    def take_in(self, study: str, folder: Path) -> None:
        """Move the folder."""
        self._root.mkdir(parents=True, exist_ok=True)
        shutil.move(folder, self._root / study)
        sync_folder(self._root)

    def delete_study(self, study: str) -> None:
        """Delete the folder."""
        shutil.rmtree(self._root / study, ignore_errors=True)

    def remove(self, study: str, version: int) -> None:
        """Delete the folder."""
        shutil.rmtree(self._root / study / str(version), ignore_errors=True)

    def mark_unregistered(self, study: str, numbers: Iterable[int]) -> None:
        """A file in the folder of each."""
        for version in numbers:
            if (self._root / study / str(version)).is_dir():
                (self._root / study / str(version) / UNREGISTERED).touch()

    def mark_registered(self, study: str, numbers: Iterable[int]) -> None:
        """Delete that file."""
        for version in numbers:
            with contextlib.suppress(OSError):
                (self._root / study / str(version) / UNREGISTERED).unlink()

    def delete_removed(self, study: str, numbers: Iterable[int]) -> None:
        """Each folder goes under another name first, so that its number is free."""
        folder = self._root / study
        for version in numbers:
            away = folder / f"{_UNFINISHED}{uuid.uuid4().hex}"
            try:
                (folder / str(version)).rename(away)
            except OSError:
                continue
            shutil.rmtree(away, ignore_errors=True)
        with contextlib.suppress(OSError):
            # It stays where another process has begun to fill it.
            folder.rmdir()

    def studies(self) -> list[str]:
        """The folders."""
        return sorted(entry.name for entry in self._root.iterdir() if entry.is_dir()) if self._root.is_dir() else []

    def leftovers(self, study: str, registered: set[int]) -> list[str]:
        """Folders that no registered version owns."""
        folder = self._root / study
        if not folder.is_dir():
            return []
        names = (entry.name for entry in folder.iterdir() if entry.is_dir())
        return sorted(name for name in names if not (name.isdecimal() and int(name) in registered))

    def delete_leftovers(self, study: str, registered: set[int], seconds: float) -> int:
        """Unfinished folders, and those with a number that no row will ever have."""
        deleted = 0
        for name in self.leftovers(study, registered):
            left = self._root / study / name
            if not (
                name.startswith(_UNFINISHED)
                or (name.isdecimal() and int(name) < max(registered, default=0))
                or (name.isdecimal() and (left / UNREGISTERED).exists())
            ):
                continue
            if is_abandoned(left, seconds):
                shutil.rmtree(left, ignore_errors=True)
                deleted += 1
        return deleted
