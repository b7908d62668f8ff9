"""A pipeline that came as data -> one that our own code builds: nothing in a file becomes an object or a method of one.

Each estimator is made and fitted by this program on a few made-up plants, which gives everything about it that is code; then
the fitted arrays take the place of its own, one by one, each checked by name, type, shape, range and order. What a tree's
compiled code trusts (that every branch leads down to a node that is there) is checked before a tree is made of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from flora_core.errors import Refused
from flora_core.learning.algorithms.catalogue import algorithm_named, resolve_hyperparameters
from flora_core.learning.algorithms.pipelines import Recipe, ShapeRatioColumns
from flora_core.model import Floats, Ints, ModelCard

#: An object of a file, as data: its class under "@", its attributes beside it.
Data = Mapping[str, Any]

#: More trees, or nodes of all of them together, than any setting of ours grows.
_MAX_TREES: Final = 1000 * 200
_MAX_NODES: Final = 20_000_000
_LARGEST: Final = 1e100


def rebuild_pipeline(card: ModelCard, counts: Floats, data: Any) -> Any:
    """The fitted scikit-learn pipeline that a file describes.

    Parameters
    ----------
    card : ModelCard
        Names the algorithm, its settings and the study.
    counts : (k,) float
        Training plants of each species.
    data : mapping
        The pipeline as `flora_core.storage.registry.skops_file.read_model_data` gives it.

    Raises
    ------
    Refused
        Something in it is not what such a pipeline is made of; the message names it.
    """
    steps = _steps(data)
    algorithm = algorithm_named(card.algorithm)
    k, p = len(card.study.species), len(card.study.measurements)
    plants = np.clip(np.nan_to_num(np.asarray(counts)), 1, 10**9).astype(np.int64)
    recipe = Recipe(
        algorithm=algorithm,
        hyperparameters=resolve_hyperparameters(algorithm, card.hyperparameters),
        seed=card.seed,
        gaps="fill" in steps,
        shape=_shape_columns(steps["shape"], p) if "shape" in steps else None,
    )
    pipeline = recipe.pipeline(plants)
    if algorithm.name == "svm" and _is_a(steps.get("classify"), "CalibratedClassifierCV"):
        _as_before(pipeline)
    ours = [name for name, _ in pipeline.steps]
    if list(steps) != ours:
        raise _wrong(f"its pipeline has the steps {', '.join(map(str, steps))[:100]} and not {', '.join(ours)}")
    width = p
    for name, made in pipeline.steps:
        given = steps[name]
        if name == "shape":
            made.fit(np.ones((2, p)))
            width = p + len(recipe.shape.columns) - 1 if recipe.shape is not None else p
            continue
        _fill_in(made, given, _Shape(k, width, plants))
    return pipeline


class _Shape:
    """How large a fitted estimator is: species, columns, training plants of each species."""

    def __init__(self, k: int, width: int, counts: Ints) -> None:
        self.k, self.width, self.counts = k, width, counts

    @property
    def rows(self) -> int:
        """Rows of coefficients: one where there are two species."""
        return 1 if self.k == 2 else self.k

    def plants(self) -> tuple[Floats, Ints]:
        """A few made-up plants, some of each species, that anything can be fitted to."""
        species = np.repeat(np.arange(self.k), 8)
        values = np.random.default_rng(0).normal(size=(len(species), self.width)) + species[:, None]
        return values, species


def _fill_in(made: Any, given: Any, shape: _Shape) -> None:
    """Fit our own estimator, then put the arrays of the file in the place of its own."""
    kind = type(made).__name__
    data = _attributes(given, kind, made)
    _FILLED[kind](made, data, shape)


def _steps(data: Any) -> dict[str, Any]:
    if not isinstance(data, Mapping) or data.get("@") != "Pipeline" or not isinstance(data.get("steps"), list):
        raise _wrong("it holds no pipeline")
    found: dict[str, Any] = {}
    for step in data["steps"]:
        if not (isinstance(step, (list, tuple)) and len(step) == 2 and isinstance(step[0], str)) or step[0] in found:
            raise _wrong("its pipeline is not made of steps")
        found[step[0]] = step[1]
    _no_other_code(data, "Pipeline")
    return found


def _attributes(given: Any, kind: str, made: Any = None) -> Data:
    if not isinstance(given, Mapping) or given.get("@") != kind:
        named = str(given.get("@"))[:60] if isinstance(given, Mapping) else type(given).__name__
        raise _wrong(f"where a {kind} belongs stands a {named}")
    _no_other_code(given, kind, made)
    return given


def _no_other_code(given: Data, kind: str, made: Any = None) -> None:
    """Refuse an attribute that would stand in the place of a method: no fitted estimator has one."""
    of = type(made) if made is not None else _classes()[kind]
    for name in given:
        if name != "@" and (
            name.startswith("__") or (callable(getattr(of, name, None)) and name not in ("estimator",))
        ):
            raise _wrong(f"an attribute of its {kind}, '{name[:60]}', stands in the place of a method")


def _classes() -> dict[str, type]:
    from sklearn.pipeline import FeatureUnion, Pipeline
    from sklearn.preprocessing import FunctionTransformer

    return {"Pipeline": Pipeline, "FeatureUnion": FeatureUnion, "FunctionTransformer": FunctionTransformer}


def _array(data: Data, name: str, shape: tuple[int, ...], *, low: float = -_LARGEST, high: float = _LARGEST) -> Floats:
    """A fitted array of finite numbers."""
    given = data.get(name)
    if given is None or isinstance(given, (str, Mapping, list, tuple)):
        raise _wrong(f"'{name}' is missing or no array")
    found = np.asarray(given)
    if found.dtype.kind not in "fiu" or found.dtype.itemsize > 8:
        raise _wrong(f"'{name}' holds no numbers")
    if found.shape != shape:
        raise _wrong(f"'{name}' has the shape {found.shape} and not {shape}")
    numbers = np.array(found, dtype=np.float64, order="C")
    if not np.isfinite(numbers).all() or (numbers < low).any() or (numbers > high).any():
        raise _wrong(f"'{name}' holds numbers that it can't")
    return numbers


def _integers(data: Data, name: str, shape: tuple[int, ...], low: int, high: int) -> Ints:
    found = _array(data, name, shape, low=low, high=high)
    if (found != np.floor(found)).any():
        raise _wrong(f"'{name}' holds numbers that are not whole")
    return np.asarray(found.astype(np.int64))


def _number(data: Data, name: str, low: float = -_LARGEST, high: float = _LARGEST) -> float:
    return float(_array({name: np.asarray(data.get(name), dtype=None)}, name, (), low=low, high=high))


def _length(data: Data, name: str) -> int:
    given = data.get(name)
    if not isinstance(given, np.ndarray) or not given.ndim:
        raise _wrong(f"'{name}' is missing or no array")
    return len(given)


def _species(data: Data, k: int) -> None:
    _classes_are(data, k, "classes_")


def _classes_are(data: Data, k: int, name: str) -> None:
    found = _integers(data, name, (k,), 0, k - 1)
    if not np.array_equal(found, np.arange(k)):
        raise _wrong("its pipeline names other species than its study has")


def _wrong(what: str) -> Refused:
    return Refused(f"The file's parts are not those of a model: {what}. Nothing of it was used.")


# What is put in the place of what, in each estimator of ours.


def _imputer(made: Any, data: Data, shape: _Shape) -> None:
    # The median of one plant is that plant.
    made.fit(_array(data, "statistics_", (shape.width,))[None, :])


def _scaler(made: Any, data: Data, shape: _Shape) -> None:
    made.fit(shape.plants()[0])
    made.mean_ = _array(data, "mean_", (shape.width,))
    made.var_ = _array(data, "var_", (shape.width,), low=0.0)
    made.scale_ = _array(data, "scale_", (shape.width,), low=1e-100)


def _lda(made: Any, data: Data, shape: _Shape) -> None:
    _linear(made, data, shape)
    made.means_ = _array(data, "means_", (shape.k, shape.width))
    made.priors_ = _array(data, "priors_", (shape.k,), low=0.0, high=1.0)
    # What only `transform` needs, which nothing here asks for, is not taken.
    for name in ("xbar_", "scalings_", "explained_variance_ratio_", "covariance_"):
        if name in vars(made):
            delattr(made, name)


def _linear(made: Any, data: Data, shape: _Shape) -> None:
    _species(data, shape.k)
    made.fit(*shape.plants())
    made.coef_ = _array(data, "coef_", (shape.rows, shape.width))
    made.intercept_ = _array(data, "intercept_", (shape.rows,))


def _bayes(made: Any, data: Data, shape: _Shape) -> None:
    _species(data, shape.k)
    made.fit(*shape.plants())
    made.theta_ = _array(data, "theta_", (shape.k, shape.width))
    made.var_ = _array(data, "var_", (shape.k, shape.width), low=1e-100)
    made.class_prior_ = _array(data, "class_prior_", (shape.k,), low=1e-100, high=1.0)
    made.class_count_ = _array(data, "class_count_", (shape.k,), low=0.0)
    made.epsilon_ = _number(data, "epsilon_", low=0.0)


def _neighbours(made: Any, data: Data, shape: _Shape) -> None:
    _species(data, shape.k)
    n = _length(data, "_fit_X")
    values = _array(data, "_fit_X", (n, shape.width))
    species = _integers(data, "_y", (n,), 0, shape.k - 1)
    if not made.n_neighbors <= n or len(np.unique(species)) != shape.k:
        raise _wrong("its plants are fewer than its neighbours, or not of every species")
    # Its search tree is grown again from the plants it remembers.
    made.fit(values, species)


def _decision_tree(made: Any, data: Data, shape: _Shape) -> None:
    _species(data, shape.k)
    made.fit(*shape.plants())
    made.tree_ = _tree(data.get("tree_"), shape)


def _forest(made: Any, data: Data, shape: _Shape) -> None:
    _species(data, shape.k)
    given = data.get("estimators_")
    if not isinstance(given, list) or not 0 < len(given) <= _MAX_TREES:
        raise _wrong("its forest has no trees, or too many")
    wanted, made.n_estimators = made.n_estimators, 1
    made.fit(*shape.plants())
    made.n_estimators = wanted
    if len(given) != wanted:
        raise _wrong(f"its forest has {len(given)} trees and not {wanted}")
    first, trees = made.estimators_[0], []
    from sklearn.base import clone

    for described in given:
        one = _attributes(described, "DecisionTreeClassifier", first)
        tree = clone(first)
        vars(tree).update({name: value for name, value in vars(first).items() if name not in vars(tree)})
        tree.tree_ = _tree(one.get("tree_"), shape)
        trees.append(tree)
    made.estimators_ = trees


def _tree(given: Any, shape: _Shape) -> Any:
    """A compiled tree of its nodes, each of which leads down to nodes that are there, and each but the first from one."""
    from sklearn.tree._tree import NODE_DTYPE, Tree

    if not isinstance(given, Mapping) or given.get("@") != "Tree":
        raise _wrong("a tree of it is none")
    nodes = given.get("nodes")
    if not isinstance(nodes, np.ndarray) or nodes.ndim != 1 or not 0 < len(nodes) <= _MAX_NODES:
        raise _wrong("a tree of it has no nodes")
    n = len(nodes)
    left, right = _field(nodes, "left_child", -1, n - 1), _field(nodes, "right_child", -1, n - 1)
    feature = _field(nodes, "feature", -2, shape.width - 1)
    inner = left >= 0
    _branches(left, right, inner, n)
    if (right[~inner] >= 0).any() or (feature[inner] < 0).any():
        raise _wrong("a leaf of a tree leads on, or a branch asks for nothing")
    built = np.zeros(n, dtype=NODE_DTYPE)
    built["left_child"], built["right_child"], built["feature"] = left, right, feature
    built["left_child"][~inner] = built["right_child"][~inner] = -1
    lowest = {"threshold": -_LARGEST, "impurity": -1.0, "n_node_samples": 0, "weighted_n_node_samples": 0.0}
    for name, low in {**lowest, "missing_go_to_left": 0}.items():
        numbers = _floats_of(nodes, name, low)
        built[name] = np.minimum(numbers, 1) if name == "missing_go_to_left" else numbers
    values = _array(given, "values", (n, 1, shape.k), low=0.0)
    if (values.sum(axis=2) <= 0).any():
        raise _wrong("a node of a tree has no plants")
    tree = Tree(shape.width, np.array([shape.k], dtype=np.intp), 1)
    depth = _depth(left, right, inner)
    tree.__setstate__({"max_depth": depth, "node_count": n, "nodes": built, "values": values})
    return tree


def _field(nodes: Any, name: str, low: int, high: int) -> Ints:
    numbers = _floats_of(nodes, name, low)
    if (numbers > high).any() or (numbers != np.floor(numbers)).any():
        raise _wrong(f"'{name}' of a node points outside the tree")
    return np.asarray(numbers.astype(np.int64))


def _floats_of(nodes: Any, name: str, low: float = -_LARGEST) -> Floats:
    if nodes.dtype.names is None or name not in nodes.dtype.names or nodes.dtype[name].kind not in "fiub":
        raise _wrong(f"a tree's nodes have no '{name}'")
    numbers = nodes[name].astype(np.float64)
    if not np.isfinite(numbers).all() or (numbers < low).any() or (numbers > _LARGEST).any():
        raise _wrong(f"'{name}' of a node is a number that it can't be")
    return np.asarray(numbers)


def _branches(left: Ints, right: Ints, inner: Any, n: int) -> None:
    """Every branch leads to later nodes, and to every node but the first leads one branch: no circle, nothing left over."""
    place = np.flatnonzero(inner)
    if not ((left[inner] > place) & (right[inner] > place) & (right[inner] < n) & (left[inner] < n)).all():
        raise _wrong("a branch of a tree does not lead down")
    reached = np.bincount(np.concatenate([left[inner], right[inner]]), minlength=n)
    if reached[0] != 0 or (reached[1:] != 1).any():
        raise _wrong("the nodes of a tree do not hang together")


def _depth(left: Ints, right: Ints, inner: Any) -> int:
    depth = np.zeros(len(left), dtype=np.int64)
    for i in np.flatnonzero(inner):
        depth[left[i]] = depth[right[i]] = depth[i] + 1
    return int(depth.max())


def _as_before(pipeline: Any) -> None:
    """Give the pipeline the machine of earlier versions, which scikit-learn calibrated."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.svm import SVC

    machine = pipeline[-1]
    calibrated = CalibratedClassifierCV(SVC(C=machine.C, gamma=machine.gamma), ensemble=False, cv=2, n_jobs=1)
    pipeline.steps[-1] = ("classify", calibrated)


