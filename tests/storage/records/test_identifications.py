import dataclasses
import json
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text

from flora_core.errors import Conflict, DatabaseUnavailable, Unknown
from flora_core.storage.database import Database
from flora_core.storage.records.bulk_insert import IdentificationColumns
from flora_core.storage.records.identifications import Plant, Records
from flora_core.storage.registry.registry import Registry
from flora_core.storage.studies import Studies
from flora_core.study import IRIS
from flora_core.workflows.models.lifecycle import iris_plants

PLANT = Plant(
    row=1,
    catalogue_number="00042",
    used=(5.1, None, 1.4, 0.2),
    typed=("51", "", "14", "2"),
    probabilities=(0.997792, 0.001104, 0.001104),
    species=0,
    possible=(0,),
    misfit=0.25,
)


@pytest.fixture
def records(database_url, tmp_path, champion):
    database = Database(database_url)
    database.prepare()
    Studies(database).add(IRIS, iris_plants(), "a test")
    Registry(database, tmp_path / "models").register(champion, "a test")
    yield Records(database)
    database.close()


def record(records, *plants, **changes):
    given = {"study": "iris", "version": 1, "by": "Ada", "door": "page", "unit": "mm", **changes}
    return records.record(plants=plants, **given)


def test_a_record_holds_what_was_typed_and_used_unit_version_time_and_who(records):
    (identifier,) = record(records, PLANT)
    found = records.get(identifier)
    assert found.plant == PLANT
    assert found.id == identifier
    r = found.recording
    assert (r.study, r.version, r.by, r.door, r.unit, r.plants) == ("iris", 1, "Ada", "page", "mm", 1)
    assert datetime.now(UTC) - r.at < timedelta(minutes=1)


def test_a_record_may_say_who_collected_where_and_be_of_a_past_season(records):
    then = datetime(2024, 5, 17, 9, 30, tzinfo=UTC)
    (identifier,) = record(records, PLANT, collector="Marie-Victorin", site="Gaspé", at=then)
    r = records.get(identifier).recording
    assert (r.collector, r.site, r.at) == ("Marie-Victorin", "Gaspé", then)
    r = records.get(record(records, PLANT)[0]).recording
    assert (r.collector, r.site) == ("", "")


def test_a_past_table_that_is_being_recorded_is_not_swept_away(records):
    then = datetime(2024, 5, 17, tzinfo=UTC)
    with records.begin(
        study="iris",
        version=1,
        by="Ada",
        door="command",
        source="",
        source_sha256="a",
        recipe="",
        at=then,
        site="Gaspé",
    ) as recorder:
        assert records.sweep() == 0
        recorder.finish()
    (recording,) = records.find_by_checksum("iris", "a")
    assert (recording.at, recording.site) == (then, "Gaspé")


def test_an_identifier_is_found_as_people_copy_it(records):
    (identifier,) = record(records, PLANT)
    assert records.get(f" {identifier.upper()} ").plant == PLANT


@pytest.mark.parametrize(
    "identifier", ["", "nothing", "k7f3q2mh4p-1", "-1", "k7f3q2mh4p-99999999999999", "'; drop table x-1"]
)
def test_an_unknown_identifier_is_refused(records, identifier):
    with pytest.raises(Unknown, match="There is no identification"):
        records.get(identifier)


def test_the_plants_of_one_recording_are_kept_together_or_not_at_all(records):
    second = dataclasses.replace(PLANT, row=2)
    assert len(record(records, PLANT, second)) == 2
    with pytest.raises(DatabaseUnavailable):
        record(records, PLANT, PLANT)  # the same row twice
    assert len(records.newest("iris")) == 2


def test_a_record_of_a_version_that_is_not_there_is_refused(records):
    with pytest.raises(DatabaseUnavailable):
        record(records, PLANT, version=9)
    assert records.newest("iris") == ()


def test_the_newest_come_first(records):
    first, second = record(records, PLANT)[0], record(records, PLANT)[0]
    assert [r.id for r in records.newest("iris")] == [second, first]
    assert [r.id for r in records.newest("iris", 1)] == [second]
    assert records.newest("rosa") == ()


def test_plants_are_found_by_identifier_and_by_catalogue_number(records):
    plants = [dataclasses.replace(PLANT, row=i, catalogue_number=f"{i:05}") for i in range(1, 4)]
    identifiers = record(records, *plants)
    (again,) = record(records, plants[0])
    assert records.studies_of([*identifiers, "k7f3q2mh4p-1", "nothing"]) == dict.fromkeys(identifiers, "iris")
    assert records.find_by_catalogue_number("iris", ["00001", "00003", "9", "1"]) == {
        "00001": (identifiers[0], again),
        "00003": (identifiers[2],),
    }
    assert records.find_by_catalogue_number("rosa", ["00001"]) == {}


