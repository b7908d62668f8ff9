"""A visitor's table between the drop and the downloads, where something goes wrong."""

import errno
import io
import os
from dataclasses import replace

import pytest

from flora_core.errors import OverBudget, Unavailable
from tests.builders import table_text
from ui.batch import session
from ui.batch.session import BatchSession


@pytest.fixture
def work(context):
    work = BatchSession(context, "iris", "flowers.csv", io.BytesIO(table_text().encode()))
    yield work
    work.clear()


def run(work):
    work.start(record=True, again=False, by="Ada", collector="", site="")
    work.wait(20)


def test_columns_that_could_not_be_remembered_take_nothing_back(work, context, monkeypatch):
    def unavailable(*_):
        raise Unavailable("The database is locked.")

    monkeypatch.setattr(session, "remember_columns", unavailable)
    work.say(units={"sepal length": "cm"})
    run(work)
    assert work.failed == ""
    assert work.summary.recorded == 4


@pytest.mark.parametrize(
    ("breaks", "kept"),
    [("close", "The identifications were recorded before that."), ("write", "Nothing was recorded.")],
)
def test_a_mistake_of_ours_says_whether_the_rows_were_recorded(work, context, monkeypatch, breaks, kept):
    def mistake(*_):
        raise RuntimeError("a mistake")

    monkeypatch.setattr(session.ScreenSink, breaks, mistake)
    run(work)
    assert work.summary is None
    assert work.failed.endswith(kept)
    assert bool(context.records.find_by_checksum("iris", work.understood.sha256)) == (breaks == "close")


@pytest.fixture
def one_megabyte(context):
    """Everything that is kept may take one megabyte."""
    return replace(context, settings=context.settings.model_copy(update={"max_results_mb": 1}))


def kept_bytes(context):
    return context.batches.size()


def test_what_a_page_keeps_asks_for_room_as_the_api_does(one_megabyte):
    content = "petal_length,petal_width,sepal_length,sepal_width\n" + "1.4,0.2,5.1,3.5\n" * 20_000
    work = BatchSession(one_megabyte, "iris", "flowers.csv", io.BytesIO(content.encode()))
    run(work)
    assert work.summary is None
    assert "fill the 1 MB there are for them" in work.failed
    assert kept_bytes(one_megabyte) <= 1_000_000
    assert not one_megabyte.records.find_by_checksum("iris", work.understood.sha256)
    # What did not fit is gone, and the next table finds the room that was set aside for it.
    work.recorded_by = ""
    work.clear()
    assert kept_bytes(one_megabyte) == 0
    again = BatchSession(one_megabyte, "iris", "flowers.csv", io.BytesIO(table_text().encode()))
    run(again)
    assert again.summary.recorded == 4
    assert again.result("parquet")


def test_a_table_larger_than_the_room_there_is_is_refused_as_it_comes(one_megabyte):
    with pytest.raises(OverBudget, match="fill the 1 MB"):
        BatchSession(one_megabyte, "iris", "flowers.csv", io.BytesIO(b"1.4,0.2,5.1,3.5\n" * 100_000))
    assert kept_bytes(one_megabyte) == 0


def test_a_full_disk_is_said_to_be_one(work, context, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    run(work)
    assert work.failed == "The table can't be put down: No space left on device. An operator can mend it."
