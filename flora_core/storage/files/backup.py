"""One file that holds a whole installation, database and models, taken while the program runs; and its restoration.

SQLite is copied by its own means, PostgreSQL by `pg_dump` and `pg_restore`. The file lies in a folder or in an object store.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from flora_core.durable_files import appearing_whole, sync_folder, write_durably, write_through
from flora_core.errors import Conflict, Refused, Unavailable, Unknown
from flora_core.storage.database import HEAD, Database, restore_journal
from flora_core.storage.files.held_folder import hold, is_abandoned
from flora_core.storage.files.object_files import files_below, is_remote
from flora_core.storage.files.postgresql_dump import dump_database, is_empty, load_database
from flora_core.storage.registry.version_store import VersionStore, version_store

_DATABASE: Final = "flora.db"
_DUMP: Final = "flora.dump"
_MODELS: Final = "models/"
_LIST: Final = "backup.json"
_RESTORING: Final = ".restoring-"
_COPYING: Final = "flora-backup-"
#: Seconds after which what a process left in a folder is nobody's any more.
_NOBODYS: Final = 24 * 3600.0
_FORMAT: Final = 1
_PIECE: Final = 1 << 20
_STUDY: Final = re.compile(r"[a-z0-9][a-z0-9_]{0,63}")
_FILES: Final = ("model.joblib", "card.json")
#: Said by the command and in the backup itself, so that whoever finds it knows how to keep it.
HELD: Final = (
    "all records with the names of people and places in them, who may sign in, "
    "hashes of tokens, the audit trail, the models"
)


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What a backup holds: the migration its database is at, how many versions, and bytes before packing."""

    migration: str
    versions: int
    size: int


def write_backup(database: Database, files: VersionStore, target: Path | str) -> BackedUp:
    """Write a backup; the program may be used and written to meanwhile. A whole file appears, or nothing.

    The database is copied first, as it is at one moment. A version's files are there before its row is, so every version
    that the copy knows of finds its files.

    Parameters
    ----------
    target : Path or str
        A file, or its address in an object store ("s3://bucket/flora.zip").

    Raises
    ------
    Refused
        The file exists.
    Unavailable
        A file can't be read or written; nothing is left behind.
    """
    source = database.path
    if source is not None and not source.exists():
        raise Unavailable(f"The database {source} is not there; there is nothing to back up.")
    place, name = _place_of(target)
    if not is_remote(place) and Path(target).exists():
        raise Refused(f"{target} exists; a backup never replaces another. Choose a new name.")
    try:
        with tempfile.TemporaryDirectory(prefix=_COPYING) as folder, hold(Path(folder)):
            if source is not None:
                packed_as = _DATABASE
                migration, versions = _copy_sqlite(source, Path(folder) / packed_as)
            else:
                packed_as = _DUMP
                migration, versions = dump_database(database, Path(folder) / packed_as)
            with _new_file(place, name) as written:
                size = _write_archive(written, Path(folder) / packed_as, files, migration, versions)
    except (OSError, sqlite3.Error, Unknown) as error:
        words = error.message if isinstance(error, Unknown) else error
        raise Unavailable(f"The backup {target} can't be written: {words}. Nothing was left behind.") from error
    except Conflict:
        raise Refused(f"{target} exists; a backup never replaces another. Choose a new name.") from None
    return BackedUp(migration, len(versions), size)


def _copy_sqlite(source: Path, copy: Path) -> tuple[str, list[tuple[str, int]]]:
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(copy)) as copied:
        live.backup(copied)
        # A single file, with nothing beside it that would have to be packed too.
        copied.execute("PRAGMA journal_mode = DELETE")
        migration = copied.execute("SELECT version_num FROM alembic_version").fetchone()[0]
        return migration, copied.execute("SELECT study, version FROM versions").fetchall()


def _write_archive(
    written: BinaryIO, copy: Path, files: VersionStore, migration: str, versions: list[tuple[str, int]]
) -> int:
    """Pack the copy of the database and the files of the versions that it knows of; bytes before packing."""
    sums: dict[str, str] = {}
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        with open(copy, "rb") as content:
            size = _pack(archive, content, copy.name, sums)
        for study, version in versions:
            for name in sorted(_FILES):
                with files.open_file(study, version, name) as content:
                    size += _pack(archive, content, f"{_MODELS}{study}/{version}/{name}", sums)
        listed = {"format": _FORMAT, "migration": migration, "holds": HELD, "sha256": sums}
        archive.writestr(_LIST, json.dumps(listed, indent=1))
    return size


