"""The steps of a pipeline for plants with numbers and states: scikit-learn's own encoders, with the states of the study."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from flora_core.learning.algorithms.hyperparameters import Algorithm, Value
from flora_core.model import Ints, StateColumns

#: Algorithms that divide a character at a border: states in an order stay one character.
_TREES: Final = frozenset({"forest", "tree", "boosting"})


def mixed_steps(
    algorithm: Algorithm,
    hyperparameters: Mapping[str, Value],
    seed: int,
    counts: Ints,
    states: StateColumns,
    scaled: bool,
) -> list[tuple[str, Any]]:
    """The steps of an unfitted pipeline: states encoded beside the numbers, and the algorithm.

    Trees are handed states in an order by their place; boosting is handed all states as categories of its own; for the other
    algorithms each state becomes a column of 0 and 1. Numbers alone are standardised, where the algorithm wants that.

    Parameters
    ----------
    counts : (k,) int
        Plants of each species that it will learn from.
    scaled : bool
        Whether the numbers are to be standardised even for an algorithm that does not ask for it.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

    trees = algorithm.name in _TREES
    by_place = [
        i for i, _ in enumerate(states.columns) if algorithm.name == "boosting" or (trees and states.ordered[i])
    ]
    by_state = [i for i, _ in enumerate(states.columns) if i not in by_place]
    classifier = algorithm.build(hyperparameters, seed, counts)
    if algorithm.name == "boosting":
        # Encoded columns come first: see the order of the transformers below.
        classifier.set_params(categorical_features=[n for n, i in enumerate(by_place) if not states.ordered[i]] or None)

    def states_of(chosen: list[int]) -> list[Any]:
        return [np.arange(states.sizes[i], dtype=np.float64) for i in chosen]

    # A state that a plant of another program may lack is its commonest one; in this one nothing is missing here.
    filled = ("fill", SimpleImputer(strategy="most_frequent", keep_empty_features=True))
    encoders: list[tuple[str, Any, list[int]]] = []
    if by_place:
        places = OrdinalEncoder(categories=states_of(by_place), handle_unknown="use_encoded_value", unknown_value=-1)
        encoders.append(("places", Pipeline([filled, ("encode", places)]), [states.columns[i] for i in by_place]))
    if by_state:
        # Of states that add up to one, a discriminant analysis without shrinkage wants one less.
        drop = "first" if algorithm.name == "lda" else None
        marks = OneHotEncoder(categories=states_of(by_state), drop=drop, handle_unknown="ignore", sparse_output=False)
        encoders.append(("states", Pipeline([filled, ("encode", marks)]), [states.columns[i] for i in by_state]))
    numbers: list[tuple[str, Any]] = [("fill", SimpleImputer(strategy="median", keep_empty_features=True))]
    if algorithm.scaled or scaled:
        numbers.append(("scale", StandardScaler()))
    rest = Pipeline(numbers)
    # All that is left are the numbers.
    return [("encode", ColumnTransformer(encoders, remainder=rest, sparse_threshold=0.0)), ("classify", classifier)]
