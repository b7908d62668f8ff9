"""What a model says of plants it has not seen: fitted on each fold's training part, asked about its test part."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from flora_core.identification.mixed_completions import is_open
from flora_core.identification.predicting import TEMPERATURES, Uncalibrated
from flora_core.learning.algorithms.pipelines import Recipe
from flora_core.learning.validation.folds import Fold
from flora_core.model import Bools, Floats, TrainingPlants
from flora_core.parallel import work_through

#: Questions whose first folds are asked about before anything else.
_FIRST: Final = 8


@dataclass(frozen=True, slots=True, eq=False)
class OutOfFold:
    """What a recipe said of every plant when it had not seen it.

    Attributes
    ----------
    raw : (n, k) float
        Not yet calibrated; zeros for plants that no fold asked about.
    seconds : float
        For all folds together.
    completed : Uncalibrated or None
        The same with what is needed to calibrate plants with gaps; None where there are none.
    """

    raw: Floats
    seconds: float
    completed: Uncalibrated | None = None

    @property
    def said(self) -> Floats | Uncalibrated:
        """What a calibration is fitted to."""
        return self.raw if self.completed is None else self.completed

    def of(self, plants: Bools) -> OutOfFold:
        """What was said of some of the plants."""
        if plants.all():
            return self
        return OutOfFold(self.raw[plants], self.seconds, None if self.completed is None else self.completed[plants])


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    question: int
    fold: int
    recipe: Recipe
    part: Fold
    asked: Floats


def out_of_fold(
    questions: Sequence[tuple[Recipe, Sequence[Fold]]],
    plants: TrainingPlants,
    step: Callable[[int, int], None] = lambda question, fold: None,
    processes: int = 1,
    answered: Callable[[int, OutOfFold], None] = lambda question, answer: None,
) -> list[OutOfFold]:
    """The answers of several recipes, each on folds of the same plants.

    Parameters
    ----------
    questions : sequence of (Recipe, folds)
    step : callable
        Called after each fitting with the question's place and how many of its folds are done; may raise to stop.
    processes : int
        How many may work at once; others are started only where enough is left to do. The answers do not depend on it
        while the caller is within `one_thread`.
    answered : callable
        Called with the question's place and its answer, as soon as the last of its folds is done.

    Returns
    -------
    list of OutOfFold
        In the order of the questions.
    """
    k = len(questions[0][1][0].gaussians.means)
    gappy = np.flatnonzero(is_open(plants.states, plants.values))
    place = np.full(len(plants.species), -1, dtype=np.int64)
    place[gappy] = np.arange(len(gappy))
    whole = [
        Uncalibrated(
            np.zeros((len(plants.species), k)), gappy, np.zeros((len(gappy), len(TEMPERATURES), k), dtype=np.float32)
        )
        for _ in questions
    ]
    seconds, done = [0.0] * len(questions), [0] * len(questions)
    # A fold of each of the first ones first: how long the rest will take is known early. Then one question after the other,
    # so that whoever watches sees the first answers long before the last.
    tasks = [
        _Task(q, f, recipe, fold, plants.values[fold.test])
        for first in (True, False)
        for q, (recipe, folds) in enumerate(questions)
        for f, fold in enumerate(folds)
        if (f == 0 and q < _FIRST) is first
    ]
    # Whoever watches may stop it: other processes are then stopped before anything else is done.
    with contextlib.closing(work_through(_answer, tasks, processes)) as answers:
        for q, f, part, took in answers:
            asked = questions[q][1][f].test
            whole[q].raw[asked] = part.raw
            whole[q].tempered[place[asked[part.gappy]]] = part.tempered
            seconds[q] += took
            done[q] += 1
            step(q, done[q])
            if done[q] == len(questions[q][1]):
                answered(q, OutOfFold(whole[q].raw, seconds[q], whole[q] if len(gappy) else None))
    return [OutOfFold(said.raw, took, said if len(gappy) else None) for said, took in zip(whole, seconds, strict=True)]


#: The question's place, the fold's place in it, what was said of the fold's test plants, seconds.
_Answer = tuple[int, int, Uncalibrated, float]


def fit_fold(recipe: Recipe, fold: Fold) -> Any:
    """A pipeline fitted on a fold's training part, with a column for each species of the study."""
    return recipe.fit(fold.values, fold.species, len(fold.gaussians.means))


def _answer(task: _Task) -> _Answer:
    start = time.perf_counter()
    pipeline = fit_fold(task.recipe, task.part)
    said = Uncalibrated.of(pipeline, task.part.gaussians, task.asked)
    return task.question, task.fold, said, time.perf_counter() - start