def _pairwise(made: Any, data: Data, shape: _Shape) -> None:
    _species(data, shape.k)
    made.fit(*shape.plants())
    _support(made, data, shape)


def _calibrated(made: Any, data: Data, shape: _Shape) -> None:
    _species(data, shape.k)
    given = data.get("calibrated_classifiers_")
    if not isinstance(given, list) or len(given) != 1:
        raise _wrong("it is calibrated by other than one machine")
    # The first versions calibrated each species by a sigmoid of its own, those after by one temperature for all of them.
    first = given[0].get("calibrators") if isinstance(given[0], Mapping) else None
    sigmoid = isinstance(first, list) and bool(first) and _is_a(first[0], "_SigmoidCalibration")
    made.set_params(method="sigmoid" if sigmoid else "temperature")
    values, species = shape.plants()
    made.fit(values, species)
    one = _attributes(given[0], "_CalibratedClassifier", made.calibrated_classifiers_[0])
    ours = made.calibrated_classifiers_[0]
    _support(ours.estimator, _attributes(one.get("estimator"), "SVC", ours.estimator), shape)
    curves = one.get("calibrators")
    if not isinstance(curves, list) or len(curves) != len(ours.calibrators):
        raise _wrong("its machine has other curves than species")
    for curve, described in zip(ours.calibrators, curves, strict=True):
        if sigmoid:
            found = _attributes(described, "_SigmoidCalibration", curve)
            curve.a_, curve.b_ = np.float64(_number(found, "a_")), np.float64(_number(found, "b_"))
        else:
            found = _attributes(described, "_TemperatureScaling", curve)
            curve.beta_ = np.float64(_number(found, "beta_", low=1e-100))


