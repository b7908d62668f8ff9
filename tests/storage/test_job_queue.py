"""The queue: one contract for both databases."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import update

from flora_core.errors import Conflict, TooLarge, Unknown
from flora_core.storage.database import Database
from flora_core.storage.job_queue import HEARTBEAT_TIMEOUT, MOST, JobQueue
from flora_core.storage.schema import jobs as table
from flora_core.storage.studies import Studies
from flora_core.study import IRIS
from flora_core.workflows.models.lifecycle import iris_plants


@pytest.fixture
def database(database_url):
    opened = Database(database_url)
    opened.prepare()
    Studies(opened).add(IRIS, iris_plants(), "a test")
    yield opened
    opened.close()


@pytest.fixture
def jobs(database):
    return JobQueue(database)


@pytest.fixture
def watch(monkeypatch):
    """The watch that each process looks at, in seconds, which the test sets."""
    shown = [1000.0]
    monkeypatch.setattr("flora_core.storage.job_queue.time.monotonic", lambda: shown[0])
    return shown


def test_a_job_waits_runs_and_is_done(jobs):
    asked = jobs.enqueue("iris", "train", "{}", "Ada")
    assert (asked.state, asked.by, asked.active) == ("waiting", "Ada", True)
    assert jobs.claim("me").id == asked.id
    assert jobs.heartbeat(asked.id, "me", 3, 10, "trying") is True
    (running,) = jobs.active()
    assert (running.state, running.done, running.total, running.doing) == ("running", 3, 10, "trying")
    assert jobs.finish(asked.id, "me", "done", '{"version":2}') is True
    over = jobs.get(asked.id)
    assert (over.state, over.result, over.active) == ("done", '{"version":2}', False)
    assert over.ended_at >= over.started_at >= over.asked_at
    assert jobs.active() == ()
    assert jobs.find_identical("iris", "train", "{}") == over
    assert jobs.find_identical("iris", "train", "{} ") is None


def test_one_at_a_time_and_in_the_order_they_were_asked_for(jobs):
    first, second = (jobs.enqueue("iris", "train", str(i), "x") for i in range(2))
    assert jobs.claim("me").id == first.id
    assert jobs.claim("you") is None
    jobs.finish(first.id, "me", "done", "")
    assert jobs.claim("you").id == second.id
    assert [job.id for job in jobs.newest("iris")] == [second.id, first.id]
    assert jobs.newest("rosa") == ()


def test_as_many_jobs_are_worked_on_as_may_be_and_no_more(jobs):
    asked = [jobs.enqueue("iris", "train", f'{{"seed":{n}}}', "Ada") for n in range(3)]
    assert [jobs.claim(f"me {n}", 2) and n for n in range(3)] == [0, 1, None]
    assert [job.state for job in jobs.active()] == ["running", "running", "waiting"]
    jobs.finish(asked[0].id, "me 0", "done", "")
    assert jobs.claim("you", 2).id == asked[2].id


def test_of_many_who_claim_at_once_one_gets_the_job(jobs):
    jobs.enqueue("iris", "train", "1", "x")
    jobs.enqueue("iris", "train", "2", "x")
    barrier, found = threading.Barrier(4), []

    def claim(name):
        barrier.wait()
        found.append(jobs.claim(name))

    threads = [threading.Thread(target=claim, args=(str(i),)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([job for job in found if job]) == 1


SILENCE = HEARTBEAT_TIMEOUT.total_seconds()


def test_a_job_that_nobody_has_heard_of_is_interrupted_and_the_next_begins(jobs, watch):
    first, second = (jobs.enqueue("iris", "train", str(i), "x") for i in range(2))
    jobs.claim("dead")
    assert jobs.claim("me") is None
    watch[0] += SILENCE - 5
    assert jobs.claim("me") is None
    watch[0] += 10
    assert jobs.claim("me").id == second.id
    lost = jobs.get(first.id)
    assert lost.state == "interrupted"
    assert lost.result == "The process that worked on it is gone; nothing was saved by it. It can be started again."
    assert jobs.heartbeat(first.id, "dead", 1, 2, "back again") is False
    assert jobs.finish(first.id, "dead", "done", "x") is False, "what was given up is nobody's to end"
    assert jobs.get(first.id).state == "interrupted"


def test_a_job_that_goes_on_saying_that_it_is_alive_is_never_given_up(jobs, watch, database):
    job = jobs.enqueue("iris", "train", "0", "x")
    jobs.claim("me")
    for step in range(6):
        watch[0] += SILENCE - 5
        assert jobs.heartbeat(job.id, "me", step, 10, "trying") is True
        # Asked by this process and by one that never looked before.
        assert jobs.claim("you") is None
        assert JobQueue(database).claim("another") is None
    assert jobs.get(job.id).state == "running"


@pytest.mark.parametrize("days", [3, -3])
def test_a_job_claimed_by_a_wrong_clock_blocks_nobody_and_can_be_cancelled(jobs, watch, days):
    first, second, third = (jobs.enqueue("iris", "train", str(i), "x") for i in range(3))
    with time_machine.travel(datetime.now(UTC) + timedelta(days=days)):
        jobs.claim("dead")
    assert jobs.claim("me") is None, "its clock is wrong, which says nothing of its process"
    watch[0] += SILENCE + 1
    assert jobs.claim("me").id == second.id
    with time_machine.travel(datetime.now(UTC) + timedelta(days=days)):
        jobs.heartbeat(second.id, "me", 1, 2, "x")
    assert jobs.cancel(second.id).state == "cancelling"
    assert jobs.claim("you") is None
    watch[0] += SILENCE + 1
    assert jobs.claim("you").id == third.id
    assert [jobs.get(job.id).state for job in (first, second)] == ["interrupted", "cancelled"]


def test_a_job_that_was_given_to_somebody_else_is_watched_anew(jobs, watch, database):
    job = jobs.enqueue("iris", "train", "0", "x")
    jobs.claim("dead")
    assert jobs.claim("me") is None
    watch[0] += SILENCE + 1
    with database.write() as connection:
        connection.execute(update(table).where(table.c.id == job.id).values(runner="another"))
    assert jobs.claim("me") is None
    assert jobs.get(job.id).state == "running"


def test_cancelling_what_waits_takes_it_out_and_what_runs_is_asked_to_stop(jobs):
    first, second = (jobs.enqueue("iris", "train", str(i), "x") for i in range(2))
    jobs.claim("me")
    assert jobs.cancel(second.id).state == "cancelled"
    assert jobs.cancel(first.id).state == "cancelling"
    assert jobs.heartbeat(first.id, "me", 1, 2, "x") is False
    assert jobs.finish(first.id, "me", "cancelled", "") is True
    with pytest.raises(Conflict, match=f"Job {first.id} is cancelled already"):
        jobs.cancel(first.id)
    with pytest.raises(Unknown, match="There is no job 99"):
        jobs.cancel(99)


def test_the_very_same_is_not_asked_for_twice_and_the_queue_ends_somewhere(jobs):
    jobs.enqueue("iris", "train", "0", "Ada")
    with pytest.raises(Conflict, match="The same was asked for by Ada already; it is job 1"):
        jobs.enqueue("iris", "train", "0", "Grace")
    for i in range(1, MOST):
        jobs.enqueue("iris", "train", str(i), "Ada")
    with pytest.raises(TooLarge, match=f"{MOST} jobs are waiting already"):
        jobs.enqueue("iris", "train", "x", "Ada")
