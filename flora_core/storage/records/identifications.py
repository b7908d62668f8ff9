"""Recorded identifications: as typed, as used, unit, version, time, who. Only ever added."""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypeVar

import numpy as np
from sqlalchemy import Connection, Row, delete, insert, select, tuple_, update

from flora_core.errors import Conflict, DatabaseUnavailable, Unknown
from flora_core.monitoring.profiles.profile import Bins, Profile, counts_of_rows, empty, merge, profile_of
from flora_core.storage.database import Database
from flora_core.storage.records.profiles import add_to_day, day_of
from flora_core.storage.schema import identifications, recordings

if TYPE_CHECKING:
    import pyarrow as pa

Channel = Literal["page", "command", "api"]

#: Letters that are not taken for each other when read aloud or copied by hand.
_LETTERS: Final = "23456789abcdefghjkmnpqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Plant:
    """One identified plant, ready to be recorded or read back.

    Attributes
    ----------
    row : int
        Its row in the table it came from, 1 for a single plant.
    catalogue_number : str
        "" where it has none; always text.
    used : tuple of float or None
        The measurements in the study's order and units; None where not measured.
    typed : tuple of str
        As typed, in the recording's unit.
    probabilities : tuple of float
        In the order of the model's species.
    species : int
        The likeliest species.
    possible : tuple of int
        The prediction set, likeliest first; empty where the plant fits no species.
    misfit : float
        Distance to the nearest species over its limit; above 1 it fits none.
    collector, site : str
        Who gathered it and where, as its row says; "" where the recording says it for all its plants.
    """

    row: int
    catalogue_number: str
    used: tuple[float | None, ...]
    typed: tuple[str, ...]
    probabilities: tuple[float, ...]
    species: int
    possible: tuple[int, ...]
    misfit: float
    collector: str = ""
    site: str = ""


@dataclass(frozen=True, slots=True)
class Recording:
    """What the plants of one act of recording share."""

    token: str
    study: str
    version: int
    at: datetime
    by: str
    door: Channel
    unit: str
    source: str
    source_sha256: str
    plants: int
    recipe: str = ""
    collector: str = ""
    site: str = ""


@dataclass(frozen=True, slots=True)
class IdentificationRecord:
    """One identification as it was recorded."""

    recording: Recording
    plant: Plant

    @property
    def collector(self) -> str:
        """Who gathered the plant; "" where nobody said."""
        return self.plant.collector or self.recording.collector

    @property
    def site(self) -> str:
        """Where it was gathered; "" where nobody said."""
        return self.plant.site or self.recording.site

    @property
    def id(self) -> str:
        """Its identifier, for people and programs: "k7f3q2mh4p-1"."""
        return f"{self.recording.token}-{self.plant.row}"


_T = TypeVar("_T")
#: A column as a list, or as an Arrow array.
Cells: TypeAlias = "Sequence[_T] | pa.Array"


@dataclass(frozen=True, slots=True)
class IdentificationColumns:
    """Many identified plants, a list or an Arrow array for each column of the table; each as `Plant` describes it, in its
    written form.

    `used`, `typed` and `probabilities` are JSON lists, `typed` None where it says the same as `used`; `possible` is the
    indices of the prediction set, parted by spaces. `own_collector` and `own_site` are left out where no row says them,
    `shadow_species` and `shadow_probability` where no challenger was asked.
    """

    row: Cells[int]
    catalogue_number: Cells[str | None]
    used: Cells[str]
    typed: Cells[str | None]
    probabilities: Cells[str]
    species: Cells[int]
    possible: Cells[str]
    misfit: Cells[float]
    own_collector: Cells[str | None] | None = None
    own_site: Cells[str | None] | None = None
    shadow_species: Cells[int] | None = None
    shadow_probability: Cells[float] | None = None


