"""Labelled plants -> a model: choose among algorithms by cross-validation, fit, calibrate, and write the card."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

import numpy as np

from flora_core.errors import Refused
from flora_core.identification.predicting import calibrate, uncalibrated
from flora_core.identification.prediction_sets import set_limits
from flora_core.learning.clouds import fit_clouds, fit_stretch, without_gaps
from flora_core.learning.diagnosis import calibration_curve, importance, learning_curve, more_plants, sample_of
from flora_core.learning.evaluation import (
    fit_calibration,
    floor_for,
    log_loss,
    random_half,
    score,
    selection_optimism,
)
from flora_core.learning.folds import (
    OutOfFold,
    Progress,
    all_out_of_fold,
    fold_count,
    group_fold_count,
    held_out_misfits,
    make_folds,
    make_group_folds,
    out_of_fold,
    silent,
)
from flora_core.learning.hyperparameters import Algorithm, Value
from flora_core.learning.pipelines import build_pipeline, shape_columns
from flora_core.learning.search import candidates
from flora_core.learning.warning import warnings_of
from flora_core.model import Calibration, Candidate, Clouds, Floats, Model, ModelCard, Reference, Scores, TrainingPlants
from flora_core.study import Study

#: Plants kept with a model for drift tests and for the pictures.
REFERENCE_PLANTS: Final = 4000
#: Below this many plants the folds are drawn several times, because one draw is luck.
_REPEAT_BELOW: Final = 400
_REPEATS: Final = 5


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
    progress: Progress = silent,
) -> Model:
    """A model, not yet saved.

    Parameters
    ----------
    algorithm : str
        A name of `ALGORITHMS`, or "auto": the one with the lowest cross-validated log loss.
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

    Raises
    ------
    Refused, Unknown
        The plants or settings can't train a model; the message says what would.
    """
    start = time.perf_counter()
    _enough(study, plants)
    rarest = int(np.bincount(plants.species).min())
    tried = candidates(algorithm, hyperparameters or {}, search, rarest, seed)
    shape = _shape(study) if shape_ratios else ()
    count, by_group = fold_count(plants.species), group_fold_count(plants)
    folds = make_folds(plants, count, seed)
    repeats = _REPEATS if len(plants.species) < _REPEAT_BELOW else 1
    steps = _Steps(progress, len(tried) * count + (repeats - 1) * count + by_group + 3)

    builders = [_builder(a, h, plants, seed, shape) for a, h in tried]
    results = all_out_of_fold(
        builders, plants, folds, lambda c: steps.done(f"trying {tried[c][0].title}{_place(c, tried)}"), processes
    )
    calibrations = [fit_calibration(result.raw, plants.species) for result in results]
    losses = [log_loss(calibrate(r.raw, c), plants.species) for r, c in zip(results, calibrations, strict=True)]
    best = int(np.argmin(losses))
    chosen, settings = tried[best]
    build = builders[best]
    again = [
        out_of_fold(build, plants, make_folds(plants, count, seed + r), steps.each(f"repeating {chosen.title}"))
        for r in range(1, repeats)
    ]
    held_out = [_calibrated(r, plants) for r in (results[best], *again)]
    scores = score(study.species_names, held_out, plants.species, _method(count, repeats))
    group_scores = _scored_by_group(
        study, plants, build, seed, steps.each(f"asking {chosen.title} about unseen groups")
    )

    steps.done(f"fitting {chosen.title}")
    names = study.species_names
    clouds = fit_clouds(plants.values, plants.species, len(names), fit_stretch(held_out_misfits(plants, folds)))
    pipeline = build().fit(without_gaps(clouds, plants.values, plants.species, seed), plants.species)
    seen_accuracy = _seen_accuracy(pipeline, clouds, plants)

    steps.done("asking whether more plants would help")
    some = sample_of(plants, seed)
    some_folds = folds if some is plants else make_folds(some, count, seed)
    curve = learning_curve(build, some, some_folds, seed)
    steps.done("asking which measurement matters")
    shares = np.bincount(plants.species, minlength=len(names)) / len(plants.species)
    card = ModelCard(
        study=study,
        algorithm=chosen.name,
        algorithm_title=chosen.title,
        hyperparameters=settings,
        seed=seed,
        folds=count,
        repeats=repeats,
        trained_at=datetime.now(UTC),
        trained_by=by,
        table=plants.table,
        scores=scores,
        baseline=float(shares.max()),
        chosen=_reason(tried, losses, best),
        candidates=_tried(tried, results, calibrations, losses, plants),
        selection_optimism=_optimism(results, calibrations, plants, seed),
        warnings=warnings_of(
            study, plants, chosen, settings, scores, group_scores, seen_accuracy, float(shares.max()), search
        ),
        libraries=_libraries(),
        shape_ratios=bool(shape),
        searched=len(tried) if search else 0,
        group_scores=group_scores,
        groups=0 if plants.groups is None else len(np.unique(plants.groups)),
        seen_accuracy=seen_accuracy,
        calibration_curve=calibration_curve(held_out[0], plants.species),
        learning_curve=curve,
        more_plants=more_plants(curve),
        importance=importance(study, build, some, some_folds, seed),
        seconds=round(time.perf_counter() - start, 3),
    )
    return Model(
        card=card,
        pipeline=pipeline,
        clouds=clouds,
        calibration=calibrations[best],
        set_limits=set_limits(held_out[0], plants.species),
        reference=_reference(plants, held_out[0], seed),
    )


def _shape(study: Study) -> tuple[int, ...]:
    columns = shape_columns(study)
    if not columns:
        raise Refused(
            f"{study.title} has fewer than two lengths in one unit, so there are no shape ratios. Train without them."
        )
    return columns


def _scored_by_group(
    study: Study, plants: TrainingPlants, build: Callable[[], Any], seed: int, step: Callable[[], None]
) -> Scores | None:
    """Scores on plants of groups that the model had not seen; None where the table names fewer than three groups."""
    if plants.groups is None or not group_fold_count(plants):
        return None
    folds = make_group_folds(plants, seed)
    result = _calibrated(out_of_fold(build, plants, folds, step), plants)
    groups = len(np.unique(plants.groups))
    return score(
        study.species_names, [result], plants.species, f"{len(folds)}-fold cross-validation by group ({groups} groups)"
    )


def _seen_accuracy(pipeline: Any, clouds: Clouds, plants: TrainingPlants) -> float:
    return float((uncalibrated(pipeline, clouds, plants.values).argmax(axis=1) == plants.species).mean())


def _place(c: int, tried: Sequence[object]) -> str:
    return f", {c + 1} of {len(tried)}" if len(tried) > 4 else ""


def _enough(study: Study, plants: TrainingPlants) -> None:
    counts = np.bincount(plants.species, minlength=len(study.species))
    if (counts > 0).sum() < 2:
        raise Refused(f"{study.title} has plants of one species only; a model needs at least two.")
    for name, count in zip(study.species_names, counts, strict=True):
        if count < 2:
            raise Refused(
                f"{name} has {count} plant{'s' if count != 1 else ''}; a model needs at least two of each species. "
                "Add plants, or leave the species out."
            )
    least = 2 * len(counts) + 2
    if counts.sum() < least:
        raise Refused(
            f"{study.title} has {counts.sum()} plants; a model of {len(counts)} species needs at least {least}."
        )


def _builder(
    algorithm: Algorithm,
    hyperparameters: Mapping[str, Value],
    plants: TrainingPlants,
    seed: int,
    shape: tuple[int, ...],
) -> Callable[[], Any]:
    gaps = bool(np.isnan(plants.values).any())
    counts = np.bincount(plants.species)
    # A tenth of the rarest species is held out in each fold.
    rarest = max(2, int(counts[counts > 0].min() * 0.9))
    return partial(build_pipeline, algorithm, hyperparameters, gaps=gaps, seed=seed, rarest=rarest, shape=shape)


def _calibrated(result: OutOfFold, plants: TrainingPlants) -> Floats:
    """Out-of-fold probabilities, each half calibrated by the temperature of the other, so that none saw its own plant."""
    halves = random_half(len(plants.species))
    calibrated = np.empty_like(result.raw)
    for half in (halves, ~halves):
        temperature = fit_calibration(result.raw[~half], plants.species[~half]).temperature
        calibrated[half] = calibrate(result.raw[half], Calibration(temperature, floor_for(len(plants.species))))
    return calibrated


class _Steps:
    """Counts what is done, and tells it."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def done(self, doing: str) -> None:
        self._done += 1
        self._progress(self._done, self._total, doing)

    def each(self, doing: str) -> Callable[[], None]:
        return lambda: self.done(doing)


