"""Do probabilities mean what they say, of complete plants and of plants with three measurements missing?

    python -m benchmarks.probabilities [PLANTS]

Each algorithm with its defaults, five folds of at most so many plants of each table. Complete plants: accuracy, calibration
error and log loss, each half calibrated by the temperature of the other. With three measurements of every plant missing: the
same, when the average over the completions is tempered, and when each completion is.
"""

from __future__ import annotations

import sys
import warnings

import numpy as np

from flora_core.identification.predicting import predict
from flora_core.learning.algorithms.catalogue import ALGORITHMS, resolve_hyperparameters
from flora_core.learning.algorithms.pipelines import Recipe
from flora_core.learning.validation.folds import make_folds
from flora_core.learning.validation.out_of_fold import fit_fold, out_of_fold
from flora_core.learning.validation.scoring import (
    calibration_error,
    cross_fitted_calibration,
    fit_calibration,
    log_loss,
)
from flora_core.model import Calibration, Floats, Ints, TrainingPlants
from flora_core.parallel import one_thread
from tests.conformance.datasets import study_and_plants

TABLES = ("wheat_seeds", "leaf_uci", "dry_bean")


def said_of(p: Floats, species: Ints) -> str:
    right = 100 * (p.argmax(axis=1) == species).mean()
    return f"{right:.1f} / {100 * calibration_error(p, species):.1f} / {log_loss(p, species):.3f}"


def main() -> None:
    """Print the table."""
    most = int(sys.argv[1]) if len(sys.argv) > 1 else 1500
    warnings.simplefilter("ignore")
    print("| table | algorithm | temperature | complete | three missing, average tempered | each completion |")
    for name in TABLES:
        plants = study_and_plants(name)[1]
        rows = np.random.default_rng(0).permutation(len(plants.species))[:most]
        plants = TrainingPlants(plants.values[rows], plants.species[rows], None, plants.table)
        gappy, rng = plants.values.copy(), np.random.default_rng(1)
        for row in gappy:
            row[rng.choice(len(row), 3, replace=False)] = np.nan
        folds = make_folds(plants, 5, 0)
        for algorithm in ("lda", "logistic", "forest", "svm"):
            recipe = Recipe(ALGORITHMS[algorithm], resolve_hyperparameters(ALGORITHMS[algorithm], {}), 0)
            with one_thread():
                answer = out_of_fold([(recipe, folds)], plants)[0]
                found = fit_calibration(answer.said, plants.species)
                answers = {each: np.zeros_like(answer.raw) for each in (False, True)}
                for fold in folds:
                    pipeline = fit_fold(recipe, fold)
                    for each, p in answers.items():
                        calibration = Calibration(found.temperature, found.floor, each)
                        p[fold.test] = predict(pipeline, fold.gaussians, calibration, gappy[fold.test])
            held = cross_fitted_calibration(answer.said, plants.species)
            columns = [held, answers[False], answers[True]]
            told = " | ".join(said_of(p, plants.species) for p in columns)
            print(f"| {name} | {algorithm} | {found.temperature:.2f} | {told} |", flush=True)


if __name__ == "__main__":
    main()
