"""Work on other machines: the same digits, a worker that dies costs its part, and a cluster that is not there is said."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from flora_core import parallel
from flora_core.errors import Unavailable, WrongSetting
from flora_core.learning.algorithms.catalogue import algorithm_named, resolve_hyperparameters
from flora_core.learning.algorithms.pipelines import Recipe
from flora_core.learning.validation import out_of_fold as module
from flora_core.learning.validation.folds import make_folds
from flora_core.settings import Settings
from flora_core.storage.cluster import cluster
from flora_core.storage.cluster import spread as spread_over
from flora_core.storage.files.object_files import files_below
from flora_core.workflows.batch import BatchRequest
from flora_core.workflows.batch.folders import FolderJob, name_folder
from flora_core.workflows.models.lifecycle import iris_plants
from tests.builders import FLOWERS, table_text
from tests.conftest import missing
from tests.servers import ROOT, free_port


class Cluster:
    """A scheduler and workers of one core each, as processes of their own."""

    def __init__(self) -> None:
        self.address = f"tcp://127.0.0.1:{free_port()}"
        self.scheduler = self._start("scheduler", "--host", self.address, "--no-dashboard", "--no-show")
        self.workers: list[subprocess.Popen[bytes]] = []

    def add_worker(self) -> subprocess.Popen[bytes]:
        words = ("worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--death-timeout", "60")
        self.workers.append(self._start(*words))
        return self.workers[-1]

    def wait_for(self, workers: int) -> None:
        from distributed import Client

        with Client(self.address, timeout=60, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=60)

    def end(self) -> None:
        for process in (*self.workers, self.scheduler):
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait(20)

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *words],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@contextmanager
def running(workers: int) -> Iterator[Cluster]:
    try:
        import distributed  # noqa: F401
    except ImportError:
        missing("dask", "pip install -e '.[cluster]'")
    there = Cluster()
    try:
        for _ in range(workers):
            there.add_worker()
        if workers:
            there.wait_for(workers)
        yield there
    finally:
        there.end()


def answers(processes, step=lambda question, fold: None):
    """What a forest says of Fisher's irises out of fold, as bytes: every digit counts."""
    plants = iris_plants()
    algorithm = algorithm_named("forest")
    recipe = Recipe(algorithm, resolve_hyperparameters(algorithm, {}), seed=0)
    questions = [(recipe, make_folds(plants, 10, seed)) for seed in (0, 1)]
    with parallel.one_thread():
        found = module.out_of_fold(questions, plants, step, processes)
    return np.concatenate([one.raw for one in found]).tobytes()


@pytest.fixture
def spread(monkeypatch):
    """However little is left to do, it is spread."""
    monkeypatch.setattr(parallel, "KNOWN", 0.0)
    monkeypatch.setattr(parallel, "WORTH_STARTING", 0.0)


def test_without_a_cluster_the_work_stays_here():
    with cluster("") as cores:
        assert cores == 0


def test_a_cluster_that_does_not_answer_is_said(monkeypatch):
    monkeypatch.setattr("flora_core.storage.cluster._ANSWERS_WITHIN", 1)
    with (
        pytest.raises(Unavailable, match="does not answer. Start its scheduler"),
        cluster(f"tcp://127.0.0.1:{free_port()}"),
    ):
        pass


def test_an_address_that_is_none_is_refused():
    with pytest.raises(ValueError, match="tcp://host:8786"):
        Settings(cluster="host:8786", _env_file=None)


def test_a_cluster_without_workers_is_said():
    with running(0) as there, pytest.raises(Unavailable, match="has no worker. Start one"), cluster(there.address):
        pass


def test_workers_with_other_libraries_are_refused(monkeypatch):
    with running(1) as there:
        monkeypatch.setattr("flora_core.storage.cluster._LIBRARIES", ("numpy",))
        monkeypatch.setattr("numpy.__version__", "1.0")
        with pytest.raises(WrongSetting, match="other libraries than this machine: numpy"), cluster(there.address):
            pass


def test_the_same_digits_here_and_on_a_cluster_of_which_a_worker_dies(spread):
    here = answers(1)
    assert answers(2) == here
    with running(2) as there:
        seen = []

        def kill_one(question, fold):
            seen.append(fold)
            if len(seen) == 5:
                there.workers[0].kill()

        with cluster(there.address) as cores:
            assert cores == 2
            assert answers(cores, kill_one) == here
        assert len(seen) == 20


def test_a_cluster_that_is_lost_in_the_middle_is_said(spread):
    with running(1) as there:

        def lose_it(question, fold):
            there.scheduler.kill()
            time.sleep(0.1)

        with (
            pytest.raises(Unavailable, match="was lost while it worked; nothing was saved"),
            cluster(there.address) as cores,
        ):
            answers(cores + 1, lose_it)


def test_where_asked_the_work_of_a_cluster_that_is_gone_is_done_here(monkeypatch, caplog):
    monkeypatch.setattr("flora_core.storage.cluster._ANSWERS_WITHIN", 1)
    address = f"tcp://127.0.0.1:{free_port()}"
    with pytest.raises(Unavailable, match="does not answer"):
        spread_over(lambda workers: workers, address, 3)
    assert spread_over(lambda workers: workers, address, 3, "here") == 3
    assert "does not answer" in caplog.text
    assert "The work is done on this machine." in caplog.text
    assert spread_over(lambda workers: workers, "", 2) == 2
    for cores, workers in ((1, 1), (3, 3), (64, 8)):
        monkeypatch.setattr("joblib.cpu_count", lambda cores=cores: cores)
        assert spread_over(lambda workers: workers, "", 0) == workers


def test_what_the_work_itself_can_t_do_is_not_tried_twice(monkeypatch):
    tried = []

    def work(workers):
        tried.append(workers)
        raise Unavailable("the disk is full")

    with running(1) as there, pytest.raises(Unavailable, match="the disk is full"):
        spread_over(work, there.address, 2, "here")
    assert tried == [1]


def test_a_cluster_that_is_lost_in_the_middle_gives_the_same_digits_at_home(spread):
    here, lost = answers(1), []
    with running(1) as there:

        def lose_it(question, fold):
            if not lost:
                there.scheduler.kill()
                there.scheduler.wait()
            lost.append(fold)

        found = spread_over(lambda workers: answers(max(2, workers), lose_it), there.address, 1, "here")
    assert found == here
    assert len(lost) > 20


@pytest.mark.slow
def test_a_folder_is_named_on_the_cluster_as_it_is_at_home(context, tmp_path):
    below = files_below(str(tmp_path / "in"))
    for i in range(6):
        below.put(f"{i}.csv", io.BytesIO(table_text([[f"{i}-{k}", *FLOWERS[k % 4][1:]] for k in range(50)]).encode()))
    job = FolderJob(str(tmp_path / "in"), str(tmp_path / "home"), BatchRequest(study="iris", name=""))
    home = name_folder(context, job)
    with running(2) as dask:
        there = replace(context, settings=context.settings.model_copy(update={"cluster": dask.address}))
        away = name_folder(there, replace(job, target=str(tmp_path / "away")))
    assert (away.rows, away.species, away.profile) == (300, home.species, home.profile)
    for i in range(6):
        assert (tmp_path / "away" / f"{i}.csv").read_bytes() == (tmp_path / "home" / f"{i}.csv").read_bytes()