letters = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@given(
    typed=st.lists(letters, min_size=4, max_size=4),
    used=st.lists(st.none() | st.floats(1e-6, 1e6), min_size=4, max_size=4),
    by=letters,
    number=letters,
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_was_typed_comes_back_to_the_letter(records, typed, used, by, number):
    plant = dataclasses.replace(PLANT, typed=tuple(typed), used=tuple(used), catalogue_number=number)
    found = records.get(record(records, plant, by=by)[0])
    assert found.plant == plant
    assert found.recording.by == by


# A table, a part at a time.


def rows(*numbers, **changes):
    """Rows of a table as the recorder takes them."""
    n = len(numbers)
    given = {
        "row": numbers,
        "catalogue_number": ["00042"] * n,
        "used": ["[5.1,null,1.4,0.2]"] * n,
        "typed": ['["51","","14","2"]'] * n,
        "probabilities": ["[0.9978,0.0011,0.0011]"] * n,
        "species": [0] * n,
        "possible": ["0"] * n,
        "misfit": [0.25] * n,
        **changes,
    }
    return IdentificationColumns(**given)


def begin(records, **changes):
    given = {
        "study": "iris",
        "version": 1,
        "by": "Ada",
        "door": "command",
        "source": "t.csv",
        "source_sha256": "ab",
        "recipe": "r",
    }
    return records.begin(**{**given, **changes})


def count(records, table="identifications"):
    with records._database.read() as connection:
        return connection.execute(text(f"SELECT count(*) FROM {table}")).scalar()


def test_a_table_counts_once_it_is_finished_and_not_before(records):
    with begin(records, collector="Marie-Victorin", site="Gaspé") as recorder:
        recorder.add(rows(2, 3))
        recorder.add(rows(4))
        assert records.newest("iris") == ()
        assert records.find_by_checksum("iris", "ab") == ()
        with pytest.raises(Unknown):
            records.get(f"{recorder.token}-2")
        recorder.finish()
    (recording,) = records.find_by_checksum("iris", "ab")
    assert (recording.plants, recording.source, recording.recipe, recording.door) == (3, "t.csv", "r", "command")
    assert (recording.collector, recording.site) == ("Marie-Victorin", "Gaspé")
    assert records.get(f"{recorder.token}-4").plant.used == (5.1, None, 1.4, 0.2)
    assert [r.plant.row for r in records.newest("iris")] == [2, 3, 4]


NASTY = ["a\\b", "tab\there", "line\nfeed", "return\r", "\\N", "\\.", "Weißdorn 🌿", "", "'", '"', None]


@pytest.mark.parametrize("as_arrays", [False, True])
def test_every_text_comes_back_as_it_was_whether_in_lists_or_arrays(records, as_arrays):
    n = len(NASTY)
    given = rows(
        *range(2, n + 2),
        catalogue_number=NASTY,
        typed=[json.dumps([one, "", "", ""], ensure_ascii=False) for one in NASTY],
        misfit=[1 / (i + 3) for i in range(n)],
        own_collector=NASTY[::-1],
    )
    if as_arrays:
        columns = {f.name: getattr(given, f.name) for f in dataclasses.fields(given)}
        given = IdentificationColumns(**{k: None if v is None else pa.array(v) for k, v in columns.items()})
    with begin(records) as recorder:
        recorder.add(given)
        recorder.finish()
    for i, one in enumerate(NASTY):
        plant = records.get(f"{recorder.token}-{i + 2}").plant
        assert plant.catalogue_number == (one or "")
        assert plant.typed == tuple(json.loads(json.dumps([one, "", "", ""])))
        assert plant.misfit == 1 / (i + 3)
        assert plant.collector == (NASTY[-1 - i] or "")


def test_a_catalogue_number_is_found_by_its_index(records):
    with begin(records) as recorder:
        recorder.add(rows(*range(2, 5_002), catalogue_number=[f"H-{i}" for i in range(5_000)]))
        recorder.finish()
    assert records.find_by_catalogue_number("iris", ["H-7", "H-8", "H-x"]) == {
        "H-7": (f"{recorder.token}-9",),
        "H-8": (f"{recorder.token}-10",),
    }
    how = "EXPLAIN QUERY PLAN " if records._database.is_sqlite else "EXPLAIN "
    plans = []

    def note(connection, cursor, statement, parameters, *rest):
        if "catalogue_number" in statement and not statement.startswith("EXPLAIN"):
            if not records._database.is_sqlite:
                # A small table is read through sooner than an index: asked is whether the index can serve.
                connection.exec_driver_sql("SET enable_seqscan = off")
            plans.append(connection.exec_driver_sql(how + statement, parameters).all())

    with records._database.write() as connection:
        connection.execute(text("ANALYZE"))
    engine = records._database._open()
    event.listen(engine, "before_cursor_execute", note)
    try:
        records.find_by_catalogue_number("iris", ["H-7"])
        records.find_by_catalogue_number("iris", [f"H-{i}" for i in range(200)])
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(plans) == 2
    assert all("ix_identifications_catalogue_number" in str(plan) for plan in plans), plans


def test_a_plant_of_a_table_is_the_same_as_one_recorded_alone(records):
    with begin(records) as recorder:
        recorder.add(rows(1, typed=[None], used=["[5.1,3.5,1.4,0.2]"]))
        recorder.finish()
    plant = records.get(f"{recorder.token}-1").plant
    assert plant.typed == ("5.1", "3.5", "1.4", "0.2")
    assert plant.probabilities == (0.9978, 0.0011, 0.0011)


def test_a_table_of_a_past_season_is_of_that_season(records):
    then = datetime(2024, 5, 17, tzinfo=UTC)
    with begin(records, at=then) as recorder:
        recorder.add(rows(1))
        recorder.finish()
    assert records.find_by_checksum("iris", "ab")[0].at == then


def test_a_table_that_fails_half_way_is_taken_back_whole(records, monkeypatch):
    monkeypatch.setattr("flora_core.storage.records.recording_in_parts._DELETED_AT_ONCE", 2)
    with pytest.raises(ZeroDivisionError), begin(records) as recorder:
        recorder.add(rows(1, 2, 3, 4, 5))
        raise ZeroDivisionError
    assert count(records) == count(records, "recordings") == 0


def test_the_same_row_twice_is_a_sentence_and_nothing_stays(records):
    with pytest.raises(DatabaseUnavailable), begin(records) as recorder:
        recorder.add(rows(1))
        recorder.add(rows(1))
    assert count(records) == count(records, "recordings") == 0


def test_many_rows_are_written_at_once(records):
    n = 1234
    with begin(records) as recorder:
        recorder.add(rows(*range(n), species=[i % 3 for i in range(n)]))
        recorder.finish()
    assert count(records) == n
    assert records.get(f"{recorder.token}-1000").plant.species == 1


def test_a_recording_of_no_plant_counts(records):
    with begin(records) as recorder:
        recorder.add(rows())
        recorder.finish()
    assert records.find_by_checksum("iris", "ab")[0].plants == 0


def test_what_a_killed_process_left_is_swept_up_later_and_nothing_else(records, monkeypatch):
    monkeypatch.setattr("flora_core.storage.records.recording_in_parts._DELETED_AT_ONCE", 2)
    (kept,) = record(records, PLANT)
    begin(records).add(rows(1, 2, 3))
    fresh = begin(records)
    fresh.add(rows(1))
    assert records.sweep() == 0
    with time_machine.travel(datetime.now(UTC) + timedelta(days=2), tick=False):
        living = begin(records)
        living.add(rows(1))
        assert records.sweep() == 2
        living.finish()
    assert records.get(kept).plant == PLANT
    assert records.get(f"{living.token}-1").plant.row == 1
    assert count(records) == 2


def test_an_unfinished_recording_may_be_taken_back_and_a_finished_one_not(records):
    with begin(records) as recorder:
        recorder.add(rows(1))
        recorder.finish()
    recorder.take_back()
    assert records.get(f"{recorder.token}-1").plant.row == 1


def test_the_recordings_of_a_file_are_known_newest_first_and_by_study(records):
    for by in ("Ada", "Eva"):
        with begin(records, by=by) as recorder:
            recorder.finish()
    assert [r.by for r in records.find_by_checksum("iris", "ab")] == ["Eva", "Ada"]
    assert records.find_by_checksum("iris", "cd") == records.find_by_checksum("rosa", "ab") == ()


def test_of_two_who_record_the_same_file_at_once_the_quicker_counts(records):
    first, second = begin(records), begin(records, by="Eva")
    first.add(rows(1))
    second.add(rows(1))
    first.finish(again=False)
    with (
        pytest.raises(Conflict, match=r"t.csv was recorded by Ada just now; run it again to get its identifiers."),
        second,
    ):
        second.finish(again=False)
    assert len(records.find_by_checksum("iris", "ab")) == 1
    with begin(records) as third:
        third.finish(again=True)
    assert len(records.find_by_checksum("iris", "ab")) == 2
