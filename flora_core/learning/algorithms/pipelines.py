"""The pipeline each algorithm is built into.

Everything that is done to a measurement before an algorithm sees it is a step of the pipeline, so that training and
serving can't disagree. The steps are scikit-learn's own with arrays in them; the one class of ours is a support vector
machine that says probabilities, and of a file that comes in it is built by this program, as all others are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from flora_core.learning.algorithms.catalogue import algorithm_named, resolve_hyperparameters
from flora_core.learning.algorithms.encoders import mixed_steps
from flora_core.learning.algorithms.hyperparameters import Algorithm, Value
from flora_core.model import Floats, Ints, ModelCard, StateColumns, state_columns
from flora_core.study import Study


@dataclass(frozen=True, slots=True)
class ShapeRatioColumns:
    """The columns that log shape ratios are made of.

    Attributes
    ----------
    columns : tuple of int
        Lengths that share a unit.
    floors : tuple of float
        For each, a value above 0 that none of its plants falls below. What a missing value may have been is drawn from a
        normal distribution, and a draw may fall below zero, where there is no logarithm.
    """

    columns: tuple[int, ...]
    floors: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that a pipeline is made of but the plants.

    Attributes
    ----------
    gaps : bool
        Whether plants may have missing cells. In this program gaps are filled before learning and averaged over while
        identifying (`flora_core.identification.predicting`), so the pipeline never meets one; a program outside that is
        handed the pipeline alone gets the median instead.
    shape : ShapeRatioColumns or None
        What log shape ratios, handed to the algorithm beside the measurements, are made of; None without them.
    states : StateColumns or None
        The columns of states, which scikit-learn's encoders hand to the algorithm; None where all columns hold numbers.
    """

    algorithm: Algorithm
    hyperparameters: Mapping[str, Value]
    seed: int
    gaps: bool = False
    shape: ShapeRatioColumns | None = None
    states: StateColumns | None = None

    def pipeline(self, counts: Ints, scaled: bool = False) -> Any:
        """An unfitted scikit-learn Pipeline.

        Parameters
        ----------
        counts : (k,) int
            Plants of each species that it will learn from.
        scaled : bool
            Whether the measurements are to be standardised even for an algorithm that does not ask for it.
        """
        from sklearn.pipeline import Pipeline

        steps: list[tuple[str, Any]] = []
        if self.states is not None:
            return Pipeline(mixed_steps(self.algorithm, self.hyperparameters, self.seed, counts, self.states, scaled))
        if self.gaps:
            from sklearn.impute import SimpleImputer

            steps.append(("fill", SimpleImputer(strategy="median", keep_empty_features=True)))
        if self.shape is not None:
            steps.append(("shape", _with_shape(self.shape)))
        if self.algorithm.scaled or scaled:
            from sklearn.preprocessing import StandardScaler

            steps.append(("scale", StandardScaler()))
        steps.append(("classify", self.algorithm.build(self.hyperparameters, self.seed, counts)))
        return Pipeline(steps)

    def fit(self, values: Floats, species: Ints, count: int) -> Any:
        """A pipeline fitted on complete plants, whose `predict_proba` gives (n, count).

        Parameters
        ----------
        values : (n, p) float
            Without gaps.
        species : (n,) int
        count : int
            How many species the study has. One that the plants have none of gets the probability 0; where fewer than
            two are left there is nothing to learn, and every plant gets the plants' shares.
        """
        counts = np.bincount(species, minlength=count)
        able = counts > 0
        rows = able[species]
        # A discriminant analysis needs a plant more than there are species.
        if able.sum() < 2 or rows.sum() <= able.sum():
            return _Shares(counts / max(1, counts.sum()))
        import sklearn

        # Values and settings were checked before, and a forest would check them again for each of its trees.
        with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
            scaled = _needs_scaling(values)
            if able.all():
                return self.pipeline(counts, scaled).fit(values, species)
            return _AllSpecies(self.pipeline(counts[able], scaled).fit(values[rows], species[rows]), count)


def _needs_scaling(values: Floats) -> bool:
    """Whether trees would not see the differences: they keep single precision, and take what is closer than 1e-7 for equal."""
    spread = values.std(axis=0)
    varies = spread > 0
    largest = np.abs(values).max(axis=0)
    return bool((varies & ((spread < 1e-4) | (spread < 1e-4 * largest) | (largest > 1e30))).any())


class _AllSpecies:
    """A pipeline that learned some of the species: gives the others the probability 0."""

    def __init__(self, pipeline: Any, count: int) -> None:
        self._pipeline, self._count = pipeline, count

    def predict_proba(self, X: Floats) -> Floats:
        full = np.zeros((len(X), self._count))
        full[:, self._pipeline.classes_] = self._pipeline.predict_proba(X)
        return full


class _Shares:
    """Predicts the class frequencies for every plant."""

    def __init__(self, shares: Floats) -> None:
        self._shares = shares

    def predict_proba(self, X: Floats) -> Floats:
        return np.tile(self._shares, (len(X), 1))


def recipe_of(card: ModelCard, gaps: bool) -> Recipe:
    """What a version was made of, to make it again.

    Raises
    ------
    Unknown, Refused
        The card names an algorithm or settings that this program does not have.
    """
    algorithm = algorithm_named(card.algorithm)
    return Recipe(
        algorithm=algorithm,
        hyperparameters=resolve_hyperparameters(algorithm, card.hyperparameters),
        seed=card.seed,
        gaps=gaps,
        shape=shape_ratio_columns(card.study) if card.shape_ratios else None,
        states=state_columns(card.study),
    )


def shape_ratio_columns(study: Study) -> ShapeRatioColumns | None:
    """What shape ratios can be made of: the positive measurements that share a unit, most of them; None under two."""
    by_unit: dict[str, list[int]] = {}
    for i, m in enumerate(study.measurements):
        if m.positive and m.unit:
            by_unit.setdefault(m.unit, []).append(i)
    most = max(by_unit.values(), key=len, default=[])
    if len(most) < 2:
        return None
    # A tenth of what is plausible: far below every real plant, and no outlier among logarithms.
    floors = tuple(max(study.measurements[i].low / 10.0, 1e-6) for i in most)
    return ShapeRatioColumns(tuple(most), floors)


def _with_shape(lengths: ShapeRatioColumns) -> Any:
    """The measurements, and the logarithm of each length less the mean logarithm of all: shape without size.

    The last ratio is left out: it is what the others leave.

    References
    ----------
    Mosimann (1970), Size allometry: size and shape variables with characterizations of the lognormal and generalized
    gamma distributions, JASA 65: 930-945.
    """
    from sklearn.pipeline import FeatureUnion, Pipeline
    from sklearn.preprocessing import FunctionTransformer

    k = len(lengths.columns)
    centring: Floats = (np.eye(k) - 1.0 / k)[:, :-1]
    logs = Pipeline(
        [
            ("choose", FunctionTransformer(np.take, kw_args={"indices": np.array(lengths.columns), "axis": 1})),
            ("positive", FunctionTransformer(np.clip, kw_args={"a_min": np.array(lengths.floors), "a_max": None})),
            ("log", FunctionTransformer(np.log)),
            ("centre", FunctionTransformer(np.dot, kw_args={"b": centring})),
        ]
    )
    return FeatureUnion([("measured", "passthrough"), ("shape", logs)])
