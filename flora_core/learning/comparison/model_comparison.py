"""Two versions on the same plants: is one better, or is the difference within chance?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from flora_core.errors import Refused
from flora_core.identification.naming import predict_plants
from flora_core.learning.algorithms.pipelines import recipe_of
from flora_core.learning.comparison.paired_tests import Difference, difference
from flora_core.learning.data_checks.checks import some
from flora_core.learning.validation.folds import Fold, fold_count, make_folds
from flora_core.learning.validation.out_of_fold import out_of_fold
from flora_core.learning.validation.scoring import (
    calibration_error,
    clopper_pearson,
    cross_fitted_calibration,
    cross_fitted_sets,
)
from flora_core.model import Bools, Floats, Ints, Model, TrainingPlants
from flora_core.monitoring.verdicts.wording import written_p
from flora_core.parallel import one_thread
from flora_core.progress import Progress, no_progress
from flora_core.study import Study

#: Added to the seed, so that versions are compared on folds that no training draws.
_ANEW: Final = 1000
#: Bootstrap samples behind an interval.
_ROUNDS: Final = 2000
#: Draws of names behind the question whether a calibration error is more than chance.
_DRAWS: Final = 500


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything a person, or a gate, judges by.

    Attributes
    ----------
    overall : Difference
        On held-out training plants, same folds.
    by_species : dict of str to Difference
    log_loss, log_loss_low, log_loss_high : float
        Challenger less champion, in nats, with its 95 % interval; below 0 the challenger is better.
    calibration_error, calibration_p : float
        Of the challenger, and how often perfect probabilities would show one as large.
    coverage, coverage_low, coverage_high : float
        Share of plants whose true species was in the challenger's prediction set, with its 95 % interval.
    determined : Difference or None
        On plants that persons determined, named by the two versions as they are; None where there are none.
    sentence : str
    """

    overall: Difference
    by_species: dict[str, Difference]
    log_loss: float
    log_loss_low: float
    log_loss_high: float
    calibration_error: float
    calibration_p: float
    coverage: float
    coverage_low: float
    coverage_high: float
    determined: Difference | None
    sentence: str


def compare(
    study: Study,
    plants: TrainingPlants,
    champion: Model,
    challenger: Model,
    determined: tuple[Floats, Ints] | None = None,
    *,
    champion_knew: Bools | None = None,
    seed: int = 0,
    processes: int = 1,
    progress: Progress = no_progress,
) -> Comparison:
    """Compare two versions.

    Both are learned again on the same folds of the same table, with the algorithm and settings of their cards, so that
    neither is asked about a plant it has seen. On determined plants they answer as they are.

    Parameters
    ----------
    plants : TrainingPlants
        The study's newest training table.
    determined : ((n, p) float, (n,) int), optional
        Plants and their species that neither version was trained on.
    champion_knew : (n,) bool, optional
        The rows of `plants` that the champion's own table had; where the table has grown since, the champion learns from
        those only. All where not given.

    Raises
    ------
    Refused
        The versions measure other characters than the study does now.
    """
    for model in (champion, challenger):
        _comparable(study, model)
    # Not the folds on which either was chosen: a challenger out of a search would be flattered by those.
    folds = make_folds(plants, fold_count(plants.species), seed + _ANEW)
    knew = np.ones(len(plants.species), dtype=bool) if champion_knew is None else champion_knew
    gaps = bool(np.isnan(plants.values).any())
    versions = (champion, challenger)
    asked = 0

    def step(version: int, fold: int) -> None:
        nonlocal asked
        asked += 1
        doing = f"asking version {versions[version].card.version or 'not saved'}, fold {fold} of {len(folds)}"
        progress(asked, 2 * len(folds), doing)

    questions = [
        (recipe_of(champion.card, gaps), tuple(_known(fold, knew) for fold in folds)),
        (recipe_of(challenger.card, gaps), folds),
    ]
    with one_thread():
        answers = out_of_fold(questions, plants, step, processes)
    old, new = (cross_fitted_calibration(answer.said, plants.species) for answer in answers)
    right_old, right_new = old.argmax(axis=1) == plants.species, new.argmax(axis=1) == plants.species
    overall = difference(right_old, right_new)
    by_species = {
        name: difference(right_old[plants.species == j], right_new[plants.species == j])
        for j, name in enumerate(study.species_names)
        if (plants.species == j).any()
    }
    losses = -np.log(np.clip(_of_own(new, plants.species), 1e-15, 1)) + np.log(
        np.clip(_of_own(old, plants.species), 1e-15, 1)
    )
    low, high = _bootstrap(losses, seed)
    error = calibration_error(new, plants.species)
    covered = cross_fitted_sets(new, plants.species)[np.arange(len(new)), plants.species]
    coverage_low, coverage_high = clopper_pearson(int(covered.sum()), len(covered))
    on_determined = _on_determined(study, champion, challenger, determined)
    return Comparison(
        overall=overall,
        by_species=by_species,
        log_loss=float(losses.mean()),
        log_loss_low=low,
        log_loss_high=high,
        calibration_error=error,
        calibration_p=_calibration_p(new, error, seed),
        coverage=float(covered.mean()),
        coverage_low=coverage_low,
        coverage_high=coverage_high,
        determined=on_determined,
        sentence=_sentence(overall, (float(losses.mean()), low, high), on_determined),
    )


