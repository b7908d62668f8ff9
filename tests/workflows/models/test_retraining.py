"""The whole cycle without a person: a season with a shift, red, retrained, gated, promoted, green, reported; and again."""

import shutil
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import time_machine

from flora_core.determination import AnswerKind, GivenName
from flora_core.learning.comparison.model_comparison import Comparison
from flora_core.reporting.documents import render_documents
from flora_core.storage.records.determinations import Slip
from flora_core.workflows.models import retraining as module
from flora_core.workflows.context import open_context
from flora_core.workflows.identify import identify_with, record
from flora_core.workflows.reports.study_report import build_study_report
from flora_core.workflows.models.lifecycle import newest_challenger
from flora_core.workflows.models.retraining import retrain
from flora_core.workflows.models.training import train_version
from flora_core.workflows.monitor.current_verdict import current_verdict
from tests.conftest import settings_in

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def frozen():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def plants_of(model, count, seed, shift=0.0):
    """Flowers drawn from the model's species, all measurements larger by `shift` standard deviations."""
    rng = np.random.default_rng(seed)
    species = rng.integers(0, 3, count)
    roots = np.linalg.cholesky(model.gaussians.covariances)
    spread = np.sqrt(np.einsum("kii->ki", model.gaussians.covariances))[species]
    values = model.gaussians.means[species] + np.einsum("npq,nq->np", roots[species], rng.standard_normal((count, 4)))
    return np.round(np.maximum(values + shift * spread, 0.1), 1), species