def _method(folds: int, repeats: int) -> str:
    how = f"{folds}-fold cross-validation, stratified by species"
    return f"{how}, {repeats} times over" if repeats > 1 else how


def _reason(tried: Sequence[tuple[Algorithm, Any]], losses: Sequence[float], best: int) -> str:
    title = tried[best][0].title
    if len(tried) == 1:
        return f"{title.capitalize()} was asked for."
    by_family = _best_of_each(tried, losses)
    if len(by_family) == 1:
        return f"{title.capitalize()} with the best of {len(tried)} settings, by cross-validated log loss ({losses[best]:.3f})."
    others = ", ".join(f"{tried[i][0].title} {losses[i]:.3f}" for i in by_family if tried[i][0] is not tried[best][0])
    return f"{title.capitalize()} had the lowest cross-validated log loss, {losses[best]:.3f}; {others}."


def _best_of_each(tried: Sequence[tuple[Algorithm, Any]], losses: Sequence[float]) -> list[int]:
    """The place of each family's best settings, in the order they were tried."""
    best: dict[str, int] = {}
    for i, (algorithm, _) in enumerate(tried):
        if algorithm.name not in best or losses[i] < losses[best[algorithm.name]]:
            best[algorithm.name] = i
    return list(best.values())


def _tried(
    tried: Sequence[tuple[Algorithm, dict[str, Value]]],
    results: Sequence[OutOfFold],
    calibrations: Sequence[Calibration],
    losses: Sequence[float],
    plants: TrainingPlants,
) -> tuple[Candidate, ...]:
    from sklearn.metrics import balanced_accuracy_score

    named = [calibrate(r.raw, c).argmax(axis=1) for r, c in zip(results, calibrations, strict=True)]
    return tuple(
        Candidate(
            algorithm=a.name,
            hyperparameters=h,
            log_loss=loss,
            accuracy=float((g == plants.species).mean()),
            balanced_accuracy=float(balanced_accuracy_score(plants.species, g)),
            seconds=round(r.seconds, 3),
        )
        for (a, h), r, g, loss in zip(tried, results, named, losses, strict=True)
    )


def _optimism(
    results: Sequence[OutOfFold], calibrations: Sequence[Calibration], plants: TrainingPlants, seed: int
) -> float:
    rows = np.arange(len(plants.species))
    p = [calibrate(r.raw, c) for r, c in zip(results, calibrations, strict=True)]
    losses = np.stack([-np.log(q[rows, plants.species]) for q in p], axis=1)
    hits = np.stack([(q.argmax(axis=1) == plants.species).astype(float) for q in p], axis=1)
    return selection_optimism(losses, hits, seed)


def _libraries() -> dict[str, str]:
    import numpy
    import scipy
    import sklearn

    return {
        "python": platform.python_version(),
        "scikit-learn": sklearn.__version__,
        "numpy": numpy.__version__,
        "scipy": scipy.__version__,
    }


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
