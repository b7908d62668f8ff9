"""What share of plants of a species left out is noticed, where 5 % of the plants of known species are taken for strangers?

    python -m benchmarks.strangers

First, what a training of the program measures on all plants and writes on the card: share noticed (95 % interval), and
held-out plants of known species taken for strangers. Then detectors held against each other: each species (at most 20) is left
out in turn, at most 120 plants of each, gaps filled with medians; known plants are asked about by folds. Beside our two
distances (each species' own covariance, one shared by all): the distance to the third nearest training plant and the local
outlier factor, both on measurements whitened by the shared covariance; the Mahalanobis distance relative to that of all plants
(Ren et al. 2021); and how unsure discriminant analysis is. A cell: share noticed at 5 % / area under the curve, in percent.
"""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors

from flora_core.identification.fitness import marginalize as seen_in
from flora_core.identification.fitness import outlying_levels, squared_distances
from flora_core.learning.novelty import fit_novelty
from flora_core.learning.species_gaussians import fit_gaussians, fit_tail_factor
from flora_core.learning.validation.folds import fold_count, held_out_misfits, make_folds
from flora_core.model import Floats, Ints, TrainingPlants, pooled_gaussians
from flora_core.study import IRIS, Study
from flora_core.workflows.models.lifecycle import iris_plants
from tests.conformance.datasets import study_and_plants

TABLES = ("iris", "wheat_seeds", "dry_bean", "rice_cammeo_osmancik", "leaf_uci", "physaria_herbarium")
_EACH = 120
_LEFT_OUT = 20


def strangeness(X: Floats, y: Ints, asked: Floats) -> dict[str, Floats]:
    """How strange each plant looks to each detector that learned from X and y."""
    _, y = np.unique(y, return_inverse=True)
    gaussians = fit_gaussians(X, y, int(y.max()) + 1)
    shared = pooled_gaussians(gaussians)
    whitener = seen_in(shared, (True,) * X.shape[1]).whiteners[0]
    white, asked_white = X @ whitener, asked @ whitener
    nearest = squared_distances(seen_in(shared, (True,) * X.shape[1]), asked).min(axis=1)
    of_all = ((asked_white - white.mean(axis=0)) ** 2).sum(axis=1)
    return {
        "own covariance": outlying_levels(gaussians, asked).min(axis=1),
        "shared covariance": nearest,
        "third neighbour": NearestNeighbors(n_neighbors=3).fit(white).kneighbors(asked_white)[0][:, -1],
        "local outlier factor": -LocalOutlierFactor(n_neighbors=10, novelty=True).fit(white).score_samples(asked_white),
        "relative distance": nearest - 0.5 * of_all,
        "unsure": 1.0 - LinearDiscriminantAnalysis().fit(X, y).predict_proba(asked).max(axis=1),
    }


def measured(X: Floats, y: Ints, rng: np.random.Generator) -> dict[str, str]:
    """A cell for each detector."""
    known: dict[str, list[Floats]] = {}
    for learned, asked in StratifiedKFold(8, shuffle=True, random_state=0).split(X, y):
        for name, values in strangeness(X[learned], y[learned], X[asked]).items():
            known.setdefault(name, []).append(values)
    left_out: dict[str, list[Floats]] = {}
    for j in rng.permutation(np.unique(y))[:_LEFT_OUT]:
        for name, values in strangeness(X[y != j], y[y != j], X[y == j]).items():
            left_out.setdefault(name, []).append(values)
    cells = {}
    for name, parts in left_out.items():
        own, strangers = np.concatenate(known[name]), np.concatenate(parts)
        limit = np.quantile(own, 0.95)
        noticed = 100 * np.mean([(part > limit).mean() for part in parts])
        truth = np.repeat([0, 1], [len(own), len(strangers)])
        cells[name] = f"{noticed:.0f} / {100 * roc_auc_score(truth, np.concatenate([own, strangers])):.0f}"
    return cells


def on_the_card(study: Study, plants: TrainingPlants) -> str:
    """What the program measures while it trains."""
    folds = make_folds(plants, fold_count(plants.species), 0)
    tail = fit_tail_factor(held_out_misfits(plants, folds))
    found = fit_novelty(
        study, plants, folds, fit_gaussians(plants.values, plants.species, len(study.species), tail), 0
    )[1]
    own = 100 * (found.own_none + found.own_unusual)
    return f"{100 * found.noticed:.0f} ({100 * found.low:.0f}-{100 * found.high:.0f}) | {own:.1f}"


def main() -> None:
    """Print the table."""
    warnings.simplefilter("ignore")
    head = False
    for name in TABLES:
        study, plants = (IRIS, iris_plants()) if name == "iris" else study_and_plants(name)
        y = plants.species
        X = np.where(np.isnan(plants.values), np.nanmedian(plants.values, axis=0), plants.values)
        card = on_the_card(study, plants)
        if len(study.species) == 2:
            # With one species left there is nothing to hold the other detectors against.
            print(f"| {name} | {card} | {' | '.join('-' * 6)} |")
            continue
        rng = np.random.default_rng(0)
        rows = np.concatenate([rng.permutation(np.flatnonzero(y == j))[:_EACH] for j in np.unique(y)])
        cells = measured(X[rows], y[rows], rng)
        if not head:
            print(f"| table | noticed | own | {' | '.join(cells)} |\n|{'---|' * (len(cells) + 3)}")
            head = True
        print(f"| {name} | {card} | {' | '.join(cells.values())} |", flush=True)


if __name__ == "__main__":
    main()
