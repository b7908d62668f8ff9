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
#: How prediction sets are made of thresholds; see `flora_core.identification.prediction_sets`.
SetRule = Literal["cumulative", "prevalence"]

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
    """One algorithm that was tried on the same folds, and what came of it: a row of the leaderboard.

    `plants` were asked about; fewer than all where it was stopped early. `low` to `high` is the 95 % interval of the accuracy,
    `log_loss_low` to `log_loss_high` that of the log loss. `why` says why it was chosen, or not. Cards of older versions
    lack all of these.
    """

    algorithm: str
    hyperparameters: dict[str, Any]
    log_loss: float
    accuracy: float
    balanced_accuracy: float
    seconds: float
    plants: int | None = None
    low: float | None = None
    high: float | None = None
    log_loss_low: float | None = None
    log_loss_high: float | None = None
    chosen: bool = False
    why: str = ""


class UnknownSpeciesPlants(_Part):
    """Plants of one species that was left out of training: how many, and how many of them were noticed, by grade."""

    plants: int
    none: int
    unusual: int


class UnknownSpecies(_Part):
    """How many plants of species that a model does not know would be noticed: each species left out of training in turn.

    Attributes
    ----------
    left_out : int
        Species left out, one at a time.
    plants : int
        Their plants that were asked about.
    none, noticed : float
        Shares of them, every species weighing the same: "fits no species"; that, or "unusual for every species".
    low, high : float
        95 % interval of `noticed`; the species, and not the single plants, are what was drawn.
    own_plants : int
    own_none, own_unusual : float
        Held-out plants of known species, and the shares of them in the two grades: false alarms.
    pooled : bool
        Whether the distance is taken by a covariance that all species share.
    by_species : dict of str to UnknownSpeciesPlants
    """

    left_out: int
    plants: int
    none: float
    noticed: float
    low: float
    high: float
    own_plants: int
    own_none: float
    own_unusual: float
    pooled: bool
    by_species: dict[str, UnknownSpeciesPlants]

    @property
    def sentence(self) -> str:
        """What it means to whoever identifies, with the number of plants and the interval."""
        return (
            f"Of plants of a species that it does not know, about {100 * self.noticed:.0f} % would be noticed "
            f"({100 * self.low:.0f} to {100 * self.high:.0f} %; {self.left_out} species left out of training in turn, "
            f"{self.plants:,} plants): {100 * self.none:.0f} % fit no species, the rest are unusual for every species. Of "
            f"{self.own_plants:,} plants of known species {100 * self.own_none:.1f} % and "
            f"{100 * self.own_unusual:.1f} % were taken for such."
        )


class CalibrationBin(_Part):
    """Plants that were named with about the same certainty: how many, how sure, how many right, with the 95 % interval.

    `least` and `most` are the certainties of the least and the most sure of them; cards of older versions lack them.
    """

    plants: int
    certainty: float
    right: float
    low: float
    high: float
    least: float | None = None
    most: float | None = None


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

    `determined` of its rows are plants that persons determined, after the rows of the study's own table. `set_apart` more,
    which chance chose, were known and not learned from; None of versions that learned from those too.
    """

    source: str
    sha256: str
    rows: int
    plants: dict[str, int]
    missing_cells: int = 0
    determined: int = 0
    set_apart: int | None = None


class DrawnScores(_Part):
    """What a new version said of determined plants that chance chose and no version learns from; 95 % interval."""

    plants: int
    right: int
    accuracy: float
    low: float
    high: float


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
    calibration_bins: tuple[CalibrationBin, ...] = Field(
        (), description="The same in at most ten parts of equally many plants, from the least to the most sure."
    )
    learning_curve: tuple[LearningPoint, ...] = ()
    more_plants: str = Field("", description="Would more plants help? In words.")
    importance: tuple[Importance, ...] = ()
    unknown_species: UnknownSpecies | None = Field(
        None,
        description="How many plants of species it does not know would be noticed; None where that was not measured.",
    )
    drawn_scores: DrawnScores | None = Field(
        None,
        description="On determined plants that chance chose, as known when it was trained; None where there were none.",
    )
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


@dataclass(frozen=True, slots=True)
class StateColumns:
    """The columns of values that hold states and not numbers.

    Attributes
    ----------
    columns, sizes : tuple of int
        Where each stands, and how many states it has.
    ordered : tuple of bool
        Whether its states have an order, and every plant can be given one of them.
    """

    columns: tuple[int, ...]
    sizes: tuple[int, ...]
    ordered: tuple[bool, ...]

    def numbers(self, p: int) -> tuple[int, ...]:
        """The columns of p that hold numbers."""
        return tuple(i for i in range(p) if i not in self.columns)


def state_columns(study: Study) -> StateColumns | None:
    """The columns of a study's values that hold states; None where all are numbers."""
    found = [(i, m) for i, m in enumerate(study.measurements) if m.has_states]
    if not found:
        return None
    return StateColumns(
        tuple(i for i, _ in found),
        tuple(len(m.state_labels) for _, m in found),
        tuple(m.kind == "ordered" and not m.inapplicable for _, m in found),
    )


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
    states : StateColumns or None
        Which columns hold states; None where all hold numbers.
    asked : (n,) bool or None
        The plants whose names count as the truth for scores and calibration; all where None. A name that a person gave beside
        a model's own is no independent truth: such plants are learned from and not asked about.
    """

    values: Floats
    species: Ints
    groups: npt.NDArray[np.str_] | None
    table: TrainingTable
    ids: npt.NDArray[np.str_] | None = None
    states: StateColumns | None = None
    asked: Bools | None = None

    @property
    def truth(self) -> Bools:
        """The plants that scores are of; (n,)."""
        return np.ones(len(self.species), dtype=bool) if self.asked is None else self.asked


@dataclass(frozen=True, slots=True, eq=False)
class SpeciesStates:
    """How often the plants of each species show each state.

    Attributes
    ----------
    columns : StateColumns
    shares : tuple of (k, s) float
        For each such column the share of each species' plants with each state; smoothed, so that none is 0, rows sum to 1.
    tail_factor : float
        At least 1: the factor on the limit of numbers and states together that the training plants ask for.
    least : float
        A plant that shows a state as rare among a species' plants as this does not fit the species, whatever else it shows.
    """

    columns: StateColumns
    shares: tuple[Floats, ...]
    tail_factor: float = 1.0
    least: float = 1e-3


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
    states : SpeciesStates or None
        For the columns that hold states; there, `means` has the commonest state and `covariances` are those of no number.
        None where all columns are numbers.
    """

    counts: Floats
    means: Floats
    covariances: Floats
    degrees_of_freedom: Floats
    tail_factor: float
    states: SpeciesStates | None = None


