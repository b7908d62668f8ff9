"""What a challenger in the shadow costs: recording one plant after another, and a table, with and without one.

    python -m benchmarks.shadow [--rows 50000] [--plants 200]

One plant is identified and recorded as a page does it; one, as the API does a list of 100; a table is read, named and recorded.
Both ways are timed in turns on one database, and the medians are compared. Aim: at most 1.3 times as long.
"""

from __future__ import annotations

import argparse
import io
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from flora_core.learning.training import train
from flora_core.settings import Settings
from flora_core.study import IRIS
from flora_core.workflows.batch.plan import BatchRequest, plan_batch
from flora_core.workflows.batch.run import run_batch
from flora_core.workflows.context import AppContext, open_context
from flora_core.workflows.identify import identify, record
from flora_core.workflows.models.lifecycle import iris_plants
from flora_core.workflows.models.shadow import stop_watching, watch_in_shadow

CHALLENGERS = ("lda", "logistic", "svm", "forest")


def opened(folder: Path, champion: str) -> AppContext:
    """An installation whose champion is of this family, with a challenger of every family."""
    context = open_context(
        Settings(database_url=f"sqlite:///{folder / 'flora.db'}", models=folder / "models", _env_file=None)
    )
    context.database.prepare()
    context.studies.add(IRIS, iris_plants(), "benchmark")
    for algorithm in (champion, *CHALLENGERS):
        context.registry.register(train(IRIS, iris_plants(), algorithm=algorithm, by="benchmark"), "benchmark")
    context.registry.promote("iris", 1, "benchmark", "first")
    return context


def typed(rng: np.random.Generator) -> dict[str, str]:
    """A plant as it is typed."""
    row = iris_plants().values[rng.integers(150)]
    return {name: f"{value:g}" for name, value in zip(IRIS.names, row, strict=True)}


def table(rng: np.random.Generator, rows: int) -> bytes:
    """A table of so many plants."""
    values = np.round(iris_plants().values[rng.integers(150, size=rows)] + rng.normal(0, 0.1, (rows, 4)), 1)
    lines = [",".join(IRIS.names), *(",".join(f"{v:g}" for v in row) for row in np.maximum(values, 0.1))]
    return "\n".join([*lines, ""]).encode()


def in_turns(context: AppContext, challenger: int, act: Callable[[], None], times: int) -> str:
    """An act without and with the challenger, measured in turns: median milliseconds, of computing, and their ratios."""
    taken: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
    for turn in range(2 * times + 4):
        watched = bool(turn % 2)
        if watched:
            watch_in_shadow(context, "iris", challenger, by="benchmark", why="cost")
        else:
            stop_watching(context, "iris", by="benchmark") if turn else None
        act() if turn < 4 else None
        start = time.perf_counter(), time.process_time()
        act()
        if turn >= 4:
            taken[watched].append((time.perf_counter() - start[0], time.process_time() - start[1]))
    stop_watching(context, "iris", by="benchmark")
    (wall, cpu), (wall_beside, cpu_beside) = (
        [1000 * statistics.median(column) for column in zip(*taken[watched], strict=True)] for watched in (False, True)
    )
    return (
        f"{wall:,.1f} -> {wall_beside:,.1f} ms, x{wall_beside / wall:.2f}; "
        f"computing {cpu:,.1f} -> {cpu_beside:,.1f}, x{cpu_beside / cpu:.2f}"
    )


def main() -> None:
    """Print the costs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--plants", type=int, default=150)
    parser.add_argument("--champion", default="lda")
    asked = parser.parse_args()
    rng = np.random.default_rng(7)
    with tempfile.TemporaryDirectory() as folder:
        context = opened(Path(folder), asked.champion)

        def one() -> None:
            record(context, [identify(context, "iris", typed(rng))], by="Ada", door="page")

        def hundred() -> None:
            record(context, [identify(context, "iris", typed(rng)) for _ in range(100)], by="Ada", door="api")

        tables = [table(rng, asked.rows) for _ in range(25 * len(CHALLENGERS))]

        def whole_table() -> None:
            stream = io.BytesIO(tables.pop())
            run_batch(context, stream, plan_batch(context, stream, BatchRequest("iris", "plants.csv")), by="Ada")

        print(f"| champion {asked.champion}, challenger | one plant | 100 plants | table of {asked.rows:,} |")
        print("|---|---|---|---|")
        for version, challenger in enumerate(CHALLENGERS, start=2):
            cells = [
                in_turns(context, version, act, times)
                for act, times in ((one, asked.plants), (hundred, 7), (whole_table, 7))
            ]
            print(f"| {challenger} | {' | '.join(cells)} |", flush=True)
        context.close()


if __name__ == "__main__":
    main()
