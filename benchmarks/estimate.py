"""`estimate` of 200,000 + 200,000 rows, and scikit-learn's isotonic regression on the same work.

    python -m benchmarks.estimate

Prints seconds (best of three): what is computed, the whole command from its start to its last line, and the calibration alone
as scikit-learn does it: eleven isotonic regressions a species on the same splits. Aim: computing at most 2 s.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.drift import ROOT, best
from flora_core.monitoring.performance.cbpe import estimate
from flora_core.monitoring.predictions import PredictionSample

ROWS = 200_000
SPECIES = ("setosa", "versicolor", "virginica")


def answers(seed: int) -> PredictionSample:
    rng = np.random.default_rng(seed)
    probabilities = np.round(rng.dirichlet([0.4] * 3, ROWS), 6)
    boasting = probabilities**0.8 / (probabilities**0.8).sum(axis=1, keepdims=True)
    true = (rng.random((ROWS, 1)) > boasting.cumsum(axis=1)).sum(axis=1).clip(0, 2)
    return PredictionSample(probabilities, probabilities.argmax(axis=1), true)


def write(path: Path, plants: PredictionSample) -> None:
    import pandas as pd

    table = pd.DataFrame(plants.probabilities, columns=[f"p_{name}" for name in SPECIES])
    table["named"], table["true"] = np.array(SPECIES)[plants.identified], np.array(SPECIES)[plants.true]
    table.to_csv(path, index=False)


def scikit_learn_alone(plants: PredictionSample) -> None:
    from sklearn.isotonic import IsotonicRegression
    from sklearn.model_selection import StratifiedShuffleSplit

    for j in range(3):
        scores, hits = plants.probabilities[:, j], plants.true == j
        for train, test in StratifiedShuffleSplit(n_splits=10, test_size=0.1, random_state=42).split(scores, hits):
            IsotonicRegression(out_of_bounds="clip").fit(scores[train], hits[train]).predict(scores[test])
        IsotonicRegression(out_of_bounds="clip").fit(scores, hits)


def main() -> None:
    reference, current = answers(1), answers(2)
    computed = best(lambda: estimate(reference, current))
    plain = best(lambda: scikit_learn_alone(reference))
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("reference.csv", "current.csv")]
        for path, plants in zip(paths, (reference, current), strict=True):
            write(path, plants)
        words = [
            sys.executable,
            "-m",
            "flora_core",
            "estimate",
            *map(str, paths),
            "--identified",
            "named",
            "--true",
            "true",
        ]
        words += [word for name in SPECIES for word in ("--probability", f"{name}=p_{name}")]
        whole = best(lambda: subprocess.run([*words, "--json"], cwd=ROOT, check=True, capture_output=True))
        tool = best(
            lambda: subprocess.run([*words, "--json", "--as", "nannyml"], cwd=ROOT, check=True, capture_output=True), 1
        )
    print(f"estimate of {ROWS:,} + {ROWS:,} rows, six metrics")
    print(f"computed                        {computed:6.2f} s   (aim: at most 2)")
    print(f"scikit-learn's calibration      {plain:6.2f} s   ratio {computed / plain:.2f}")
    print(f"whole command                   {whole:6.2f} s   ratio {whole / plain:.2f}")
    print(f"whole command, --as nannyml     {tool:6.2f} s   ratio {tool / plain:.2f}")


if __name__ == "__main__":
    main()
