"""A thread that breaks down is started again, and is said to have broken down."""

import threading

import pytest

from flora_core import supervised_threads
from flora_core.supervised_threads import SupervisedThread, thread_health


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(supervised_threads, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(supervised_threads, "LONGEST_PAUSE", 0.01)


def state(name):
    return next((thread for thread in thread_health() if thread.name == name), None)


def test_work_that_breaks_down_is_done_again_until_it_returns():
    times, done = [], threading.Event()

    def work():
        times.append(1)
        if len(times) < 4:
            raise RuntimeError("no")
        done.set()

    thread = SupervisedThread("works at last", work)
    thread.start()
    assert done.wait(30)
    thread.stop(30)
    assert len(times) == 4
    assert state("works at last") is None


def test_how_it_is_is_told_while_it_works_and_while_it_waits(monkeypatch):
    monkeypatch.setattr(supervised_threads, "FIRST_PAUSE", 3600.0)
    broke, go = threading.Event(), threading.Event()

    def work():
        assert go.wait(30)
        broke.set()
        raise OSError("the folder is gone")

    thread = SupervisedThread("breaks", work)
    thread.start()
    assert state("breaks").well
    go.set()
    assert broke.wait(30)
    while state("breaks").well:
        pass
    assert (state("breaks").state, state("breaks").failures) == ("restarting", 1)
    assert state("breaks").error == "OSError: the folder is gone"
    thread.stop(30)
    assert not thread.is_alive()
    assert state("breaks") is None