def _place_of(target: Path | str) -> tuple[str, str]:
    """The folder or address in which a file lies, and its name there."""
    if not is_remote(str(target)):
        return str(Path(target).parent), Path(target).name
    place, _, name = str(target).rpartition("/")
    if not name or place.count("/") < 2:
        raise Refused(f"{target} names no file; write it like s3://bucket/backups/flora.zip.")
    return place, name


@contextmanager
def _new_file(place: str, name: str) -> Iterator[BinaryIO]:
    """A file that appears whole or not at all."""
    if not is_remote(place):
        with appearing_whole(Path(place) / name) as written:
            # What it holds is nobody's but its owner's to read.
            os.fchmod(written.fileno(), 0o600)
            yield written
        return
    with tempfile.TemporaryFile() as written:
        yield written
        files_below(place).put(name, written, new=True)


def delete_stale_backup_files(database: Database) -> int:
    """Remove what backups and restores left that were stopped half-way, a day ago or more; how many folders that was."""
    places = [(Path(tempfile.gettempdir()), _COPYING)]
    if database.path is not None and not restore_journal(database.path).exists():
        places.append((database.path.parent, _RESTORING))
    removed = 0
    for place, prefix in places:
        for folder in place.glob(f"{prefix}*"):
            if is_abandoned(folder, _NOBODYS):
                shutil.rmtree(folder, ignore_errors=True)
                removed += 1
    return removed


def restore_backup(source: Path | str, database: Database, files: VersionStore) -> BackedUp:
    """Restore an installation from a backup where there is none; every file is compared with its checksum first.

    Parameters
    ----------
    source : Path or str
        A file, or its address in an object store.

    Raises
    ------
    Refused
        It is no backup, is of another kind of database, or was changed or cut short; nothing was written.
    Conflict
        A database or models are there already. What a restore that was stopped half-way left is no hindrance: it is undone.
    Unavailable
        A file can't be written.
    """
    place = database.path
    if place is not None and place.exists():
        raise Conflict(
            f"There is a database at {place} already. Move it away, or restore to another FLORA_DATABASE_URL."
        )
    if place is None and not is_empty(database):
        raise Conflict(
            f"The database {database.description} is not empty. Name an empty one in FLORA_DATABASE_URL "
            "(createdb makes one), and restore to it before the program is started on it."
        )
    journal = _journal(database)
    _undo_half_restored(journal, files)
    if files.studies():
        raise Conflict(
            f"There are models in {files.place} already. Move them away, or restore to another FLORA_MODELS."
        )
    try:
        with (
            _opened(source) as (archive, listed),
            tempfile.TemporaryDirectory(prefix=_RESTORING, dir=_made(journal.parent)) as folder,
            hold(Path(folder)),
        ):
            packed_as = _DATABASE if place is not None else _DUMP
            if packed_as not in listed["sha256"]:
                raise Refused(
                    f"{source} holds a database of {'PostgreSQL' if place is not None else 'SQLite'}. Restore it to one of "
                    "that kind; python -m flora_core move copies that to another."
                )
            size = 0
            for name, expected in listed["sha256"].items():
                size += _unpack(archive, name, Path(folder) / name, expected)
            versions = 0
            studies = sorted((Path(folder) / _MODELS).glob("*"))
            # From here on there are parts of an installation; whoever is stopped now leaves word of what is to be undone.
            moved = {"models": str(Path(files.place).resolve()), "studies": [s.name for s in studies]}
            if is_remote(files.place):
                moved["models"] = files.place
            write_durably(journal, json.dumps(moved).encode())
            sync_folder(journal.parent)
            for study in studies:
                versions += sum(1 for _ in study.iterdir())
                files.take_in(study.name, study)
            # The database last: where there is one, everything it speaks of is there.
            if place is not None:
                (Path(folder) / _DATABASE).replace(place)
                sync_folder(place.parent)
            else:
                _load(database, Path(folder) / _DUMP, journal, files)
            journal.unlink(missing_ok=True)
            return BackedUp(str(listed["migration"]), versions, size)
    except OSError as error:
        raise Unavailable(f"The backup can't be restored to {journal.parent} and {files.place}: {error}.") from error


