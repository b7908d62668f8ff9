"""Numbers and states together: accuracy beside scikit-learn's own, coverage, strangers, false alarms, and what rows cost.

Made-up plants with known truth: 20 species, 20 numbers and 20 characters with states, a tenth of all cells empty. Boosting
(with its native categories and gaps) and a forest (on encoded states, with its native gaps) are tuned on the very folds that
they are scored on, which flatters them. Run: python -m benchmarks.characters [--plants 1000] [--seed 0]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from flora_core.identification.explanation import explain, next_measurement
from flora_core.identification.naming import predict_plants
from flora_core.learning.training import train
from flora_core.learning.validation.folds import make_folds
from flora_core.model import Floats, Ints, StateColumns, TrainingPlants
from flora_core.parallel import one_thread
from tests.characters.known_truth import KnownTruth, known_truth


def boosting(columns: StateColumns, rate: float, leaves: int) -> Any:
    """scikit-learn's boosting with native categories and gaps."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    states = [c for c, ordered in zip(columns.columns, columns.ordered, strict=True) if not ordered]
    return HistGradientBoostingClassifier(
        learning_rate=rate, max_leaf_nodes=leaves, min_samples_leaf=5, categorical_features=states, random_state=0
    )


def forest(columns: StateColumns, features: float | str, leaf: int) -> Any:
    """scikit-learn's forest on states as columns of 0 and 1; gaps as it takes them."""
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder

    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    trees = RandomForestClassifier(300, max_features=features, min_samples_leaf=leaf, random_state=0, n_jobs=1)
    return Pipeline(
        [
            ("encode", ColumnTransformer([("states", encoder, list(columns.columns))], remainder="passthrough")),
            ("classify", trees),
        ]
    )


def scored(plants: TrainingPlants, parts: list[tuple[Ints, Ints]], made: Callable[[], Any]) -> float:
    """The accuracy of an estimator on held-out plants."""
    right = 0
    for learned, asked in parts:
        fitted = made().fit(plants.values[learned], plants.species[learned])
        right += int((fitted.predict(plants.values[asked]) == plants.species[asked]).sum())
    return right / len(plants.species)


def accuracies(truth: KnownTruth, plants: TrainingPlants) -> Any:
    """Print how right our model and scikit-learn's are on the same folds; gives our model."""
    columns = plants.states
    assert columns is not None
    start = time.perf_counter()
    model = train(truth.study, plants, processes=2)
    scores = model.card.scores
    took = time.perf_counter() - start
    print(f"auto: {model.card.algorithm}, accuracy {scores.accuracy:.4f}, log loss {scores.log_loss:.4f}, {took:.0f} s")
    folds = make_folds(plants, model.card.folds, 0)
    parts = [(fold.train, fold.test) for fold in folds]
    with one_thread():
        best = {
            "boosting": max(
                scored(plants, parts, lambda r=r, n=n: boosting(columns, r, n)) for r in (0.05, 0.15) for n in (4, 15)
            ),
            "forest": max(
                scored(plants, parts, lambda f=f, n=n: forest(columns, f, n)) for f in ("sqrt", 0.2) for n in (1, 3)
            ),
        }
    for name, accuracy in best.items():
        print(
            f"scikit-learn's {name}, tuned on the same folds: {accuracy:.4f}; ours is {scores.accuracy / accuracy:.3f} of it"
        )
    return model


def promises(truth: KnownTruth, model: Any, seed: int) -> None:
    """Print coverage, false alarms and strangers on new plants."""
    rng = np.random.default_rng(seed + 1)
    k = len(truth.study.species)
    species = np.repeat(np.arange(k), 100)
    named = predict_plants(model, truth.draw(species, rng))
    alarms = (~named.fits | named.unusual).mean()
    print(
        f"new plants (n = {len(species)}): named right {(named.best == species).mean():.4f}, true species in the 95 % set "
        f"{named.in_set[np.arange(len(species)), species].mean():.4f} ({named.in_set.sum(axis=1).mean():.2f} species), "
        f"false alarms {100 * alarms:.1f} % (fit nothing {100 * (~named.fits).mean():.1f} %)"
    )
    unknown = model.card.unknown_species
    print(f"strangers: {100 * unknown.noticed:.0f} % noticed of species left out in turn (n = {unknown.plants})")


def cost(seed: int, rows: int = 4000) -> None:
    """Print what a batch of mixed rows costs beside one of numbers alone, and a rerun of Identify."""
    took: dict[str, float] = {}
    for name, numbers, states in (("numbers", 40, 0), ("mixed", 20, 20)):
        truth = known_truth(species=20, numbers=numbers, states=states, missing=0.1, seed=seed)
        model = train(truth.study, truth.plants(600, np.random.default_rng(seed)), algorithm="logistic")
        for missing, what in ((0.0, "complete"), (0.1, "a tenth missing")):
            values = _with_gaps(truth, missing, rows, seed)
            predict_plants(model, values[:200])
            start = time.perf_counter()
            predict_plants(model, values)
            took[f"{name}, {what}"] = time.perf_counter() - start
    for what in ("complete", "a tenth missing"):
        numbers_took, mixed_took = took[f"numbers, {what}"], took[f"mixed, {what}"]
        print(
            f"{rows} rows, {what}: numbers {numbers_took:.2f} s, mixed {mixed_took:.2f} s, "
            f"{mixed_took / numbers_took:.2f} times"
        )
    plant = _with_gaps(truth, 0.5, 1, seed)[0]
    seconds = []
    for _ in range(15):
        start = time.perf_counter()
        predict_plants(model, plant[None, :])
        explain(model, plant)
        next_measurement(model, plant)
        seconds.append(time.perf_counter() - start)
    print(
        f"one plant of 40 characters, half of them seen: {1000 * float(np.median(seconds)):.0f} ms to name, explain, go on"
    )


def _with_gaps(truth: KnownTruth, missing: float, rows: int, seed: int) -> Floats:
    rng = np.random.default_rng(seed + 2)
    species = rng.integers(0, len(truth.study.species), rows)
    whole = KnownTruth(truth.study, truth.means, truth.root, truth.shares, missing)
    return whole.draw(species, rng)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plants", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cost", action="store_true", help="only what rows cost")
    asked = parser.parse_args()
    if not asked.cost:
        truth = known_truth(species=20, numbers=20, states=20, missing=0.1, seed=asked.seed, apart=0.5)
        plants = truth.plants(asked.plants, np.random.default_rng(asked.seed))
        promises(truth, accuracies(truth, plants), asked.seed)
    cost(asked.seed)


if __name__ == "__main__":
    main()
