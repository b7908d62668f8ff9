"""Is a model that came from elsewhere whole: do its parts fit together, and would none lead a library astray?

scikit-learn's compiled parts trust the numbers they were fitted with: a tree whose branch leads to a node that is not there
reads foreign memory. Whatever was not fitted here is looked at first.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from flora_core.identification.naming import predict_plants
from flora_core.learning.algorithms.catalogue import ALGORITHMS
from flora_core.learning.validation.scoring import clopper_pearson
from flora_core.model import Ints, Model, TrainingPlants

#: What an algorithm's pipeline ends with; of versions trained before, with the last one.
_ENDS: Final = {
    "lda": ("LinearDiscriminantAnalysis",),
    "logistic": ("LogisticRegression",),
    "forest": ("RandomForestClassifier",),
    "svm": ("PairwiseSVC", "CalibratedClassifierCV"),
    "boosting": ("HistGradientBoostingClassifier",),
    "knn": ("KNeighborsClassifier",),
    "tree": ("DecisionTreeClassifier",),
    "bayes": ("GaussianNB",),
}


def model_problems(model: Model) -> tuple[str, ...]:
    """What is wrong with a model's parts, in words; empty where they fit together. Asks it about a few plants last."""
    found = [*_card(model), *_numbers(model)]
    if found:
        return tuple(found)
    try:
        found = [*_pipeline(model)] or [*_answers(model)]
    except (AttributeError, TypeError, ValueError, IndexError, KeyError) as error:
        return (f"its pipeline lacks something ({type(error).__name__})",)
    return tuple(found)


def named_right(model: Model, plants: TrainingPlants) -> tuple[float, float, float]:
    """Share of a table's plants that the model itself names right, with its 95 % interval."""
    named = predict_plants(model, plants.values).best
    right = int((named == plants.species).sum())
    low, high = clopper_pearson(right, len(named))
    return right / len(named), low, high


def _card(model: Model) -> list[str]:
    card = model.card
    if card.algorithm not in ALGORITHMS:
        return [f"its card names the algorithm '{card.algorithm}', which is not known here"]
    if not hasattr(model.fitted_pipeline, "steps") or type(model.fitted_pipeline).__name__ != "Pipeline":
        return ["it holds no pipeline"]
    end = type(model.fitted_pipeline.steps[-1][1]).__name__
    if end not in _ENDS[card.algorithm]:
        return [f"its card says {card.algorithm_title}, its pipeline is a {end}"]
    k = len(card.study.species)
    confusion = np.asarray(card.scores.confusion)
    if confusion.shape != (k, k) or set(card.scores.by_species) - set(card.study.species_names):
        return ["its card's scores are of other species than its study has"]
    return []


def _numbers(model: Model) -> list[str]:
    k, p = len(model.study.species), len(model.study.measurements)
    gaussians, reference = model.gaussians, model.reference
    n = len(reference.species)
    shapes = {
        "counts": (gaussians.counts, (k,)),
        "means": (gaussians.means, (k, p)),
        "covariances": (gaussians.covariances, (k, p, p)),
        "freedoms": (gaussians.degrees_of_freedom, (k,)),
        "set limits": (model.conformal_thresholds, (k,)),
        "reference": (reference.values, (n, p)),
        "reference probabilities": (reference.probabilities, (n, k)),
    }
    found = [
        f"its {name} have the shape {a.shape} and not {shape}"
        for name, (a, shape) in shapes.items()
        if a.shape != shape
    ]
    if found:
        return found
    if not all(np.isfinite(a).all() for name, (a, _) in shapes.items() if name != "reference"):
        return ["numbers in it are infinite or missing"]
    if not n or reference.species.min() < 0 or reference.species.max() >= k:
        return ["its reference plants are of other species than its study has"]
    if np.linalg.eigvalsh((gaussians.covariances + gaussians.covariances.transpose(0, 2, 1)) / 2).min() <= 0:
        return ["a covariance in it is none"]
    if not (model.calibration.temperature > 0 and 0 <= model.calibration.floor <= 1 and gaussians.tail_factor >= 1):
        return ["its calibration is none"]
    return []