def _is_a(given: Any, kind: str) -> bool:
    return isinstance(given, Mapping) and given.get("@") == kind


def _support(made: Any, data: Data, shape: _Shape) -> None:
    k, pairs = shape.k, shape.k * (shape.k - 1) // 2
    n = _length(data, "support_vectors_")
    counts = _integers(data, "_n_support", (k,), 0, n)
    if counts.sum() != n or not n:
        raise _wrong("its support vectors are not those of its species")
    made.support_vectors_ = _array(data, "support_vectors_", (n, shape.width))
    made.support_ = _integers(data, "support_", (n,), 0, 2**31 - 1).astype(np.int32)
    made._n_support = counts.astype(np.int32)
    # Two of each are kept: as scikit-learn shows them, and as its compiled code takes them.
    made._dual_coef_ = _array(data, "_dual_coef_", (k - 1, n))
    made._intercept_ = _array(data, "_intercept_", (pairs,))
    made.dual_coef_ = _array(data, "dual_coef_", (k - 1, n))
    made.intercept_ = _array(data, "intercept_", (pairs,))
    made._gamma = np.float64(_number(data, "_gamma", low=1e-100))
    rows = int(max(n, shape.counts.sum()))
    made.shape_fit_ = (rows, shape.width)


def _boosting(made: Any, data: Data, shape: _Shape) -> None:
    from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor

    _species(data, shape.k)
    wanted, made.max_iter = made.max_iter, 1
    made.fit(*shape.plants())
    made.max_iter = wanted
    each = made.n_trees_per_iteration_
    made._baseline_prediction = _array(data, "_baseline_prediction", (1, each))
    given = data.get("_predictors")
    if not isinstance(given, list) or not 0 < len(given) <= wanted:
        raise _wrong("it has no trees, or more than its settings grow")
    empty = made._predictors[0][0].raw_left_cat_bitsets[:0]
    found = []
    for trees in given:
        if not isinstance(trees, list) or len(trees) != each:
            raise _wrong("it has other trees than species")
        found.append(
            [
                TreePredictor(
                    _predictor_nodes(_attributes(t, "TreePredictor", made._predictors[0][0]), shape), empty, empty
                )
                for t in trees
            ]
        )
    made._predictors = found


