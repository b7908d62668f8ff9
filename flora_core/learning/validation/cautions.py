"""What a careful colleague would say of a training: in plain words, with the numbers."""

from __future__ import annotations

from typing import Final

import numpy as np

from flora_core.learning.algorithms.pipelines import Recipe
from flora_core.learning.data_checks.checks import FEW, sanity_checks, some
from flora_core.learning.validation.scoring import clopper_pearson
from flora_core.model import Floats, Scores, TrainingPlants
from flora_core.study import Study

#: A model that names its own plants so much better than others has learned them by heart.
_GAP: Final = 0.1
#: What by group is lost beyond this is worth a word.
_BY_GROUP: Final = 0.02
#: Plants from which on a separation by one column is suspicious, and the share named right from which on it is one.
_ENOUGH: Final = 30
_TELLING: Final = 0.99
#: Share of plants with a twin above which they may be one plant entered twice; rounding alone makes fewer.
_TWINS: Final = 0.05
#: The checks of the table that matter after training too.
_TABLE: Final = ("plants a species", "gaps", "constant measurements", "dependent measurements", "twins")


def warnings_of(
    study: Study,
    plants: TrainingPlants,
    recipe: Recipe,
    scores: Scores,
    group_scores: Scores | None,
    seen_accuracy: float,
    baseline: float,
    searched: tuple[str, ...],
) -> tuple[str, ...]:
    """All warnings that apply, most serious first.

    Parameters
    ----------
    searched : tuple of str
        The hyperparameters that a search was free to choose.
    """
    checks = [c.detail for c in sanity_checks(study, plants) if c.state == "warning" and c.name in _TABLE]
    found = [
        _underfit(scores, baseline),
        _overfit(scores, seen_accuracy),
        _groups(study, plants, scores, group_scores),
        *checks,
        *_telling_columns(study, plants),
        _entered_twice(plants),
        _too_coarse(study, plants, recipe),
        *_edges(plants, recipe, searched),
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
    if seen - scores.accuracy <= _GAP or clopper_pearson(seen * scores.plants, scores.plants)[0] <= scores.high:
        return ""
    return (
        f"It names {100 * seen:.0f} % of the plants it learned from right, but {100 * scores.accuracy:.0f} % of others: it has "
        "learned plants by heart. A simpler model, or more plants, would be better."
    )


def _groups(study: Study, plants: TrainingPlants, scores: Scores, by_group: Scores | None) -> str:
    if by_group is None:
        if plants.groups is None or len(np.unique(plants.groups)) < 2:
            return ""
        return (
            "It can't be scored by group: that needs three groups, and two species that grow in more than one. What is due to "
            "the species and what to the place can't be told apart."
        )
    if scores.accuracy - by_group.accuracy <= _BY_GROUP:
        return ""
    return (
        f"On plants of groups it has not seen it names {100 * by_group.accuracy:.0f} % right instead of "
        f"{100 * scores.accuracy:.0f} %: expect that on new populations."
    )


def _telling_columns(study: Study, plants: TrainingPlants) -> list[str]:
    """Columns that give the name away, or that only count the rows."""
    if len(plants.species) < _ENOUGH or len(study.measurements) < 2:
        return []
    columns = [(m.label, plants.values[:, i]) for i, m in enumerate(study.measurements)]
    found = [
        f"{label} rises from row to row: is it a running number? Then leave it out, it is no measurement."
        for label, column in columns
        if _counts_rows(column)
    ]
    alone = [(label, _named_by_it_alone(column, plants)) for label, column in columns]
    telling = [(label, right) for label, right in alone if right >= _TELLING]
    # Where most measurements do, the species are simply far apart.
    if len(telling) <= max(1, len(columns) // 3):
        found += [
            f"{label} alone names {100 * right:.0f} % of the plants right. If it was noted after naming, or worked out from "
            "the name, leave it out."
            for label, right in telling
        ]
    return found


def _counts_rows(column: Floats) -> bool:
    known = column[~np.isnan(column)]
    steps = np.diff(known)
    return len(known) >= _ENOUGH and bool((steps > 0).all()) and len(np.unique(np.round(steps, 9))) <= 3


def _named_by_it_alone(column: Floats, plants: TrainingPlants) -> float:
    """The share of plants that one range of the column for each species would name right; of species that are not rare."""
    from sklearn.tree import DecisionTreeClassifier

    known = ~np.isnan(column)
    counts = np.bincount(plants.species[known], minlength=int(plants.species.max()) + 1)
    rows = known & (counts >= FEW)[plants.species]
    ranges = int((counts >= FEW).sum())
    if ranges < 2 or rows.mean() < 0.5:
        return 0.0
    tree = DecisionTreeClassifier(max_leaf_nodes=ranges, random_state=0)
    return float(tree.fit(column[rows, None], plants.species[rows]).score(column[rows, None], plants.species[rows]))


def _entered_twice(plants: TrainingPlants) -> str:
    whole = ~np.isnan(plants.values).any(axis=1)
    rows = np.column_stack([plants.values[whole], plants.species[whole]])
    if not len(rows) or plants.groups is not None:
        return ""
    _, counts = np.unique(rows, axis=0, return_counts=True)
    twins = int(counts[counts > 1].sum())
    if twins <= _TWINS * len(plants.species):
        return ""
    return (
        f"{twins:,} of {len(plants.species):,} plants have a twin of their species with the same values. If they are one plant "
        "entered or measured twice, name the column that says which plant: else it is learned from and asked about, and the "
        "scores are too good."
    )


def _too_coarse(study: Study, plants: TrainingPlants, recipe: Recipe) -> str:
    """An end of a tree that needs more plants than a species has."""
    leaf = recipe.hyperparameters.get("leaf")
    counts = np.bincount(plants.species, minlength=len(study.species))
    lost = [
        n for n, count in zip(study.species_names, counts, strict=True) if isinstance(leaf, int) and count < 2 * leaf
    ]
    if not lost or leaf == 1:
        return ""
    return f"With at least {leaf} plants at each end, {some(lost)} can hardly have an end of its own: choose a smaller leaf."


def _edges(plants: TrainingPlants, recipe: Recipe, searched: tuple[str, ...]) -> list[str]:
    found = []
    counts = np.bincount(plants.species)
    for h in recipe.algorithm.hyperparameters:
        value = recipe.hyperparameters[h.name]
        if h.name not in searched or h.kind == "choice" or not isinstance(value, int | float) or value == h.default:
            continue
        low, high = h.searched(int(counts[counts > 0].min()))
        if low == high:
            continue
        place = np.log(value / low) / np.log(high / low) if h.logarithmic else (value - low) / (high - low)
        # One plant at an end, one neighbour, no limit of depth: there is nothing below.
        nothing_below = h.kind == "int" and low <= 1
        if place > 0.98 or (place < 0.02 and not nothing_below):
            found.append(
                f"The best {h.label} ({value:g}) lies at the edge of what was searched ({low:g} to {high:g}); "
                "a better one may lie beyond."
            )
    return found
