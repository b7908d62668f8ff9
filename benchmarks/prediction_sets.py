"""Do 95 % prediction sets hold 95 %, and how large are they? Ours beside plain LAC on halves of labelled tables.

    python -m benchmarks.prediction_sets [SPLITS]

Linear discriminant analysis is learned from one half of the plants (or so many of each species), its thresholds are taken from
ten-fold out-of-fold probabilities of that half, and the sets are made for the other half. Gaps are filled with medians.
LAC: one limit of the probability for all species (Sadinle, Lei & Wasserman 2019), the likeliest species always kept. Least: the
smallest sets that limits, one for each species, can make of the same probabilities if they hold 95 % of all plants, 90 % of
each species that 20 plants were learned from, and 95 % of the rarer ones on average; found by knowing the answers.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass

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
_ASKED = 3000
#: Plants learned from, from which on a species is held to its own promise.
_MANY = 20


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


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """What was learned from, and the probabilities of the plants asked about."""

    held: Floats
    learned: Ints
    fresh: Floats
    asked: Ints


def split(X: Floats, y: Ints, each: int, seed: int) -> Split:
    rng, k = np.random.default_rng(seed), int(y.max()) + 1
    rows = [rng.permutation(np.flatnonzero(y == j)) for j in range(k)]
    learned = np.zeros(len(y), dtype=bool)
    learned[np.concatenate([r[: each or len(r) // 2] for r in rows])] = True
    asked = rng.permutation(np.flatnonzero(~learned))[:_ASKED]
    raw = out_of_fold(X[learned], y[learned], k, rng)
    fresh = LinearDiscriminantAnalysis().fit(X[learned], y[learned]).predict_proba(X[asked])
    return Split(
        cross_fitted_calibration(raw, y[learned]),
        y[learned],
        calibrate(fresh, fit_calibration(raw, y[learned])),
        y[asked],
    )


def measured(splits: list[Split], rule: Callable[[Floats, Ints], Floats]) -> str:
    """Coverage, size, plants with more than one species, coverage of species with many plants and with few; over all splits."""
    k = splits[0].fresh.shape[1]
    counts = np.bincount(splits[0].learned, minlength=k)
    coverage, size, several, by_species = [], [], [], []
    for one in splits:
        sets = prediction_sets(one.fresh, rule(one.held, one.learned))
        hit, sizes = sets[np.arange(len(one.asked)), one.asked], sets.sum(axis=1)
        coverage.append(hit.mean())
        size.append(sizes.mean())
        several.append((sizes > 1).mean())
        by_species.append([hit[one.asked == j].mean() if (one.asked == j).any() else np.nan for j in range(k)])
    mean = 100 * np.nanmean(by_species, axis=0)
    worst = f"{mean[counts >= _MANY].min():.0f}" if (counts >= _MANY).any() else "-"
    rare = f"{mean[counts < _MANY].mean():.1f}" if (counts < _MANY).any() else "-"
    return f"{100 * np.mean(coverage):.1f} / {np.mean(size):.2f} / {100 * np.mean(several):.0f} / {worst} / {rare}"


def least_size(splits: list[Split]) -> float:
    """Species a plant of the smallest sets that keep every promise, by limits that know the answers."""
    k = splits[0].fresh.shape[1]
    counts = np.bincount(splits[0].learned, minlength=k)
    p = np.concatenate([one.fresh for one in splits])
    species = np.concatenate([one.asked for one in splits])
    own, highest = p[np.arange(len(p)), species], np.ones(k)
    for j in np.flatnonzero(counts >= _MANY):
        highest[j] = np.quantile(own[species == j], 0.10)
    rare = counts[species] < _MANY
    if rare.any():
        # Each species counts alike, whatever its number of plants.
        order = np.argsort(own[rare])
        weights = 1.0 / np.bincount(species, minlength=k)[species[rare]][order]
        highest[counts < _MANY] = own[rare][order][np.searchsorted(np.cumsum(weights) / weights.sum(), 0.05)]
    for shared in np.linspace(1.0, 0.0, 1001):
        limits = np.minimum(shared, highest)
        if (own >= limits[species]).mean() >= 0.95:
            break
    return float(prediction_sets(p, limits).sum() / len(p))


def main(splits: int) -> None:
    """Print the table."""
    warnings.simplefilter("ignore")
    print("coverage % / species a plant / more than one species % / least covered of the species with 20 plants %")
    print(f"/ species with fewer, on average %; means over {splits} splits")
    for name, each in TABLES:
        if name != "iris" and not DATASETS.exists():
            continue
        X, y = values_of(name)
        found = [split(X, y, each, seed) for seed in range(splits)]
        ours, one_limit = measured(found, fit_conformal_thresholds), measured(found, lac)
        how = f"{each} a species" if each else "half"
        print(f"| {name} | {how} | {ours} | {one_limit} | {least_size(found):.2f} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