class Recorder:
    """Records one table a part at a time, so that nobody else waits long; what it wrote counts once it is finished.

    Use as a context: left by an exception, what was written is taken back.
    """

    def __init__(self, database: Database, key: int, token: str, at: datetime, bins: Bins | None = None) -> None:
        self._database, self._key, self._at, self._plants, self._unsure = database, key, at, 0, 0
        self._profile = empty(bins) if bins else None
        self.token = token

    def add(self, rows: IdentificationColumns, profile: Profile | None = None) -> None:
        """Write some plants; one transaction.

        Parameters
        ----------
        profile : Profile, optional
            Theirs; where it is left out, the recording is counted at the next need.
        """
        with self._database.write() as connection:
            _insert_many(connection, self._key, rows)
        self._plants += len(rows.row)
        self._unsure += _count_unsure(rows.possible)
        self._profile = merge(self._profile, profile) if self._profile is not None and profile is not None else None

    def finish(self, *, again: bool = True, refused: int = 0, troubled: int = 0) -> None:
        """Let the recording count, all of it at once, and with it the profile of its day.

        Parameters
        ----------
        again : bool
            Whether it counts even where somebody else recorded the same file in the meantime.
        refused, troubled : int
            Rows of the table that could not be identified, and rows that had any issue.

        Raises
        ------
        Conflict
            Somebody else was quicker.
        """
        with self._database.write() as connection:
            if not again:
                self._refuse_second(connection)
            of_whom = connection.execute(
                update(recordings)
                .where(recordings.c.id == self._key)
                .values(
                    complete=True,
                    plants=self._plants,
                    at=self._at,
                    refused=refused,
                    troubled=troubled,
                    profiled=self._profile is not None,
                    unsure=self._unsure,
                )
                .returning(recordings.c.study, recordings.c.version)
            ).first()
            if self._profile is not None and of_whom is not None:
                of_table = counts_of_rows(self._profile.bins, self._plants + refused, refused, troubled)
                whole = merge(self._profile, of_table)
                add_to_day(connection, of_whom.study, of_whom.version, day_of(self._at), whole)

    def take_back(self) -> None:
        """Delete what was written of a recording that was not finished."""
        _delete_unfinished(self._database, self._key)

    def _refuse_second(self, connection: Connection) -> None:
        mine = connection.execute(select(recordings).where(recordings.c.id == self._key)).one()
        other = connection.execute(
            select(recordings.c.by).where(
                recordings.c.study == mine.study,
                recordings.c.source_sha256 == mine.source_sha256,
                recordings.c.complete,
                recordings.c.plants > 0,
            )
        ).first()
        if other is not None:
            raise Conflict(f"{mine.source} was recorded by {other.by} just now; run it again to get its identifiers.")

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            # If even this fails, the rows stay behind uncounted and are swept up at a later start.
            with contextlib.suppress(DatabaseUnavailable):
                self.take_back()


#: Identifiers or numbers looked up by one statement.
_LOOKED_UP: Final = 1_000

#: Rows deleted in one transaction, so that nobody waits long for a large recording to be taken back.
_DELETED_AT_ONCE: Final = 20_000


def _delete_unfinished(database: Database, key: int) -> None:
    """Delete a recording that is not complete; one that is stays."""
    while True:
        with database.write() as connection:
            if connection.execute(select(recordings.c.complete).where(recordings.c.id == key)).scalar() is not False:
                return
            some = select(identifications.c.row).where(identifications.c.recording == key).limit(_DELETED_AT_ONCE)
            gone = connection.execute(
                delete(identifications).where(
                    identifications.c.recording == key, identifications.c.row.in_(some.scalar_subquery())
                )
            ).rowcount
            if gone < _DELETED_AT_ONCE:
                connection.execute(delete(recordings).where(recordings.c.id == key))
                return


def _count_unsure(possible: Cells[str]) -> int:
    """How many prediction sets are empty or of several species."""
    if isinstance(possible, Sequence):
        return sum(not one or " " in one for one in possible)
    import pyarrow.compute as pc

    unsure = pc.or_(pc.equal(possible, ""), pc.match_substring(possible, " "))
    return int(pc.sum(unsure).as_py() or 0)


#: What the text format of PostgreSQL's COPY writes with a backslash.
_ESCAPED: Final = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))


