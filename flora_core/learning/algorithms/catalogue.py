"""The algorithms: what each is good at, what it can be told, and how it is built."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flora_core.errors import Unknown
from flora_core.learning.algorithms.hyperparameters import Algorithm, Hyperparameter, Value
from flora_core.model import Ints

# scikit-learn's modules are imported where they are used: together they take longer to load than Iris takes to learn.


def _lda(h: Mapping[str, Any], seed: int, counts: Ints) -> Any:
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    # Shrinkage draws each species' own covariance, and one plant has none.
    if h["shrinkage"] == "none" or counts.min() < 2:
        return LinearDiscriminantAnalysis()
    shrinkage = "auto" if h["shrinkage"] == "auto" else float(h["shrinkage"])
    return LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage)


def _logistic(h: Mapping[str, Any], seed: int, counts: Ints) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=h["C"], max_iter=5000)


def _forest(h: Mapping[str, Any], seed: int, counts: Ints) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(
        n_estimators=h["trees"],
        max_depth=h["depth"] or None,
        min_samples_leaf=h["leaf"],
        max_features=None if h["features"] == "all" else h["features"],
        random_state=seed,
        n_jobs=1,
    )


def _svm(h: Mapping[str, Any], seed: int, counts: Ints) -> Any:
    from flora_core.learning.algorithms.pairwise_svc import PairwiseSVC

    gamma = h["gamma"] if h["gamma"] == "scale" else float(h["gamma"])
    return PairwiseSVC(C=h["C"], gamma=gamma, decision_function_shape="ovo")


def _boosting(h: Mapping[str, Any], seed: int, counts: Ints) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        learning_rate=h["rate"],
        max_iter=h["trees"],
        max_leaf_nodes=h["leaves"],
        min_samples_leaf=h["leaf"],
        early_stopping=False,
        random_state=seed,
    )


def _knn(h: Mapping[str, Any], seed: int, counts: Ints) -> Any:
    from sklearn.neighbors import KNeighborsClassifier

    # Nobody has more neighbours than there are plants.
    return KNeighborsClassifier(n_neighbors=min(h["neighbours"], int(counts.sum())), weights=h["weights"], n_jobs=1)


def _tree(h: Mapping[str, Any], seed: int, counts: Ints) -> Any:
    from sklearn.tree import DecisionTreeClassifier

    return DecisionTreeClassifier(max_depth=h["depth"] or None, min_samples_leaf=h["leaf"], random_state=seed)


def _bayes(h: Mapping[str, Any], seed: int, counts: Ints) -> Any:
    from sklearn.naive_bayes import GaussianNB

    return GaussianNB(var_smoothing=h["smoothing"])


ALGORITHMS: Final = {
    algorithm.name: algorithm
    for algorithm in (
        Algorithm(
            "lda",
            "linear discriminant analysis",
            "Draws straight borders between species, as Fisher did; hard to beat with few plants.",
            (
                Hyperparameter(
                    "shrinkage",
                    "Shrinkage",
                    "Draws the covariance towards a simpler one; helps where measurements are many and plants are few.",
                    "choice",
                    "none",
                    choices=("none", "auto", "0.1", "0.3", "0.5", "0.9"),
                ),
            ),
            False,
            _lda,
        ),
        Algorithm(
            "logistic",
            "logistic regression",
            "Straight borders too, without assuming that measurements are normally distributed.",
            (
                Hyperparameter(
                    "C",
                    "Freedom (C)",
                    "How closely the borders may follow the training plants; less is more cautious.",
                    "float",
                    1.0,
                    0.001,
                    1000.0,
                    True,
                ),
            ),
            True,
            _logistic,
        ),
        Algorithm(
            "forest",
            "random forest",
            "The vote of many decision trees; takes any shape of border, wants more plants.",
            (
                Hyperparameter(
                    "trees",
                    "Trees",
                    "More are steadier and slower.",
                    "int",
                    100,
                    10,
                    1000,
                    True,
                    search_low=50,
                    search_high=300,
                ),
                Hyperparameter("depth", "Depth", "Longest chain of questions; 0 sets no limit.", "int", 0, 0, 50),
                Hyperparameter(
                    "leaf", "Leaf", "Fewest plants at the end of a chain.", "int", 1, 1, 50, True, of_rarest=0.5
                ),
                Hyperparameter(
                    "features",
                    "Measurements a split",
                    "How many measurements are looked at for each question.",
                    "choice",
                    "sqrt",
                    choices=("sqrt", "log2", "all"),
                ),
            ),
            False,
            _forest,
        ),
        Algorithm(
            "svm",
            "support vector machine",
            "Curved borders that keep the widest margin between species.",
            (
                Hyperparameter(
                    "C",
                    "Freedom (C)",
                    "How dearly a plant on the wrong side is paid for; less is more cautious.",
                    "float",
                    1.0,
                    0.01,
                    1000.0,
                    True,
                ),
                Hyperparameter(
                    "gamma",
                    "Reach (gamma)",
                    "How curved the borders may be; 'scale' fits it to the spread of the measurements.",
                    "choice",
                    "scale",
                    choices=("scale", "0.001", "0.01", "0.03", "0.1", "0.3", "1", "3"),
                ),
            ),
            True,
            _svm,
        ),
        Algorithm(
            "boosting",
            "gradient boosting",
            "Many small trees, each mending the mistakes of those before; for large tables, poor where species are small.",
            (
                Hyperparameter(
                    "rate", "Rate", "How much each tree may mend; less wants more trees.", "float", 0.1, 0.01, 1.0, True
                ),
                Hyperparameter(
                    "trees", "Trees", "More fit the training plants more closely.", "int", 100, 10, 1000, True
                ),
                Hyperparameter(
                    "leaves", "Leaves", "Most ends of one tree; fewer make simpler trees.", "int", 31, 2, 128, True
                ),
                Hyperparameter(
                    "leaf",
                    "Leaf",
                    "Fewest plants at the end of a tree; must stay well below the size of the rarest species.",
                    "int",
                    # With scikit-learn's own 20, a species of 15 plants could never have an end of its own.
                    5,
                    1,
                    100,
                    True,
                    of_rarest=0.5,
                ),
            ),
            False,
            _boosting,
        ),
        Algorithm(
            "knn",
            "nearest neighbours",
            "The names of the most similar training plants; easy to explain, weak with many measurements.",
            (
                Hyperparameter(
                    "neighbours", "Neighbours", "How many similar plants are asked.", "int", 7, 1, 100, True
                ),
                Hyperparameter(
                    "weights",
                    "Weights",
                    "Whether nearer plants count more ('distance') or all the same ('uniform').",
                    "choice",
                    "distance",
                    choices=("uniform", "distance"),
                ),
            ),
            True,
            _knn,
        ),
        Algorithm(
            "tree",
            "decision tree",
            "One chain of questions, to be read and printed as a dichotomous key; less accurate than a forest.",
            (
                Hyperparameter("depth", "Depth", "Longest chain of questions; 0 sets no limit.", "int", 5, 0, 30),
                Hyperparameter(
                    "leaf", "Leaf", "Fewest plants at the end of a chain.", "int", 3, 1, 50, True, of_rarest=0.5
                ),
            ),
            False,
            _tree,
        ),
        Algorithm(
            "bayes",
            "naive Bayes",
            "Takes every measurement as a witness of its own; quick and steady, but measurements of one plant go together.",
            (
                Hyperparameter(
                    "smoothing",
                    "Smoothing",
                    "Widens every species by a share of the largest spread; more is more cautious.",
                    "float",
                    1e-9,
                    1e-12,
                    0.1,
                    True,
                ),
            ),
            False,
            _bayes,
        ),
    )
}

#: The families that `auto` tries: between them within two points of the best on every plant data set we know.
AUTO: Final = ("lda", "logistic", "forest", "svm")


def algorithm_named(name: str) -> Algorithm:
    """The algorithm of that name.

    Raises
    ------
    Unknown
        There is none; the message lists those there are.
    """
    try:
        return ALGORITHMS[name]
    except KeyError:
        raise Unknown(f"'{name}' is not an algorithm. There are: auto, {', '.join(ALGORITHMS)}.") from None


def families_named(name: str) -> list[Algorithm]:
    """The families that are asked for: those of `AUTO`, one, or several with commas between ("lda,svm"), each once.

    Raises
    ------
    Unknown
        One of them is no algorithm.
    """
    if name == "auto":
        return [ALGORITHMS[n] for n in AUTO]
    return [algorithm_named(n) for n in dict.fromkeys(part.strip() for part in name.split(","))]


def resolve_hyperparameters(
    algorithm: Algorithm, given: Mapping[str, Value], rarest: int = 1_000_000
) -> dict[str, Value]:
    """All hyperparameters of the algorithm: those given, checked, and the defaults of the rest.

    Parameters
    ----------
    rarest : int
        Plants of the rarest species, on which some defaults depend.

    Raises
    ------
    Unknown, Refused
        A name it does not have; a value it can't have.
    """
    known = {h.name: h for h in algorithm.hyperparameters}
    for name in given:
        if name not in known:
            raise Unknown(
                f"'{name}' is not a hyperparameter of {algorithm.title}. There are: {', '.join(known) or 'none'}."
            )
    return {name: h.parse(given[name]) if name in given else h.usual(rarest) for name, h in known.items()}
