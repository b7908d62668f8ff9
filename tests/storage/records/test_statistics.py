"""Sums over the records: the plants that wait for a determination."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from flora_core.determination import AnswerKind, GivenName
from flora_core.storage.database import Database
from flora_core.storage.records.determinations import Determinations, Slip
from flora_core.storage.records.identifications import Records
from flora_core.storage.records.statistics import RecordStatistics
from flora_core.storage.registry.registry import Registry
from flora_core.storage.studies import Studies
from flora_core.study import IRIS
from flora_core.workflows.models.lifecycle import iris_plants
from tests.storage.records.test_identifications import PLANT, begin, rows

JUNE = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def database(database_url, tmp_path, champion):
    opened = Database(database_url)
    opened.prepare()
    Studies(opened).add(IRIS, iris_plants(), "a test")
    Registry(opened, tmp_path / "models").register(champion, "a test")
    yield opened
    opened.close()


def alone(database, *possible, at=JUNE):
    """Plants recorded together, each with its prediction set."""
    plants = [dataclasses.replace(PLANT, row=i + 1, possible=one) for i, one in enumerate(possible)]
    return Records(database).record(study="iris", version=1, by="Ada", door="page", unit="cm", plants=plants, at=at)


def determine(database, identifier, name="Iris setosa", at="2026-06-02"):
    given = GivenName(AnswerKind.SPECIES, name)
    Determinations(database).add([Slip(identifier, given, "Ada", at, 2)], entered_by="Ada")


def waiting(database, since=JUNE):
    return RecordStatistics(database).pending_jobs("iris", since)


def test_plants_of_several_species_or_none_wait_until_they_are_determined(database):
    sure, several, none = alone(database, (0,), (0, 1), ())
    assert waiting(database) == 2
    determine(database, sure)
    assert waiting(database) == 2
    determine(database, several)
    determine(database, several, "Iris virginica", "2026-06-03")
    assert waiting(database) == 1
    determine(database, none)
    assert waiting(database) == 0


def test_plants_from_before_do_not_count(database):
    alone(database, (), at=JUNE - timedelta(days=31))
    assert waiting(database) == 0
    assert waiting(database, JUNE - timedelta(days=31)) == 1


@pytest.mark.parametrize("as_array", [False, True])
def test_the_plants_of_a_table_count_when_it_is_finished(database, as_array):
    possible = ["0", "0 1", "", "1 2 0"]
    with begin(Records(database), at=JUNE) as recorder:
        recorder.add(rows(2, 3, 4, 5, possible=pa.array(possible) if as_array else possible))
        recorder.add(rows(6, possible=[""]))
        assert waiting(database) == 0
        recorder.finish()
    assert waiting(database) == 4
    determine(database, f"{recorder.token}-3")
    determine(database, f"{recorder.token}-2")
    assert waiting(database) == 3


def test_an_empty_part_of_a_table_writes_nothing(database):
    with begin(Records(database), at=JUNE) as recorder:
        recorder.add(rows(possible=pa.array([], pa.string())))
        recorder.finish()
    assert waiting(database) == 0
