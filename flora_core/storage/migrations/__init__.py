"""Alembic migrations, from the first table on, so that no upgrade loses a record."""

from __future__ import annotations

from pathlib import Path

from alembic.command import upgrade as _upgrade
from alembic.config import Config
from sqlalchemy import Connection


def configuration() -> Config:
    """Alembic's configuration; there is no alembic.ini, the program itself migrates."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring the database behind the connection to the newest migration, inside the connection's transaction."""
    config = configuration()
    config.attributes["connection"] = connection
    _upgrade(config, revision)
