"""One file that holds a whole installation, database and models, taken while the program runs; and its restoration.

For SQLite. A PostgreSQL server has its own tools for this (docs/operations.md).
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flora_core.durable_files import appearing_whole, sync_folder, write_durably, write_through
from flora_core.errors import Conflict, Refused, Unavailable
from flora_core.storage.database import HEAD, Database, restore_journal
from flora_core.storage.files.held_folder import hold, is_abandoned

_DATABASE: Final = "flora.db"
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


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What a backup holds: the migration its database is at, how many versions, and bytes before packing."""

    migration: str
    versions: int
    size: int


def write_backup(database: Database, models: Path, target: Path) -> BackedUp:
    """Write a backup; the program may be used and written to meanwhile. A whole file appears, or nothing.

    The database is copied first, as it is at one moment. A version's files are there before its row is, so every version
    that the copy knows of finds its files.

    Raises
    ------
    Refused
        The database is not SQLite, or the file exists.
    Unavailable
        A file can't be read or written; nothing is left behind.
    """
    source = database.path
    if source is None:
        raise Refused(
            "This database is not a file. Back it up with pg_dump first, then copy the models folder (docs/operations.md)."
        )
    if target.exists():
        raise Refused(f"{target} exists; a backup never replaces another. Choose a new name.")
    if not source.exists():
        raise Unavailable(f"The database {source} is not there; there is nothing to back up.")
    try:
        with tempfile.TemporaryDirectory(prefix=_COPYING) as folder, hold(Path(folder)):
            copy = Path(folder) / _DATABASE
            with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(copy)) as copied:
                live.backup(copied)
                # A single file, with nothing beside it that would have to be packed too.
                copied.execute("PRAGMA journal_mode = DELETE")
                migration = copied.execute("SELECT version_num FROM alembic_version").fetchone()[0]
                versions = copied.execute("SELECT study, version FROM versions").fetchall()
            sums: dict[str, str] = {}
            with appearing_whole(target) as written, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
                size = _pack(archive, copy, _DATABASE, sums)
                for study, version in versions:
                    for name in sorted(_FILES):
                        path = models / study / str(version) / name
                        size += _pack(archive, path, f"{_MODELS}{study}/{version}/{name}", sums)
                archive.writestr(
                    _LIST, json.dumps({"format": _FORMAT, "migration": migration, "sha256": sums}, indent=1)
                )
    except (OSError, sqlite3.Error) as error:
        raise Unavailable(f"The backup {target} can't be written: {error}. Nothing was left behind.") from error
    return BackedUp(migration, len(versions), size)


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


def restore_backup(source: Path, database: Database, models: Path) -> BackedUp:
    """Restore an installation from a backup where there is none; every file is compared with its checksum first.

    Raises
    ------
    Refused
        It is no backup, or was changed or cut short; nothing was written.
    Conflict
        A database or models are there already. What a restore that was stopped half-way left is no hindrance: it is undone.
    Unavailable
        A file can't be written.
    """
    place = database.path
    if place is None:
        raise Refused("This database is not a file. Restore it with pg_restore or psql (docs/operations.md).")
    if place.exists():
        raise Conflict(
            f"There is a database at {place} already. Move it away, or restore to another FLORA_DATABASE_URL."
        )
    _undo_half_restored(place, models)
    if models.is_dir() and any(entry.is_dir() for entry in models.iterdir()):
        raise Conflict(f"There are models in {models} already. Move them away, or restore to another FLORA_MODELS.")
    try:
        with (
            _opened(source) as (archive, listed),
            tempfile.TemporaryDirectory(prefix=_RESTORING, dir=_made(place.parent)) as folder,
            hold(Path(folder)),
        ):
            size = 0
            for name, expected in listed["sha256"].items():
                size += _unpack(archive, name, Path(folder) / name, expected)
            versions = 0
            studies = sorted((Path(folder) / _MODELS).glob("*"))
            # From here on there are parts of an installation; whoever is stopped now leaves word of what is to be undone.
            journal = restore_journal(place)
            moved = {"models": str(models.resolve()), "studies": [s.name for s in studies]}
            write_durably(journal, json.dumps(moved).encode())
            sync_folder(journal.parent)
            for study in studies:
                versions += sum(1 for _ in study.iterdir())
                shutil.move(study, _made(models) / study.name)
            sync_folder(models)
            # The database last: where there is one, everything it speaks of is there.
            (Path(folder) / _DATABASE).replace(place)
            sync_folder(place.parent)
            journal.unlink(missing_ok=True)
            return BackedUp(str(listed["migration"]), versions, size)
    except OSError as error:
        raise Unavailable(f"The backup can't be restored to {place.parent} and {models}: {error}.") from error


def _undo_half_restored(place: Path, models: Path) -> None:
    """Take away what a restore that was stopped half-way left: the studies it had moved, and its folder."""
    journal = restore_journal(place)
    if not journal.exists():
        return
    try:
        kept = json.loads(journal.read_text())
        studies = [name for name in kept["studies"] if isinstance(name, str) and _STUDY.fullmatch(name)]
        there = Path(kept["models"])
    except (OSError, ValueError, KeyError, TypeError):
        # The word itself was not finished: nothing was moved yet.
        studies, there = [], models
    for name in studies:
        shutil.rmtree(there / name, ignore_errors=True)
    for folder in place.parent.glob(f"{_RESTORING}*"):
        shutil.rmtree(folder, ignore_errors=True)
    journal.unlink(missing_ok=True)


@contextmanager
def _opened(source: Path) -> Iterator[tuple[zipfile.ZipFile, dict[str, dict[str, str]]]]:
    try:
        with zipfile.ZipFile(source) as archive:
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
            if _DATABASE not in names or not all(_ours(name) for name in names):
                raise Refused(f"{source} is no backup of this program: it holds other files.")
            yield archive, listed
    except zipfile.BadZipFile:
        raise Refused(f"{source} is no backup, or was cut short.") from None
    except OSError as error:
        raise Refused(f"{source} can't be read: {error.strerror or error}.") from None


def _ours(name: str) -> bool:
    """Whether a name of the list stays inside the folder it is written to."""
    parts = name.split("/")
    if name == _DATABASE:
        return True
    if len(parts) != 4:
        return False
    top, study, version, file = parts
    return top == "models" and _STUDY.fullmatch(study) is not None and version.isdecimal() and file in _FILES


def _pack(archive: zipfile.ZipFile, path: Path, name: str, sums: dict[str, str]) -> int:
    digest, size = hashlib.sha256(), 0
    with open(path, "rb") as content, archive.open(name, "w", force_zip64=True) as packed:
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