def _predictor_nodes(data: Data, shape: _Shape) -> Any:
    from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE

    nodes = data.get("nodes")
    if not isinstance(nodes, np.ndarray) or nodes.ndim != 1 or not 0 < len(nodes) <= 100_000:
        raise _wrong("a tree of it has no nodes")
    n = len(nodes)
    inner = _field(nodes, "is_leaf", 0, 1) == 0
    left, right = _field(nodes, "left", 0, n - 1), _field(nodes, "right", 0, n - 1)
    feature = _field(nodes, "feature_idx", -(2**31), 2**31)
    _branches(left, right, inner, n)
    if ((feature[inner] < 0) | (feature[inner] >= shape.width)).any():
        raise _wrong("a branch of a tree asks for a measurement that there is not")
    if _field(nodes, "is_categorical", 0, 1).any():
        raise _wrong("a branch of a tree asks for a group, and no measurement is one")
    built = np.zeros(n, dtype=PREDICTOR_RECORD_DTYPE)
    built["is_leaf"] = ~inner
    built["left"][inner], built["right"][inner], built["feature_idx"][inner] = left[inner], right[inner], feature[inner]
    built["value"] = _floats_of(nodes, "value")
    built["count"] = np.clip(_floats_of(nodes, "count", 0.0), 0, 2**32 - 1)
    built["gain"] = _gains(nodes)
    built["depth"] = np.clip(_floats_of(nodes, "depth", 0.0), 0, 2**16)
    built["bin_threshold"] = np.clip(_floats_of(nodes, "bin_threshold", 0.0), 0, 255)
    # The last bin has no upper end.
    threshold = nodes["num_threshold"].astype(np.float64)
    if np.isnan(threshold).any():
        raise _wrong("'num_threshold' of a node is no number")
    built["num_threshold"] = threshold
    built["missing_go_to_left"] = _field(nodes, "missing_go_to_left", 0, 1)
    return built


