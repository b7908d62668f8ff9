"""What the Determine page and the readers of determinations cost, with ten thousand identifications and with a million.

    python -m benchmarks.determinations [POSTGRESQL_URL]

The inbox, the coverage, the newest determination of every plant (1 % are determined), and a plant found by its catalogue
number. Aim: the inbox of a million costs at most 1.5 times that of ten thousand, and every one of them at most 1 s.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from flora_core.determination import AnswerKind, GivenName
from flora_core.learning.training import train
from flora_core.settings import Settings
from flora_core.storage.records.bulk_insert import IdentificationColumns
from flora_core.storage.records.determinations import Slip
from flora_core.study import IRIS
from flora_core.workflows.context import AppContext, open_context
from flora_core.workflows.determine.inbox import inbox
from flora_core.workflows.determine.lookup import find_plants
from flora_core.workflows.determine.progress import progress
from flora_core.workflows.models.lifecycle import ensure_champion, iris_plants

_DAYS, _DETERMINED = 365, 0.01


def fill(context: AppContext, plants: int) -> None:
    """A year of daily tables; nine in ten plants are clear."""
    rng = np.random.default_rng(0)
    a_day = plants // _DAYS
    values = iris_plants().values
    for day in range(_DAYS):
        n = plants - a_day * (_DAYS - 1) if day == _DAYS - 1 else a_day
        kind = rng.random(n)
        used = [str(row) for row in values[rng.integers(0, len(values), n)].round(1).tolist()]
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)
        with context.records.begin(
            study="iris",
            version=1,
            by="Ada",
            door="command",
            source=f"{day}.csv",
            source_sha256=f"{day:064}",
            recipe="",
            at=at,
        ) as recorder:
            recorder.add(
                IdentificationColumns(
                    row=list(range(2, n + 2)),
                    catalogue_number=[f"{day}-{i}" for i in range(n)],
                    used=used,
                    typed=[None] * n,
                    probabilities=["[0.01,0.6,0.39]" if k < 0.06 else "[0.01,0.98,0.01]" for k in kind],
                    species=[1] * n,
                    possible=["1 2" if k < 0.06 else "" if k > 0.96 else "1" for k in kind],
                    misfit=[2.0 if k > 0.96 else 0.3 for k in kind],
                )
            )
            recorder.finish()
        some = rng.choice(n, max(1, int(_DETERMINED * n)), replace=False)
        slips = [
            Slip(f"{recorder.token}-{i + 2}", GivenName(AnswerKind.SPECIES, "Iris versicolor"), "Ada", "2026-12-31", 2)
            for i in some
        ]
        context.determinations.add(slips, entered_by="Ada")


def median_s(function: Callable[[], object], times: int = 5) -> float:
    function()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        function()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def measure(context: AppContext) -> dict[str, float]:
    return {
        "inbox": median_s(lambda: inbox(context, "iris")),
        "coverage": median_s(lambda: progress(context, "iris")),
        "newest of every plant": median_s(lambda: sum(1 for _ in context.determinations.latest("iris"))),
        "found by catalogue number": median_s(lambda: find_plants(context, "iris", ["7-7"])),
    }


def main() -> None:
    results = {}
    for plants in (10_000, 1_000_000):
        with tempfile.TemporaryDirectory() as folder:
            url = sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{folder}/flora.db"
            context = open_context(Settings(database_url=url, models=Path(folder) / "models", _env_file=None))
            ensure_champion(context)
            # A challenger, so that the inbox asks both.
            context.registry.register(train(IRIS, iris_plants(), algorithm="logistic"), "a benchmark")
            fill(context, plants)
            results[plants] = measure(context)
            context.close()
    for name, small in results[10_000].items():
        large = results[1_000_000][name]
        print(f"{name:<28} {1000 * small:8.0f} ms  {1000 * large:8.0f} ms  ratio {large / small:6.2f}")


if __name__ == "__main__":
    main()
