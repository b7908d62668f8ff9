"""Profiles are written with what they count: nothing is lost, counted twice, or passed over; on both databases."""

from __future__ import annotations

import json
import multiprocessing
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text, update

from flora_core.errors import DatabaseUnavailable
from flora_core.model import Model, Reference
from flora_core.monitoring.profiles.profile import Bins, bins_from, bins_of, from_document, profile_of
from flora_core.storage.database import Database
from flora_core.storage.records.bulk_insert import IdentificationColumns
from flora_core.storage.records.identifications import Plant, Records
from flora_core.storage.records.profiles import Profiles, day_of
from flora_core.storage.registry.registry import Registry
from flora_core.storage.schema import profiles as table
from flora_core.storage.schema import recordings
from flora_core.storage.studies import Studies
from flora_core.study import IRIS
from flora_core.workflows.models.lifecycle import iris_plants

JUNE = datetime(2026, 6, 3, 23, 59, tzinfo=UTC)
JULY = datetime(2026, 7, 1, 0, 0, tzinfo=UTC)
PLANT = Plant(
    row=1,
    catalogue_number="",
    used=(5.1, None, 1.4, 0.2),
    typed=("5.1", "", "1.4", "0.2"),
    probabilities=(0.997792, 0.001104, 0.001104),
    species=0,
    possible=(0,),
    misfit=0.25,
)
STRANGER = replace(PLANT, row=2, used=(51.0, 35.0, 14.0, 2.0), possible=(), misfit=9.0)


class Shelf:
    """A database with the champion, its records and profiles."""

    def __init__(self, url: str, folder: Path, champion: Model) -> None:
        self.database = Database(url)
        self.database.prepare()
        Studies(self.database).add(IRIS, iris_plants(), "a test")
        Registry(self.database, folder / "models").register(champion, "a test")
        self.records, self.profiles, self.bins = Records(self.database), Profiles(self.database), bins_of(champion)

    def record(self, *plants: Plant, at: datetime = JUNE, bins: Bins | None = None, **changes: Any) -> tuple[str, ...]:
        return self.records.record(
            study="iris", version=1, by="Ada", door="page", unit="cm", plants=plants, at=at, bins=bins, **changes
        )

    def table(self, n: int, *, at: datetime = JUNE, counted: bool = True) -> None:
        rng = np.random.default_rng(n)
        values, p = np.round(rng.normal(4.0, 1.0, (n, 4)), 1), np.round(rng.dirichlet([1, 1, 1], n), 4)
        species, fits = p.argmax(axis=1), rng.random(n) > 0.2
        rows = IdentificationColumns(
            row=list(range(1, n + 1)),
            catalogue_number=[None] * n,
            used=[json.dumps(v.tolist()) for v in values],
            typed=[None] * n,
            probabilities=[json.dumps(v.tolist()) for v in p],
            species=species.tolist(),
            possible=[str(j) if fit else "" for j, fit in zip(species, fits, strict=True)],
            misfit=[0.5 if fit else 2.0 for fit in fits],
        )
        begun = self.records.begin(
            study="iris",
            version=1,
            by="Ada",
            door="command",
            source="a.csv",
            source_sha256="0" * 64,
            recipe="",
            at=at,
            bins=self.bins if counted else None,
        )
        with begun as recorder:
            recorder.add(rows, profile_of(self.bins, values, species, p, fits, rows=0) if counted else None)
            recorder.finish(refused=3, troubled=5)

    @property
    def documents(self) -> dict[str, Any]:
        return {day.day: day.document for day in self.profiles.days("iris")}

    @property
    def recounted(self) -> dict[str, Any]:
        return {day: p.as_document() for day, p in self.profiles.recounted("iris", 1, self.bins).items()}


@pytest.fixture
def shelf(database_url: str, tmp_path: Path, champion: Model) -> Iterator[Shelf]:
    opened = Shelf(database_url, tmp_path, champion)
    yield opened
    opened.database.close()