def _gains(nodes: Any) -> Floats:
    """How much each branch gained: shown nowhere, and minus infinity or no number in a leaf."""
    return np.asarray(np.nan_to_num(nodes["gain"].astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0))


_FILLED: Final[dict[str, Callable[[Any, Data, _Shape], None]]] = {
    "SimpleImputer": _imputer,
    "StandardScaler": _scaler,
    "LinearDiscriminantAnalysis": _lda,
    "LogisticRegression": _linear,
    "RandomForestClassifier": _forest,
    "CalibratedClassifierCV": _calibrated,
    "PairwiseSVC": _pairwise,
    "HistGradientBoostingClassifier": _boosting,
    "KNeighborsClassifier": _neighbours,
    "DecisionTreeClassifier": _decision_tree,
    "GaussianNB": _bayes,
}


def _shape_columns(given: Any, p: int) -> ShapeRatioColumns:
    """What shape ratios are made of: the columns and floors that the file's transformers hold."""
    union = _attributes(given, "FeatureUnion")
    found: dict[str, Any] = {}
    pairs = union.get("transformer_list")
    for name, transformer in pairs if isinstance(pairs, list) and all(len(x) == 2 for x in pairs) else ():
        if name == "shape":
            for step, one in _steps(transformer).items():
                found[step] = _attributes(one, "FunctionTransformer").get("kw_args")
    choose, positive = found.get("choose"), found.get("positive")
    if not isinstance(choose, Mapping) or not isinstance(positive, Mapping):
        raise _wrong("its shape ratios are made of nothing")
    n = _length(choose, "indices")
    columns = _integers(choose, "indices", (n,), 0, p - 1)
    floors = _array(positive, "a_min", (n,), low=1e-100)
    if n < 2 or len(np.unique(columns)) != n:
        raise _wrong("its shape ratios are made of too few columns")
    return ShapeRatioColumns(tuple(map(int, columns)), tuple(map(float, floors)))
