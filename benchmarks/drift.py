"""`drift` of 500,000 against 500,000 rows of four measurements, and scipy's own tests on the same columns.

    python -m benchmarks.drift

Prints seconds (best of three): what is computed, the whole command from its start to its last line, and, on the same arrays,
ks_2samp and wasserstein_distance of scipy, which neither correct for being several nor know what chance does to a distance.
Aim: computing at most 1.5 s.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from flora_core.monitoring.drift.samples import compare_columns
from flora_core.monitoring.windows import Column

ROOT = Path(__file__).resolve().parents[1]
ROWS = 500_000
NAMES = ("sepal_length", "sepal_width", "petal_length", "petal_width")


def best(work: Callable[[], object], times: int = 3) -> float:
    """The shortest of a few runs, in seconds."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


def irises(shift: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.round(rng.normal([5.84, 3.06, 3.76, 1.2], [0.83, 0.44, 1.77, 0.76], (ROWS, 4)) + shift, 3)


def write(path: Path, values: np.ndarray) -> None:
    import pandas as pd

    pd.DataFrame(values, columns=list(NAMES)).to_csv(path, index=False)


def scipy_alone(columns: list[Column]) -> None:
    from scipy.stats import ks_2samp, wasserstein_distance

    for column in columns:
        ks_2samp(column.reference, column.current)
        wasserstein_distance(column.reference, column.current)


def main() -> None:
    before, now = irises(0.0, 1), irises(0.01, 2)
    columns = [Column(name, before[:, j].copy(), now[:, j].copy()) for j, name in enumerate(NAMES)]
    computed = best(lambda: compare_columns(columns))
    plain = best(lambda: scipy_alone(columns))
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("reference.csv", "current.csv")]
        for path, values in zip(paths, (before, now), strict=True):
            write(path, values)
        words = [sys.executable, "-m", "flora_core", "drift", *map(str, paths), "--json"]
        whole = best(lambda: subprocess.run(words, cwd=ROOT, check=True, capture_output=True))
    print(f"drift of {ROWS:,} against {ROWS:,} rows x {len(NAMES)}")
    print(f"computed                        {computed:6.2f} s   (aim: at most 1.5)")
    print(f"scipy's ks and wasserstein      {plain:6.2f} s   ratio {computed / plain:.2f}")
    print(f"whole command                   {whole:6.2f} s   ratio {whole / plain:.2f}")


if __name__ == "__main__":
    main()