def _load(database: Database, dump: Path, journal: Path, files: VersionStore) -> None:
    """Fill PostgreSQL, all or nothing; where it can't be filled, the models go again, too."""
    try:
        load_database(database, dump)
    except BaseException:
        _undo_half_restored(journal, files)
        raise


def _journal(database: Database) -> Path:
    """Where word is kept of what is to be undone: beside the database, or, for a server's, where temporary files lie."""
    if database.path is not None:
        return restore_journal(database.path)
    known = hashlib.sha256(database.description.encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"flora-restore-{known}" / "journal"


def _undo_half_restored(journal: Path, files: VersionStore) -> None:
    """Take away what a restore that was stopped half-way left: the studies it had moved, and its folder."""
    if not journal.exists():
        return
    try:
        kept = json.loads(journal.read_text())
        studies = [name for name in kept["studies"] if isinstance(name, str) and _STUDY.fullmatch(name)]
        there = version_store(str(kept["models"]), Path(tempfile.gettempdir()))
    except (OSError, ValueError, KeyError, TypeError):
        # The word itself was not finished: nothing was moved yet.
        studies, there = [], files
    for name in studies:
        there.delete_study(name)
    for folder in journal.parent.glob(f"{_RESTORING}*"):
        shutil.rmtree(folder, ignore_errors=True)
    journal.unlink(missing_ok=True)


@contextmanager
def _opened(source: Path | str) -> Iterator[tuple[zipfile.ZipFile, dict[str, dict[str, str]]]]:
    try:
        with ExitStack() as opened:
            archive = opened.enter_context(zipfile.ZipFile(opened.enter_context(_old_file(source))))
            try:
                listed = json.loads(archive.read(_LIST))
                names = set(listed["sha256"])
                known = listed["format"] == _FORMAT and str(listed["migration"]) <= HEAD
            except (KeyError, TypeError, ValueError):
                raise Refused(f"{source} is no backup of this program: it has no list of its files.") from None
            if not known:
                raise Refused(
                    f"{source} was written by a newer program (migration {listed.get('migration')}). Run that one."
                )
            if not names & {_DATABASE, _DUMP} or not all(_ours(name) for name in names):
                raise Refused(f"{source} is no backup of this program: it holds other files.")
            yield archive, listed
    except zipfile.BadZipFile:
        raise Refused(f"{source} is no backup, or was cut short.") from None
    except OSError as error:
        raise Refused(f"{source} can't be read: {error.strerror or error}.") from None
    except Unknown as error:
        raise Refused(f"{source} can't be read: {error.message}") from None


def _old_file(source: Path | str) -> BinaryIO:
    if not is_remote(str(source)):
        return open(source, "rb")
    place, name = _place_of(source)
    return files_below(place).open(name)


def _ours(name: str) -> bool:
    """Whether a name of the list stays inside the folder it is written to."""
    parts = name.split("/")
    if name in (_DATABASE, _DUMP):
        return True
    if len(parts) != 4:
        return False
    top, study, version, file = parts
    return top == "models" and _STUDY.fullmatch(study) is not None and version.isdecimal() and file in _FILES


def _pack(archive: zipfile.ZipFile, content: BinaryIO, name: str, sums: dict[str, str]) -> int:
    digest, size = hashlib.sha256(), 0
    with archive.open(name, "w", force_zip64=True) as packed:
        while piece := content.read(_PIECE):
            digest.update(piece)
            packed.write(piece)
            size += len(piece)
    sums[name] = digest.hexdigest()
    return size


def _unpack(archive: zipfile.ZipFile, name: str, target: Path, expected: str) -> int:
    digest, size = hashlib.sha256(), 0
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with archive.open(name) as packed, open(target, "wb") as written:
            while piece := packed.read(_PIECE):
                digest.update(piece)
                written.write(piece)
                size += len(piece)
            write_through(written)
    except KeyError:
        raise Refused(f"The backup is not whole: {name} is missing. Nothing was restored.") from None
    if digest.hexdigest() != expected:
        raise Refused(f"The backup was changed or damaged: {name} is not what was packed. Nothing was restored.")
    return size


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
