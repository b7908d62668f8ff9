"""A search of settings against plain scikit-learn's GridSearchCV over the same candidates and folds, both with two processes.

    python -m benchmarks.search

Aim: at most 1.25 times. Ours chooses by calibrated log loss, and then does what GridSearchCV does not: asks again on other
folds, learns from fewer plants, shuffles each measurement and calibrates. The ratio is of all of it.
"""

from __future__ import annotations

import time
import warnings

import numpy as np

from benchmarks.large_table import table
from flora_core.learning.algorithms.candidates import candidates
from flora_core.learning.algorithms.pipelines import Recipe
from flora_core.learning.training import train
from flora_core.learning.validation.folds import make_folds
from flora_core.model import TrainingPlants

CANDIDATES = 40
PLANTS = 1200


def some_of(plants: TrainingPlants) -> TrainingPlants:
    rows = np.sort(np.random.default_rng(0).choice(len(plants.species), PLANTS, replace=False))
    return TrainingPlants(plants.values[rows], plants.species[rows], None, plants.table)


def by_grid(plants: TrainingPlants, name: str) -> float:
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import Pipeline

    recipes = [Recipe(a, h, seed=0) for a, h in candidates(name, {}, CANDIDATES, plants, 0)]
    counts = np.bincount(plants.species)
    grid = [{"classify": [r.pipeline(counts)[-1]]} for r in recipes]
    folds = [(f.train, f.test) for f in make_folds(plants, 10, 0)]
    start = time.perf_counter()
    search = GridSearchCV(Pipeline(recipes[0].pipeline(counts).steps), grid, scoring="neg_log_loss", cv=folds, n_jobs=2)
    search.fit(plants.values, plants.species)
    return time.perf_counter() - start


def main() -> None:
    warnings.simplefilter("ignore")
    study, whole = table()
    plants = some_of(whole)
    for name in ("forest", "svm"):
        theirs = by_grid(plants, name)
        start = time.perf_counter()
        card = train(study, plants, algorithm=name, search=CANDIDATES, processes=2).card
        ours = time.perf_counter() - start
        print(
            f"{name:8} GridSearchCV {theirs:6.1f} s, ours {ours:6.1f} s, ratio {ours / theirs:.2f} "
            f"({card.searched} settings, {card.folds} folds)"
        )
    print("aim: at most 1.25")


if __name__ == "__main__":
    main()
