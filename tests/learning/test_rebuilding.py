"""Pipelines of data: what this program exported answers as it did, what was changed is refused and never asked."""

import dataclasses
from functools import cache

import numpy as np
import pytest
import skops.io

from flora_core.errors import Refused
from flora_core.learning.algorithms.catalogue import ALGORITHMS
from flora_core.learning.algorithms.pipelines import Recipe, ShapeRatioColumns
from flora_core.learning.rebuilding import rebuild_pipeline
from flora_core.model import TrainingPlants
from flora_core.storage.registry.skops_file import read_model_data
from tests.builders import make_plants, make_study


@cache
def fitted(name: str, k: int, shape: bool, gaps: bool):
    plants: TrainingPlants = make_plants((14,) * k, 4, gap=1.0)
    algorithm = ALGORITHMS[name]
    settings = {h.name: h.default for h in algorithm.hyperparameters}
    if "trees" in settings:
        settings["trees"] = 12
    columns = ShapeRatioColumns((0, 2, 3), (0.1, 0.2, 0.3)) if shape else None
    pipeline = Recipe(algorithm, settings, 0, gaps=gaps, shape=columns).fit(plants.values, plants.species, k)
    return pipeline, settings, skops.io.dumps({"pipeline": pipeline})


def exported(champion, name: str, k: int, *, shape: bool = False, gaps: bool = True):
    """A pipeline of ours, the card that goes with it, and what a file of it holds."""
    pipeline, settings, content = fitted(name, k, shape, gaps)
    card = champion.card.model_copy(
        update={"study": make_study(k, 4), "algorithm": name, "hyperparameters": settings, "seed": 0}
    )
    return pipeline, card, np.full(k, 14.0), read_model_data(content)["pipeline"]


@pytest.mark.parametrize(("k", "shape", "gaps"), [(2, False, True), (3, True, False), (5, True, True)])
@pytest.mark.parametrize("name", ALGORITHMS)
def test_a_rebuilt_pipeline_answers_as_the_one_that_was_exported(champion, name, k, shape, gaps):
    pipeline, card, counts, data = exported(champion, name, k, shape=shape, gaps=gaps)
    rebuilt = rebuild_pipeline(card, counts, data)
    X = np.random.default_rng(1).normal(22, 4, size=(200, 4))
    assert np.array_equal(rebuilt.predict_proba(X), pipeline.predict_proba(X))
    if gaps:
        X[::3, 1] = np.nan
        assert np.array_equal(rebuilt.predict_proba(X), pipeline.predict_proba(X))
    assert rebuilt.n_features_in_ == 4


def last(data):
    return dict(data["steps"])["classify"]


def nodes_of(data, name):
    end = last(data)
    if name == "tree":
        return end["tree_"]
    return end["estimators_"][3]["tree_"] if name == "forest" else end["_predictors"][2][1]


@pytest.mark.parametrize("name", ALGORITHMS)
@pytest.mark.parametrize(
    "attribute",
    ["predict_proba", "_validate_X_predict", "decision_function", "__class__", "__setstate__", "fit", "_predict_proba"],
)
def test_an_attribute_never_stands_in_the_place_of_a_method(champion, name, attribute):
    pipeline, card, counts, data = exported(champion, name, 3)
    last(data)[attribute] = "x"
    said = outcome(card, counts, data)
    assert "stands in the place of a method" in said if hasattr(pipeline[-1], attribute) else said == "built"
    assert attribute not in vars(pipeline[-1])


def outcome(card, counts, data) -> str:
    try:
        rebuild_pipeline(card, counts, data)
    except Refused as refused:
        return refused.message
    return "built"


@pytest.mark.parametrize("place", ["pipeline", "estimator", "union"])
def test_nor_anywhere_deeper(champion, place):
    _, card, counts, data = exported(champion, "forest", 3, shape=True)
    whole = last(data)
    target = {
        "pipeline": lambda: data,
        "estimator": lambda: whole["estimators_"][5],
        "union": lambda: dict(data["steps"])["shape"],
    }[place]()
    for name in ("predict_proba", "transform", "get_params"):
        if name == "transform" and place == "estimator":
            continue
        if name == "predict_proba" and place == "union":
            continue
        target[name] = None
        with pytest.raises(Refused, match=f"'{name}', stands in the place of a method"):
            rebuild_pipeline(card, counts, data)
        del target[name]


