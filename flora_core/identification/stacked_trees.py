"""The trees of a forest or of a boosted model as one set of arrays, to ask fewer questions of them.

scikit-learn asks one tree after the other. Few plants are asked about in all trees in one go: the way to each of a hundred
trees takes many times as long as the trees themselves. Of many plants those are asked about once that no tree can tell apart:
measurements are read to a step, and trees part them at few places.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakKeyDictionary, WeakSet

import numpy as np

from flora_core.identification.linear_pipeline import LinearPipeline
from flora_core.model import Floats, Ints

#: Plants times trees up to which all trees are asked in one go; above, scikit-learn is as quick.
_IN_ONE_GO: Final = 40_000
#: Plants from which on it is worth looking for those that no tree can tell apart.
_MANY: Final = 2_000


@dataclass(frozen=True, slots=True, eq=False)
class StackedTrees:
    """T trees, their nodes one after the other; a leaf leads to itself, whatever it is asked.

    Attributes
    ----------
    roots : (T,) int
    feature, left, right : (nodes,) int
    threshold : (nodes,) float
        A plant goes left where its value is at most that.
    depth : int
        Steps until every plant has come to a leaf.
    """

    roots: Ints
    feature: Ints
    threshold: Floats
    left: Ints
    right: Ints
    depth: int

    @classmethod
    def of(cls, trees: list[tuple[Any, Any, Any, Any]]) -> StackedTrees:
        """Of (feature, threshold, left, right) a tree, a leaf having no left below it (at most 0)."""
        sizes = np.array([len(tree[0]) for tree in trees])
        roots = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        feature, threshold, left, right = (np.concatenate([tree[i] for tree in trees]) for i in range(4))
        inner, own, offset = left > 0, np.arange(sizes.sum()), np.repeat(roots, sizes)
        stacked = cls(
            roots,
            np.where(inner, feature, 0).astype(np.int64),
            np.where(inner, threshold, np.inf).astype(np.float64),
            np.where(inner, left + offset, own).astype(np.int64),
            np.where(inner, right + offset, own).astype(np.int64),
            0,
        )
        at, depth = roots, 0
        while len(at := at[inner[at]]):
            at, depth = np.concatenate([stacked.left[at], stacked.right[at]]), depth + 1
        return cls(roots, stacked.feature, stacked.threshold, stacked.left, stacked.right, depth)

    def leaves(self, X: Floats) -> Ints:
        """Where each plant comes to in each tree; (T, n)."""
        plants = np.arange(len(X))
        at = np.repeat(self.roots[:, None], len(X), axis=1)
        for _ in range(self.depth):
            at = np.where(X[plants, self.feature[at]] <= self.threshold[at], self.left[at], self.right[at])
        return at

    def cells(self, X: Floats) -> tuple[Ints, Ints] | None:
        """Plants that go the same way in every tree: the first of each kind, and which kind each plant is of.

        None where the trees part the plants at too many places for all of them to be numbered.
        """
        places, ends = np.zeros(len(X), dtype=np.int64), 1
        inner = np.isfinite(self.threshold)
        for column in np.unique(self.feature[inner]):
            parting = np.unique(self.threshold[inner & (self.feature == column)])
            ends *= len(parting) + 1
            if ends > np.iinfo(np.int64).max:
                return None
            places = places * (len(parting) + 1) + np.searchsorted(parting, X[:, column])
        _, first, kind = np.unique(places, return_index=True, return_inverse=True)
        return first, kind


@dataclass(frozen=True, slots=True, eq=False)
class _Forest:
    trees: StackedTrees
    values: Floats

    def seen(self, X: Floats) -> Floats:
        """The plants as the trees see them: learned from, and asked about, in single precision."""
        return X.astype(np.float32).astype(np.float64)

    def answers(self, X: Floats) -> Floats:
        at = self.trees.leaves(X)
        return np.asarray(np.add.reduce(self.values[at], axis=0) / len(at))


@dataclass(frozen=True, slots=True, eq=False)
class _Boosted:
    """Rounds of one tree a species each; of two species one tree a round speaks for both."""

    trees: StackedTrees
    values: Floats
    baseline: Floats

    def seen(self, X: Floats) -> Floats:
        """The plants as the trees see them."""
        return X

    def answers(self, X: Floats) -> Floats:
        said = self.values[self.trees.leaves(X)].reshape(-1, self.baseline.size, len(X))
        raw = self.baseline.reshape(1, -1) + np.add.reduce(said, axis=0).T
        if raw.shape[1] == 1:
            raw = np.concatenate([np.zeros_like(raw), raw], axis=1)
        p = np.exp(raw - raw.max(axis=1, keepdims=True))
        return np.asarray(p / p.sum(axis=1, keepdims=True))


#: Of each estimator the trees that it had learned, and their arrays: what is fitted again has others.
_STACKED: Final[WeakKeyDictionary[Any, tuple[object, _Forest | _Boosted]]] = WeakKeyDictionary()
#: Estimators whose trees told apart most of many plants: it isn't tried again.
_TELL_APART: Final[WeakSet[Any]] = WeakSet()


def answers_of_trees(pipeline: Any, X: Floats) -> Floats | None:
    """What a pipeline's `predict_proba` says, where it ends in many trees; None where it is to be asked itself.

    Parameters
    ----------
    X : (n, p) float
        Without gaps.

    Returns
    -------
    (n, k) float or None
        As the pipeline's own, to rounding.
    """
    if isinstance(pipeline, LinearPipeline):
        return None
    steps = getattr(pipeline, "steps", None)
    if not steps:
        return None
    end = steps[-1][1]
    kind = type(end).__name__
    if kind == "RandomForestClassifier":
        learned, trees = end.estimators_, len(end.estimators_)
    elif kind == "HistGradientBoostingClassifier" and end.is_categorical_ is None:
        learned, trees = end._predictors, sum(map(len, end._predictors))
    else:
        return None
    few = len(X) * trees <= _IN_ONE_GO
    if not few and (len(X) < _MANY or end in _TELL_APART):
        return None
    for _, step in steps[:-1]:
        X = step.transform(X)
    X = np.asarray(X, dtype=np.float64)
    if np.isnan(X).any():
        return None
    learned_from, stacked = _STACKED.get(end, (None, None))
    if stacked is None or learned_from is not learned:
        stacked = _forest(end) if kind == "RandomForestClassifier" else _boosted(end)
        _STACKED[end] = (learned, stacked)
    seen = stacked.seen(X)
    if few:
        return stacked.answers(seen)
    cells = stacked.trees.cells(seen)
    if cells is None or 2 * len(cells[0]) > len(X):
        _TELL_APART.add(end)
        return None
    first, kinds = cells
    return np.asarray(end.predict_proba(X[first]), dtype=np.float64)[kinds]


def _forest(end: Any) -> _Forest:
    trees = [one.tree_ for one in end.estimators_]
    nodes = [(one.feature, one.threshold, one.children_left, one.children_right) for one in trees]
    return _Forest(StackedTrees.of(nodes), np.concatenate([one.value[:, 0, :] for one in trees]))


def _boosted(end: Any) -> _Boosted:
    trees = [tree.nodes for one_round in end._predictors for tree in one_round]
    nodes = [
        (
            tree["feature_idx"],
            tree["num_threshold"],
            np.where(tree["is_leaf"], 0, tree["left"]).astype(np.int64),
            tree["right"],
        )
        for tree in trees
    ]
    return _Boosted(
        StackedTrees.of(nodes), np.concatenate([tree["value"] for tree in trees]), np.asarray(end._baseline_prediction)
    )
