"""What a careful colleague would say of a training: in plain words, with the numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from flora_core.learning.evaluation import interval
from flora_core.learning.hyperparameters import Algorithm, Value
from flora_core.model import Floats, Scores, TrainingPlants
from flora_core.study import Study

#: A model that names its own plants so much better than others has learned them by heart.
_GAP: Final = 0.1
_FEW: Final = 10
#: Plants from which on a perfect separation by one column is suspicious.
_ENOUGH: Final = 30


def warnings_of(
    study: Study,
    plants: TrainingPlants,
    algorithm: Algorithm,
    hyperparameters: Mapping[str, Value],
    scores: Scores,
    group_scores: Scores | None,
    seen_accuracy: float,
    baseline: float,
    searched: int,
) -> tuple[str, ...]:
    """All warnings that apply, most serious first."""
    found = [
        _underfit(scores, baseline),
        _overfit(scores, seen_accuracy),
        _groups(scores, group_scores),
        _rare(study, plants),
        _never_measured(study, plants),
        *_telling_columns(study, plants),
        *_constant(study, plants),
        *(_edges(algorithm, hyperparameters) if searched else []),
    ]
    return tuple(text for text in found if text)


def _underfit(scores: Scores, baseline: float) -> str:
    # With very few plants every interval reaches down to the baseline; that is said of the rare species.
    if scores.low > baseline or (scores.accuracy > baseline and scores.plants < _ENOUGH):
        return ""
    return (
        f"It names {100 * scores.accuracy:.0f} % right (at least {100 * scores.low:.0f} %); always naming the commonest "
        f"species would reach {100 * baseline:.0f} %. These measurements hardly tell the species apart."
    )


def _overfit(scores: Scores, seen: float) -> str:
    if seen - scores.accuracy <= _GAP or interval(seen * scores.plants, scores.plants)[0] <= scores.high:
        return ""
    return (
        f"It names {100 * seen:.0f} % of the plants it learned from right, but {100 * scores.accuracy:.0f} % of others: it has "
        "learned plants by heart. A simpler model, or more plants, would be better."
    )


def _groups(scores: Scores, by_group: Scores | None) -> str:
    if by_group is None or scores.accuracy - by_group.accuracy <= 0.02:
        return ""
    return (
        f"On plants of groups it has not seen it names {100 * by_group.accuracy:.0f} % right instead of "
        f"{100 * scores.accuracy:.0f} %: expect that on new populations."
    )


def _rare(study: Study, plants: TrainingPlants) -> str:
    counts = np.bincount(plants.species, minlength=len(study.species))
    rare = [f"{name} ({count})" for name, count in zip(study.species_names, counts, strict=True) if count < _FEW]
    return f"Fewer than {_FEW} plants: {', '.join(rare)}. Their scores are guesses." if rare else ""


def _never_measured(study: Study, plants: TrainingPlants) -> str:
    missing = np.isnan(plants.values)
    never = [
        f"{m.label} of {name}"
        for j, name in enumerate(study.species_names)
        for i, m in enumerate(study.measurements)
        if missing[plants.species == j, i].all()
    ]
    more = f" and {len(never) - 5} more" if len(never) > 5 else ""
    return f"Never measured in training: {', '.join(never[:5])}{more}." if never else ""


def _telling_columns(study: Study, plants: TrainingPlants) -> list[str]:
    """Columns that give the name away, or that only count the rows."""
    if len(plants.species) < _ENOUGH:
        return []
    found = []
    for i, m in enumerate(study.measurements):
        column = plants.values[:, i]
        if _counts_rows(column):
            found.append(
                f"{m.label} rises from row to row: is it a running number? Then leave it out, it is no measurement."
            )
        elif _separates(column, plants):
            found.append(
                f"{m.label} alone tells all species apart without a mistake. If it was noted after naming, leave it out."
            )
    return found


def _counts_rows(column: Floats) -> bool:
    known = column[~np.isnan(column)]
    steps = np.diff(known)
    return len(known) >= _ENOUGH and bool((steps > 0).all()) and len(np.unique(np.round(steps, 9))) <= 3


def _separates(column: Floats, plants: TrainingPlants) -> bool:
    """Whether the species' ranges in the column are all apart."""
    known = ~np.isnan(column)
    if not known.all():
        return False
    order = np.argsort(column, kind="stable")
    species, values = plants.species[order], column[order]
    changes = np.flatnonzero(np.diff(species))
    return len(changes) == len(np.unique(species)) - 1 and bool((values[changes] < values[changes + 1]).all())


def _constant(study: Study, plants: TrainingPlants) -> list[str]:
    same = []
    for i, m in enumerate(study.measurements):
        known = plants.values[:, i][~np.isnan(plants.values[:, i])]
        if len(known) and (known == known[0]).all():
            same.append(m.label)
    return [f"The same in every plant, so of no use: {', '.join(same)}."] if same else []


def _edges(algorithm: Algorithm, hyperparameters: Mapping[str, Value]) -> list[str]:
    found = []
    for h in algorithm.hyperparameters:
        value = hyperparameters[h.name]
        if h.kind == "choice" or not isinstance(value, int | float) or value == h.default:
            continue
        span = h.high / h.low if h.logarithmic else h.high - h.low
        near = (
            min(value / h.low, h.high / value) < span**0.02
            if h.logarithmic
            else min(value - h.low, h.high - value) < 0.02 * span
        )
        if near:
            found.append(
                f"The best {h.label} ({value:g}) lies at the edge of what was searched ({h.low:g} to {h.high:g}); "
                "a better one may lie beyond."
            )
    return found
