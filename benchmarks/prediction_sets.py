"""Do 95 % prediction sets hold 95 %, and how large are they? Ours beside plain LAC on halves of labelled tables.

    python -m benchmarks.prediction_sets [SPLITS]

Linear discriminant analysis is learned from one half of the plants (or so many of each species), its thresholds are taken from
ten-fold out-of-fold probabilities of that half, and the sets are made for the other half. Gaps are filled with medians.
LAC: one limit of the probability for all species (Sadinle, Lei & Wasserman 2019), the likeliest species always kept.
"""

from __future__ import annotations

import sys
import warnings

import numpy as np
from sklearn.datasets import load_iris
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from flora_core.identification.predicting import calibrate
from flora_core.identification.prediction_sets import fit_conformal_thresholds, prediction_sets
from flora_core.learning.validation.scoring import cross_fitted_calibration, fit_calibration
from flora_core.model import Floats, Ints
from tests.conformance.datasets import DATASETS, study_and_plants

#: Table, and plants learned from of each species; 0: half of them.
TABLES = (
    ("iris", 15),
    ("wheat_seeds", 0),
    ("leaf_uci", 0),
    ("dry_bean", 40),
    ("dry_bean", 0),
    ("rice_cammeo_osmancik", 0),
    ("physaria_herbarium", 0),
)
_ASKED = 6000


def lac(probabilities: Floats, species: Ints) -> Floats:
    own = np.sort(probabilities[np.arange(len(species)), species])
    rank = int(np.floor((len(own) + 1) * 0.05 + 1e-9))
    return np.full(probabilities.shape[1], own[rank - 1] if rank else 0.0)


def values_of(name: str) -> tuple[Floats, Ints]:
    if name == "iris":
        return load_iris(return_X_y=True)
    plants = study_and_plants(name)[1]
    return np.where(np.isnan(plants.values), np.nanmedian(plants.values, axis=0), plants.values), plants.species


def out_of_fold(X: Floats, y: Ints, k: int, rng: np.random.Generator) -> Floats:
    part, offset = np.empty(len(y), dtype=np.int64), 0
    for j in range(k):
        rows = rng.permutation(np.flatnonzero(y == j))
        part[rows] = (offset + np.arange(len(rows))) % 10
        offset += len(rows)
    raw = np.zeros((len(y), k))
    for fold in range(10):
        model = LinearDiscriminantAnalysis().fit(X[part != fold], y[part != fold])
        raw[np.ix_(part == fold, model.classes_)] = model.predict_proba(X[part == fold])
    return raw


def split(X: Floats, y: Ints, each: int, seed: int) -> dict[str, tuple[float, float, Floats]]:
    """Coverage, size and coverage by species of both rules on one split."""
    rng, k = np.random.default_rng(seed), int(y.max()) + 1
    rows = [rng.permutation(np.flatnonzero(y == j)) for j in range(k)]
    learned = np.zeros(len(y), dtype=bool)
    learned[np.concatenate([r[: each or len(r) // 2] for r in rows])] = True
    asked = rng.permutation(np.flatnonzero(~learned))[:_ASKED]
    raw = out_of_fold(X[learned], y[learned], k, rng)
    held = cross_fitted_calibration(raw, y[learned])
    fresh = calibrate(
        LinearDiscriminantAnalysis().fit(X[learned], y[learned]).predict_proba(X[asked]),
        fit_calibration(raw, y[learned]),
    )
    found = {}
    for rule, thresholds in (("ours", fit_conformal_thresholds(held, y[learned])), ("LAC", lac(held, y[learned]))):
        sets = prediction_sets(fresh, thresholds)
        hit = sets[np.arange(len(asked)), y[asked]]
        by_species = np.array([hit[y[asked] == j].mean() if (y[asked] == j).any() else np.nan for j in range(k)])
        found[rule] = float(hit.mean()), float(sets.sum(axis=1).mean()), by_species
    return found


def main(splits: int) -> None:
    warnings.simplefilter("ignore")
    print(f"{splits} splits; coverage % / species a plant / least covered species, mean over splits, %")
    for name, each in TABLES:
        if name != "iris" and not DATASETS.exists():
            continue
        X, y = values_of(name)
        found = [split(X, y, each, seed) for seed in range(splits)]
        cells = []
        for rule in ("ours", "LAC"):
            of = [f[rule] for f in found]
            worst = np.nanmean([o[2] for o in of], axis=0).min()
            cells.append(
                f"{rule} {100 * np.mean([o[0] for o in of]):.1f} / {np.mean([o[1] for o in of]):.2f} / {100 * worst:.0f}"
            )
        print(f"{name}, {f'{each} a species' if each else 'half'}: {'; '.join(cells)}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