def _comparable(study: Study, model: Model) -> None:
    now, then = ([(m.name, m.unit) for m in s.measurements] for s in (study, model.study))
    if now != then:
        measured = some([f"{name} in {unit}" if unit else name for name, unit in then])
        raise Refused(
            f"{model.card.label} was trained on other measurements ({measured}) than the study has now; the two can't be "
            "compared. Train it again on the study as it is."
        )


def _known(fold: Fold, knew: Bools) -> Fold:
    if knew.all():
        return fold
    return fold.some(np.flatnonzero(knew[fold.train]), fold.test)


def _bootstrap(values: Floats, seed: int) -> tuple[float, float]:
    """The 95 % percentile interval of a mean."""
    distinct, counts = np.unique(values, return_counts=True)
    rng = np.random.default_rng(seed)
    n = len(values)
    if len(distinct) <= 50:
        # The same distribution, without drawing every plant.
        means = rng.multinomial(n, counts / n, _ROUNDS) @ distinct / n
    else:
        means = np.array([values[rng.integers(0, n, n)].mean() for _ in range(_ROUNDS)])
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def _of_own(probabilities: Floats, species: Ints) -> Floats:
    return probabilities[np.arange(len(species)), species]


def _calibration_p(probabilities: Floats, error: float, seed: int) -> float:
    """How often names drawn from the probabilities themselves would show a calibration error as large."""
    rng = np.random.default_rng(seed)
    cumulative = probabilities.cumsum(axis=1)
    cumulative[:, -1] = 1.0
    larger = 0
    for _ in range(_DRAWS):
        drawn = (rng.random(len(probabilities))[:, None] > cumulative).sum(axis=1)
        larger += calibration_error(probabilities, drawn) >= error
    return (larger + 1) / (_DRAWS + 1)


def _on_determined(
    study: Study, champion: Model, challenger: Model, determined: tuple[Floats, Ints] | None
) -> Difference | None:
    if determined is None or not len(determined[1]):
        return None
    names = study.species_names
    values, species = determined
    right = []
    for model in (champion, challenger):
        named = predict_plants(model, values)
        # A version knows the species its study had then, in the order they had then.
        places = np.array([names.index(n) if n in names else -1 for n in model.study.species_names])
        right.append(named.fits & (places[named.best] == species))
    return difference(right[0], right[1])


def _sentence(overall: Difference, loss: tuple[float, float, float], determined: Difference | None) -> str:
    both = f"{100 * overall.challenger:.1f} against {100 * overall.champion:.1f} % right, n = {overall.plants}"
    span = f"{100 * overall.low:+.1f} to {100 * overall.high:+.1f} points"
    tested = f"{both}; difference {span}, p {written_p(overall.p, sign=True)}"
    if overall.p < 0.05:
        better = overall.value > 0
        first = f"The challenger is {'better' if better else 'worse'} beyond chance ({tested})"
        return f"{first}.{_told(determined)}"
    mean, low, high = loss
    if high < 0:
        surer = f"its probabilities are better (log loss {mean:+.3f}, {low:+.3f} to {high:+.3f})"
        return (
            f"Both name equally well within chance ({tested}), but {surer}: the challenger is the better witness."
            f"{_told(determined)}"
        )
    if low > 0:
        return (
            f"The names differ within chance ({tested}), and the challenger's probabilities are worse "
            f"(log loss {mean:+.3f}, {low:+.3f} to {high:+.3f}).{_told(determined)}"
        )
    return f"The difference is within chance ({tested}).{_told(determined)}"


def _told(determined: Difference | None) -> str:
    if determined is None:
        return ""
    return (
        f" On {determined.plants} determined plants {100 * determined.challenger:.0f} against "
        f"{100 * determined.champion:.0f} % right, p {written_p(determined.p, sign=True)}."
    )
