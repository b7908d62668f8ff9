"""A visitor's table between the drop and the downloads, where something goes wrong."""

import io

import pytest

from flora_core.errors import Unavailable
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
