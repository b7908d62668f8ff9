"""Labelled plants -> a model: choose among algorithms by cross-validation, fit, calibrate, and write the card."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from flora_core.errors import Refused
from flora_core.identification.naming import predict_plants
from flora_core.identification.predicting import calibrate, uncalibrated
from flora_core.identification.prediction_sets import RULE, fit_conformal_thresholds
from flora_core.learning.algorithms.candidates import candidates
from flora_core.learning.algorithms.hyperparameters import Value
from flora_core.learning.algorithms.pipelines import Recipe, ShapeRatioColumns, shape_ratio_columns
from flora_core.learning.algorithms.refinement import refinements
from flora_core.learning.data_checks.minimum_plants import require_enough_plants
from flora_core.learning.libraries import libraries
from flora_core.learning.novelty import fit_novelty
from flora_core.learning.species_gaussians import fit_gaussians, fit_tail_factor, impute_within_species
from flora_core.learning.validation.cautions import warnings_of
from flora_core.learning.validation.diagnostics import calibration_curve, equal_count_bins, importance
from flora_core.learning.validation.final_assessment import AssessmentFolds, StepProgress, examine
from flora_core.learning.validation.folds import held_out_misfits, with_state_limits
from flora_core.learning.validation.out_of_fold import OutOfFold
from flora_core.learning.validation.scoring import clopper_pearson, fit_calibration
from flora_core.learning.validation.screening import screen
from flora_core.learning.validation.selection import ModelSelection, candidate_of
from flora_core.model import (
    Candidate,
    DrawnScores,
    Floats,
    Ints,
    Model,
    ModelCard,
    Reference,
    SpeciesGaussians,
    TrainingPlants,
    state_columns,
)
from flora_core.parallel import one_thread
from flora_core.progress import Progress, no_progress
from flora_core.study import Study

#: Plants kept with a model for drift tests and for the pictures.
REFERENCE_PLANTS: Final = 4000


def train(
    study: Study,
    plants: TrainingPlants,
    *,
    algorithm: str = "auto",
    hyperparameters: Mapping[str, Value] | None = None,
    search: int = 0,
    shape_ratios: bool = False,
    seed: int = 0,
    by: str = "",
    processes: int = 1,
    progress: Progress = no_progress,
    tried: Callable[[Candidate], None] | None = None,
) -> Model:
    """A model, not yet saved.

    Parameters
    ----------
    algorithm : str
        A name of `ALGORITHMS`, several with commas between, or "auto": the best of those families, as `ModelSelection` says.
    hyperparameters : mapping, optional
        For a named algorithm; its defaults otherwise. Those given are held fixed in a search.
    search : int
        How many settings to try on the same folds; 0: the defaults and those given.
    shape_ratios : bool
        Hand the algorithm the log shape ratios of the lengths too.
    seed : int
        The same plants, settings and seed give the same scores.
    by : str
        Who trains, for the card.
    processes : int
        How many folds are worked on at once; the model does not depend on it.
    progress : callable
        Told of each fold; may raise to stop.
    tried : callable, optional
        Told of each candidate as soon as its score is known; which one is chosen is not known then.

    Raises
    ------
    Refused, Unknown
        The plants or settings can't train a model; the message says what would.
    """
    start = time.perf_counter()
    require_enough_plants(study, plants)
    plants = replace(plants, states=state_columns(study))
    planned = candidates(algorithm, hyperparameters or {}, search, plants, seed)
    lengths = _lengths(study) if shape_ratios else None
    gaps = bool(np.isnan(plants.values).any())
    recipes = [Recipe(a, h, seed, gaps, lengths, plants.states) for a, h in planned]
    searched = tuple(name for r in recipes for name in r.hyperparameters if name not in (hyperparameters or {}))
    refined: list[Recipe] = []
    if not search:
        refined = [Recipe(a, h, seed, gaps, lengths, plants.states) for a, h in refinements(planned, plants)]
    work = StepProgress(progress, processes)
    with one_thread():
        return _trained(study, plants, recipes, refined, work, seed, by, searched if search else (), start, tried)


def _trained(
    study: Study,
    plants: TrainingPlants,
    recipes: Sequence[Recipe],
    refined: Sequence[Recipe],
    work: StepProgress,
    seed: int,
    by: str,
    searched: tuple[str, ...],
    start: float,
    tried: Callable[[Candidate], None] | None,
) -> Model:
    parts = AssessmentFolds.of(plants, seed)
    work.total = parts.steps(len(recipes)) + 2
    stopped: tuple[Candidate, ...] = ()
    if refined:
        work.total += 3 * (len(recipes) + len(refined))
        screened = screen(recipes, refined, plants, parts.folds, work, seed)
        recipes, stopped = [*recipes, *screened.go_on], screened.stopped
        # Settings that were stopped early leave fewer steps than were counted on.
        work.total = work.done + parts.steps(len(recipes)) + 2
        if tried is not None:
            for candidate in stopped:
                tried(candidate)
    trying = [f"trying {r.algorithm.title}, candidate {i} of {len(recipes)}" for i, r in enumerate(recipes, 1)]
    truth = plants.truth

    def answered(place: int, answer: OutOfFold) -> None:
        if tried is not None:
            said, species = answer.of(truth).said, plants.species[truth]
            calibrated = calibrate(said, fit_calibration(said, species))
            tried(candidate_of(recipes[place], calibrated, species, answer.seconds))

    results = work.ask([(recipe, parts.folds) for recipe in recipes], plants, trying, answered)
    choice = ModelSelection.among(recipes, [r.of(truth) for r in results], plants.species[truth], stopped)
    recipe = choice.recipe
    examined = examine(study, plants, recipe, results[choice.best], parts, work)

    work.step(f"fitting {recipe.algorithm.title}")
    tail_factor = fit_tail_factor(held_out_misfits(plants, parts.folds))
    fitted = fit_gaussians(plants.values, plants.species, len(study.species), tail_factor, plants.states)
    gaussians = with_state_limits(fitted, plants, parts.folds)
    novelty, unknown_species = fit_novelty(study, plants, parts.folds, gaussians, seed, work.processes)
    whole = impute_within_species(gaussians, plants.values, plants.species, seed)
    pipeline = recipe.fit(whole, plants.species, len(study.species))
    seen_accuracy = _seen_accuracy(pipeline, gaussians, plants, seed)
    work.step("asking which measurement matters")
    important = importance(study, recipe, plants, parts.asking(truth), seed)

    baseline = float(np.bincount(plants.species[truth]).max() / truth.sum())
    card = ModelCard(
        study=study,
        algorithm=recipe.algorithm.name,
        algorithm_title=recipe.algorithm.title,
        hyperparameters=dict(recipe.hyperparameters),
        seed=seed,
        folds=len(parts.folds),
        repeats=parts.repeats,
        trained_at=datetime.now(UTC),
        trained_by=by,
        table=plants.table,
        scores=examined.scores,
        baseline=baseline,
        chosen=choice.reason(),
        candidates=choice.candidates(),
        selection_optimism=choice.optimism(seed),
        warnings=warnings_of(
            study, plants, recipe, examined.scores, examined.group_scores, seen_accuracy, baseline, searched
        ),
        libraries=libraries(),
        shape_ratios=recipe.shape is not None,
        searched=len(recipes) if searched else 0,
        group_scores=examined.group_scores,
        groups=0 if plants.groups is None else len(set(plants.groups.tolist()) - {""}),
        seen_accuracy=seen_accuracy,
        calibration_curve=calibration_curve(examined.held_out[0][truth], plants.species[truth]),
        calibration_bins=equal_count_bins(examined.held_out[0][truth], plants.species[truth]),
        learning_curve=examined.points,
        more_plants=examined.more_plants,
        importance=important,
        unknown_species=unknown_species,
        seconds=round(time.perf_counter() - start, 3),
    )
    return Model(
        card=card,
        pipeline=pipeline,
        gaussians=gaussians,
        calibration=choice.calibrations[choice.best],
        conformal_thresholds=fit_conformal_thresholds(examined.held_out[0][truth], plants.species[truth]),
        reference=_reference(plants, examined.held_out[0], seed),
        set_rule=RULE,
        novelty=novelty,
    )


def score_on_drawn(model: Model, values: Floats, species: Ints) -> Model:
    """The model with a card that says how many determined plants it names right that chance chose and nobody learns from.

    Parameters
    ----------
    values : (n, p) float
    species : (n,) int
    """
    table = model.card.table.model_copy(update={"set_apart": len(species)})
    scores = None
    if len(species):
        named = predict_plants(model, values)
        right = int((named.fits & (named.best == species)).sum())
        low, high = clopper_pearson(right, len(species))
        scores = DrawnScores(plants=len(species), right=right, accuracy=right / len(species), low=low, high=high)
    return replace(model, card=model.card.model_copy(update={"table": table, "drawn_scores": scores}))


def _lengths(study: Study) -> ShapeRatioColumns:
    lengths = shape_ratio_columns(study)
    if lengths is None:
        raise Refused(
            f"{study.title} has fewer than two lengths in one unit, so there are no shape ratios. Train without them."
        )
    return lengths


def _seen_accuracy(pipeline: Any, gaussians: SpeciesGaussians, plants: TrainingPlants, seed: int) -> float:
    rows = np.sort(np.random.default_rng(seed).permutation(len(plants.species))[:REFERENCE_PLANTS])
    named = uncalibrated(pipeline, gaussians, plants.values[rows]).argmax(axis=1)
    return float((named == plants.species[rows]).mean())


def _reference(plants: TrainingPlants, probabilities: Floats, seed: int) -> Reference:
    """All plants, or a random few thousand that keep every species' share."""
    n = len(plants.species)
    rows = np.arange(n)
    if n > REFERENCE_PLANTS:
        # Ordered by species and taken at even steps from a random start: every species keeps its share.
        rng = np.random.default_rng(seed)
        shuffled = rng.permutation(n)
        ordered = shuffled[np.argsort(plants.species[shuffled], kind="stable")]
        rows = np.sort(ordered[np.linspace(0, n - 1, REFERENCE_PLANTS).round().astype(np.int64)])
    return Reference(plants.values[rows], plants.species[rows], probabilities[rows])
