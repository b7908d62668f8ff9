"""Jobs end to end: a real supervisor and real processes; and what is said of each ending."""

import os
import signal
import time

import psutil
import pytest

from flora_core.errors import Conflict, Refused, Unknown
from flora_core.storage.job_queue import JobQueue
from flora_core.workflows.jobs import worker
from flora_core.workflows.jobs.requests import (
    ComparisonResult,
    ask_for_comparison,
    ask_for_training,
    comparison_asked,
    comparison_job,
    describe_job,
    job_outcome,
    newest_jobs,
    queue,
    resubmit,
)
from flora_core.workflows.jobs.supervisor import JobSupervisor
from flora_core.workflows.models.lifecycle import verify_versions
from flora_core.workflows.models.training import TrainingRequest

QUICK = TrainingRequest(algorithm="bayes", hyperparameters={"smoothing": 0.001})
LONG = TrainingRequest(algorithm="forest", hyperparameters={"trees": 1000}, search=150)


@pytest.fixture
def supervisor(context):
    started = JobSupervisor(context)
    started.start()
    yield started
    started.stop()


def until(what, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.05)
    raise TimeoutError


def in_state(context, job, *states):
    return until(lambda: context.jobs.get(job.id) if context.jobs.get(job.id).state in states else None)


def test_a_training_is_done_by_a_process_and_a_second_one_sees_its_place(context, supervisor):
    first = ask_for_training(context, "iris", QUICK, "Ada")
    second = ask_for_training(context, "iris", LONG, "Grace")
    assert [(q.job.by, q.place) for q in queue(context)] == [("Ada", 0), ("Grace", 1)]
    supervisor.wake()
    done = in_state(context, first, "done")
    assert job_outcome(done) == "Version 2 was registered."
    card = context.registry.card("iris", 2)
    assert (card.algorithm, card.hyperparameters, card.trained_by) == ("bayes", {"smoothing": 0.001}, "Ada")
    assert context.registry.champion_version("iris") == 1
    until(lambda: context.jobs.get(second.id).done >= 3)
    running = queue(context)[0]
    assert running.seconds_left > 0
    assert 0 < running.share < 1
    assert running.job.doing.startswith("trying random forest, candidate ")
    context.jobs.cancel(second.id)
    assert job_outcome(in_state(context, second, "cancelled")) == "Cancelled; nothing was registered."
    assert len(context.registry.versions("iris")) == 2


def test_a_killed_process_leaves_a_sentence_and_a_whole_registry(context, supervisor):
    job = ask_for_training(context, "iris", LONG, "Ada")
    supervisor.wake()
    until(lambda: context.jobs.get(job.id).done >= 1)
    children = [p for p in psutil.Process().children() if "flora_core.workflows.jobs.worker" in p.cmdline()]
    assert len(children) == 1
    if hasattr(os, "nice"):
        assert children[0].nice() >= 10
    children[0].send_signal(signal.SIGKILL)
    ended = in_state(context, job, "interrupted")
    assert job_outcome(ended).startswith("Its process was ended from outside (SIGKILL), often because memory ran out.")
    assert [v.problem for v in verify_versions(context)[0]] == [""]
    assert resubmit(context, ended, "Ada").state == "waiting"


def test_a_server_that_stops_interrupts_its_job_and_leaves_the_rest_waiting(context):
    supervisor = JobSupervisor(context)
    supervisor.start()
    job, later = ask_for_training(context, "iris", LONG, "Ada"), ask_for_training(context, "iris", QUICK, "Ada")
    in_state(context, job, "running")
    supervisor.stop()
    assert job_outcome(in_state(context, job, "interrupted")) == "The server was ended while it worked on this."
    assert context.jobs.get(later.id).state == "waiting"
    assert not [p for p in psutil.Process().children() if "flora_core.workflows.jobs.worker" in p.cmdline()]


def claimed(context, job):
    assert context.jobs.claim("a test").id == job.id
    return job.id, "a test"


def test_a_comparison_is_kept_and_found_again_until_its_plants_change(context, champion):
    context.registry.register(champion, "Ada")
    asked = comparison_asked(context, "iris", 1, 2)
    assert comparison_job(context, "iris", asked) is None
    job = ask_for_comparison(context, "iris", asked, "")
    assert worker.run_job(context, *claimed(context, job)) == "done"
    found = comparison_job(context, "iris", comparison_asked(context, "iris", 1, 2))
    comparison, gate = ComparisonResult.model_validate_json(found.result).read()
    assert (comparison.overall.plants, comparison.overall.value, gate.passed) == (150, 0, True)
    assert set(comparison.by_species) == {"Iris setosa", "Iris versicolor", "Iris virginica"}
    assert job_outcome(found) == comparison.sentence
    assert describe_job(found) == "Compare version 2 with version 1"
    assert comparison_job(context, "iris", asked.model_copy(update={"determined": 1})) is None


def test_what_can_t_be_trained_fails_with_its_sentence(context, monkeypatch):
    job = ask_for_training(context, "iris", QUICK, "Ada")
    monkeypatch.setattr(context.studies, "plants", lambda study: (_ for _ in ()).throw(Refused("No plants are left.")))
    assert worker.run_job(context, *claimed(context, job)) == "failed"
    assert job_outcome(context.jobs.get(job.id)) == "No plants are left."


@pytest.mark.parametrize(
    ("error", "sentence"),
    [(MemoryError(), "There was not enough memory"), (ZeroDivisionError(), "Something went wrong on our side")],
)
def test_a_mistake_of_ours_becomes_a_sentence_too(context, monkeypatch, error, sentence):
    def fail(*_):
        raise error

    monkeypatch.setattr(worker, "_WORK", {"train": fail})
    job = ask_for_training(context, "iris", QUICK, "Ada")
    assert worker.run_job(context, *claimed(context, job)) == "failed"
    assert job_outcome(context.jobs.get(job.id)).startswith(sentence)


def test_settings_that_can_t_be_used_are_refused_before_they_are_queued(context):
    with pytest.raises(Unknown, match="'oak' is not an algorithm"):
        ask_for_training(context, "iris", TrainingRequest(algorithm="oak"), "Ada")
    with pytest.raises(Refused, match="depth can't be 99"):
        ask_for_training(context, "iris", TrainingRequest(algorithm="tree", hyperparameters={"depth": 99}), "Ada")
    with pytest.raises(Refused, match="A search of 9000 settings can't be done"):
        ask_for_training(context, "iris", TrainingRequest(search=9000), "Ada")
    with pytest.raises(Refused, match="Say who you are"):
        ask_for_training(context, "iris", QUICK, " ")
    ask_for_training(context, "iris", QUICK, "Ada")
    with pytest.raises(Conflict, match="The same was asked for by Ada already"):
        ask_for_training(context, "iris", QUICK, "Grace")
    assert len(newest_jobs(context)) == 1


def test_jobs_outlive_the_program_that_asked_for_them(context):
    job = ask_for_training(context, "iris", QUICK, "Ada")
    assert JobQueue(context.database).get(job.id) == job
    assert describe_job(job) == "Train: naive Bayes; smoothing 0.001"
