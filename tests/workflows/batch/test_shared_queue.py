"""Tables that servers share: any of them answers for each, and none is lost or recorded twice when one of them dies."""

import io
import multiprocessing
import os
import threading
import time
from datetime import timedelta

import pytest
import time_machine

from flora_core.access import Principal, Role
from flora_core.access.principal import local_principal
from flora_core.errors import Refused, Unknown
from flora_core.settings import Settings
from flora_core.storage.files.object_files import files_below
from flora_core.workflows.batch import BatchRequest, queue
from flora_core.workflows.batch.orders import BatchJob, order_document, order_from
from flora_core.workflows.batch.queue import MOST_TRIES, BatchQueue, batch_queue, found_batch
from flora_core.workflows.context import open_context
from tests.builders import table_text

ME = local_principal("Ada")


def settings(either, place):
    return Settings(
        database_url=either.settings.database_url, models=either.settings.models, results=place, _env_file=None
    )


@pytest.fixture
def two(either, bucket, tmp_path):
    """Two servers on one database and one bucket."""
    contexts = [
        open_context(settings(either, bucket).model_copy(update={"cache": tmp_path / name}))
        for name in ("one", "other")
    ]
    yield contexts
    for context in contexts:
        context.close()


def order(**words):
    return BatchJob(BatchRequest(study="iris", name="t.csv"), owner=ME, **words)


def hand_in(context, job):
    tables = batch_queue(context)
    place = tables.reserve(ME)
    with place.open_upload() as file:
        file.write(table_text().encode())
    return tables.submit(place, job)["id"]


def finished(context, identifier):
    end = time.monotonic() + 120
    while (found := batch_queue(context).status(identifier, ME))["state"] in ("waiting", "running"):
        assert time.monotonic() < end, found
        time.sleep(0.05)
    return found


def until(condition):
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_table_handed_to_one_is_fetched_from_the_other(two, bucket):
    one, other = two
    identifier = hand_in(one, order(parquet=True))
    assert finished(other, identifier)["identified"] == 4
    for kind in ("result", "issues", "parquet"):
        name, stream, size = batch_queue(other).result(identifier, ME, kind)
        with stream:
            assert (name, len(stream.read())) == ("t.csv", size)
    with pytest.raises(Refused, match="was not asked for"):
        batch_queue(other).result(identifier, ME, "darwin-core")
    assert [found for found, _ in other.batches.documents_of("", 5)] == [identifier]
    until(lambda: other.batches.offered() == [])
    # The table itself is deleted, what became of it stays.
    there = {one.name.rpartition("/")[2] for one in files_below(bucket).files("tables")}
    assert there == {"batch.json", "order.json", "result.csv", "issues.csv", "result.parquet"}


def test_nobody_else_is_told_of_it_at_any_server(two):
    one, other = two
    identifier = hand_in(one, order())
    stranger = Principal("x", "program", "x", frozenset({Role.BOTANIST}), 3)
    for context in two:
        with pytest.raises(Unknown):
            found_batch(context, identifier, stranger)
        with pytest.raises(Unknown):
            found_batch(context, "../" + identifier, ME)
    finished(other, identifier)


def _work_and_die(environment, settings, ready, again):
    os.environ.update(environment)
    context = open_context(settings)
    usual = queue.run_batch

    def die(*words, **named):
        usual(*words, **named)
        os._exit(9)

    queue.run_batch = die
    ready.put(hand_in(context, order(record=True, by="Ada", again=again)))
    time.sleep(120)


@pytest.mark.slow
@pytest.mark.parametrize("again", [False, True])
def test_a_server_that_dies_after_it_recorded_loses_nothing_and_nothing_is_recorded_twice(two, either, bucket, again):
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.workflows.batch.test_shared_queue", "sklearn.discriminant_analysis"])
    ready = context.Queue()
    words = (dict(os.environ), settings(either, bucket), ready, again)
    process = context.Process(target=_work_and_die, args=words)
    process.start()
    identifier = ready.get(timeout=120)
    process.join(120)
    assert process.exitcode == 9
    # It was recorded, and nobody knows of it but the database.
    found = finished(two[1], identifier)
    assert (found["state"], found["identified"]) == ("done", 4)
    assert len(either.records.newest("iris", 100)) == 4


