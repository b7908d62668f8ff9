"""A fitted linear pipeline asked in NumPy: to import scikit-learn takes longer than to name a hundred thousand plants."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Final

import numpy as np
from scipy.special import expit

from flora_core.model import Floats

#: The steps that can be asked so. Values were checked, and gaps filled, before they come here: an imputer has nothing to do.
LINEAR_CLASSIFIERS: Final = ("LinearDiscriminantAnalysis", "LogisticRegression")
PASSED_OVER: Final = "SimpleImputer"
SCALER: Final = "StandardScaler"


class LinearPipeline:
    """What a scikit-learn Pipeline of an optional scaler and a linear classifier says, to the last digit.

    Everything else that is asked of it is asked of the pipeline itself, which is loaded then.

    Parameters
    ----------
    steps : sequence of (str, object)
        The class of each step, and what has its fitted attributes.
    load : callable
        Gives the pipeline.
    """

    def __init__(self, steps: Sequence[tuple[str, Any]], load: Callable[[], Any]) -> None:
        self._load = load
        *before, (_, classifier) = steps
        self._scalers = [step for name, step in before if name == SCALER]
        self._weights, self._intercept = classifier.coef_, classifier.intercept_

    @cached_property
    def original(self) -> Any:
        """The pipeline itself."""
        return self._load()

    def predict_proba(self, X: Floats) -> Floats:
        """Probabilities of the species.

        Parameters
        ----------
        X : (n, p) float
            Complete rows.
        """
        for scaler in self._scalers:
            X = X - scaler.mean_ if scaler.with_mean else X
            X = X / scaler.scale_ if scaler.with_std else X
        scores = np.asarray(X @ self._weights.T + self._intercept)
        if scores.shape[1] == 1:
            second = expit(scores[:, 0])
            return np.stack([1 - second, second], axis=1)
        scores -= scores.max(axis=1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=1, keepdims=True)
        return scores

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.original, name)

    def __getitem__(self, step: int | str) -> Any:
        return self.original[step]

    def __reduce__(self) -> tuple[Callable[[Any], Any], tuple[Any]]:
        # Other processes are handed the pipeline itself.
        return _itself, (self.original,)


def _itself(pipeline: Any) -> Any:
    return pipeline