def test_a_recorded_plant_is_counted_in_the_profile_of_its_day_in_utc(shelf: Shelf) -> None:
    shelf.record(PLANT, STRANGER, bins=shelf.bins)
    shelf.record(PLANT, at=JULY, bins=shelf.bins)
    assert list(shelf.documents) == ["2026-06-03", "2026-07-01"] == [day_of(JUNE), day_of(JULY)]
    june = from_document(shelf.bins, shelf.documents["2026-06-03"])
    assert (june.plants, june.incomplete, june.unfit, june.rows) == (2, 1, 1, 2)
    assert june.missing.tolist() == [0, 1, 0, 0]
    assert june.mean(0, 0) == 5.1
    assert june.certainty() == (1, 0.997792, 0.0)


def test_profiles_made_again_from_the_records_are_the_same(shelf: Shelf) -> None:
    for i in range(5):
        shelf.record(replace(PLANT, used=(5.1 + i / 10, None, 1.4, 0.2)), STRANGER, bins=shelf.bins)
    shelf.table(300)
    shelf.table(41, at=JULY)
    before = shelf.documents
    assert shelf.recounted == before
    shelf.profiles.forget("iris", 1)
    assert shelf.documents == {}
    assert shelf.profiles.catch_up("iris", 1, shelf.bins) == 351
    assert shelf.documents == before
    july = from_document(shelf.bins, before["2026-07-01"])
    assert (july.plants, july.rows, july.refused, july.troubled) == (41, 44, 3, 5)


def test_recordings_of_an_older_program_are_counted_at_the_first_need(shelf: Shelf) -> None:
    shelf.record(PLANT)
    shelf.table(20, counted=False)
    shelf.record(PLANT, at=JULY, bins=shelf.bins)
    (uncounted,) = shelf.profiles.uncounted("iris")
    assert (uncounted.version, uncounted.recordings, uncounted.plants) == (1, 2, 21)
    assert shelf.profiles.catch_up("iris", 1, shelf.bins) == 21
    assert shelf.profiles.uncounted("iris") == ()
    assert shelf.profiles.catch_up("iris", 1, shelf.bins) == 0
    assert shelf.documents == shelf.recounted


def test_catching_up_goes_in_steps(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flora_core.storage.records.profiles._PLANTS_AT_ONCE", 7)
    monkeypatch.setattr("flora_core.storage.records.profiles._RECORDINGS_AT_ONCE", 3)
    for _ in range(8):
        shelf.record(PLANT, STRANGER)
    shelf.table(30, counted=False)
    assert shelf.profiles.catch_up("iris", 1, shelf.bins) == 46
    assert shelf.documents == shelf.recounted


def test_a_table_that_is_not_finished_leaves_nothing_in_a_profile(shelf: Shelf) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        shelf.records.begin(
            study="iris",
            version=1,
            by="Ada",
            door="command",
            source="a.csv",
            source_sha256="0",
            recipe="",
            bins=shelf.bins,
        ) as recorder,
    ):
        recorder.add(IdentificationColumns([1], [None], ["[1,1,1,1]"], [None], ["[1,0,0]"], [0], ["0"], [0.1]))
        raise ZeroDivisionError
    assert shelf.documents == {}
    assert shelf.profiles.uncounted("iris") == ()


