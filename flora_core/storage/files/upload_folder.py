"""A folder for one visitor's table: a folder of its own, whose name nobody can guess, that goes when the visitor does."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path
from typing import BinaryIO, Final

from filelock import FileLock

from flora_core.errors import Unavailable
from flora_core.storage.files.held_folder import hold, is_abandoned

_PREFIX: Final = "flora-upload-"
#: Folders of processes that were killed are removed after so many seconds.
_LEFT_BEHIND: Final = 24 * 3600.0


class UploadFolder:
    """Files under names of ours; none of a visitor's words becomes a path."""

    def __init__(self) -> None:
        try:
            self._folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        except OSError as error:
            raise Unavailable(
                f"No room for a table: {error.strerror or error}. Make room in the temporary folder."
            ) from error
        # Removed with the object: when a visitor's session ends, or the program does.
        self._removed = weakref.finalize(self, _remove, self._folder, hold(self._folder))

    def save(self, name: str, content: BinaryIO) -> int:
        """Save a file in the folder; its size in bytes.

        Raises
        ------
        Unavailable
            The disk is full.
        """
        try:
            with open(self._folder / name, "wb") as file:
                shutil.copyfileobj(content, file, 1 << 20)
                return file.tell()
        except OSError as error:
            raise Unavailable(
                f"The table can't be kept: {error.strerror or error}. Make room in the temporary folder."
            ) from error

    def open_read(self, name: str) -> BinaryIO:
        """A file of the folder, to be read."""
        return open(self._folder / name, "rb")

    def open_write(self, name: str) -> BinaryIO:
        """A new file in the folder."""
        return open(self._folder / name, "w+b")

    def path(self, name: str) -> str:
        """Where a file lies, for a reader that maps it into memory."""
        return str(self._folder / name)

    def clear(self) -> None:
        """Take everything away."""
        self._removed()


def _remove(folder: Path, lock: FileLock) -> None:
    lock.release(force=True)
    shutil.rmtree(folder, ignore_errors=True)


def delete_stale_upload_folders() -> int:
    """Remove the folders that killed processes left behind; how many that was."""
    old = [folder for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*") if is_abandoned(folder, _LEFT_BEHIND)]
    for folder in old:
        shutil.rmtree(folder, ignore_errors=True)
    return len(old)
