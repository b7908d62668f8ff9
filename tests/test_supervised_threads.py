"""A thread that breaks down is started again, and is said to have broken down."""

import threading

import pytest

from flora_core import supervised_threads
from flora_core.errors import Unavailable
from flora_core.storage.access.audit_trail import AuditEntry
from flora_core.supervised_threads import SupervisedThread, thread_health
from flora_core.workflows.jobs import worker
from ui.server import startup


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


def test_a_start_that_breaks_down_is_said_and_tried_again(monkeypatch, context):
    tried = []

    def opening():
        tried.append(1)
        if len(tried) == 1:
            raise RuntimeError("nobody thought of this")
        return context

    monkeypatch.setattr(startup, "open_context", opening)
    monkeypatch.setattr(startup, "_TRY_AGAIN", 0.0)
    monkeypatch.setattr(startup, "_warm", lambda context: None)
    starting = startup.Startup()
    starting.start()
    starting.pause(60)
    # What is said is the reason, once; asking for it begins anew.
    monkeypatch.setattr(starting, "start", lambda: None)
    with pytest.raises(Unavailable, match=r"The program can't start \(RuntimeError\)"):
        starting.context()
    monkeypatch.undo()
    monkeypatch.setattr(startup, "open_context", opening)
    monkeypatch.setattr(startup, "_TRY_AGAIN", 0.0)
    monkeypatch.setattr(startup, "_warm", lambda context: None)
    starting.start()
    starting.pause(60)
    assert starting.context().database is context.database


def test_a_heartbeat_that_breaks_down_goes_on(context, monkeypatch):
    job = context.jobs.enqueue("iris", "train", "{}", "Ada")
    context.jobs.claim("me")
    again, said = threading.Event(), []

    def breaking(*words, **named):
        said.append(words)
        if len(said) == 1:
            raise OSError("too many open files")
        again.set()
        return True

    monkeypatch.setattr(worker, "_HEARTBEAT_SECONDS", 0.01)
    monkeypatch.setattr(context.jobs, "heartbeat", breaking)
    heartbeat = worker._Heartbeat(context, job, "me", 0)
    heartbeat.start()
    assert again.wait(60)
    heartbeat.stop()


def test_an_audit_trail_that_can_t_be_written_for_any_reason_is_in_the_log(context, monkeypatch, caplog):
    def broken():
        raise OSError("too many open files")

    monkeypatch.setattr(context.database, "write", broken)
    context.audit.note(AuditEntry("i", "s", "Ada", "record", "iris", "done"))
    (line,) = {id(one): one for one in caplog.records if "audit trail can't be written" in one.message}.values()
    assert line.facts["reason"] == "OSError: too many open files"
    assert line.facts["name"] == "Ada"