def test_a_record_whose_profile_can_t_be_written_is_not_kept(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    with shelf.database.write() as connection:
        connection.execute(text("DROP TABLE profiles"))
    with pytest.raises(DatabaseUnavailable):
        shelf.record(PLANT, bins=shelf.bins)
    assert shelf.records.newest("iris") == ()


def test_a_day_counted_in_other_bins_is_counted_again(shelf: Shelf, champion: Model) -> None:
    old = champion.reference
    other = bins_from(champion.study.names, 3, Reference(old.values + 0.1, old.species, old.probabilities))
    shelf.record(PLANT, STRANGER, bins=other)
    shelf.record(PLANT, bins=shelf.bins)
    assert [u.plants for u in shelf.profiles.uncounted("iris")] == [3]
    shelf.profiles.catch_up("iris", 1, shelf.bins)
    assert from_document(shelf.bins, shelf.documents["2026-06-03"]).plants == 3
    assert shelf.documents == shelf.recounted


def test_days_are_read_between_two_days(shelf: Shelf) -> None:
    shelf.record(PLANT, bins=shelf.bins)
    shelf.record(PLANT, at=JULY, bins=shelf.bins)
    days = shelf.profiles.days
    assert [d.day for d in days("iris", "2026-06-03", "2026-07-01")] == ["2026-06-03"]
    assert [d.day for d in days("iris", "2026-06-04")] == ["2026-07-01"]
    assert days("iris", version=2) == () == days("roses")


def test_threads_that_record_at_once_lose_nothing(shelf: Shelf) -> None:
    def work() -> None:
        for _ in range(5):
            shelf.record(PLANT, bins=shelf.bins)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert from_document(shelf.bins, shelf.documents["2026-06-03"]).plants == 20
    assert shelf.documents == shelf.recounted


def _record_some(url: str, bins: Bins, barrier: Any, catch_up: bool) -> None:
    database = Database(url)
    records, shelf = Records(database), Profiles(database)
    barrier.wait()
    for i in range(10):
        records.record(
            study="iris",
            version=1,
            by="Ada",
            door="api",
            unit="cm",
            plants=[PLANT],
            at=JUNE,
            bins=bins if i % 2 else None,
        )
        if catch_up:
            shelf.catch_up("iris", 1, bins)
    database.close()


def test_processes_that_record_count_and_forget_at_once_lose_nothing(shelf: Shelf, database_url: str) -> None:
    mp_context = multiprocessing.get_context("spawn")
    barrier = mp_context.Barrier(3)
    arguments = [(database_url, shelf.bins, barrier, catch_up) for catch_up in (True, True)]
    processes = [mp_context.Process(target=_record_some, args=given) for given in arguments]
    for process in processes:
        process.start()
    barrier.wait()
    for _ in range(5):
        shelf.profiles.forget("iris", 1)
    for process in processes:
        process.join(timeout=60)
        assert process.exitcode == 0
    shelf.profiles.catch_up("iris", 1, shelf.bins)
    assert from_document(shelf.bins, shelf.documents["2026-06-03"]).plants == 20
    assert shelf.documents == shelf.recounted


def test_records_from_before_profiles_are_not_counted_yet(database_url: str) -> None:
    """As the migration finds them: nothing is lost, and nothing passed over."""
    from flora_core.storage.migrations import upgrade

    database = Database(database_url)
    with database._writer(create=True) as connection:
        upgrade(connection, "0006")
        for statement in (
            "INSERT INTO studies VALUES ('iris', '{}', false, '2026-01-01', 'x')",
            "INSERT INTO versions VALUES ('iris', 1, 'lda', 'x', 'x', '2026-01-01', 'x')",
            "INSERT INTO recordings (id, token, study, version, at, by, door, unit, source, source_sha256, plants) "
            "VALUES (1, 'k7f3q2mh4p', 'iris', 1, '2026-01-01 12:00:00', 'Ada', 'page', 'mm', '', '', 1)",
        ):
            connection.execute(text(statement))
    database.migrate()
    (uncounted,) = Profiles(database).uncounted("iris")
    assert (uncounted.version, uncounted.recordings, uncounted.plants) == (1, 1, 1)
    database.close()


def test_what_a_profile_says_is_not_the_only_copy(shelf: Shelf) -> None:
    """Profiles are derived: damaged ones are forgotten and made again."""
    shelf.record(PLANT, bins=shelf.bins)
    before = shelf.documents
    with shelf.database.write() as connection:
        connection.execute(update(table).values(document='{"format": 0, "bins": ""}'))
        connection.execute(update(recordings).values(profiled=True))
    assert shelf.documents != shelf.recounted
    shelf.profiles.forget("iris", 1)
    shelf.profiles.catch_up("iris", 1, shelf.bins)
    assert shelf.documents == before
