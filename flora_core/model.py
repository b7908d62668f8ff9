"""The noun between learning and identifying: a Model is a fitted pipeline, what it knows of its species, and its card.

Everything in a model but the card is a scikit-learn estimator or a NumPy array, so that a model can leave and enter the
context without a class of ours being built from a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from flora_core.study import Name, Study

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

#: What a card looks like; raised when a field changes its meaning, and older cards keep their readers.
CARD_FORMAT: Final = 1


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SpeciesScore(_Part):
    """How often plants of one species were named right, and how often its name was right.

    `recall` is right / `plants`; `precision` is right / `named`, None where the name was never given. Both with exact
    (Clopper-Pearson) 95 % intervals.
    """

    plants: int
    named: int
    right: int
    recall: float
    recall_low: float
    recall_high: float
    precision: float | None
    precision_low: float | None
    precision_high: float | None


class Scores(_Part):
    """What out-of-fold identification of the training plants came to.

    Attributes
    ----------
    plants, right : int
        The plants scored, and how many got their own name (of the first repeat, where there are several).
    accuracy, low, high : float
        Mean over the repeats, and its 95 % interval.
    balanced_accuracy, macro_f1, log_loss : float
        Means over the repeats; log loss in nats.
    by_species : dict of str to SpeciesScore
    confusion : tuple of tuple of int
        Rows: the true species; columns: the species named; in the study's order.
    calibration_error : float
        Expected calibration error of the named species, over 10 bins of equal count.
    set_coverage, set_size : float
        Share of plants whose true species was in its 95 % prediction set, cross-fitted; mean number of species in it.
    method : str
        How they were obtained, in words.
    """

    plants: int
    right: int
    accuracy: float
    low: float
    high: float
    balanced_accuracy: float
    macro_f1: float
    log_loss: float
    by_species: dict[str, SpeciesScore]
    confusion: tuple[tuple[int, ...], ...]
    calibration_error: float
    set_coverage: float
    set_size: float
    method: str


class Candidate(_Part):
    """One algorithm that was tried on the same folds, and what came of it."""

    algorithm: str
    hyperparameters: dict[str, Any]
    log_loss: float
    accuracy: float
    balanced_accuracy: float
    seconds: float


class CalibrationBin(_Part):
    """Plants that were named with about the same certainty: how many, how sure, how many right, with the 95 % interval."""

    plants: int
    certainty: float
    right: float
    low: float
    high: float


class LearningPoint(_Part):
    """Accuracy on held-out plants after learning from so many; mean over the folds, with its 95 % interval."""

    plants: int
    accuracy: float
    low: float
    high: float


class Importance(_Part):
    """What is lost without a measurement: the drop in accuracy, in shares of plants, when its values are shuffled.

    `drop` is the mean over folds and shuffles, `low` to `high` its 95 % interval; held-out plants only.
    """

    measurement: Name
    drop: float
    low: float
    high: float


class TrainingTable(_Part):
    """The table a model was trained on: enough to find it again and to see whether it is the same.

    `determined` of its rows are plants that persons determined, after the rows of the study's own table.
    """

    source: str
    sha256: str
    rows: int
    plants: dict[str, int]
    missing_cells: int = 0
    determined: int = 0


class Origin(_Part):
    """Where a version that was not trained here comes from: who brought it, when, in which file, which version it was there."""

    by: str
    at: datetime
    file: str
    sha256: str
    version: int | None


class ModelCard(_Part):
    """What a person should know before trusting the model; saved beside it as card.json.

    The study is written out in full, as it was when the model was trained: its measurements' order and units are the
    model's inputs, its species' order is the order of the model's probabilities.
    """

    format: Literal[1] = CARD_FORMAT
    study: Study
    version: int | None = None
    algorithm: Name
    algorithm_title: str
    hyperparameters: dict[str, Any]
    seed: int
    folds: int
    repeats: int
    trained_at: datetime
    trained_by: str
    seconds: float
    table: TrainingTable
    scores: Scores
    baseline: float = Field(description="Accuracy of always naming the most common species.")
    chosen: str = Field(description="Why this algorithm, in words.")
    candidates: tuple[Candidate, ...] = ()
    selection_optimism: float = Field(
        0.0, description="By how much choosing the best candidate on the same folds flatters the accuracy."
    )
    warnings: tuple[str, ...] = ()
    libraries: dict[str, str]
    shape_ratios: bool = Field(False, description="Whether log shape ratios stand beside the measurements.")
    searched: int = Field(0, description="How many settings were searched; 0 without a search.")
    group_scores: Scores | None = Field(None, description="Scores on plants of groups that the model had not seen.")
    groups: int = Field(0, description="How many groups (populations, sites, plants) the table names.")
    seen_accuracy: float | None = Field(None, description="Accuracy on the very plants it learned from: too good.")
    calibration_curve: tuple[CalibrationBin, ...] = ()
    learning_curve: tuple[LearningPoint, ...] = ()
    more_plants: str = Field("", description="Would more plants help? In words.")
    importance: tuple[Importance, ...] = ()
    imported: Origin | None = Field(
        None, description="Set where it was brought in a file: its scores are the file's word."
    )

    @property
    def label(self) -> str:
        """The version as people write it: "iris v3"; "iris, not saved" before it has a version."""
        return f"{self.study.name} v{self.version}" if self.version is not None else f"{self.study.name}, not saved"

    @property
    def identified_by(self) -> str:
        """The program, model and version, as Darwin Core's `identifiedBy` wants a machine to be named."""
        return f"Flora Classification, {self.label} ({self.algorithm_title})"