def season(context, count, seed, shift=0.0, determined=0.0):
    """Record flowers over the last twenty days, and determine a share of them as what they are."""
    model = context.champion("iris")
    values, species = plants_of(model, count, seed, shift)
    slips = []
    for start in range(0, count, 20):
        part = slice(start, start + 20)
        found = [identify_with(model, dict(zip(model.study.names, map(str, row), strict=True))) for row in values[part]]
        at = NOW - timedelta(days=20 - start // 20)
        recorded = record(context, found, by="Ada", door="page", collector="Ada", site="Shore", at=at)
        for i, one in enumerate(recorded):
            if (start + i) < determined * count:
                given = GivenName(AnswerKind.SPECIES, model.study.species_names[species[start + i]])
                slips.append(Slip(one.id, given, "Hanna Stone", NOW.date().isoformat(), 2))
    if slips:
        context.determinations.add(slips, entered_by="Hanna Stone", entered_at=NOW)


def run_cycle(context):
    """The script: every step of the cycle, and the report at its end."""
    told = [current_verdict(context, "iris").verdict]
    season(context, 120, seed=1, shift=2.5, determined=0.8)
    told.append(current_verdict(context, "iris").verdict)
    done = retrain(context, "iris", by="nightly")
    season(context, 120, seed=2)
    told.append(current_verdict(context, "iris").verdict)
    return told, done, render_documents(build_study_report(context, "iris"))


@pytest.fixture
def fresh(first_start, tmp_path):
    """Opens copies of one first start, each a context of its own."""
    opened = []

    def another(name):
        shutil.copytree(first_start, tmp_path / name)
        context = open_context(settings_in(tmp_path / name))
        opened.append(context)
        return context

    yield another
    for context in opened:
        context.close()


@pytest.mark.slow
def test_the_whole_cycle_and_the_same_report_the_second_time(fresh, frozen):
    told, done, report = run_cycle(fresh("first"))
    assert told == ["too few", "red", "green"]
    assert done.needed
    assert done.promoted
    assert done.version == 2
    assert done.why.startswith(
        "v2 is the champion now. The monitor is red: The last 120 flowers do not look like the training flowers"
    )
    assert "It learned from 96 more plants." in done.why
    assert "All is well" in report["report.md"]
    assert "| 2 | promoted | nightly |" in report["report.md"]
    told_again, done_again, report_again = run_cycle(fresh("second"))
    assert (told_again, done_again) == (told, done)
    assert report_again == report


@pytest.mark.slow
def test_every_night_again_does_nothing_where_nothing_is_new(fresh, frozen):
    context = fresh("nights")
    season(context, 120, seed=1, shift=2.5, determined=0.8)
    assert retrain(context, "iris", by="nightly").promoted
    again = retrain(context, "iris", by="nightly")
    assert (again.needed, again.version, again.promoted) == (False, None, False)
    assert again.why.startswith("Not needed: the verdict is too few")
    assert len(context.registry.versions("iris")) == 2


def test_red_without_anything_new_to_learn_from_asks_for_determinations(fresh, frozen):
    context = fresh("undetermined")
    season(context, 60, seed=1, shift=1.5)
    done = retrain(context, "iris", by="nightly")
    assert done.red
    assert not done.promoted
    assert done.version is None
    assert "nothing new to learn from" in done.why
    assert "Determine some of the last plants first" in done.why


def test_killed_between_training_and_judging_the_next_run_judges(fresh, frozen, monkeypatch):
    context = fresh("killed")
    season(context, 60, seed=1, determined=1.0)

    class Killed(BaseException):
        pass

    def kill(*_):
        raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(module, "compare_versions", kill)
        retrain(context, "iris", by="nightly")
    assert newest_challenger(context, "iris") == 2
    done = retrain(context, "iris", by="nightly")
    assert done.version == 2
    assert "v2 waited to be judged" in done.why
    assert len(context.registry.versions("iris")) == 2


def test_a_challenger_behind_a_shut_gate_is_retired_with_the_reason(fresh, frozen, monkeypatch):
    context = fresh("shut")
    season(context, 60, seed=1, determined=1.0)
    monkeypatch.setattr(
        module, "train_version",
        lambda context, study, **options: train_version(context, study, algorithm="tree", hyperparameters={"depth": 1},
                                                      with_determinations=True, by="nightly"),
    )
    done = retrain(context, "iris", by="nightly", if_needed=True)
    assert done.red
    assert not done.promoted
    assert "v1 stays the champion; v2 is retired" in done.why
    event = context.registry.events("iris")[-1]
    assert (event.kind, event.version, event.by) == ("retired", 2, "nightly")
    assert "The gate is shut" in event.why
    assert context.champion("iris").card.version == 1


def test_a_person_s_experiment_on_the_same_plants_is_left_to_a_person(fresh, frozen):
    context = fresh("experiment")
    train_version(context, "iris", algorithm="bayes", by="Ada")
    done = retrain(context, "iris", by="nightly")
    assert not done.needed
    assert newest_challenger(context, "iris") == 2


def test_twice_at_once_one_does_the_work(fresh, frozen, monkeypatch):
    context = fresh("twice")
    season(context, 60, seed=1, determined=1.0)
    inside, go_on = threading.Event(), threading.Event()
    compare = module.compare_versions

    def slow(*arguments) -> tuple[Comparison, object]:
        inside.set()
        assert go_on.wait(60)
        return compare(*arguments)

    monkeypatch.setattr(module, "compare_versions", slow)
    results = []
    thread = threading.Thread(target=lambda: results.append(retrain(context, "iris", by="first")))
    thread.start()
    assert inside.wait(60)
    second = retrain(context, "iris", by="second")
    go_on.set()
    thread.join()
    assert second.why == "Another process is retraining iris just now."
    assert results[0].version == 2
    assert len(context.registry.versions("iris")) == 2


def test_a_challenger_of_which_nobody_can_tell_waits_until_there_is_more_to_learn_from(fresh, frozen, monkeypatch):
    context = fresh("waits")
    compare = module.compare_versions

    def unsure(*arguments):
        comparison, gate = compare(*arguments)
        return comparison, replace(gate, answer="cannot tell", objections=(), finding="Cannot tell with 210 plants.")

    monkeypatch.setattr(module, "compare_versions", unsure)
    season(context, 60, seed=1, determined=1.0)
    done = retrain(context, "iris", by="nightly")
    assert (done.version, done.promoted, done.red) == (2, False, False)
    assert "v1 stays the champion; v2 waits." in done.why
    assert "Cannot tell with" in done.why
    assert newest_challenger(context, "iris") == 2
    again = retrain(context, "iris", by="nightly")
    assert again.version == 2
    assert "v2 waited to be judged" in again.why
    season(context, 60, seed=3, determined=1.0)
    third = retrain(context, "iris", by="nightly")
    assert third.version == 3
    assert any(e.version == 2 and e.kind == "retired" and "It waited" in e.why for e in context.registry.events("iris"))
