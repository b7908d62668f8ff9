"""Labelled plants -> a model: choose among algorithms by cross-validation, fit, calibrate, and write the card."""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from flora_core.errors import Refused
from flora_core.identification.predicting import calibrate
from flora_core.identification.prediction_sets import set_limits
from flora_core.learning.clouds import fit_clouds, fit_stretch, without_gaps
from flora_core.learning.evaluation import (
    OutOfFold,
    Progress,
    fit_calibration,
    floor_for,
    fold_count,
    held_out_misfits,
    log_loss,
    make_folds,
    out_of_fold,
    random_half,
    score,
    selection_optimism,
    silent,
)
from flora_core.learning.pipelines import ALGORITHMS, AUTO, Algorithm, Value, algorithm_named, build_pipeline, settled
from flora_core.model import Calibration, Candidate, Floats, Model, ModelCard, Reference, TrainingPlants
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
    seed: int = 0,
    by: str = "",
    progress: Progress = silent,
) -> Model:
    """A model, not yet saved.

    Parameters
    ----------
    algorithm : str
        A name of `ALGORITHMS`, or "auto": the one with the lowest cross-validated log loss.
    hyperparameters : mapping, optional
        For a named algorithm; its defaults otherwise.
    seed : int
        The same plants, settings and seed give the same scores.
    by : str
        Who trains, for the card.
    progress : callable
        Told of each fold; may raise to stop.

    Raises
    ------
    Refused, Unknown
        The plants or settings can't train a model; the message says what would.
    """
    start = time.perf_counter()
    _enough(study, plants)
    tried = _candidates(algorithm, hyperparameters or {}, plants)
    count = fold_count(plants.species)
    folds = make_folds(plants, count, seed)
    repeats = _REPEATS if len(plants.species) < _REPEAT_BELOW else 1
    steps = _Steps(progress, len(tried) * count + (repeats - 1) * count + 1)

    results = [
        out_of_fold(_builder(a, h, plants, seed), plants, folds, steps.next(f"trying {a.title}")) for a, h in tried
    ]
    calibrations = [fit_calibration(result.raw, plants.species) for result in results]
    losses = [log_loss(calibrate(r.raw, c), plants.species) for r, c in zip(results, calibrations, strict=True)]
    best = int(np.argmin(losses))
    chosen, settings = tried[best]
    build = _builder(chosen, settings, plants, seed)
    again = [
        out_of_fold(build, plants, make_folds(plants, count, seed + r), steps.next(f"repeating {chosen.title}"))
        for r in range(1, repeats)
    ]
    held_out = [_calibrated(r, plants) for r in (results[best], *again)]

    steps.next(f"fitting {chosen.title}")()
    names = study.species_names
    clouds = fit_clouds(plants.values, plants.species, len(names), fit_stretch(held_out_misfits(plants, folds)))
    pipeline = build().fit(without_gaps(clouds, plants.values, plants.species, seed), plants.species)
    scores = score(names, held_out, plants.species, _method(count, repeats))
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
        seconds=round(time.perf_counter() - start, 3),
        table=plants.table,
        scores=scores,
        baseline=float(shares.max()),
        chosen=_reason(tried, losses, best),
        candidates=_tried(tried, results, calibrations, losses, plants),
        selection_optimism=_optimism(results, calibrations, plants, seed),
        warnings=_warnings(study, plants),
        libraries=_libraries(),
    )
    return Model(
        card=card,
        pipeline=pipeline,
        clouds=clouds,
        calibration=calibrations[best],
        set_limits=set_limits(held_out[0], plants.species),
        reference=_reference(plants, held_out[0], seed),
    )


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


def _candidates(
    algorithm: str, given: Mapping[str, Value], plants: TrainingPlants
) -> list[tuple[Algorithm, dict[str, Value]]]:
    rarest = int(np.bincount(plants.species).min())
    if algorithm == "auto":
        if given:
            raise Refused("Hyperparameters belong to one algorithm: name it, or leave them out for auto.")
        able = [ALGORITHMS[name] for name in AUTO if ALGORITHMS[name].fewest <= rarest]
        return [(a, settled(a, {})) for a in able]
    named = algorithm_named(algorithm)
    if rarest < named.fewest:
        raise Refused(
            f"A {named.title} needs at least {named.fewest} plants of each species; the rarest has {rarest}. "
            "Choose another algorithm, or add plants."
        )
    return [(named, settled(named, given))]


def _builder(algorithm: Algorithm, hyperparameters: Mapping[str, Value], plants: TrainingPlants, seed: int) -> Any:
    gaps = bool(np.isnan(plants.values).any())
    counts = np.bincount(plants.species)
    # A tenth of the rarest species is held out in each fold.
    rarest = max(2, int(counts[counts > 0].min() * 0.9))
    return lambda: build_pipeline(algorithm, hyperparameters, gaps=gaps, seed=seed, rarest=rarest)


def _calibrated(result: OutOfFold, plants: TrainingPlants) -> Floats:
    """Out-of-fold probabilities, each half calibrated by the temperature of the other, so that none saw its own plant."""
    halves = random_half(len(plants.species))
    calibrated = np.empty_like(result.raw)
    for half in (halves, ~halves):
        temperature = fit_calibration(result.raw[~half], plants.species[~half]).temperature
        calibrated[half] = calibrate(result.raw[half], Calibration(temperature, floor_for(len(plants.species))))
    return calibrated


class _Steps:
    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def next(self, doing: str) -> Any:
        def step() -> None:
            self._done += 1
            self._progress(self._done, self._total, doing)

        return step


def _method(folds: int, repeats: int) -> str:
    how = f"{folds}-fold cross-validation, stratified by species"
    return f"{how}, {repeats} times over" if repeats > 1 else how


def _reason(tried: Sequence[tuple[Algorithm, Any]], losses: Sequence[float], best: int) -> str:
    title = tried[best][0].title
    if len(tried) == 1:
        return f"{title.capitalize()} was asked for."
    others = ", ".join(
        f"{a.title} {loss:.3f}" for i, ((a, _), loss) in enumerate(zip(tried, losses, strict=True)) if i != best
    )
    return f"{title.capitalize()} had the lowest cross-validated log loss, {losses[best]:.3f}; {others}."


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


def _warnings(study: Study, plants: TrainingPlants) -> tuple[str, ...]:
    counts = np.bincount(plants.species, minlength=len(study.species))
    rare = [f"{name} ({count})" for name, count in zip(study.species_names, counts, strict=True) if count < 10]
    return (f"Fewer than 10 plants: {', '.join(rare)}. Their scores are guesses.",) if rare else ()


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
