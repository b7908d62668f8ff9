"""What a score alone does not tell: would more plants help, which measurement matters, is a certainty to be believed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from flora_core.identification.predicting import uncalibrated
from flora_core.learning.evaluation import interval
from flora_core.learning.folds import Fold, fit_on
from flora_core.model import CalibrationBin, Floats, Importance, Ints, LearningPoint, TrainingPlants
from flora_core.study import Study

#: Borders between ranges of certainty, as people think of them: below a half, up to 70, 80, 90, 95, 99 %, and above.
CERTAINTIES: Final = (0.5, 0.7, 0.8, 0.9, 0.95, 0.99)
#: Shares of the training plants that a learning curve learns from.
_SHARES: Final = (0.25, 0.5, 0.75, 1.0)
#: Folds that a diagnosis looks at: enough for an interval, at a third of the cost.
_FOLDS: Final = 4
#: Held-out plants that a diagnosis asks of each fold.
_PLANTS: Final = 500
#: Answers a table's importance may cost; fewer shuffles where measurements are many.
_SHUFFLES: Final = 60
#: Learning from more plants than this is not repeated for a curve's sake.
_MOST: Final = 4000


def calibration_curve(probabilities: Floats, species: Ints) -> tuple[CalibrationBin, ...]:
    """How often a name was right, by how sure it was, from out-of-fold probabilities.

    Parameters
    ----------
    probabilities : (n, k) float
        Calibrated.

    Returns
    -------
    tuple of CalibrationBin
        One for each range of certainty (`CERTAINTIES`) that any plant fell into, least sure first.
    """
    named = probabilities.argmax(axis=1)
    sure = probabilities[np.arange(len(species)), named]
    right = named == species
    place = np.searchsorted(CERTAINTIES, sure, side="right")
    found = []
    for b in np.unique(place):
        part = place == b
        low, high = interval(int(right[part].sum()), int(part.sum()))
        found.append(
            CalibrationBin(
                plants=int(part.sum()),
                certainty=float(sure[part].mean()),
                right=float(right[part].mean()),
                low=low,
                high=high,
            )
        )
    return tuple(found)


def learning_curve(
    build: Callable[[], Any], plants: TrainingPlants, folds: Sequence[Fold], seed: int
) -> tuple[LearningPoint, ...]:
    """Accuracy on held-out plants after learning from a quarter, a half, three quarters and all of the others."""
    k = len(folds[0].clouds.means)
    rng = np.random.default_rng(seed)
    some = folds[:_FOLDS]
    points = []
    for share in _SHARES:
        right = asked = learned = 0
        for fold in some:
            rows = _stratified(plants.species[fold.train], share, rng)
            if len(rows) < len(fold.train) and len(np.unique(plants.species[fold.train[rows]])) < 2:
                continue
            part = Fold(fold.train[rows], _at_most(fold.test, rng), fold.values[rows], fold.clouds)
            try:
                pipeline = fit_on(build, plants, part, k)
            except ValueError:
                # Too few plants of a species for this algorithm: the curve begins later.
                continue
            named = uncalibrated(pipeline, fold.clouds, plants.values[part.test]).argmax(axis=1)
            right += int((named == plants.species[part.test]).sum())
            asked += len(part.test)
            learned += len(rows)
        if asked:
            low, high = interval(right, asked)
            points.append(LearningPoint(plants=round(learned / len(some)), accuracy=right / asked, low=low, high=high))
    return tuple(points)


def more_plants(points: Sequence[LearningPoint]) -> str:
    """Would more plants help? One sentence from the curve's last half; "" where there is no curve."""
    if len(points) < 3:
        return ""
    gained = points[-1].accuracy - points[1].accuracy
    doubled = (
        f"from {points[1].plants} to {points[-1].plants} plants the accuracy went from {100 * points[1].accuracy:.0f}"
    )
    said = f"{doubled} to {100 * points[-1].accuracy:.0f} %"
    if gained > max(0.01, (points[-1].high - points[-1].low) / 4):
        return f"More plants would probably help: {said}."
    if gained > 0.01:
        return f"More plants may help a little: {said}, which could be chance."
    return f"More plants of the same kind would hardly help: {said}."


def importance(
    study: Study, build: Callable[[], Any], plants: TrainingPlants, folds: Sequence[Fold], seed: int
) -> tuple[Importance, ...]:
    """What is lost when one measurement of held-out plants is shuffled; largest loss first.

    References
    ----------
    Breiman (2001), Random forests; Fisher, Rudin & Dominici (2019), All models are wrong, but many are useful.
    """
    rng = np.random.default_rng(seed)
    p = len(study.measurements)
    some = folds[: _FOLDS if p <= 60 else 2]
    shuffles = max(1, min(5, _SHUFFLES // p))
    drops = np.zeros((p, len(some) * shuffles))
    for f, fold in enumerate(some):
        pipeline = fit_on(build, plants, fold, len(fold.clouds.means))
        test = _at_most(fold.test, rng)
        X, y = plants.values[test], plants.species[test]
        before = _accuracy(pipeline, fold, X, y)
        for i in range(p):
            for s in range(shuffles):
                shuffled = X.copy()
                shuffled[:, i] = X[rng.permutation(len(X)), i]
                drops[i, f * shuffles + s] = before - _accuracy(pipeline, fold, shuffled, y)
    means = drops.mean(axis=1)
    errors = drops.std(axis=1, ddof=1) / np.sqrt(drops.shape[1]) if drops.shape[1] > 1 else np.zeros(p)
    order = np.argsort(-means, kind="stable")
    return tuple(
        Importance(
            measurement=study.names[i],
            drop=float(means[i]),
            low=float(means[i] - 1.96 * errors[i]),
            high=float(means[i] + 1.96 * errors[i]),
        )
        for i in order
    )


def worth_a_diagnosis(plants: TrainingPlants) -> bool:
    """Whether curves of the whole table can be afforded; a larger one is judged by a sample of itself."""
    return len(plants.species) <= _MOST


def sample_of(plants: TrainingPlants, seed: int) -> TrainingPlants:
    """The table itself, or a sample of a few thousand plants that keeps every species' share."""
    if worth_a_diagnosis(plants):
        return plants
    rows = np.sort(_stratified(plants.species, _MOST / len(plants.species), np.random.default_rng(seed)))
    groups = None if plants.groups is None else plants.groups[rows]
    return TrainingPlants(plants.values[rows], plants.species[rows], groups, plants.table)


def _accuracy(pipeline: Any, fold: Fold, X: Floats, y: Ints) -> float:
    return float((uncalibrated(pipeline, fold.clouds, X).argmax(axis=1) == y).mean())


def _stratified(species: Ints, share: float, rng: np.random.Generator) -> Ints:
    """Places of a share of the plants of each species, at least two of each."""
    if share >= 1.0:
        return np.arange(len(species))
    chosen = []
    for j in np.unique(species):
        rows = rng.permutation(np.flatnonzero(species == j))
        chosen.append(rows[: max(2, round(share * len(rows)))])
    return np.sort(np.concatenate(chosen))


def _at_most(rows: Ints, rng: np.random.Generator) -> Ints:
    return rows if len(rows) <= _PLANTS else np.sort(rng.choice(rows, _PLANTS, replace=False))