def _copy_text(key: int, columns: Sequence[Cells[Any]]) -> memoryview:
    """Rows in the text format of PostgreSQL's COPY: tabs between cells, a line feed after each row, null as a backslash and N.

    Made a column at a time: row by row it would cost more than PostgreSQL's own work.
    """
    # It takes a moment to import, and one plant from a page never comes here.
    import pyarrow as pa
    import pyarrow.compute as pc

    texts: list[Any] = [str(key)]
    for column in columns:
        cells = column if isinstance(column, pa.Array) else pa.array(column)
        if pa.types.is_null(cells.type):
            texts.append("\\N")
            continue
        number = pa.types.is_integer(cells.type) or pa.types.is_floating(cells.type)
        cells = cells.cast(pa.string())
        if not number and pc.any(pc.match_substring_regex(cells, r"[\\\t\n\r]")).as_py():
            for sign, written in _ESCAPED:
                cells = pc.replace_substring(cells, sign, written)
        texts.append(pc.fill_null(cells, "\\N"))
    lines = pc.binary_join_element_wise(*texts, "\t")
    ended = pc.binary_join_element_wise(lines, "\n", "")
    # The texts of an array lie one after the other: together they are the whole.
    _, offsets, content = ended.buffers()
    first, last = (np.frombuffer(offsets, np.int32)[i] for i in (ended.offset, ended.offset + len(ended)))
    return memoryview(content)[first:last]


#: Plants a statement: one statement for many costs half of one statement for each. SQLite takes 32,766 values at once.
_AT_ONCE: Final = 1_000


