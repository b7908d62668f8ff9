"""Model versions and what happened to them: registered, promoted, rolled back, retired.

Saving and promoting are two steps. A version never changes; an event is only ever appended, and which version is the
champion is read from the events alone. There is no way to take a version out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

from sqlalchemy import Connection, Row, bindparam, exists, insert, literal_column, or_, select
from sqlalchemy.exc import IntegrityError

from flora_core.errors import ArtifactRefused, Conflict, Unknown
from flora_core.model import Model, ModelCard
from flora_core.storage.database import Database
from flora_core.storage.registry.artifacts import Checksums, check_version, read_card, read_version, save_version
from flora_core.storage.registry.version_store import version_store
from flora_core.storage.schema import events, studies, versions

Kind = Literal["registered", "promoted", "rolled back", "retired", "watching", "stopped watching"]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a version: what, when, by whom, why.

    Attributes
    ----------
    gate : str
        What the gate said of a promotion; "" where it was not asked.
    overruled : bool
        Whether the version was promoted although the gate was shut.
    """

    study: str
    version: int
    kind: Kind
    at: datetime
    by: str
    why: str
    gate: str = ""
    overruled: bool = False


@dataclass(frozen=True, slots=True)
class Version:
    """A row of the registry."""

    study: str
    version: int
    algorithm: str
    checksums: Checksums
    registered_at: datetime
    registered_by: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What looking at one version's files found; `problem` is "" where nothing is wrong."""

    study: str
    version: int
    problem: str


