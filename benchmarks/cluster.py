"""What a Dask cluster of 1 to 8 workers on this machine brings, over one process and over GridSearchCV on the same workers.

    python -m benchmarks.cluster [--workers 1,2,4,8] [--quick]

A simulated task sleeps half a second, so that what is measured is the spreading and not this machine's cores; the real one fits
forests out of fold. The last lines are the measured parts from which docs/performance.md reckons larger work: one fitting on
100,000 plants of 50 measurements, handing one fold to a worker, and naming a million rows by one process.
"""

from __future__ import annotations

import argparse
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from benchmarks.large_table import table
from benchmarks.search import some_of
from flora_core.learning.algorithms.candidates import candidates
from flora_core.learning.algorithms.catalogue import algorithm_named, resolve_hyperparameters
from flora_core.learning.algorithms.pipelines import Recipe
from flora_core.learning.validation.folds import make_folds
from flora_core.learning.validation.out_of_fold import fit_fold, out_of_fold
from flora_core.model import TrainingPlants
from flora_core.parallel import at_once, one_thread, work_through
from flora_core.storage.cluster import cluster
from tests.servers import free_port

ROOT = Path(__file__).resolve().parents[1]
SLEEPS, SLEEP = 32, 0.5
SETTINGS = 4


@contextmanager
def workers(count: int) -> Iterator[str]:
    """The address of a scheduler with so many workers of one core each."""
    from distributed import Client

    address = f"tcp://127.0.0.1:{free_port()}"
    scheduler = ["scheduler", "--host", address, "--no-dashboard", "--no-show"]
    worker = ["worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--death-timeout", "60"]
    started = []
    try:
        for words in (scheduler, *[worker] * count):
            with open(os.devnull, "wb") as nowhere:
                command = [sys.executable, "-m", "dask", *words]
                environment = {**os.environ, "PYTHONPATH": str(ROOT)}
                started.append(subprocess.Popen(command, cwd=ROOT, env=environment, stdout=nowhere, stderr=nowhere))
        with Client(address, timeout=60, set_as_default=False) as client:
            client.wait_for_workers(count, timeout=60)
        yield address
    finally:
        for process in started:
            process.send_signal(signal.SIGKILL)
            process.wait()


def sleep(task: int) -> int:
    time.sleep(SLEEP)
    return task


def seconds(work: object) -> float:
    start = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - start


def sleeps() -> None:
    assert sorted(work_through(sleep, range(SLEEPS))) == list(range(SLEEPS))


def forests(plants: TrainingPlants, settings: int) -> bytes:
    recipes = [Recipe(a, h, seed=0) for a, h in candidates("forest", {}, settings, plants, 0)]
    with one_thread():
        found = out_of_fold([(recipe, make_folds(plants, 10, 0)) for recipe in recipes], plants)
    return np.concatenate([one.raw for one in found]).tobytes()


def grid(plants: TrainingPlants, settings: int, workers: int) -> None:
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import Pipeline

    recipes = [Recipe(a, h, seed=0) for a, h in candidates("forest", {}, settings, plants, 0)]
    counts = np.bincount(plants.species)
    params = [{"classify": [r.pipeline(counts)[-1]]} for r in recipes]
    folds = [(f.train, f.test) for f in make_folds(plants, 10, 0)]
    search = GridSearchCV(
        Pipeline(recipes[0].pipeline(counts).steps),
        params,
        scoring="neg_log_loss",
        cv=folds,
        n_jobs=workers,
        refit=False,
    )
    search.fit(plants.values, plants.species)


def parts() -> None:
    """What larger work is reckoned from."""
    rng = np.random.default_rng(0)
    species = np.arange(100_000) % 20
    plants = TrainingPlants(rng.normal(size=(100_000, 50)) + species[:, None] / 10.0, species, None, table()[1].table)
    fold = make_folds(plants, 10, 0)[0]
    for name in ("lda", "forest"):
        algorithm = algorithm_named(name)
        recipe = Recipe(algorithm, resolve_hyperparameters(algorithm, {}), seed=0)
        with one_thread():
            took = seconds(lambda recipe=recipe: fit_fold(recipe, fold).predict_proba(plants.values[fold.test]))
        print(f"one fold of 100,000 plants of 50 measurements, {name}: {took:.1f} s")
    packed = pickle.dumps(fold, protocol=5)
    took = seconds(lambda: pickle.loads(pickle.dumps(fold, protocol=5)))
    print(f"one fold handed over: {len(packed) / 1e6:.0f} MB, packed and unpacked in {took:.3f} s")


def naming() -> None:
    from flora_core.settings import Settings
    from flora_core.workflows.batch import BatchRequest
    from flora_core.workflows.batch.folders import FolderJob, name_folder
    from flora_core.workflows.context import open_context
    from flora_core.workflows.models.lifecycle import ensure_champion

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        context = open_context(
            Settings(database_url=f"sqlite:///{place}/flora.db", models=place / "models", _env_file=None)
        )
        ensure_champion(context)
        import pyarrow as pa
        import pyarrow.parquet as pq

        rng = np.random.default_rng(0)
        names = ("sepal_length", "sepal_width", "petal_length", "petal_width")
        columns = {name: np.round(rng.uniform(1.0, 7.0, 1_000_000), 1) for name in names}
        (place / "in").mkdir()
        pq.write_table(pa.table(columns), place / "in" / "part.parquet")
        job = FolderJob(str(place / "in"), str(place / "out"), BatchRequest(study="iris", name=""))
        took = seconds(lambda: name_folder(context, job))
        size = sum(path.stat().st_size for path in (place / "in").iterdir()) / 1e6
        print(f"a million rows of a Parquet file of {size:.0f} MB named by one process: {took:.1f} s")
        context.close()


def main() -> None:
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser()
    parser.add_argument("--workers", default="1,2,4,8")
    parser.add_argument("--quick", action="store_true", help="the parts and two workers only")
    asked = parser.parse_args()
    counts = [2] if asked.quick else [int(n) for n in asked.workers.split(",")]
    plants = some_of(table()[1])
    with at_once(1):
        slept = seconds(sleeps)
        start = time.perf_counter()
        here = forests(plants, SETTINGS)
        alone = time.perf_counter() - start
    print(f"one process: {SLEEPS} simulated tasks {slept:.1f} s; {SETTINGS} forests on ten folds {alone:.1f} s")
    for count in counts:
        with workers(count) as address, cluster(address) as cores, at_once(cores):
            # Workers import what they need at their first task.
            sleeps()
            away = seconds(sleeps)
            start = time.perf_counter()
            found = forests(plants, SETTINGS)
            ours = time.perf_counter() - start
            assert found == here
            theirs = seconds(lambda cores=cores: grid(plants, SETTINGS, cores))
        print(
            f"{count} workers: simulated {slept / away:.2f} times as fast, forests {alone / ours:.2f} times; ours over "
            f"GridSearchCV on the same workers {ours / theirs:.2f} ({ours:.1f} against {theirs:.1f} s)"
        )
    parts()
    naming()


if __name__ == "__main__":
    main()