def test_a_server_that_is_ended_leaves_its_table_to_another(two, either, monkeypatch):
    one, other = two
    began, usual = threading.Event(), queue.run_batch

    def slow(context, *words, progress, **named):
        if context.batches is one.batches:
            began.set()
            while True:
                progress(1, 10, "naming")
                time.sleep(0.01)
        return usual(context, *words, progress=progress, **named)

    monkeypatch.setattr(queue, "run_batch", slow)
    identifier = hand_in(one, order(record=True, by="Ada"))
    assert began.wait(60)
    assert batch_queue(other).status(identifier, ME)["state"] == "running"
    batch_queue(one).stop()
    assert finished(other, identifier)["recorded"] == 4
    assert len(either.records.newest("iris", 100)) == 4


def test_a_table_that_ends_every_server_is_not_handed_on_for_ever(two, monkeypatch):
    one, other = two
    monkeypatch.setattr(BatchQueue, "_take_over", lambda self: None)
    place = one.batches.new()
    with place.open_upload() as file:
        file.write(table_text().encode())
    place.keep_upload()
    created = "2026-05-03T10:00:00+00:00"
    place.write_document({"owner": "", "name": "t.csv", "state": "running", "created": created, "tries": MOST_TRIES})
    place.offer(order_document(order()))
    place.release()
    monkeypatch.undo()
    found = finished(other, place.identifier)
    assert found["state"] == "failed"
    assert "servers ended while they worked on this table" in found["detail"]


def test_an_order_is_the_same_after_a_way_through_the_store():
    request = BatchRequest("iris", "t.csv", columns={"a": "petal_length"}, changes=("x",), declined=("y", "z"))
    said = BatchJob(
        request, Principal("7", "program", "import", frozenset({Role.BOTANIST}), 7), True, True, "Ada", "C", "S"
    )
    import json

    assert order_from(json.loads(json.dumps(order_document(said)))) == said


def test_what_is_old_is_swept_unless_a_server_works_on_it(two, bucket):
    one, other = two
    identifier = hand_in(one, order())
    finished(one, identifier)
    held = one.batches.new()
    held.write_document({"owner": "", "name": "held", "state": "running", "created": "2026-05-03T10:00:00+00:00"})
    until(lambda: one.batches.offered() == [])
    assert other.batches.sweep(timedelta(hours=1)) == 0
    with time_machine.travel(time.time() + 7200, tick=True):
        assert other.batches.sweep(timedelta(hours=1)) == 1
    names = {one.name for one in files_below(bucket).files()}
    assert not any(identifier in name for name in names)
    assert f"tables/{held.identifier}/batch.json" in names
    with pytest.raises(Unknown):
        other.batches.get(identifier)
    held.release()
    held.remove()
    assert files_below(bucket).files() == []
    # Marks of a table that is gone go, too, once they are old.
    files_below(bucket).put(f"waiting/{identifier}", io.BytesIO(b""))
    other.batches.sweep(timedelta(hours=1))
    assert other.batches.offered() == [identifier]
    # It keeps no other table from being worked on.
    assert finished(other, hand_in(one, order()))["state"] == "done"
    with time_machine.travel(time.time() + 7200, tick=True):
        other.batches.sweep(timedelta(hours=1))
    assert other.batches.offered() == []


def test_a_table_of_the_page_is_reopened_at_another_server(two):
    from ui.batch.session import BatchSession, dropped_tables

    one, other = (context.acting_as(ME) for context in two)
    shown = BatchSession(one, "iris", "t.csv", io.BytesIO(table_text().encode()))
    shown.start(record=True, again=False, by="Ada", collector="", site="")
    shown.wait(60)
    assert shown.failed == ""
    assert [table.identifier for table in dropped_tables(other)] == [shown.identifier]
    again = BatchSession.reopened(other, shown.identifier)
    again.show()
    again.wait(60)
    assert again.failed == ""
    assert again.is_recorded
    assert again.result("csv") == shown.result("csv")
    assert again.result("parquet")[:4] == b"PAR1"
