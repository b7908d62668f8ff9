"""A bounded sample of what a version identified in some days, as arrays: evenly from all of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import func, select

from flora_core.model import Bools, Floats, Ints
from flora_core.storage.database import Database
from flora_core.storage.records.identifications import identified_between, select_recorded
from flora_core.storage.schema import identifications, recordings


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Recorded plants, newest first.

    Attributes
    ----------
    values : (n, p) float
        As used; NaN where not measured.
    probabilities : (n, k) float
    species : (n,) int
        The likeliest.
    fits : (n,) bool
    at : list of datetime
    collectors, sites, sources : list of str
        "" where not known.
    """

    values: Floats
    probabilities: Floats
    species: Ints
    fits: Bools
    at: list[datetime]
    collectors: list[str]
    sites: list[str]
    sources: list[str]

    def __len__(self) -> int:
        return len(self.species)


class Samples:
    """Reads only; never more rows than asked for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def systematic(
        self, study: str, version: int, since: datetime | None = None, until: datetime | None = None, most: int = 2000
    ) -> Sample:
        """Plants that a version identified, from `since` on and before `until`, newest first: all of them, or one in so many.

        One in so many of each table and of plants recorded one by one, and not the last ones: tables are often sorted by
        species or site. The same plants give the same sample.

        Parameters
        ----------
        most : int
            How many at most.
        """
        of_version = (recordings.c.study == study, recordings.c.version == version, recordings.c.complete)
        wanted = [*of_version, *identified_between(since, until)]
        with self._database.read() as connection:
            plants = connection.execute(
                select(func.coalesce(func.sum(recordings.c.plants), 0)).where(*wanted)
            ).scalar_one()
            step = -(-int(plants) // most)
            if step > 1:
                wanted.append((identifications.c.row + identifications.c.recording) % step == 0)
            rows = connection.execute(
                select_recorded(
                    identifications.c.used,
                    identifications.c.probabilities,
                    identifications.c.species,
                    identifications.c.possible,
                    recordings.c.at,
                    func.coalesce(identifications.c.own_collector, recordings.c.collector).label("collector"),
                    func.coalesce(identifications.c.own_site, recordings.c.site).label("site"),
                    recordings.c.source,
                )
                .where(*wanted)
                .order_by(recordings.c.at.desc(), recordings.c.id.desc(), identifications.c.row.desc())
                .limit(most)
            ).all()
        values = [[np.nan if v is None else v for v in json.loads(row.used)] for row in rows]
        return Sample(
            values=np.array(values, dtype=np.float64).reshape(len(rows), -1 if rows else 0),
            probabilities=np.array([json.loads(row.probabilities) for row in rows], dtype=np.float64),
            species=np.array([row.species for row in rows], dtype=np.int64),
            fits=np.array([row.possible != "" for row in rows], dtype=bool),
            at=[row.at for row in rows],
            collectors=[row.collector or "" for row in rows],
            sites=[row.site or "" for row in rows],
            sources=[row.source for row in rows],
        )
