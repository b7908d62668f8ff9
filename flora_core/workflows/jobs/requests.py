"""The queue of jobs: asked for by a page, looked at, cancelled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

from flora_core.access import UseCase
from flora_core.determination import COMPETENT
from flora_core.errors import Refused
from flora_core.model import Candidate
from flora_core.storage.job_queue import Job
from flora_core.wording import listed
from flora_core.workflows.authorisation import require, use_case
from flora_core.workflows.context import AppContext
from flora_core.workflows.models.training import TrainingRequest

if TYPE_CHECKING:
    from flora_core.learning.comparison.model_comparison import Comparison
    from flora_core.learning.comparison.promotion_gate import Gate

#: Steps after which the time left is told: the first ones take no typical time.
_ENOUGH_STEPS: Final = 3
_ROWS: Final = TypeAdapter(tuple[Candidate, ...])


class TrainingResult(BaseModel):
    """What came of a training: the version that was registered."""

    model_config = ConfigDict(frozen=True)

    version: int


class ComparisonRequest(BaseModel):
    """Two versions, and the plants on which they are compared: asked again after those changed, it is another request.

    `determined` is the number of the newest determination: a corrected one is a change, too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    champion: int
    challenger: int
    table: str
    determined: int


class ComparisonResult(BaseModel):
    """A comparison and what the gate says of it, as they are kept."""

    model_config = ConfigDict(frozen=True)

    comparison: str
    gate: str

    def read(self) -> tuple[Comparison, Gate]:
        """The comparison and the gate."""
        from flora_core.learning.comparison.model_comparison import Comparison
        from flora_core.learning.comparison.promotion_gate import Gate

        return TypeAdapter(Comparison).validate_json(self.comparison), TypeAdapter(Gate).validate_json(self.gate)


def kept_comparison(comparison: Comparison, gate: Gate) -> ComparisonResult:
    """The same as text."""
    return ComparisonResult(
        comparison=TypeAdapter(type(comparison)).dump_json(comparison).decode(),
        gate=TypeAdapter(type(gate)).dump_json(gate).decode(),
    )


def leaderboard_text(candidates: tuple[Candidate, ...]) -> str:
    """The rows of a leaderboard as they are kept with a job."""
    return _ROWS.dump_json(candidates).decode()


def candidates_so_far(job: Job) -> tuple[Candidate, ...]:
    """What a training has tried so far, in the order it was done; empty where nothing is known yet."""
    return _ROWS.validate_json(job.leaderboard) if job.leaderboard else ()


@dataclass(frozen=True, slots=True)
class QueuedJob:
    """A job with its place.

    Attributes
    ----------
    job : Job
    place : int
        How many are before it; 0: it is being worked on, or over.
    seconds_left : float or None
        About how long it will take still; None where that can't be said yet.
    """

    job: Job
    place: int
    seconds_left: float | None

    @property
    def share(self) -> float:
        """How much of it is done, from 0 to 1."""
        return min(1.0, self.job.done / self.job.total) if self.job.total else 0.0


@use_case(UseCase.TRAIN, signs="by")
def ask_for_training(context: AppContext, study: str, request: TrainingRequest, by: str) -> Job:
    """Put a training at the end of the queue; its settings are checked first.

    Raises
    ------
    Refused, Unknown
        Settings that can't be used, a study or a name that is missing.
    Conflict, TooLarge
        The very same is in the queue; the queue is full.
    NotAllowed
        The version shall identify at once, and this person may not promote.
    """
    from flora_core.learning.algorithms.candidates import check_settings

    by = " ".join(by.split())
    if not by:
        raise Refused("Say who you are: training needs a name, which the card and the history keep.")
    context.studies.get(study)
    # Which species is rare is looked at when it is trained; here the settings are read as for plenty of plants.
    check_settings(request.algorithm, request.hyperparameters, request.search)
    if request.use_if_first:
        require(context, UseCase.PROMOTE, study)
    return context.jobs.enqueue(study, "train", request.model_dump_json(), by)