@dataclass(frozen=True, slots=True, eq=False)
class TrainingPlants:
    """Checked, labelled plants: what a model is trained on.

    Attributes
    ----------
    values : (n, p) float
        In the study's order and units; NaN where not measured.
    species : (n,) int
        Index into the study's species.
    groups : (n,) str or None
        The population, site or plant each belongs to, where known: plants of one group are never split between training
        and testing when the model is scored by group.
    table : TrainingTable
        Where they come from.
    ids : (n,) str or None
        Their catalogue numbers, where the table has them; "" where a plant has none.
    """

    values: Floats
    species: Ints
    groups: npt.NDArray[np.str_] | None
    table: TrainingTable
    ids: npt.NDArray[np.str_] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class SpeciesGaussians:
    """Where the training plants of each species lie: one normal distribution a species.

    Attributes
    ----------
    counts : (k,) float
        Training plants of each species.
    means : (k, p) float
    covariances : (k, p, p) float
        Each species' own, drawn towards the pooled one where it has few plants; positive definite.
    degrees_of_freedom : (k,) float
        Degrees of freedom of each covariance.
    tail_factor : float
        At least 1: the factor on the squared limit that heavy tails in the training plants ask for.
    """

    counts: Floats
    means: Floats
    covariances: Floats
    degrees_of_freedom: Floats
    tail_factor: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """What turns a pipeline's probabilities into honest ones: softmax(log p / temperature), mixed with `floor` even odds."""

    temperature: float
    floor: float


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """The training-time sample that later plants are compared with; at most a few thousand plants.

    Attributes
    ----------
    values : (n, p) float
        Measurements, NaN where missing.
    species : (n,) int
        Index of each plant's species.
    probabilities : (n, k) float
        Out-of-fold, calibrated.
    """

    values: Floats
    species: Ints
    probabilities: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A fitted pipeline, what it knows of its species, and its card. Never changes.

    Attributes
    ----------
    pipeline : sklearn.pipeline.Pipeline
        `predict_proba` takes (n, p) complete rows in the study's order and units, gives (n, k).
    conformal_thresholds : (k,) float
        For each species, the probability mass of likelier species up to which it stays in the prediction set.
    """

    card: ModelCard
    pipeline: Any
    gaussians: SpeciesGaussians
    calibration: Calibration
    conformal_thresholds: Floats
    reference: Reference

    @property
    def study(self) -> Study:
        """The study as it was when the model was trained."""
        return self.card.study
