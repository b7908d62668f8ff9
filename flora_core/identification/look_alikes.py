"""Which species are taken for each other: an order in which they stand together, their groups, and the largest mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from flora_core.model import Floats

#: How rarely scattered mistakes alone would make a pair of species as often mistaken as the commonest pair of a group.
_BY_CHANCE: Final = 0.05
#: Mistakes between two species below which they are no pair.
_FEWEST_MISTAKES: Final = 3
#: How many times as often as any two species of the study, two groups must be taken for each other to be one.
_TIMES_USUAL: Final = 2.0
#: Plants of a species below which its share of mistakes is a guess.
FEW_PLANTS: Final = 10


@dataclass(frozen=True, slots=True)
class Mistake:
    """Plants of species `true` that were taken for species `named`: `count` of `plants`; species by their place."""

    true: int
    named: int
    count: int
    plants: int


@dataclass(frozen=True, slots=True)
class LookAlikes:
    """A confusion matrix, put in order.

    Attributes
    ----------
    order : tuple of int
        The species' places, those taken for each other beside each other.
    groups : tuple of tuple of int
        Species that are taken for each other more often than others, each group a run of `order` with at least one pair
        that scattered mistakes would hardly make; single species are left out.
    mistakes : tuple of Mistake
        Every pair, the largest count first; of equal counts the larger share first.
    plants, right : int
        All plants, and those with their own name.
    """

    order: tuple[int, ...]
    groups: tuple[tuple[int, ...], ...]
    mistakes: tuple[Mistake, ...]
    plants: int
    right: int

    def within(self, group: Sequence[int]) -> int:
        """How many mistakes were made within a group."""
        return sum(m.count for m in self.mistakes if m.true in group and m.named in group)


def look_alikes(confusion: Sequence[Sequence[int]]) -> LookAlikes:
    """Order the species by average linkage on how often two are taken for each other, with the best order of leaves.

    Parameters
    ----------
    confusion : (k, k) int
        Rows: the true species; columns: the species named.

    References
    ----------
    Sokal & Michener (1958), A statistical method for evaluating systematic relationships (average linkage); Bar-Joseph,
    Gifford & Jaakkola (2001), Fast optimal leaf ordering for hierarchical clustering, Bioinformatics 17: S22-S29.
    """
    counts = np.asarray(confusion, dtype=np.float64)
    k = len(counts)
    plants = counts.sum(axis=1)
    mistakes = sorted(
        (
            Mistake(i, j, int(counts[i, j]), int(plants[i]))
            for i in range(k)
            for j in range(k)
            if i != j and counts[i, j] > 0
        ),
        key=lambda m: (-m.count, m.plants, m.true, m.named),
    )
    order: tuple[int, ...] = tuple(range(k))
    groups: tuple[tuple[int, ...], ...] = ()
    if k > 2 and mistakes:
        order, groups = _arranged(counts, plants)
    found = LookAlikes(order, groups, tuple(mistakes), int(plants.sum()), int(np.trace(counts)))
    both = counts + counts.T
    fewest = _more_than_chance(found.plants - found.right, k * (k - 1) // 2)
    kept = tuple(group for group in groups if max(both[i, j] for i in group for j in group if i != j) >= fewest)
    return LookAlikes(order, kept, found.mistakes, found.plants, found.right)


def _more_than_chance(mistakes: int, pairs: int) -> int:
    """How often two species must be taken for each other, if mistakes scattered over all pairs should not do the same."""
    from scipy.special import pdtrc

    fewest = _FEWEST_MISTAKES
    while fewest < mistakes and pairs * float(pdtrc(fewest - 1, mistakes / pairs)) >= _BY_CHANCE:
        fewest += 1
    return fewest


def _arranged(counts: Floats, plants: Floats) -> tuple[tuple[int, ...], tuple[tuple[int, ...], ...]]:
    """The order of the leaves, and the branches that are cut off where likeness ends, in that order."""
    from scipy.cluster.hierarchy import fcluster, leaves_list, linkage, optimal_leaf_ordering

    k = len(counts)
    both = counts + counts.T
    alike = both / np.maximum(1.0, plants[:, None] + plants[None, :])
    np.fill_diagonal(alike, 0.0)
    upper = np.triu_indices(k, 1)
    distance = 1.0 - alike[upper]
    tree = optimal_leaf_ordering(linkage(distance, "average"), distance)
    order = leaves_list(tree)
    usual = float(alike[upper].mean())
    branch = fcluster(tree, 1.0 - _TIMES_USUAL * usual, "distance")
    runs: list[list[int]] = []
    for place in order:
        if runs and branch[runs[-1][0]] == branch[place]:
            runs[-1].append(int(place))
        else:
            runs.append([int(place)])
    # The groups with most to see first: they stand at the top left, as one reads.
    size = [-sum(counts[i, j] for i in run for j in run if i != j) for run in runs]
    ranked = [run for _, run in sorted(zip(size, runs, strict=True), key=lambda pair: pair[0])]
    return tuple(i for run in ranked for i in run), tuple(tuple(run) for run in ranked if len(run) > 1)