@use_case(UseCase.COMPARE)
def comparison_asked(context: AppContext, study: str, champion: int, challenger: int) -> ComparisonRequest:
    """The request to compare two versions on what is known now.

    Raises
    ------
    Unknown, Refused
        No such version; a version against itself.
    """
    if champion == challenger:
        raise Refused(f"Version {champion} is compared with itself; choose two versions.")
    for version in (champion, challenger):
        context.registry.version(study, version)
    found = context.studies.get(study)
    return ComparisonRequest(
        champion=champion,
        challenger=challenger,
        table=context.studies.plants(found).table.sha256,
        determined=context.determinations.newest_of(study, COMPETENT),
    )


@use_case(UseCase.COMPARE, signs="by")
def ask_for_comparison(context: AppContext, study: str, request: ComparisonRequest, by: str) -> Job:
    """Put a comparison at the end of the queue; raises as `ask_for_training` does."""
    return context.jobs.enqueue(study, "compare", request.model_dump_json(), by or "a visitor")


@use_case(UseCase.READ_MODELS)
def comparison_job(context: AppContext, study: str, request: ComparisonRequest) -> Job | None:
    """The newest job that was asked for this very comparison; None where there is none. Reads only."""
    return context.jobs.find_identical(study, "compare", request.model_dump_json())


@use_case(UseCase.READ_MODELS)
def queue(context: AppContext) -> tuple[QueuedJob, ...]:
    """What is being worked on and what waits, in the order it is done."""
    now = datetime.now(UTC)
    return tuple(QueuedJob(job, place, _left(job, now)) for place, job in enumerate(context.jobs.active()))


@use_case(UseCase.READ_MODELS)
def newest_jobs(context: AppContext, study: str = "", most: int = 20) -> tuple[QueuedJob, ...]:
    """The newest jobs of a study, or of all, newest first, with their places."""
    places = {queued.job.id: queued for queued in queue(context)}
    return tuple(places.get(job.id, QueuedJob(job, 0, None)) for job in context.jobs.newest(study, most))


@use_case(UseCase.CANCEL_JOB)
def cancel_job(context: AppContext, identifier: int) -> Job:
    """Take a job out of the queue, or stop it where it is being worked on.

    Raises
    ------
    Unknown, Conflict
    """
    return context.jobs.cancel(identifier)


@use_case(UseCase.TRAIN, signs="by")
def resubmit(context: AppContext, job: Job, by: str) -> Job:
    """Ask for the same once more: after it failed or was interrupted."""
    return context.jobs.enqueue(job.study, job.kind, job.request, by)


def describe_job(job: Job) -> str:
    """What a job does, in words."""
    if job.kind == "compare":
        wanted = ComparisonRequest.model_validate_json(job.request)
        return f"Compare version {wanted.challenger} with version {wanted.champion}"
    request = TrainingRequest.model_validate_json(job.request)
    parts = ["Train the best of four algorithms"]
    if request.algorithm != "auto":
        from flora_core.learning.algorithms.catalogue import families_named

        titles = [family.title for family in families_named(request.algorithm)]
        parts = [f"Train: {titles[0]}" if len(titles) == 1 else f"Train the best of {listed(titles)}"]
    if request.hyperparameters:
        parts.append(", ".join(f"{name} {value}" for name, value in request.hyperparameters.items()))
    if request.search:
        parts.append(f"search {request.search} settings")
    if request.shape_ratios:
        parts.append("with shape ratios")
    if request.with_determinations:
        parts.append("with determined plants")
    return "; ".join(parts)


def job_outcome(job: Job) -> str:
    """What came of a job, in a sentence."""
    match job.state:
        case "done" if job.kind == "train":
            return f"Version {TrainingResult.model_validate_json(job.result).version} was registered."
        case "done":
            return ComparisonResult.model_validate_json(job.result).read()[0].sentence
        case "failed" | "interrupted":
            return job.result
        case "cancelled":
            return "Cancelled; nothing was registered."
    return ""


def _left(job: Job, now: datetime) -> float | None:
    if job.started_at is None or job.done < _ENOUGH_STEPS or not job.total:
        return None
    took = (now - job.started_at).total_seconds()
    return max(0.0, took * (job.total - job.done) / job.done)


Ending = Literal["done", "failed", "cancelled", "interrupted"]