@dataclass(frozen=True, slots=True)
class Calibration:
    """What turns a pipeline's probabilities into honest ones: softmax(log p / temperature), mixed with `floor` even odds.

    `each_completion`: the temperature is applied to each completion of a plant with gaps before they are averaged; models
    of the first format apply it to the average.
    """

    temperature: float
    floor: float
    each_completion: bool = False


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
class Novelty:
    """How plants of species that the model does not know are noticed.

    Attributes
    ----------
    gaussians : SpeciesGaussians
        What the usual range of each species is taken by: the species' own covariances, or one that all share; whichever
        noticed more plants of species that were left out of training.
    usual_level : float
        The share of a species' plants, by its normal distribution, within its usual range: a plant outside the usual range
        of every species is unusual. Chosen so that about 5 % of held-out plants are.
    pooled : bool
        Whether all species share one covariance.
    """

    gaussians: SpeciesGaussians
    usual_level: float
    pooled: bool


def pooled_gaussians(gaussians: SpeciesGaussians, tail_factor: float = 1.0) -> SpeciesGaussians:
    """The same species with one covariance, the mean of their own weighted by their plants."""
    weights = np.maximum(gaussians.counts - 1.0, 0.0)
    weights = weights if weights.any() else np.ones(len(weights))
    pooled = np.tensordot(weights / weights.sum(), gaussians.covariances, axes=1)
    return _sharing(gaussians, pooled, tail_factor)


def _sharing(gaussians: SpeciesGaussians, covariance: Floats, tail_factor: float) -> SpeciesGaussians:
    k = len(gaussians.counts)
    freedom = max(float(gaussians.counts.sum()) - k, 1.0)
    return SpeciesGaussians(
        counts=gaussians.counts,
        means=gaussians.means,
        covariances=np.broadcast_to(covariance, gaussians.covariances.shape),
        degrees_of_freedom=np.full(k, freedom),
        tail_factor=tail_factor,
        states=gaussians.states,
    )


def pooled_covariance(novelty: Novelty) -> Floats | None:
    """The covariance that all species share, to be kept in a file; (p, p). None where each has its own."""
    return np.array(novelty.gaussians.covariances[0]) if novelty.pooled else None


def novelty_of(gaussians: SpeciesGaussians, pooled: Floats | None, tail_factor: float, usual_level: float) -> Novelty:
    """What `pooled_covariance` and the numbers of a file say of the species of a model."""
    if pooled is None:
        return Novelty(gaussians, usual_level, False)
    return Novelty(_sharing(gaussians, pooled, tail_factor), usual_level, True)


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A fitted pipeline, what it knows of its species, and its card. Never changes.

    Attributes
    ----------
    pipeline : sklearn.pipeline.Pipeline
        `predict_proba` takes (n, p) complete rows in the study's order and units, gives (n, k).
    conformal_thresholds : (k,) float
        What a species needs to be in the prediction set; see `set_rule`.
    set_rule : {"cumulative", "prevalence"}
        What the thresholds are: of the first models, the probability mass of likelier species up to which a species stays
        in; since, the probability from which on it is in.
    novelty : Novelty or None
        None in models of the first format, which know one grade only: a plant fits by `gaussians`, or does not.
    """

    card: ModelCard
    pipeline: Any
    gaussians: SpeciesGaussians
    calibration: Calibration
    conformal_thresholds: Floats
    reference: Reference
    set_rule: SetRule = "cumulative"
    novelty: Novelty | None = None

    @property
    def fitted_pipeline(self) -> Any:
        """scikit-learn's own Pipeline, also where the model is asked without it."""
        return getattr(self.pipeline, "original", self.pipeline)

    @property
    def study(self) -> Study:
        """The study as it was when the model was trained."""
        return self.card.study
