"""What an operator does to the house itself: back it up, restore it."""

from __future__ import annotations

from pathlib import Path

from flora_core.storage import backup
from flora_core.storage.backup import BackedUp
from flora_core.workflows.house import House


def back_up(house: House, target: Path) -> BackedUp:
    """Write database and models to one file, while they may be used; raises as `storage.backup.back_up` does."""
    return backup.back_up(house.database, house.settings.models, target)


def restore(house: House, source: Path) -> BackedUp:
    """Make database and models from a backup, where none are; raises as `storage.backup.restore` does."""
    return backup.restore(source, house.database, house.settings.models)
