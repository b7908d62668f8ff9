"""The queue of tables goes on, whatever becomes of one of them."""

import shutil
import threading
from contextlib import ExitStack
from dataclasses import replace

import pytest

from flora_core.access.principal import local_principal
from flora_core.errors import Unavailable, Unknown
from flora_core.supervised_threads import thread_health
from flora_core.workflows.batch import BatchRequest, queue
from flora_core.workflows.batch.orders import BatchJob
from flora_core.workflows.batch.queue import BatchQueue
from tests.builders import table_text

ME = local_principal("Ada")


@pytest.fixture
def tables(context):
    return BatchQueue(context)


def job(name: str = "t.csv") -> BatchJob:
    return BatchJob(BatchRequest(study="iris", name=name), owner=ME)


def sent(tables):
    place = tables.reserve(ME)
    with place.open_upload() as file:
        file.write(table_text().encode())
    return place


def finished(tables, identifier):
    pause = threading.Event()
    while (found := tables.status(identifier, ME))["state"] in ("waiting", "running"):
        pause.wait(0.02)
    return found


@pytest.mark.parametrize("when", ["before it is looked at", "while it is named"])
def test_a_folder_that_a_cleaner_takes_away_does_not_keep_the_next_from_being_named(context, tables, monkeypatch, when):
    looked, go = threading.Event(), threading.Event()
    usual = BatchQueue._outcome

    def slow(self, batch, order, document):
        if order.request.name == "lost.csv":
            if when == "while it is named":
                shutil.rmtree(context.batches._folder / batch.identifier)
            looked.set()
        return usual(self, batch, order, document)

    monkeypatch.setattr(BatchQueue, "_outcome", slow)
    lost = sent(tables)
    if when == "before it is looked at":
        monkeypatch.setattr(type(lost), "document", gone_once(type(lost).document, lost.identifier))
    lost_answer = {"id": lost.identifier}
    try:
        lost_answer = tables.submit(lost, job("lost.csv"))
    except Unknown:
        assert lost_answer
    go.set()
    second = sent(tables)
    tables.submit(second, job())
    assert finished(tables, second.identifier)["state"] == "done"
    (worker,) = [thread for thread in thread_health() if thread.name == "batch"]
    assert worker.well


def gone_once(usual, identifier):
    """`document`, as if the folder of one table were gone."""

    def document(self):
        if self.identifier == identifier:
            raise Unknown("There is no such batch.")
        return usual(self)

    return document


def test_tables_that_are_still_coming_do_not_keep_others_from_waiting(tables, monkeypatch):
    coming = [tables.reserve(ME) for _ in range(queue.MOST_WAITING + 5)]
    whole = sent(tables)
    tables.submit(whole, job())
    assert finished(tables, whole.identifier)["state"] == "done"
    monkeypatch.setattr(queue, "MOST_RECEIVING", len(coming))
    with pytest.raises(Unavailable, match="tables are being sent just now"):
        tables.reserve(ME)
    for place in coming:
        tables.discard(place)
    assert tables.reserve(ME)


def test_tables_that_never_come_take_nobody_s_room(context):
    settings = context.settings.model_copy(update={"max_results_mb": 2, "max_upload_mb": 1})
    tables = BatchQueue(replace(context, settings=settings))
    waiting = [tables.reserve(ME) for _ in range(40)]
    with ExitStack() as open_bodies:
        for place in waiting[:15]:
            open_bodies.enter_context(tables.upload(place)).write(b"p")
        found = finished(tables, tables.submit(sent(tables), job())["id"])
    assert found["state"] == "done"
    for place in waiting:
        tables.discard(place)
    tables.stop()
