"""What a challenger said in the shadow of the champion, from the columns it was written to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import case, func, select

from flora_core.determination import AT_RANDOM, GivenName
from flora_core.storage.database import Database
from flora_core.storage.records.determinations import given_name_of
from flora_core.storage.records.newest_slips import having_slip_from, newest_slips
from flora_core.storage.schema import determinations, identifications, recordings

#: Determined plants that are looked at, the newest.
_MOST: Final = 20_000
#: Stands for "fits no species" among the places of species.
NO_SPECIES: Final = -1


@dataclass(frozen=True, slots=True)
class ShadowCount:
    """So many plants of which one version said one thing and the challenger another, by the places of species; -1: none."""

    said: int
    shadow: int
    plants: int


@dataclass(frozen=True, slots=True)
class ShadowedPlant:
    """A determined plant that chance chose: what both versions said of it, and what it is."""

    said: int
    shadow: int
    given: GivenName


def shadow_counts(database: Database, study: str, champion: int, challenger: int) -> tuple[ShadowCount, ...]:
    """How often each pair of answers came, most plants first; one pass over what both were asked about."""
    said = case((identifications.c.possible == "", NO_SPECIES), else_=identifications.c.species)
    statement = (
        select(said.label("said"), identifications.c.shadow_species.label("shadow"), func.count().label("plants"))
        .join(recordings, recordings.c.id == identifications.c.recording)
        .where(
            recordings.c.study == study,
            recordings.c.version == champion,
            recordings.c.shadow_version == challenger,
            recordings.c.complete,
            identifications.c.shadow_species.is_not(None),
        )
        .group_by(said, identifications.c.shadow_species)
        .order_by(func.count().desc())
    )
    with database.read() as connection:
        return tuple(ShadowCount(row.said, row.shadow, row.plants) for row in connection.execute(statement))


def shadowed_at_random(
    database: Database, study: str, champion: int, challenger: int, level: int
) -> tuple[ShadowedPlant, ...]:
    """The determined plants that chance chose, of those that both versions were asked about, newest first."""
    said = case((identifications.c.possible == "", NO_SPECIES), else_=identifications.c.species)
    slip = (determinations.c.answer, determinations.c.name, determinations.c.other)
    columns = (said.label("said"), identifications.c.shadow_species.label("shadow"), *slip)
    statement = (
        newest_slips(level, None, *columns)
        .where(
            recordings.c.study == study,
            recordings.c.version == champion,
            recordings.c.shadow_version == challenger,
            recordings.c.complete,
            identifications.c.shadow_species.is_not(None),
            *having_slip_from(AT_RANDOM),
        )
        .limit(_MOST)
    )
    with database.read() as connection:
        rows = connection.execute(statement).all()
    return tuple(ShadowedPlant(row.said, row.shadow, given_name_of(row.answer, row.name, row.other)) for row in rows)
