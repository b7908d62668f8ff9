"""The chosen recipe put to the test: asked again on other folds, about groups it has not seen, and with fewer plants."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from flora_core.identification.predicting import calibrate
from flora_core.identification.prediction_sets import fit_conformal_thresholds
from flora_core.learning.algorithms.pipelines import Recipe
from flora_core.learning.data_checks.checks import some
from flora_core.learning.validation.diagnostics import curve_folds, learning_curve
from flora_core.learning.validation.folds import (
    Fold,
    askable_by_group,
    fold_count,
    group_numbers,
    make_folds,
    make_group_folds,
)
from flora_core.learning.validation.out_of_fold import OutOfFold, out_of_fold
from flora_core.learning.validation.scoring import cross_fitted_calibration, fit_calibration, score
from flora_core.model import Bools, Floats, Ints, LearningPoint, Scores, TrainingPlants
from flora_core.progress import Progress
from flora_core.study import Study

#: Below this many plants the folds are drawn several times, because one draw is luck.
_REPEAT_BELOW: Final = 400
_REPEATS: Final = 5

Folds = tuple[Fold, ...]


@dataclass(slots=True, eq=False)
class StepProgress:
    """How a training is done, and how far it is."""

    progress: Progress
    processes: int
    total: int = 0
    done: int = 0

    def step(self, doing: str) -> None:
        """Tell that one more step is done."""
        self.done += 1
        self.progress(self.done, max(self.done, self.total), doing)

    def ask(
        self,
        questions: Sequence[tuple[Recipe, Folds]],
        plants: TrainingPlants,
        doing: Sequence[str],
        answered: Callable[[int, OutOfFold], None] = lambda question, answer: None,
    ) -> list[OutOfFold]:
        """The answers out of fold; each fold of each question is a step, told by what `doing` says of the question."""

        def step(question: int, fold: int) -> None:
            self.step(f"{doing[question]}, fold {fold} of {len(questions[question][1])}")

        return out_of_fold(questions, plants, step, self.processes, answered)


@dataclass(frozen=True, slots=True, eq=False)
class AssessmentFolds:
    """Every way in which the plants are parted for one training.

    Attributes
    ----------
    folds : tuple of Fold
        On which recipes are compared.
    again : list of tuple of Fold
        Drawn anew, where plants are few.
    by_group : tuple of Fold
        Whole groups; empty where none can be asked about.
    askable : (n,) bool
        The plants that can be asked about when their group is held out.
    curve : list of tuple of Fold
        For each share of a learning curve.
    """

    folds: Folds
    again: list[Folds]
    by_group: Folds
    askable: Bools
    curve: list[Folds]

    @classmethod
    def of(cls, plants: TrainingPlants, seed: int) -> AssessmentFolds:
        """Part the plants; the same seed parts them in the same way."""
        count = fold_count(plants.species)
        repeats = _REPEATS if len(plants.species) < _REPEAT_BELOW else 1
        folds = make_folds(plants, count, seed)
        truth = plants.truth
        askable = askable_by_group(plants) & truth
        return cls(
            folds=folds,
            again=[make_folds(plants, count, seed + r) for r in range(1, repeats)],
            by_group=make_group_folds(plants, seed) if askable.any() else (),
            askable=askable,
            curve=curve_folds(folds if truth.all() else [fold.asking(truth) for fold in folds], plants, seed),
        )

    def asking(self, plants: Bools) -> Folds:
        """The first folds, asking only about some of the plants."""
        return self.folds if plants.all() else tuple(fold.asking(plants) for fold in self.folds)

    @property
    def repeats(self) -> int:
        """How often the plants were parted for scoring."""
        return 1 + len(self.again)

    @property
    def curve_ends_here(self) -> bool:
        """Whether the last folds of the curve are some of `folds`, so that nothing needs to be asked again."""
        return all(part is fold for part, fold in zip(self.curve[-1], self.folds, strict=False))

    @property
    def asked(self) -> list[Folds]:
        """The folds of the curve that have yet to be asked about."""
        return self.curve[:-1] if self.curve_ends_here else self.curve

    def steps(self, recipes: int) -> int:
        """How many fittings a training of so many recipes takes."""
        questions = [*[self.folds] * recipes, *self.again, self.by_group, *self.asked]
        return sum(len(folds) for folds in questions)


@dataclass(frozen=True, slots=True, eq=False)
class FinalAssessment:
    """What the chosen recipe's answers came to.

    Attributes
    ----------
    held_out : list of (n, k) float
        Calibrated out-of-fold probabilities, one for each repeat; none saw its own plant.
    scores, group_scores : Scores
        On plants, and on plants of groups, that it had not seen.
    points, more_plants : tuple of LearningPoint, str
        The learning curve, and what it says.
    """

    held_out: list[Floats]
    scores: Scores
    group_scores: Scores | None
    points: tuple[LearningPoint, ...]
    more_plants: str


def examine(
    study: Study, plants: TrainingPlants, recipe: Recipe, first: OutOfFold, parts: AssessmentFolds, work: StepProgress
) -> FinalAssessment:
    """Put the recipe to the test.

    Parameters
    ----------
    first : OutOfFold
        What it said already, on `parts.folds`.
    """
    title, species = recipe.algorithm.title, plants.species
    groups = [parts.by_group] if parts.by_group else []
    doing = (
        [f"repeating {title}, {r} of {parts.repeats}" for r in range(2, parts.repeats + 1)]
        + [f"asking {title} about groups it has not seen"] * len(groups)
        + [f"asking {title} whether more plants would help"] * len(parts.asked)
    )
    answers = work.ask([(recipe, folds) for folds in (*parts.again, *groups, *parts.asked)], plants, doing)
    again, rest = answers[: len(parts.again)], answers[len(parts.again) :]
    truth = plants.truth
    held_out = [_held_out(answer, species, truth) for answer in (first, *again)]
    along = [*rest[len(groups) :], *([first] if parts.curve_ends_here else [])]
    points, more_plants = learning_curve(parts.curve, along, species)
    return FinalAssessment(
        held_out=held_out,
        scores=score(
            study.species_names, [p[truth] for p in held_out], species[truth], _method(len(parts.folds), parts.repeats)
        ),
        group_scores=_scored_by_group(study, plants, parts, first, rest[0], held_out[0]) if groups else None,
        points=points,
        more_plants=more_plants,
    )


def _held_out(answer: OutOfFold, species: Ints, truth: Bools) -> Floats:
    """Calibrated out-of-fold probabilities of all plants, by those whose names count as the truth."""
    if truth.all():
        return cross_fitted_calibration(answer.said, species)
    known = answer.of(truth)
    calibrated = calibrate(answer.said, fit_calibration(known.said, species[truth]))
    calibrated[truth] = cross_fitted_calibration(known.said, species[truth])
    return calibrated


def _scored_by_group(
    study: Study, plants: TrainingPlants, parts: AssessmentFolds, first: OutOfFold, answer: OutOfFold, held_out: Floats
) -> Scores:
    """Scores on groups not seen, with the calibration and the prediction sets that the model will have."""
    said, species, numbers = answer.of(parts.askable).said, plants.species[parts.askable], group_numbers(plants)
    truth = plants.truth
    calibration = fit_calibration(first.of(truth).said, plants.species[truth])
    groups = 0 if numbers is None else len(np.unique(numbers))
    method = f"{len(parts.by_group)}-fold cross-validation by group ({groups} groups)"
    left_out = [name for j, name in enumerate(study.species_names) if j not in species]
    if left_out:
        method += f", without {some(left_out)}, of one group only"
    return score(
        study.species_names,
        [calibrate(said, calibration)],
        species,
        method,
        None if numbers is None else numbers[parts.askable],
        fit_conformal_thresholds(held_out[truth], plants.species[truth]),
    )


def _method(folds: int, repeats: int) -> str:
    how = f"{folds}-fold cross-validation, stratified by species"
    return f"{how}, {repeats} times over" if repeats > 1 else how