class Registry:
    """The versions of all studies.

    Parameters
    ----------
    database : Database
    models : Path or str
        Where artifacts lie: a folder, or the address of an object store; one folder a study below it.
    cache : Path
        The folder in which copies of what lies in an object store are kept.
    """

    def __init__(self, database: Database, models: Path | str, cache: Path = Path("data/cache")) -> None:
        self._database = database
        self.files: Final = version_store(models, cache)

    def register(self, model: Model, by: str) -> Model:
        """Save a model as a new version, not promoted: its files first, then its row and event in one transaction.

        Returns
        -------
        Model
            The same, with its version on the card.

        Raises
        ------
        Unavailable
            Files or database can't be written; nothing is registered and no file is left.
        """
        study = model.study.name
        first = max((v.version for v in self.versions(study)), default=0) + 1
        while True:
            card, checksums = save_version(self.files, model, first)
            version = card.version or 0
            try:
                with self._database.write() as connection:
                    connection.execute(
                        insert(versions).values(
                            study=study,
                            version=version,
                            algorithm=card.algorithm,
                            artifact_sha256=checksums.artifact,
                            card_sha256=checksums.card,
                            registered_at=datetime.now(UTC),
                            registered_by=by,
                        )
                    )
                    _append(connection, study, version, "registered", by, card.chosen)
            except BaseException as error:
                self.files.remove(study, version)
                if isinstance(error.__cause__, IntegrityError):
                    # Another context with the same database and another models folder took this number.
                    first = version + 1
                    continue
                raise
            self.files.mark_registered(study, [version])
            return replace(model, card=card)

    def promote(
        self,
        study: str,
        version: int,
        by: str,
        why: str,
        *,
        instead_of: int | Literal["any"] | None = "any",
        gate: str = "",
        overruled: bool = False,
    ) -> None:
        """Make a version the champion; compares its files with their checksums first, then appends one event.

        Parameters
        ----------
        instead_of : int, None or "any"
            The champion it was compared with; another one by now, and nothing is done.
        gate : str
            What the gate said.
        overruled : bool
            Whether it is promoted although the gate is shut.

        Raises
        ------
        Unknown
            There is no such version.
        Conflict
            It is the champion already, was retired, or another version was promoted in the meantime.
        ArtifactRefused
            Its files are not those that were registered.
        """
        row = self.version(study, version)
        check_version(self.files, study, version, row.checksums)
        with self._alone(study) as connection:
            champion = _champion(connection, study)
            if champion == version:
                raise Conflict(f"Version {version} of {study} is the champion already.")
            if instead_of != "any" and champion != instead_of:
                raise Conflict(
                    f"Somebody made version {champion} of {study} the champion in the meantime. Compare with it, and decide "
                    "again."
                )
            _not_retired(connection, study, version)
            _append(connection, study, version, "promoted", by, why, gate, overruled)

    def roll_back(self, study: str, by: str, why: str) -> int:
        """Make the champion before this one the champion again; appends one event.

        Rolling back twice goes back two champions. Versions that were retired, or whose files are not those that were
        registered, are passed over.

        Returns
        -------
        int
            The version that identifies now.

        Raises
        ------
        Conflict
            There is none to go back to.
        """
        whole = {v.version for v in self.verify(study)[0] if not v.problem}
        with self._alone(study) as connection:
            version = next((v for v in _before(connection, study) if v in whole), None)
            if version is None:
                raise Conflict(
                    f"{study} has had no other champion that could identify, so there is none to go back to. Promote another "
                    "version (python -m flora_core models promote VERSION --why REASON)."
                )
            _append(connection, study, version, "rolled back", by, why)
            return version

    def watch(self, study: str, version: int, by: str, why: str) -> None:
        """Let a version watch in the shadow of the champion, instead of any before; appends one event.

        Raises
        ------
        Unknown, Conflict
            No such version; it identifies, watches already, or was retired.
        """
        self.version(study, version)
        if self.champion_version(study) == version:
            raise Conflict(f"Version {version} of {study} identifies; a challenger watches beside it.")
        if self.watching_version(study) == version:
            raise Conflict(f"Version {version} of {study} watches already.")
        with self._alone(study) as connection:
            _not_retired(connection, study, version)
            _append(connection, study, version, "watching", by, why)

    def stop_watching(self, study: str, by: str, why: str) -> int:
        """Let the version that watches watch no more; appends one event.

        Returns
        -------
        int
            The version that watched.

        Raises
        ------
        Conflict
            None does.
        """
        with self._alone(study) as connection:
            version = _watching(connection, study)
            if version is None:
                raise Conflict(f"No version of {study} watches in the shadow.")
            _append(connection, study, version, "stopped watching", by, why)
            return version

    def watching_version(self, study: str) -> int | None:
        """The challenger that watches: the newest that was set to, until it is promoted or retired, or stopped."""
        with self._database.read() as connection:
            return _watching(connection, study)

    def earlier_champion(self, study: str) -> int | None:
        """The version that rolling back would restore, as long as its files are whole; None where there is none."""
        with self._database.read() as connection:
            return next(iter(_before(connection, study)), None)

    def retire(self, study: str, version: int, by: str, why: str) -> None:
        """Put a version away for good: it stays to be read, and can't be promoted any more; appends one event.

        Raises
        ------
        Unknown
            There is no such version.
        Conflict
            It is the champion, or was retired before.
        """
        self.version(study, version)
        with self._alone(study) as connection:
            if _champion(connection, study) == version:
                raise Conflict(
                    f"Version {version} is the champion of {study} and can't be retired. Promote another one first, or roll "
                    "back."
                )
            _not_retired(connection, study, version)
            _append(connection, study, version, "retired", by, why)

    @contextmanager
    def _alone(self, study: str) -> Iterator[Connection]:
        """A transaction in which nobody else promotes, rolls back or retires in this study."""
        with self._database.write() as connection:
            # SQLite lets one write at a time; elsewhere the study's row is the lock.
            connection.execute(select(studies.c.name).where(studies.c.name == study).with_for_update())
            yield connection

    def retired(self, study: str) -> frozenset[int]:
        """The versions that were put away."""
        with self._database.read() as connection:
            return _retired(connection, study)

    def champion_version(self, study: str) -> int | None:
        """The version that identifies, or None; one query."""
        with self._database.read() as connection:
            return _champion(connection, study)

    def versions(self, study: str) -> tuple[Version, ...]:
        """All versions of a study, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(select(versions).where(versions.c.study == study).order_by(versions.c.version))
            return tuple(
                Version(
                    r.study,
                    r.version,
                    r.algorithm,
                    Checksums(r.artifact_sha256, r.card_sha256),
                    r.registered_at,
                    r.registered_by,
                )
                for r in rows
            )

    def version(self, study: str, version: int) -> Version:
        """One row of the registry.

        Raises
        ------
        Unknown
            There is no such version; the message lists those there are.
        """
        found = self.versions(study)
        for row in found:
            if row.version == version:
                return row
        there = ", ".join(str(v.version) for v in found) or "none yet"
        raise Unknown(f"{study} has no model version {version}. There are: {there}.")

    def events(self, study: str) -> tuple[Event, ...]:
        """What happened to the study's versions, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(select(events).where(events.c.study == study).order_by(events.c.id))
            return tuple(_event(r) for r in rows)

    def load(self, study: str, version: int) -> Model:
        """The model of a version, after its files were compared with their checksums.

        Raises
        ------
        Unknown, ArtifactRefused
        """
        row = self.version(study, version)
        return read_version(self.files, study, version, row.checksums)

    def card(self, study: str, version: int) -> ModelCard:
        """The card of a version, checked likewise, without loading the model."""
        row = self.version(study, version)
        return read_card(self.files, study, version, row.checksums)

    def verify(self, study: str) -> tuple[tuple[Verified, ...], list[str]]:
        """Compare the files of every version with their checksums; reads only, loads nothing.

        Returns
        -------
        tuple of Verified
            One for each version.
        list of str
            Folders that belong to no version, left by a killed process; nothing uses them.
        """
        found = self.versions(study)
        results = []
        for row in found:
            problem = ""
            try:
                check_version(self.files, study, row.version, row.checksums)
            except ArtifactRefused as error:
                problem = error.message
            results.append(Verified(study, row.version, problem))
        return tuple(results), self.files.leftovers(study, {row.version for row in found})

    def sweep(self, older_than: timedelta = timedelta(days=1)) -> int:
        """Delete what killed processes left while they saved or removed versions, of all studies; how many folders that was."""
        deleted = 0
        for study in self.files.studies():
            registered = {row.version for row in self.versions(study)}
            deleted += self.files.delete_leftovers(study, registered, older_than.total_seconds())
        return deleted


