"""What people know of a verdict: why the plants are not as they were, and what had been found when they wrote it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import insert, select

from flora_core.storage.database import Database
from flora_core.storage.schema import acknowledgements


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A person's word for why a verdict is as it is.

    Attributes
    ----------
    verdict : str
        As it was then.
    findings : frozenset of str
        What had been found; anything else is new.
    why, by : str
    at : datetime
    """

    verdict: str
    findings: frozenset[str]
    why: str
    by: str
    at: datetime


class Acknowledgements:
    """Those of all studies; only ever added."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, study: str, verdict: str, findings: frozenset[str], why: str, by: str) -> None:
        """Keep a person's word."""
        with self._database.write() as connection:
            connection.execute(
                insert(acknowledgements).values(
                    study=study,
                    verdict=verdict,
                    findings=json.dumps(sorted(findings), ensure_ascii=False),
                    why=why,
                    by=by,
                    at=datetime.now(UTC),
                )
            )

    def newest(self, study: str) -> Acknowledgement | None:
        """The newest of a study, or None."""
        with self._database.read() as connection:
            row = connection.execute(
                select(acknowledgements)
                .where(acknowledgements.c.study == study)
                .order_by(acknowledgements.c.id.desc())
                .limit(1)
            ).first()
        if row is None:
            return None
        return Acknowledgement(row.verdict, frozenset(json.loads(row.findings)), row.why, row.by, row.at)
