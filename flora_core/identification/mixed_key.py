"""What a key needs of characters with states: trees that ask for them, and what botanists write at a couplet."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from flora_core.model import Floats, Ints, StateColumns, state_columns
from flora_core.states import places_of
from flora_core.study import Measurement, Study


@dataclass(frozen=True, slots=True, eq=False)
class StateOrder:
    """In which order a tree is shown the states of each character.

    Attributes
    ----------
    columns : StateColumns
    ranks : tuple of (s,) int
        For each such character the rank of each state.
    """

    columns: StateColumns
    ranks: tuple[Ints, ...]

    def ranked(self, values: Floats) -> Floats:
        """The plants with the rank of each state in its place; (n, p), without gaps."""
        shown = values.copy()
        for column, ranks in zip(self.columns.columns, self.ranks, strict=True):
            shown[:, column] = ranks[values[:, column].astype(np.int64)]
        return shown


def state_order(study: Study, values: Floats, names: Ints) -> StateOrder | None:
    """The order in which one border parts the states of each character best; None where all characters are numbers.

    States that have an order keep it. Of the others those stand beside each other that the same species show: by the first
    principal axis of the species' shares.

    Parameters
    ----------
    values : (n, p) float
        Without gaps.
    names : (n,) int

    References
    ----------
    Coppersmith, Hong & Hosking (1999), Partitioning nominal attributes in decision trees, Data Mining and Knowledge
    Discovery 3: 197-217.
    """
    columns = state_columns(study)
    if columns is None:
        return None
    ranks: list[Ints] = []
    for column, size, ordered in zip(columns.columns, columns.sizes, columns.ordered, strict=True):
        if ordered or size < 3:
            ranks.append(np.arange(size))
            continue
        table = np.zeros((size, int(names.max()) + 1))
        np.add.at(table, (values[:, column].astype(np.int64), names), 1.0)
        totals = table.sum(axis=1)
        shares = table / np.maximum(totals, 1.0)[:, None]
        centre = table.sum(axis=0) / max(table.sum(), 1.0)
        weighted = np.sqrt(totals)[:, None] * (shares - centre)
        axis = np.linalg.svd(weighted, full_matrices=False)[2][0]
        along = np.where(totals > 0, (shares - centre) @ axis, np.inf)
        ranks.append(np.argsort(np.argsort(along, kind="stable"), kind="stable"))
    return StateOrder(columns, tuple(ranks))


def tree_on_ranks(tree: Any, order: StateOrder) -> Any:
    """A fitted tree that was shown ranks, with the states that go on at the first half of each of its couplets."""
    first: dict[int, tuple[int, ...]] = {}
    ranks = dict(zip(order.columns.columns, order.ranks, strict=True))
    for node in np.flatnonzero(tree.children_left >= 0):
        column = int(tree.feature[node])
        if column in ranks:
            first[int(node)] = tuple(int(s) for s in np.flatnonzero(ranks[column] <= tree.threshold[node]))
    return _with_states(tree, tree.feature, tree.threshold, first)


def tree_on_codes(tree: Any, columns: StateColumns, p: int) -> Any:
    """A fitted tree of a pipeline of ours, whose columns are those of `flora_core.learning.algorithms.encoders`."""
    where: list[tuple[int, int | None]] = [
        (column, None) for column, ordered in zip(columns.columns, columns.ordered, strict=True) if ordered
    ]
    for column, size, ordered in zip(columns.columns, columns.sizes, columns.ordered, strict=True):
        where += [(column, state) for state in range(size) if not ordered]
    where += [(column, None) for column in columns.numbers(p)]
    feature, threshold = tree.feature.copy(), tree.threshold.copy()
    first: dict[int, tuple[int, ...]] = {}
    sizes = dict(zip(columns.columns, columns.sizes, strict=True))
    for node in map(int, np.flatnonzero(tree.children_left >= 0)):
        column, state = where[int(tree.feature[node])]
        feature[node] = column
        if state is not None:
            first[node] = tuple(s for s in range(sizes[column]) if s != state)
        elif column in sizes:
            first[node] = tuple(s for s in range(sizes[column]) if s <= threshold[node])
    return _with_states(tree, feature, threshold, first)


def _with_states(tree: Any, feature: Ints, threshold: Floats, first: dict[int, tuple[int, ...]]) -> Any:
    return SimpleNamespace(
        children_left=tree.children_left,
        children_right=tree.children_right,
        value=tree.value,
        feature=feature,
        threshold=threshold,
        states=first,
    )


def shows_any(code: float, states: tuple[int, ...]) -> bool:
    """Whether a cell holds one of these states."""
    return bool(set(places_of(code)) & set(states))


def lead_text(m: Measurement, states: tuple[int, ...], seen: set[int]) -> str:
    """A half of a couplet: "Leaf margin entire or lobed"; of the states those that plants here show.

    Parameters
    ----------
    states : tuple of int
        Those that go on here.
    seen : set of int
        Those that plants at the couplet show.
    """
    labels = m.state_labels
    named = [labels[s] for s in states if s in seen] or [labels[s] for s in states]
    label = m.label[:1].upper() + m.label[1:]
    return f"{label} {' or '.join([', '.join(named[:-1]), named[-1]] if len(named) > 1 else named)}"