def _pipeline(model: Model) -> list[str]:
    k, p = len(model.study.species), len(model.study.measurements)
    end = model.fitted_pipeline[-1]
    if not np.array_equal(np.asarray(end.classes_), np.arange(k)):
        return ["its pipeline names other species than its study has"]
    wide = end.n_features_in_
    if model.fitted_pipeline.n_features_in_ != p or (wide != p and not model.card.shape_ratios):
        return [f"its pipeline measures {model.fitted_pipeline.n_features_in_} characters, its study has {p}"]
    match type(end).__name__:
        case "DecisionTreeClassifier":
            sound = _tree(end.tree_, wide, k)
        case "RandomForestClassifier":
            sound = all(_tree(tree.tree_, wide, k) for tree in end.estimators_)
        case "HistGradientBoostingClassifier":
            sound = all(_predictor(tree.nodes, wide) for trees in end._predictors for tree in trees)
        case "PairwiseSVC":
            sound = _support(end, wide, k)
        case "CalibratedClassifierCV":
            sound = all(_support(c.estimator, wide, k) for c in end.calibrated_classifiers_)
        case "KNeighborsClassifier":
            # Its search tree is grown again from the plants it remembers.
            end.fit(np.asarray(end._fit_X, dtype=np.float64), np.asarray(end._y, dtype=np.int64))
            sound = np.array_equal(end.classes_, np.arange(k))
        case _:
            sound = True
    return [] if sound else ["the inside of its pipeline does not hang together"]


def _tree(tree: Any, width: int, k: int) -> bool:
    left, right, feature = (np.asarray(a) for a in (tree.children_left, tree.children_right, tree.feature))
    if len(left) != tree.node_count or tree.value.shape != (tree.node_count, 1, k) or tree.n_features != width:
        return False
    inner = left >= 0
    return (
        _branches_lead_down(np.flatnonzero(inner), left[inner], right[inner], tree.node_count)
        and bool(((feature[inner] >= 0) & (feature[inner] < width)).all())
        and bool((right[~inner] < 0).all())
    )


def _predictor(nodes: Any, width: int) -> bool:
    inner = nodes["is_leaf"] == 0
    feature = nodes["feature_idx"][inner].astype(np.int64)
    return (
        _branches_lead_down(
            np.flatnonzero(inner),
            nodes["left"][inner].astype(np.int64),
            nodes["right"][inner].astype(np.int64),
            len(nodes),
        )
        and bool(((feature >= 0) & (feature < width)).all())
        and not nodes["is_categorical"].any()
    )


def _branches_lead_down(node: Ints, left: Ints, right: Ints, count: int) -> bool:
    """Every branch leads to a later node that is there: so none leads astray, and none in a circle."""
    return bool(((left > node) & (right > node) & (left < count) & (right < count)).all())


def _support(svc: Any, width: int, k: int) -> bool:
    vectors = svc.support_vectors_
    return (
        type(svc).__name__ in ("SVC", "PairwiseSVC")
        and vectors.shape == (len(svc.support_), width)
        and int(np.sum(svc._n_support)) == len(vectors)
        and len(svc._n_support) == k
        and bool((np.asarray(svc._n_support) >= 0).all())
        and svc._dual_coef_.shape == (k - 1, len(vectors))
        and svc._intercept_.shape == (k * (k - 1) // 2,)
        and svc.kernel == "rbf"
    )


def _answers(model: Model) -> list[str]:
    p = np.asarray(model.fitted_pipeline.predict_proba(model.gaussians.means))
    k = len(model.study.species)
    if p.shape != (k, k) or not np.isfinite(p).all() or np.abs(p.sum(axis=1) - 1).max() > 1e-6:
        return ["it does not answer with probabilities"]
    return []
