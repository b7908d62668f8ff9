"""The algorithms, their hyperparameters, and the pipeline each is built into.

Everything that is done to a measurement before an algorithm sees it is a step of the pipeline, so that training and
serving can't disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from flora_core.errors import Refused, Unknown

Value = float | int | str | None


@dataclass(frozen=True, slots=True)
class Hyperparameter:
    """One knob of an algorithm that matters.

    Attributes
    ----------
    name, label, sentence : str
        As in `--set NAME=VALUE`; as shown; what turning it does.
    kind : {"float", "int", "choice"}
    default : float, int, str or None
    low, high : float
        The sensible range; searched on a logarithmic scale where `logarithmic`.
    choices : tuple
        For a choice.
    """

    name: str
    label: str
    sentence: str
    kind: Literal["float", "int", "choice"]
    default: Value
    low: float = 0.0
    high: float = 0.0
    logarithmic: bool = False
    choices: tuple[Value, ...] = ()

    def parse(self, given: Value) -> Value:
        """The value in the knob's own kind and range.

        Raises
        ------
        Refused
            It is no such value, or outside the range; the message names what would be right.
        """
        if self.kind == "choice":
            for choice in self.choices:
                if given == choice or str(given).lower() == str(choice).lower():
                    return choice
            raise Refused(f"{self.name} can't be {given}; it is one of {', '.join(map(str, self.choices))}.")
        kind = int if self.kind == "int" else float
        try:
            value = kind(str(given))
        except ValueError:
            raise Refused(
                f"{self.name} can't be '{given}'; it is a number from {self.low:g} to {self.high:g}."
            ) from None
        if not self.low <= value <= self.high:
            raise Refused(f"{self.name} can't be {value:g}; it lies between {self.low:g} and {self.high:g}.")
        return value


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A way of learning, with its knobs.

    Attributes
    ----------
    name, title, sentence : str
    hyperparameters : tuple of Hyperparameter
    scaled : bool
        Whether the measurements are standardised first.
    build : callable
        (hyperparameters, seed, plants of the rarest species) -> an unfitted scikit-learn classifier.
    fewest : int
        Plants that it needs of each species.
    """

    name: str
    title: str
    sentence: str
    hyperparameters: tuple[Hyperparameter, ...]
    scaled: bool
    build: Callable[[Mapping[str, Any], int, int], Any]
    fewest: int = 2


# scikit-learn's modules are imported where they are used: together they take longer to load than Iris takes to learn.


def _lda(h: Mapping[str, Any], seed: int, rarest: int) -> Any:
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    if h["shrinkage"] == "none":
        return LinearDiscriminantAnalysis()
    shrinkage = "auto" if h["shrinkage"] == "auto" else float(h["shrinkage"])
    return LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage)


def _logistic(h: Mapping[str, Any], seed: int, rarest: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=h["C"], max_iter=5000)


def _forest(h: Mapping[str, Any], seed: int, rarest: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(
        n_estimators=h["trees"],
        max_depth=h["depth"] or None,
        min_samples_leaf=h["leaf"],
        max_features=None if h["features"] == "all" else h["features"],
        random_state=seed,
        n_jobs=1,
    )


def _svm(h: Mapping[str, Any], seed: int, rarest: int) -> Any:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.svm import SVC

    gamma = h["gamma"] if h["gamma"] == "scale" else float(h["gamma"])
    return CalibratedClassifierCV(
        SVC(C=h["C"], gamma=gamma), ensemble=False, cv=max(2, min(5, rarest)), method="sigmoid", n_jobs=1
    )


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
                Hyperparameter("trees", "Trees", "More are steadier and slower.", "int", 100, 10, 1000, True),
                Hyperparameter("depth", "Depth", "Longest chain of questions; 0 sets no limit.", "int", 0, 0, 50),
                Hyperparameter("leaf", "Leaf", "Fewest plants at the end of a chain.", "int", 1, 1, 50, True),
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
                    choices=("scale", "0.01", "0.1", "1"),
                ),
            ),
            True,
            _svm,
            # A tenth may be held out for scoring, and a fifth of the rest for calibrating.
            fewest=4,
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


def settled(algorithm: Algorithm, given: Mapping[str, Value]) -> dict[str, Value]:
    """All hyperparameters of the algorithm: those given, checked, and the defaults of the rest.

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
    return {name: h.parse(given[name]) if name in given else h.default for name, h in known.items()}


def build_pipeline(
    algorithm: Algorithm, hyperparameters: Mapping[str, Value], *, gaps: bool, seed: int, rarest: int
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
    """
    from sklearn.pipeline import Pipeline

    steps: list[tuple[str, Any]] = []
    if gaps:
        from sklearn.impute import SimpleImputer

        steps.append(("fill", SimpleImputer(strategy="median", keep_empty_features=True)))
    if algorithm.scaled:
        from sklearn.preprocessing import StandardScaler

        steps.append(("scale", StandardScaler()))
    steps.append(("classify", algorithm.build(hyperparameters, seed, rarest)))
    return Pipeline(steps)
