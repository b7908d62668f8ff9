"""Files under one address: a folder of this machine, or a bucket of an object store, behind the same few questions.

A file appears whole or not at all, in both. Where a bucket is reached, and with which keys, is read from the environment that
every S3 client reads (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL), so that no secret of a store
stands among this program's own settings.

References
----------
Conditional writes: If-None-Match, RFC 9110, section 13.1.2.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

from flora_core.durable_files import appearing_whole, sync_folder
from flora_core.errors import Conflict, Refused, Unavailable, Unknown, WrongSetting

#: What the addresses of object stores begin with.
SCHEMES: Final = ("s3://", "gs://", "az://")
_PIECE: Final = 1 << 20
#: Bytes that are put by one request, held in memory for it; larger files go in pieces.
_ONE_PUT: Final = 256 << 20


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file below an address.

    Attributes
    ----------
    name : str
        Below the address, with "/" between folders.
    size : int
        Bytes.
    mark : str
        Changes with the content: the store's own tag of it, or the time of its last change.
    changed : float
        When it was last changed, in seconds since 1970 by the store's clock.
    """

    name: str
    size: int
    mark: str
    changed: float = 0.0


class ObjectFiles(Protocol):
    """The files below one address."""

    def files(self, folder: str = "") -> list[StoredFile]:
        """All of them, or all below one of their folders, by name; none where there is no such folder."""

    def open(self, name: str) -> BinaryIO:
        """A file to be read, which can be sought; closed by the caller. Raises Unknown where there is none."""

    def put(self, name: str, content: BinaryIO, *, new: bool = False) -> None:
        """Write a file from a stream's beginning: whole, or not at all. Raises Conflict where `new` and it is there already."""

    def delete(self, name: str) -> None:
        """Delete a file; nothing where there is none."""


def is_remote(address: str) -> bool:
    """Whether an address is one of an object store."""
    return address.startswith(SCHEMES)


def files_below(address: str) -> ObjectFiles:
    """The files below an address.

    Parameters
    ----------
    address : str
        A folder, or "s3://bucket/prefix", "gs://…", "az://…".

    Raises
    ------
    WrongSetting
        obstore is not installed, or the address is none.
    """
    return _Bucket(address) if is_remote(address) else _Folder(Path(address))


class _Folder:
    def __init__(self, root: Path) -> None:
        self._root = root

    def files(self, folder: str = "") -> list[StoredFile]:
        found = []
        with _clear(str(self._root)):
            for path in sorted((self._path(folder) if folder else self._root).rglob("*")):
                name = path.relative_to(self._root).as_posix()
                if path.is_file() and not any(part.startswith(".") for part in name.split("/")):
                    status = path.stat()
                    found.append(StoredFile(name, status.st_size, str(status.st_mtime_ns), status.st_mtime))
        return found

    def open(self, name: str) -> BinaryIO:
        with _clear(name):
            return open(self._path(name), "rb")

    def put(self, name: str, content: BinaryIO, *, new: bool = False) -> None:
        target = self._path(name)
        content.seek(0)
        with _clear(str(target)):
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
            except FileExistsError:
                raise NotADirectoryError(errno.ENOTDIR, f"{target.parent} is a file, not a folder") from None
            if not new:
                with appearing_whole(target) as stream:
                    shutil.copyfileobj(content, stream, _PIECE)
                return
            # A link fails where the name is taken, which a rename does not.
            with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=target.parent) as folder:
                whole = Path(folder) / target.name
                with appearing_whole(whole) as stream:
                    shutil.copyfileobj(content, stream, _PIECE)
                os.link(whole, target)
            sync_folder(target.parent)

    def delete(self, name: str) -> None:
        with _clear(name):
            self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._root.joinpath(*_parts(name))


class _Bucket:
    def __init__(self, address: str) -> None:
        try:
            import obstore
            import obstore.exceptions
            from obstore.store import from_url
        except ImportError:
            raise WrongSetting(
                f"{address} is in an object store, and obstore is not installed here. Install it "
                "(pip install 'flora-classification[object-storage]'), or name a folder."
            ) from None
        self._address, self._obstore = address, obstore
        endpoint = os.environ.get("AWS_ENDPOINT_URL", os.environ.get("AWS_ENDPOINT", ""))
        try:
            self._store: Any = from_url(address, client_options={"allow_http": endpoint.startswith("http://")})
        except (obstore.exceptions.BaseError, ValueError) as error:
            raise WrongSetting(f"{address} is no address of an object store: {_first_line(error)}.") from None

    def files(self, folder: str = "") -> list[StoredFile]:
        prefix = "/".join(_parts(folder)) if folder else None
        with _clear(self._address):
            found = [one for some in self._obstore.list(self._store, prefix=prefix) for one in some]
        kept = [
            StoredFile(
                one["path"], one["size"], str(one["e_tag"] or one["last_modified"]), one["last_modified"].timestamp()
            )
            for one in found
        ]
        return sorted((one for one in kept if one.name), key=lambda one: one.name)

    def open(self, name: str) -> BinaryIO:
        # Readers go to and fro in a file; a copy on the disk costs one request, whatever they do.
        path = "/".join(_parts(name))
        copy = tempfile.TemporaryFile()  # noqa: SIM115  closed by the caller
        try:
            with _clear(name):
                for piece in self._obstore.get(self._store, path).stream(min_chunk_size=_PIECE):
                    copy.write(bytes(piece))
        except BaseException:
            copy.close()
            raise
        copy.seek(0)
        return copy

    def put(self, name: str, content: BinaryIO, *, new: bool = False) -> None:
        content.seek(0)
        path = "/".join(_parts(name))
        with _clear(f"{self._address}/{name}"):
            size = content.seek(0, os.SEEK_END)
            content.seek(0)
            if new and size <= _ONE_PUT:
                self._obstore.put(self._store, path, content.read(), mode="create", use_multipart=False)
            elif new:
                # A file in several pieces can't be put on a condition: look whether the name is taken.
                if self._is_there(path):
                    raise FileExistsError
                self._obstore.put(self._store, path, content)
            else:
                self._obstore.put(self._store, path, content)

    def _is_there(self, path: str) -> bool:
        try:
            self._obstore.head(self._store, path)
        except FileNotFoundError:
            return False
        return True

    def delete(self, name: str) -> None:
        with _clear(name):
            try:
                self._obstore.delete(self._store, "/".join(_parts(name)))
            except FileNotFoundError:
                return


def _parts(name: str) -> list[str]:
    """The folders and the name of a file, none of which leads anywhere else."""
    parts = name.split("/")
    if not all(part and part not in (".", "..") and "\\" not in part and "\0" not in part for part in parts):
        raise Refused(f"'{name[:100]}' is no name of a file below an address.")
    return parts


@contextmanager
def _clear(what: str) -> Iterator[None]:
    """Errors of a disk or a store in the program's own words."""
    try:
        yield
    except FileNotFoundError:
        raise Unknown(f"{what} is not there.") from None
    except FileExistsError:
        raise Conflict(f"{what} is there already.") from None
    except OSError as error:
        raise Unavailable(f"{what} can't be used: {error.strerror or error}.") from error
    except Exception as error:
        if not type(error).__module__.startswith("obstore"):
            raise
        if type(error).__name__ == "AlreadyExistsError":
            raise Conflict(f"{what} is there already.") from None
        raise Unavailable(f"{what} can't be used: {_first_line(error)}.") from error


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".")[:300]