def _insert_many(connection: Connection, key: int, rows: IdentificationColumns) -> None:
    """The driver's own way to insert many rows: SQLAlchemy's would take several times as long."""
    if not len(rows.row):
        return
    names = [field.name for field in fields(rows) if getattr(rows, field.name) is not None]
    columns = [getattr(rows, name) for name in names]
    into = f"identifications (recording, {', '.join(chr(34) + name + chr(34) for name in names)})"
    raw: Any = connection.connection.driver_connection
    if connection.dialect.name != "sqlite":
        with raw.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN") as copy:
            copy.write(_copy_text(key, columns))
        return
    columns = [column.to_pylist() if hasattr(column, "to_pylist") else column for column in columns]
    width = len(columns)
    cells: list[object] = [None] * (width * len(rows.row))
    for i, column in enumerate(columns):
        cells[i::width] = column
    one = f"({key}{', ?' * width})"
    for start in range(0, len(cells), width * _AT_ONCE):
        some = cells[start : start + width * _AT_ONCE]
        values = ", ".join([one] * (len(some) // width))
        raw.execute(f"INSERT INTO {into} VALUES {values}", some)  # noqa: S608  our integer and question marks


class Records:
    """The identifications of all studies."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(
        self,
        *,
        study: str,
        version: int,
        by: str,
        door: Channel,
        unit: str,
        plants: Sequence[Plant],
        source: str = "",
        source_sha256: str = "",
        collector: str = "",
        site: str = "",
        at: datetime | None = None,
        bins: Bins | None = None,
        shadow_version: int | None = None,
        shadow: Sequence[tuple[int, float]] = (),
    ) -> tuple[str, ...]:
        """Record identified plants; one transaction, all or nothing.

        Parameters
        ----------
        collector, site : str
            Who gathered the plants and where, where that is known.
        at : datetime, optional
            When they were identified; now, except where a past season is brought in.
        bins : Bins, optional
            The model's, in which the profile of the day counts; where they are left out, the plants are counted at the
            next need.
        shadow_version : int, optional
            The challenger that was asked beside the version.
        shadow : sequence of (int, float)
            What it would have said of each plant: the place of a species, -1 where none fits; and how sure it would be.

        Returns
        -------
        tuple of str
            The identifier of each plant.

        Raises
        ------
        DatabaseUnavailable
            Nothing was recorded.
        """
        token, moment = _new_token(), at or datetime.now(UTC)
        with self._database.write() as connection:
            key = connection.execute(
                insert(recordings).values(
                    token=token,
                    study=study,
                    version=version,
                    at=moment,
                    by=by,
                    door=door,
                    unit=unit,
                    source=source,
                    source_sha256=source_sha256,
                    plants=len(plants),
                    collector=collector,
                    site=site,
                    profiled=bins is not None,
                    unsure=sum(len(plant.possible) != 1 for plant in plants),
                    shadow_version=shadow_version,
                )
            ).inserted_primary_key
            assert key is not None  # noqa: S101  an insert of one row always has one
            rows = [_as_row(key[0], plant) for plant in plants]
            for row, (species, probability) in zip(rows, shadow, strict=False):
                row |= {"shadow_species": species, "shadow_probability": probability}
            connection.execute(insert(identifications), rows)
            if bins is not None:
                add_to_day(connection, study, version, day_of(moment), _profile_of(bins, plants))
        return tuple(f"{token}-{plant.row}" for plant in plants)

    def begin(
        self,
        *,
        study: str,
        version: int,
        by: str,
        door: Channel,
        source: str,
        source_sha256: str,
        recipe: str,
        collector: str = "",
        site: str = "",
        at: datetime | None = None,
        bins: Bins | None = None,
        shadow_version: int | None = None,
    ) -> Recorder:
        """Begin to record a table; writes one row, which does not count yet. Parameters as for `record`.

        Raises
        ------
        DatabaseUnavailable
        """
        token, now = _new_token(), datetime.now(UTC)
        with self._database.write() as connection:
            key = connection.execute(
                insert(recordings).values(
                    token=token,
                    study=study,
                    version=version,
                    # Until it is finished this says when it was begun, whatever day it is of: see `sweep`.
                    at=now,
                    by=by,
                    door=door,
                    unit="",
                    source=source,
                    source_sha256=source_sha256,
                    plants=0,
                    complete=False,
                    recipe=recipe,
                    collector=collector,
                    site=site,
                    shadow_version=shadow_version,
                )
            ).inserted_primary_key
        assert key is not None  # noqa: S101  an insert of one row always has one
        return Recorder(self._database, int(key[0]), token, at or now, bins)

    def find_by_checksum(self, study: str, source_sha256: str) -> tuple[Recording, ...]:
        """The recordings of a file, newest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(recordings)
                .where(recordings.c.study == study, recordings.c.source_sha256 == source_sha256, recordings.c.complete)
                .order_by(recordings.c.id.desc())
            )
            return tuple(_recording(row) for row in rows)

    def sweep(self, older_than: timedelta = timedelta(days=1)) -> int:
        """Delete what processes that were killed in the middle of a table left behind; how many recordings that was."""
        before = datetime.now(UTC) - older_than
        with self._database.read() as connection:
            left = (
                connection.execute(select(recordings.c.id).where(~recordings.c.complete, recordings.c.at < before))
                .scalars()
                .all()
            )
        for key in left:
            _delete_unfinished(self._database, key)
        return len(left)

    def get(self, identifier: str) -> IdentificationRecord:
        """The identification of that identifier.

        Raises
        ------
        Unknown
            There is none.
        """
        place = parse_identifier(identifier)
        if place is not None:
            with self._database.read() as connection:
                found = connection.execute(
                    select(recordings, identifications)
                    .join(identifications, identifications.c.recording == recordings.c.id)
                    .where(recordings.c.token == place[0], identifications.c.row == place[1], recordings.c.complete)
                ).first()
            if found is not None:
                return record_from_row(found)
        raise no_identification(identifier)

    def studies_of(self, identifiers: Iterable[str]) -> dict[str, str]:
        """The study of each identification that is there: {identifier: study}."""
        wanted = [pair for pair in map(parse_identifier, identifiers) if pair]
        found: dict[str, str] = {}
        with self._database.read() as connection:
            for start in range(0, len(wanted), _LOOKED_UP):
                rows = connection.execute(
                    select(recordings.c.token, identifications.c.row, recordings.c.study)
                    .join(identifications, identifications.c.recording == recordings.c.id)
                    .where(
                        tuple_(recordings.c.token, identifications.c.row).in_(wanted[start : start + _LOOKED_UP]),
                        recordings.c.complete,
                    )
                )
                found.update((f"{row.token}-{row.row}", row.study) for row in rows)
        return found

    def find_by_catalogue_number(self, study: str, numbers: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """The identifiers of the plants that bear each of these numbers, oldest first; numbers that nobody bears are left out.

        One look into an index for each number.
        """
        wanted = list(dict.fromkeys(numbers))
        found: dict[str, list[str]] = {}
        with self._database.read() as connection:
            for start in range(0, len(wanted), _LOOKED_UP):
                rows = connection.execute(
                    select(recordings.c.token, identifications.c.row, identifications.c.catalogue_number)
                    .join(identifications, identifications.c.recording == recordings.c.id)
                    .where(
                        recordings.c.study == study,
                        recordings.c.complete,
                        identifications.c.catalogue_number.in_(wanted[start : start + _LOOKED_UP]),
                    )
                    .order_by(recordings.c.id, identifications.c.row)
                )
                for row in rows:
                    found.setdefault(row.catalogue_number, []).append(f"{row.token}-{row.row}")
        return {number: tuple(identifiers) for number, identifiers in found.items()}

    def newest(self, study: str, count: int = 20) -> tuple[IdentificationRecord, ...]:
        """The newest identifications of a study, newest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(recordings, identifications)
                .join(identifications, identifications.c.recording == recordings.c.id)
                .where(recordings.c.study == study, recordings.c.complete)
                .order_by(recordings.c.id.desc(), identifications.c.row)
                .limit(count)
            ).all()
        return tuple(record_from_row(row) for row in rows)


def parse_identifier(identifier: str) -> tuple[str, int] | None:
    """The recording's token and the row that an identifier is made of, as people copy it; None where it is none."""
    token, _, row = identifier.strip().lower().rpartition("-")
    if not token or not (row.isascii() and row.isdecimal() and len(row) < 10):
        return None
    return token, int(row)


def no_identification(identifier: str) -> Unknown:
    """What is said where an identifier is not there."""
    return Unknown(f"There is no identification '{identifier}'. Its identifier looks like k7f3q2mh4p-1.")


def _as_row(recording: int, plant: Plant) -> dict[str, object]:
    same = plant.typed == tuple("" if value is None else repr(value) for value in plant.used)
    return {
        "recording": recording,
        "row": plant.row,
        "catalogue_number": plant.catalogue_number or None,
        "used": _json(plant.used),
        "typed": None if same else _json(plant.typed),
        "probabilities": _json(plant.probabilities),
        "species": plant.species,
        "possible": " ".join(map(str, plant.possible)),
        "misfit": plant.misfit,
        "own_collector": plant.collector or None,
        "own_site": plant.site or None,
    }


def _profile_of(bins: Bins, plants: Sequence[Plant]) -> Profile:
    used = [[np.nan if value is None else value for value in plant.used] for plant in plants]
    return profile_of(
        bins,
        np.array(used, dtype=np.float64),
        np.array([plant.species for plant in plants], dtype=np.int64),
        np.array([plant.probabilities for plant in plants], dtype=np.float64),
        np.array([bool(plant.possible) for plant in plants], dtype=bool),
    )


def _json(values: Iterable[object]) -> str:
    return json.dumps(list(values), separators=(",", ":"), ensure_ascii=False)


def record_from_row(row: Row[Any]) -> IdentificationRecord:
    """The identification in a row of `recordings` joined with `identifications`."""
    used = tuple(None if value is None else float(value) for value in json.loads(row.used))
    typed = tuple(json.loads(row.typed)) if row.typed else tuple("" if v is None else repr(v) for v in used)
    return IdentificationRecord(
        _recording(row),
        Plant(
            row=row.row,
            catalogue_number=row.catalogue_number or "",
            used=used,
            typed=typed,
            probabilities=tuple(float(p) for p in json.loads(row.probabilities)),
            species=row.species,
            possible=tuple(int(j) for j in row.possible.split()),
            misfit=row.misfit,
            collector=row.own_collector or "",
            site=row.own_site or "",
        ),
    )


def _recording(row: Row[Any]) -> Recording:
    return Recording(
        row.token,
        row.study,
        row.version,
        row.at,
        row.by,
        row.door,
        row.unit,
        row.source,
        row.source_sha256,
        row.plants,
        row.recipe,
        row.collector,
        row.site,
    )


def _new_token() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(10))
