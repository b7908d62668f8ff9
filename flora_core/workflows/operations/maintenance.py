"""What an operator does to an installation: back it up, restore it."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from typing import Final

from flora_core.access import UseCase
from flora_core.errors import FloraError
from flora_core.progress import Progress, no_progress
from flora_core.settings import Settings
from flora_core.storage.database import Database
from flora_core.storage.files import backup
from flora_core.storage.files.backup import BackedUp, delete_stale_backup_files
from flora_core.storage.transfer import Moved, copy_database
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext

_log: Final = logging.getLogger("flora")


@use_case(UseCase.MAINTAIN)
def sweep(context: AppContext) -> None:
    """Delete what killed processes left behind (recordings, versions, backups), and results kept long enough.

    Done beside other work, a little at a time; what can't be swept now is swept another day.
    """
    try:
        recordings = context.records.sweep()
        results = context.batches.sweep(timedelta(hours=context.settings.keep_results_hours))
        versions = context.registry.sweep()
        folders = delete_stale_backup_files(context.database)
    except FloraError as error:
        _log.warning("not swept up: %s", error.message)
        return
    if recordings or results or versions or folders:
        _log.info(
            "swept up %d unfinished recordings and %d old results; %d unfinished versions and %d folders",
            recordings,
            results,
            versions,
            folders,
        )


@use_case(UseCase.MAINTAIN)
def upgrade_database(context: AppContext) -> tuple[str | None, str]:
    """Bring the database to this version's schema; the migrations before, None where it was empty, and after."""
    return context.database.migrate()


@use_case(UseCase.BACK_UP)
def back_up(context: AppContext, target: Path | str) -> BackedUp:
    """Write database and models to one file, while they may be used; raises as `storage.backup.back_up` does."""
    return backup.write_backup(context.database, context.registry.files, target)


@use_case(UseCase.BACK_UP)
def move_records(context: AppContext, address: str, progress: Progress = no_progress) -> Moved:
    """Copy all records into the empty database at `address` and compare; raises as `storage.transfer.copy_database` does."""
    checked = Settings(database_url=address, _env_file=None)
    target = Database(checked.database_url)
    try:
        return copy_database(context.database, target, progress)
    finally:
        target.close()


@use_case(UseCase.BACK_UP)
def restore(context: AppContext, source: Path | str) -> BackedUp:
    """Make database and models from a backup, where none are; raises as `storage.backup.restore` does."""
    return backup.restore_backup(source, context.database, context.registry.files)
