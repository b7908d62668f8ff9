"""What a score alone does not tell: would more plants help, which measurement matters, is a certainty to be believed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from flora_core.identification.predicting import DRAWS, uncalibrated
from flora_core.learning.algorithms.pipelines import Recipe
from flora_core.learning.validation.folds import Fold
from flora_core.learning.validation.out_of_fold import OutOfFold, fit_fold
from flora_core.learning.validation.scoring import clopper_pearson
from flora_core.model import Bools, CalibrationBin, Floats, Importance, Ints, LearningPoint, TrainingPlants
from flora_core.study import Study

#: Borders between ranges of certainty, as people think of them: below a half, up to 70, 80, 90, 95, 99 %, and above.
CERTAINTIES: Final = (0.5, 0.7, 0.8, 0.9, 0.95, 0.99)
#: Shares of the training plants that a learning curve learns from.
SHARES: Final = (0.25, 0.5, 0.75, 1.0)
#: Plants below which every fold is looked at.
_FEW: Final = 400
#: Folds of a larger table that are looked at: enough for an interval, at a third of the cost.
_FOLDS: Final = 4
#: Held-out plants that are asked of each fold.
_PLANTS: Final = 500
#: A diagnosis learns from no more plants than this.
_MOST: Final = 4000
#: Shuffles of all measurements together; fewer of each where measurements are many.
_SHUFFLES: Final = 60
_MANY_MEASUREMENTS: Final = 60
#: Parts of equally many plants at most, and plants of each at least.
_MOST_BINS: Final = 10
_FEWEST_IN_A_BIN: Final = 15
#: Rows that the importance of all measurements together may ask a pipeline about, about.
_ROWS: Final = 300_000


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
    return _bins(np.searchsorted(CERTAINTIES, sure, side="right"), sure, right)


def equal_count_bins(probabilities: Floats, species: Ints) -> tuple[CalibrationBin, ...]:
    """The same in parts of equally many plants, at most ten of them, and none of fewer than fifteen where plants allow.

    Parameters
    ----------
    probabilities : (n, k) float
        Calibrated.

    References
    ----------
    Nguyen & O'Connor (2015), Posterior calibration and exploratory analysis for natural language processing models, EMNLP
    (bins of equal count).
    """
    n = len(species)
    named = probabilities.argmax(axis=1)
    sure = probabilities[np.arange(n), named]
    parts = int(np.clip(n // _FEWEST_IN_A_BIN, 1, _MOST_BINS))
    place = np.empty(n, dtype=np.int64)
    place[np.argsort(sure, kind="stable")] = np.arange(n) * parts // n
    return _bins(place, sure, named == species)


def _bins(place: Ints, sure: Floats, right: Bools) -> tuple[CalibrationBin, ...]:
    found = []
    for b in np.unique(place):
        part = place == b
        low, high = clopper_pearson(int(right[part].sum()), int(part.sum()))
        found.append(
            CalibrationBin(
                plants=int(part.sum()),
                certainty=float(sure[part].mean()),
                right=float(right[part].mean()),
                low=low,
                high=high,
                least=float(sure[part].min()),
                most=float(sure[part].max()),
            )
        )
    return tuple(found)


def curve_folds(folds: Sequence[Fold], plants: TrainingPlants, seed: int) -> list[tuple[Fold, ...]]:
    """The folds of a learning curve: for each share of `SHARES` folds that learn from so many of their plants.

    A large table is judged by a few thousand of its plants, and by some of its folds. A fold that is looked at whole is the
    very fold that was given.
    """
    rng = np.random.default_rng(seed)
    few = len(plants.species) < _FEW
    some = folds if few else folds[:_FOLDS]
    asked = [_at_most(fold.test, rng, _PLANTS) for fold in some]
    # The smaller part lies within the larger one: what a share adds are more plants, not others.
    orders = [_mixed(fold.species, rng) for fold in some]
    return [
        tuple(_share(fold, order, share, test) for fold, order, test in zip(some, orders, asked, strict=True))
        for share in SHARES
    ]


def _share(fold: Fold, order: Ints, share: float, test: Ints) -> Fold:
    learned = order[: max(2, round(share * min(_MOST, len(order))))]
    whole = len(learned) == len(fold.train) and len(test) == len(fold.test)
    return fold if whole else fold.some(np.sort(learned), test)


def learning_curve(
    folds: Sequence[Sequence[Fold]], answers: Sequence[OutOfFold], species: Ints
) -> tuple[tuple[LearningPoint, ...], str]:
    """The curve, and in words whether more plants would help.

    Parameters
    ----------
    folds, answers : sequence
        For each share its folds, of `curve_folds`, and what was said of their test plants.
    species : (n,) int
        The true species of all plants.

    Returns
    -------
    points : tuple of LearningPoint
    sentence : str
        From half of the plants to all of them, on the same held-out plants.
    """
    asked = np.concatenate([fold.test for fold in folds[0]])
    hits = [answer.raw[asked].argmax(axis=1) == species[asked] for answer in answers]
    points = []
    for parts, right in zip(folds, hits, strict=True):
        low, high = clopper_pearson(int(right.sum()), len(asked))
        learned = round(float(np.mean([len(part.train) for part in parts])))
        points.append(LearningPoint(plants=learned, accuracy=float(right.mean()), low=low, high=high))
    half = SHARES.index(0.5)
    gained = hits[-1].astype(float) - hits[half].astype(float)
    return tuple(points), _more_plants(points[half], points[-1], float(gained.mean()), _standard_error(gained))


def _more_plants(half: LearningPoint, full: LearningPoint, gained: float, error: float) -> str:
    said = (
        f"from {half.plants} to {full.plants} plants the accuracy went from {100 * half.accuracy:.1f} to "
        f"{100 * full.accuracy:.1f} %"
    )
    between = f"{100 * (gained - 1.96 * error):+.1f} to {100 * (gained + 1.96 * error):+.1f} points"
    if gained - 1.96 * error > 0:
        return f"More plants would help: {said} ({between})."
    if gained > 0.01:
        return f"More plants may help: {said}, which could be chance ({between})."
    if gained + 1.96 * error > 0.05:
        return f"Whether more plants would help can't be seen from so few: {said} ({between})."
    return f"More plants of the same kind would hardly help: {said} ({between})."


def importance(
    study: Study, recipe: Recipe, plants: TrainingPlants, folds: Sequence[Fold], seed: int
) -> tuple[Importance, ...]:
    """What is lost when one measurement of held-out plants is shuffled; largest loss first.

    Each plant's loss is averaged over the shuffles, and the interval is that of a mean over the plants.

    References
    ----------
    Breiman (2001), Random forests; Fisher, Rudin & Dominici (2019), All models are wrong, but many are useful.
    """
    rng = np.random.default_rng(seed)
    p, k = len(study.measurements), len(study.species)
    some = folds[: _FOLDS if p <= _MANY_MEASUREMENTS else 2]
    shuffles = max(1, min(5, _SHUFFLES // p))
    # A plant with gaps is asked about as every species in turn, so fewer of them are asked.
    rows_a_plant = 1 + np.isnan(plants.values).any(axis=1).mean() * k * DRAWS
    most = int(np.clip(_ROWS / (p * shuffles * len(some) * rows_a_plant), 20, _PLANTS))
    losses: list[Floats] = []
    for fold in some:
        pipeline = fit_fold(recipe, _thinned(fold, rng))
        test = _at_most(fold.test, rng, most)
        X, species = plants.values[test], plants.species[test]
        before = _right(pipeline, fold, X, species)
        lost = np.empty((len(test), p))
        for i in range(p):
            shuffled = np.tile(X, (shuffles, 1))
            shuffled[:, i] = np.concatenate([X[rng.permutation(len(X)), i] for _ in range(shuffles)])
            after = _right(pipeline, fold, shuffled, np.tile(species, shuffles)).reshape(shuffles, -1).mean(axis=0)
            lost[:, i] = before - after
        losses.append(lost)
    every = np.concatenate(losses)
    means = every.mean(axis=0)
    errors = np.array([_standard_error(every[:, i]) for i in range(p)])
    return tuple(
        Importance(
            measurement=study.names[i],
            drop=float(means[i]),
            low=float(means[i] - 1.96 * errors[i]),
            high=float(means[i] + 1.96 * errors[i]),
        )
        for i in np.argsort(-means, kind="stable")
    )


def _thinned(fold: Fold, rng: np.random.Generator) -> Fold:
    order = _mixed(fold.species, rng)
    return fold if len(order) <= _MOST else fold.some(np.sort(order[:_MOST]), fold.test)


def _mixed(species: Ints, rng: np.random.Generator) -> Ints:
    """All places in an order of which every beginning keeps the species' shares, and begins with one of each."""
    place = np.empty(len(species))
    for j in np.unique(species):
        rows = np.flatnonzero(species == j)
        place[rng.permutation(rows)] = np.arange(len(rows)) / len(rows)
    return np.argsort(place, kind="stable")


def _right(pipeline: Any, fold: Fold, X: Floats, species: Ints) -> Floats:
    return np.asarray(uncalibrated(pipeline, fold.gaussians, X).argmax(axis=1) == species, dtype=np.float64)


def _standard_error(values: Floats) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0


def _at_most(rows: Ints, rng: np.random.Generator, most: int) -> Ints:
    return rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False))
