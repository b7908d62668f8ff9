"""The pipeline each algorithm is built into.

Everything that is done to a measurement before an algorithm sees it is a step of the pipeline, so that training and
serving can't disagree. The steps are scikit-learn's own with arrays in them, so that a pipeline can leave and enter the
house without a class of ours being built from a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from flora_core.learning.hyperparameters import Algorithm, Value
from flora_core.model import Floats
from flora_core.study import Study


def build_pipeline(
    algorithm: Algorithm,
    hyperparameters: Mapping[str, Value],
    *,
    gaps: bool,
    seed: int,
    rarest: int,
    shape: tuple[int, ...] = (),
) -> Any:
    """An unfitted scikit-learn Pipeline.

    Parameters
    ----------
    gaps : bool
        Whether plants may have missing cells. In this house gaps are filled before learning and averaged over while
        identifying (`flora_core.identification.predicting`), so the pipeline never meets one; a program outside that is
        handed the pipeline alone gets the median instead.
    rarest : int
        Plants of the rarest species in training.
    shape : tuple of int
        Columns whose log shape ratios are handed to the algorithm beside the measurements; see `shape_columns`.
    """
    from sklearn.pipeline import Pipeline

    steps: list[tuple[str, Any]] = []
    if gaps:
        from sklearn.impute import SimpleImputer

        steps.append(("fill", SimpleImputer(strategy="median", keep_empty_features=True)))
    if shape:
        steps.append(("shape", _with_shape(shape)))
    if algorithm.scaled:
        from sklearn.preprocessing import StandardScaler

        steps.append(("scale", StandardScaler()))
    steps.append(("classify", algorithm.build(hyperparameters, seed, rarest)))
    return Pipeline(steps)


def shape_columns(study: Study) -> tuple[int, ...]:
    """The columns that shape ratios can be made of: lengths, that is, positive measurements that share a unit.

    Returns
    -------
    tuple of int
        Empty where there are fewer than two.
    """
    by_unit: dict[str, list[int]] = {}
    for i, m in enumerate(study.measurements):
        if m.positive and m.unit:
            by_unit.setdefault(m.unit, []).append(i)
    most = max(by_unit.values(), key=len, default=[])
    return tuple(most) if len(most) > 1 else ()


def _with_shape(columns: tuple[int, ...]) -> Any:
    """The measurements, and the logarithm of each of `columns` less their mean logarithm: shape without size.

    References
    ----------
    Mosimann (1970), Size allometry: size and shape variables with characterizations of the lognormal and generalized
    gamma distributions, JASA 65: 930-945.
    """
    from sklearn.pipeline import FeatureUnion, Pipeline
    from sklearn.preprocessing import FunctionTransformer

    k = len(columns)
    centring: Floats = np.eye(k) - 1.0 / k
    logs = Pipeline(
        [
            ("choose", FunctionTransformer(np.take, kw_args={"indices": np.array(columns), "axis": 1})),
            # What a missing value may have been is drawn from a normal distribution, and a draw may fall below zero.
            ("positive", FunctionTransformer(np.clip, kw_args={"a_min": 1e-6, "a_max": None})),
            ("log", FunctionTransformer(np.log)),
            ("centre", FunctionTransformer(np.dot, kw_args={"b": centring})),
        ]
    )
    return FeatureUnion([("measured", "passthrough"), ("shape", logs)])