def _append(
    connection: Connection,
    study: str,
    version: int,
    kind: Kind,
    by: str,
    why: str,
    gate: str = "",
    overruled: bool = False,
) -> None:
    connection.execute(
        insert(events).values(
            study=study,
            version=version,
            kind=kind,
            at=datetime.now(UTC),
            by=by,
            why=why,
            gate=gate,
            overruled=overruled,
        )
    )


def _event(row: Row[Any]) -> Event:
    return Event(row.study, row.version, row.kind, row.at, row.by, row.why, row.gate, row.overruled)


def _watching(connection: Connection, study: str) -> int | None:
    later = events.alias()
    ended = exists().where(
        later.c.study == study,
        later.c.version == events.c.version,
        later.c.id > events.c.id,
        later.c.kind.in_(("stopped watching", "promoted", "rolled back", "retired")),
    )
    newest = connection.execute(
        select(events.c.version, ended.label("ended"))
        .where(events.c.study == study, events.c.kind == "watching")
        .order_by(events.c.id.desc())
        .limit(1)
    ).first()
    return None if newest is None or newest.ended else int(newest.version)


def _retired(connection: Connection, study: str) -> frozenset[int]:
    found = connection.execute(select(events.c.version).where(events.c.study == study, events.c.kind == "retired"))
    return frozenset(found.scalars())


def _not_retired(connection: Connection, study: str, version: int) -> None:
    row = connection.execute(
        select(events).where(events.c.study == study, events.c.version == version, events.c.kind == "retired")
    ).first()
    if row is not None:
        raise Conflict(f"Version {version} of {study} was retired on {row.at:%Y-%m-%d} by {row.by}: {row.why}")


def _before(connection: Connection, study: str) -> list[int]:
    """Champions before this one, newest first: each promotion lays a version on the pile, rolling back takes from it."""
    retired = _retired(connection, study)
    pile: list[int] = []
    rows = connection.execute(
        select(events.c.version, events.c.kind)
        .where(events.c.study == study, events.c.kind.in_(("promoted", "rolled back")))
        .order_by(events.c.id)
    )
    for version, kind in rows:
        if kind == "rolled back" and version in pile:
            while pile[-1] != version:
                pile.pop()
        else:
            pile.append(version)
    champion = pile.pop() if pile else None
    return [v for v in reversed(pile) if v not in retired and v != champion]


#: The version of the newest event that put one on the throne. Asked before every answer, so it is put together once.
_CHAMPION: Final = (
    select(events.c.version)
    .where(events.c.study == bindparam("study"), or_(events.c.kind == "promoted", events.c.kind == "rolled back"))
    .order_by(events.c.id.desc())
    .limit(literal_column("1"))
)


def _champion(connection: Connection, study: str) -> int | None:
    """The version of the newest event that put one on the throne: promotion puts its own, rolling back the one restored."""
    found = connection.execute(_CHAMPION, {"study": study}).scalar()
    return int(found) if found is not None else None
