"""A search that stops early: many settings on a part of the plants, the best of them on all.

References
----------
Jamieson & Talwalkar (2016), Non-stochastic best arm identification and hyperparameter optimization (successive halving).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from flora_core.identification.predicting import calibrate
from flora_core.learning.algorithms.pipelines import Recipe
from flora_core.learning.validation.final_assessment import StepProgress
from flora_core.learning.validation.folds import Fold
from flora_core.learning.validation.out_of_fold import OutOfFold
from flora_core.learning.validation.scoring import fit_calibration, log_loss
from flora_core.learning.validation.selection import candidate_of
from flora_core.model import Candidate, TrainingPlants

#: Folds, plants learned from and plants asked about in each, of the part.
_FOLDS: Final = 3
_LEARNED: Final = 1500
_ASKED: Final = 500
#: So many plants more named right are within chance, whatever their number (McNemar's test, mid-p).
_FEW_WRONG: Final = 4
#: Settings that go on to all plants at most.
_GO_ON: Final = 2


@dataclass(frozen=True, slots=True, eq=False)
class Screening:
    """The recipes that go on, and the others as rows of the leaderboard."""

    go_on: list[Recipe]
    stopped: tuple[Candidate, ...]


def screen(
    defaults: Sequence[Recipe],
    refined: Sequence[Recipe],
    plants: TrainingPlants,
    folds: Sequence[Fold],
    work: StepProgress,
    seed: int,
) -> Screening:
    """Try settings on a part of the plants beside the defaults; a setting goes on where it beats its family's default.

    Of those that do, the two with the lowest log loss go on, where they are not beyond chance behind the best default; and
    the one that names most right, where that is more than any default. Where the best default leaves hardly a plant wrong,
    larger forests are not tried.
    """
    rng = np.random.default_rng(seed)
    some = tuple(_part(fold.asking(plants.truth), rng) for fold in folds[:_FOLDS])
    asked = np.concatenate([fold.test for fold in some])
    species = plants.species[asked]
    answers = _asked(defaults, some, plants, work)
    wrong = min(int((answer.raw[asked].argmax(axis=1) != species).sum()) for answer in answers)
    # Where so few are wrong no setting can be shown to be better, and forests take most of the time.
    refined = [r for r in refined if wrong > _FEW_WRONG or r.algorithm.name != "forest"]
    recipes = [*defaults, *refined]
    answers += _asked(refined, some, plants, work)
    calibrated = [calibrate(a.said[asked], fit_calibration(a.said[asked], species)) for a in answers]
    losses = [log_loss(p, species) for p in calibrated]
    right = [int((p.argmax(axis=1) == species).sum()) for p in calibrated]
    n = len(defaults)
    family = {r.algorithm.name: losses[i] for i, r in reversed(list(enumerate(defaults)))}
    best = min(range(n), key=lambda i: losses[i])
    own = np.log(np.clip(calibrated[best][np.arange(len(asked)), species], 1e-15, 1))
    able, apart = [], {}
    for i in range(n, len(recipes)):
        behind = own - np.log(np.clip(calibrated[i][np.arange(len(asked)), species], 1e-15, 1))
        error = float(behind.std() / np.sqrt(len(behind)))
        apart[i] = float(behind.mean())
        if losses[i] < family.get(recipes[i].algorithm.name, np.inf) and behind.mean() <= error:
            able.append(i)
    chosen = sorted(able, key=lambda i: losses[i])[:_GO_ON]
    most = max(range(n, len(recipes)), key=lambda i: (right[i], -losses[i]), default=best)
    if right[most] > max(right[:n]) and most not in chosen:
        chosen.append(most)
    stopped = tuple(
        candidate_of(
            recipes[i],
            calibrated[i],
            species,
            answers[i].seconds,
            why=f"stopped after {len(asked):,} plants: on these its log loss was {abs(apart[i]):.3f} "
            f"{'behind' if apart[i] > 0 else 'ahead of'} "
            f"that of {recipes[best].algorithm.title} with its defaults, plant by plant",
        )
        for i in range(n, len(recipes))
        if i not in chosen
    )
    return Screening([recipes[i] for i in chosen], stopped)


def _asked(
    recipes: Sequence[Recipe], folds: tuple[Fold, ...], plants: TrainingPlants, work: StepProgress
) -> list[OutOfFold]:
    doing = [f"trying settings of {r.algorithm.title} on a part of the plants" for r in recipes]
    return work.ask([(recipe, folds) for recipe in recipes], plants, doing) if recipes else []


def _part(fold: Fold, rng: np.random.Generator) -> Fold:
    learned = np.arange(len(fold.train))
    if len(learned) > _LEARNED:
        # Every species keeps at least four plants.
        order = rng.permutation(len(learned))
        rank = np.empty(len(order), dtype=np.int64)
        for j in np.unique(fold.species):
            rows = order[fold.species[order] == j]
            rank[rows] = np.arange(len(rows))
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        learned = np.flatnonzero((rank < 4) | (place < _LEARNED))
    test = fold.test if len(fold.test) <= _ASKED else np.sort(rng.choice(fold.test, _ASKED, replace=False))
    return fold.some(learned, test)
