"""Columns that a person matched with measurements, for the next file with the same header."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import delete, insert, select

from flora_core.storage.database import Database
from flora_core.storage.schema import matched_columns


class ColumnMappings:
    """What was said of headers; the newest word counts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, study: str, header_sha256: str, document: str, by: str) -> None:
        """Keep what was said of a header, in place of what was said before; one transaction."""
        with self._database.write() as connection:
            connection.execute(
                delete(matched_columns).where(
                    matched_columns.c.study == study, matched_columns.c.header_sha256 == header_sha256
                )
            )
            connection.execute(
                insert(matched_columns).values(
                    study=study, header_sha256=header_sha256, document=document, at=datetime.now(UTC), by=by
                )
            )

    def all_of(self, study: str) -> dict[str, str]:
        """{checksum of a header: what was said of it} of a study."""
        with self._database.read() as connection:
            found = connection.execute(
                select(matched_columns.c.header_sha256, matched_columns.c.document).where(
                    matched_columns.c.study == study
                )
            )
            return {str(row.header_sha256): str(row.document) for row in found}

    def find(self, study: str, header_sha256: str) -> str | None:
        """What was said of a header, or None."""
        with self._database.read() as connection:
            return connection.execute(
                select(matched_columns.c.document).where(
                    matched_columns.c.study == study, matched_columns.c.header_sha256 == header_sha256
                )
            ).scalar()