@pytest.mark.parametrize("name", ["tree", "forest", "boosting"])
@pytest.mark.parametrize("value", [-5, -1, 0, 10**6, 2**31, 2**62, -(2**62)])
@pytest.mark.parametrize("field", ["left", "right", "feature"])
def test_a_branch_that_leads_astray_is_refused(champion, name, field, value):
    _, card, counts, data = exported(champion, name, 3)
    tree = nodes_of(data, name)
    field = {"left": "left_child", "right": "right_child", "feature": "feature"}[field] if name != "boosting" else field
    field = {"feature": "feature_idx"}.get(field, field) if name == "boosting" else field
    nodes = tree["nodes"].copy()
    if value == 0 and "feature" in field:
        return
    with np.errstate(all="ignore"):
        nodes[field][0] = np.array(value).astype(nodes.dtype[field])
    assert len(nodes) > 1
    tree["nodes"] = nodes
    with pytest.raises(Refused, match="Nothing of it was used"):
        rebuild_pipeline(card, counts, data)


WRONG_ARRAYS = {
    "lda": ["coef_", "intercept_", "classes_", "means_"],
    "logistic": ["coef_", "intercept_", "classes_"],
    "bayes": ["theta_", "var_", "class_prior_", "classes_"],
    "knn": ["_fit_X", "_y", "classes_"],
    "tree": ["classes_"],
    "boosting": ["_baseline_prediction", "classes_"],
}


def spoiled(array):
    yield None
    yield "x"
    yield []
    yield {}
    yield np.array(["a"] * array.size).reshape(array.shape)
    yield array.astype(complex)
    yield array[..., None]
    yield np.full(array.shape, np.nan)
    yield np.full(array.shape, np.inf)
    yield np.full(array.shape, -1e300)
    yield np.zeros((0, *array.shape[1:]))


@pytest.mark.parametrize(("name", "attribute"), [(n, a) for n, names in WRONG_ARRAYS.items() for a in names])
def test_an_array_of_another_kind_shape_or_range_is_refused(champion, name, attribute):
    _, card, counts, data = exported(champion, name, 3)
    end = last(data)
    for wrong in spoiled(end[attribute]):
        with pytest.raises(Refused, match="Nothing of it was used"):
            rebuild_pipeline(
                card, counts, {**data, "steps": [*data["steps"][:-1], ["classify", {**end, attribute: wrong}]]}
            )


@pytest.mark.parametrize(
    "attribute", ["support_vectors_", "_n_support", "_dual_coef_", "_intercept_", "_gamma", "support_"]
)
def test_a_support_vector_machine_is_checked_likewise(champion, attribute):
    _, card, counts, data = exported(champion, "svm", 3)
    machine = last(data)
    kept = np.asarray(machine[attribute])
    for wrong in [*spoiled(kept), np.full(kept.shape, -5), np.concatenate([kept, kept]) if kept.ndim else np.zeros(2)]:
        if (
            attribute in ("_dual_coef_", "_intercept_", "support_vectors_")
            and getattr(wrong, "shape", None) == kept.shape
            and np.isfinite(wrong.astype(float) if wrong.dtype.kind in "fi" else np.nan).all()
            and np.abs(wrong).max() < 1e90
        ):
            continue
        machine[attribute] = wrong
        with pytest.raises(Refused, match="Nothing of it was used"):
            rebuild_pipeline(card, counts, data)
    machine[attribute] = kept


def test_other_steps_estimators_and_settings_are_refused(champion):
    _, card, counts, data = exported(champion, "forest", 3)
    with pytest.raises(Refused, match="has the steps"):
        rebuild_pipeline(card, counts, {**data, "steps": data["steps"][1:] + data["steps"][:1]})
    with pytest.raises(Refused, match="where a RandomForestClassifier belongs stands a GaussianNB"):
        rebuild_pipeline(card, counts, {**data, "steps": [data["steps"][0], ["classify", {"@": "GaussianNB"}]]})
    other = card.model_copy(update={"hyperparameters": {**card.hyperparameters, "trees": 50}})
    with pytest.raises(Refused, match="has 12 trees and not 50"):
        rebuild_pipeline(other, counts, data)
    for nothing in (
        None,
        [],
        "x",
        {},
        {"@": "Pipeline"},
        {"@": "Pipeline", "steps": "x"},
        {"@": "Pipeline", "steps": [[1, 2]]},
    ):
        with pytest.raises(Refused, match="Nothing of it was used"):
            rebuild_pipeline(card, counts, nothing)


def test_the_model_in_hand_is_left_as_it_was(champion):
    before = champion.fitted_pipeline.predict_proba(champion.gaussians.means)
    data = read_model_data(skops.io.dumps({"pipeline": champion.fitted_pipeline}))["pipeline"]
    rebuilt = rebuild_pipeline(champion.card, champion.gaussians.counts, data)
    assert rebuilt is not champion.fitted_pipeline
    assert np.array_equal(rebuilt.predict_proba(champion.gaussians.means), before)
    assert dataclasses.is_dataclass(champion)
