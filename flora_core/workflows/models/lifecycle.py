"""The life of a model: the first one trained by itself; versions listed, shown, verified, promoted, rolled back, retired."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from pydantic import BaseModel, ConfigDict

from flora_core.progress import Progress, no_progress
from flora_core.access import UseCase
from flora_core.workflows.authorisation import use_case
from flora_core.errors import ArtifactRefused, Conflict, Refused, Unavailable, Unknown
from flora_core.model import ModelCard, TrainingPlants, TrainingTable
from flora_core.storage.registry.registry import Event, Verified, Version
from flora_core.study import IRIS
from flora_core.workflows.models.comparison import compare_versions
from flora_core.workflows.context import AppContext
from flora_core.storage.shared_locks import holding

if TYPE_CHECKING:
    from flora_core.learning.comparison.model_comparison import Comparison
    from flora_core.learning.comparison.promotion_gate import Gate

__all__ = [
    "PROGRAM",
    "Promotion",
    "VersionView",
    "compare_versions",
    "ensure_champion",
    "history",
    "leaderboard_document",
    "iris_plants",
    "list_versions",
    "promote",
    "retire",
    "roll_back",
    "show_version",
    "verify_versions",
    "version_number",
]

#: Who does what the program does by itself.
PROGRAM: Final = "Flora Classification"
_FIRST_REASON: Final = "First start: no model was there yet."
#: The reason that is written beside a study's first champion where nobody gave another.
FIRST_OF_STUDY: Final = "The first version of this study: there was no other to compare it with."


class VersionView(BaseModel):
    """A version as a list shows it."""

    model_config = ConfigDict(frozen=True)

    study: str
    version: int
    algorithm: str
    champion: bool
    retired: bool
    registered_at: str
    registered_by: str


def iris_plants() -> TrainingPlants:
    """Fisher's 150 flowers, from scikit-learn's copy of his published values."""
    from sklearn.datasets import load_iris

    values, species = load_iris(return_X_y=True)
    counts = np.bincount(species)
    return TrainingPlants(
        values=np.asarray(values, dtype=np.float64),
        species=np.asarray(species, dtype=np.int64),
        groups=None,
        table=TrainingTable(
            source="scikit-learn load_iris",
            sha256=hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest(),
            rows=len(species),
            plants={name: int(n) for name, n in zip(IRIS.species_names, counts, strict=True)},
        ),
    )


def ensure_champion(context: AppContext, progress: Progress = no_progress, wait: float = 120.0) -> bool:
    """On a first start, make the database, the Iris study and its first champion; nothing where they are there.

    Of several processes that start at once, one trains and the others wait for it.

    Parameters
    ----------
    progress : callable, optional
        Told of each step: (done, total, doing).
    wait : float
        Seconds to wait for another process that is training.

    Returns
    -------
    bool
        Whether a model was trained.

    Raises
    ------
    Unavailable
        Database or models folder can't be used, or the other process does not come to an end.
    """
    context.database.prepare()
    if context.registry.champion_version(IRIS.name) is not None:
        return False
    with holding(context.locks, "first-start", wait) as mine:
        if not mine:
            raise Unavailable(
                "Another process has been training the first model for too long. Stop it, or start this one again later."
            )
        if context.registry.champion_version(IRIS.name) is not None:
            return False
        _first_champion(context, progress)
        return True


def _first_champion(context: AppContext, progress: Progress) -> None:
    # Training brings scikit-learn's larger modules with it; a start with a champion does without them.
    from flora_core.learning.training import train

    if IRIS.name not in context.studies.names():
        # Another context with the same database may be quicker; its study is ours.
        with contextlib.suppress(Conflict):
            context.studies.add(IRIS, iris_plants(), PROGRAM)
    study = context.studies.get(IRIS.name)
    plants = context.studies.plants(study)
    model = context.registry.register(train(study, plants, by=PROGRAM, progress=progress), by=PROGRAM)
    context.registry.promote(study.name, model.card.version or 0, PROGRAM, _FIRST_REASON)


@use_case(UseCase.READ_MODELS)
def list_versions(context: AppContext, study: str) -> list[VersionView]:
    """All versions of a study, oldest first, and which of them is the champion."""
    context.studies.get(study)
    champion, retired = context.registry.champion_version(study), context.registry.retired(study)
    return [
        VersionView(
            study=v.study,
            version=v.version,
            algorithm=v.algorithm,
            champion=v.version == champion,
            retired=v.version in retired,
            registered_at=v.registered_at.isoformat(timespec="seconds"),
            registered_by=v.registered_by,
        )
        for v in context.registry.versions(study)
    ]


def version_number(text: str) -> int:
    """The version that a person writes: "3" or "v3".

    Raises
    ------
    Unknown
        It is no version number.
    """
    digits = text.strip().lower().removeprefix("v")
    if not digits.isdecimal() or len(digits) > 9:
        raise Unknown(f"'{text}' is not a model version; versions are numbers, like 1 or v1.")
    return int(digits)


@use_case(UseCase.READ_MODELS)
def show_version(context: AppContext, study: str, version: int) -> tuple[Version, ModelCard, tuple[Event, ...]]:
    """A version's row, its card and what happened to it."""
    context.studies.get(study)
    row = context.registry.version(study, version)
    events = tuple(event for event in context.registry.events(study) if event.version == version)
    return row, context.registry.card(study, version), events


def leaderboard_document(card: ModelCard) -> dict[str, Any]:
    """What was tried for a version, for programs: parameters, data and code beside the candidates, best first."""
    whole = card.scores.plants
    ranked = sorted(card.candidates, key=lambda c: (c.plants is not None and c.plants < whole, c.log_loss))
    return {
        "study": card.study.name,
        "version": card.version,
        "chosen": card.chosen,
        "seed": card.seed,
        "folds": card.folds,
        "table_sha256": card.table.sha256,
        "plants": card.table.rows,
        "determined": card.table.determined,
        "libraries": card.libraries,
        "selection_optimism": card.selection_optimism,
        "seconds": card.seconds,
        "candidates": [c.model_dump(mode="json") for c in ranked],
    }


@use_case(UseCase.READ_MODELS)
def history(context: AppContext, study: str) -> tuple[Event, ...]:
    """Everything that happened to the versions of a study, oldest first."""
    context.studies.get(study)
    return context.registry.events(study)


@use_case(UseCase.READ_MODELS)
def verify_versions(context: AppContext) -> tuple[tuple[Verified, ...], list[str]]:
    """Compare the files of every version of every study with their checksums; loads nothing, changes nothing."""
    results: list[Verified] = []
    spare: list[str] = []
    for study in context.studies.names():
        verified, left = context.registry.verify(study)
        results.extend(verified)
        spare.extend(f"{study}/{name}" for name in left)
    return tuple(results), spare


@dataclass(frozen=True, slots=True)
class Promotion:
    """What came of asking for a promotion.

    Attributes
    ----------
    promoted : bool
        False where the gate was shut and nobody overruled it: nothing was changed.
    before : int or None
        The champion until then.
    gate : Gate or None
        None where there was nothing to compare with: a study's first champion, or one whose files are damaged.
    comparison : Comparison or None
    overruled : bool
    """

    promoted: bool
    before: int | None
    gate: Gate | None
    comparison: Comparison | None
    overruled: bool


@use_case(UseCase.PROMOTE, signs="by")
def promote(
    context: AppContext,
    study: str,
    version: int,
    *,
    by: str,
    why: str,
    overrule: bool = False,
    margin: float | None = None,
    judged: tuple[int, Comparison, Gate] | None = None,
) -> Promotion:
    """Make a version the champion where the gate is open, or where a person overrules it by name and reason.

    Parameters
    ----------
    overrule : bool
        Promote although something stands against it; the event tells so, with what the gate said.
    margin : float, optional
        As in `compare_versions`.
    judged : (int, Comparison, Gate), optional
        The champion it was compared with already, and what came of it; compared anew where not given.

    Returns
    -------
    Promotion
        A shut gate is no error: `promoted` is False then, and nothing was changed.

    Raises
    ------
    Refused
        Name or reason are missing.
    Unknown, Conflict, ArtifactRefused
        No such version; it is the champion, was retired, or somebody was quicker; its files are not those registered.
    """
    by, why = _signed(by, why, "promote a version")
    context.registry.version(study, version)
    champion = context.registry.champion_version(study)
    if champion == version:
        raise Conflict(f"Version {version} of {study} is the champion already.")
    if champion is None:
        context.registry.promote(study, version, by, why, instead_of=None)
        return Promotion(True, None, None, None, overruled=False)
    if judged is not None and judged[0] == champion:
        _, comparison, gate = judged
    else:
        try:
            comparison, gate = compare_versions(context, study, champion, version, margin=margin)
        except ArtifactRefused as damaged:
            if not overrule:
                raise
            # A champion that can't be loaded must not keep its place for ever; a damaged challenger is refused below.
            said = f"Nothing could be compared. {damaged.message}"
            context.registry.promote(study, version, by, why, instead_of=champion, gate=said, overruled=True)
            return Promotion(True, champion, None, None, overruled=True)
    if not gate.passed and not overrule:
        return Promotion(False, champion, gate, comparison, overruled=False)
    overruled = not gate.passed
    context.registry.promote(study, version, by, why, instead_of=champion, gate=gate.sentence, overruled=overruled)
    return Promotion(True, champion, gate, comparison, overruled)


@use_case(UseCase.ROLL_BACK, signs="by")
def roll_back(context: AppContext, study: str, *, by: str, why: str) -> int:
    """Make the champion before this one the champion again; the version that identifies now.

    Raises
    ------
    Refused
        Name or reason are missing.
    Conflict
        There is none to go back to.
    """
    by, why = _signed(by, why, "roll back")
    context.studies.get(study)
    return context.registry.roll_back(study, by, why)


@use_case(UseCase.RETIRE, signs="by")
def retire(context: AppContext, study: str, version: int, *, by: str, why: str) -> None:
    """Put a version away for good: it stays to be read, and can't be promoted any more.

    Raises
    ------
    Refused
        Name or reason are missing.
    Unknown, Conflict
        No such version; it is the champion, or was retired before.
    """
    by, why = _signed(by, why, "retire a version")
    context.studies.get(study)
    context.registry.retire(study, version, by, why)


def _signed(by: str, why: str, doing: str) -> tuple[str, str]:
    by, why = " ".join(by.split()), " ".join(why.split())
    if not by:
        raise Refused(f"Say who you are: to {doing} needs a name, which the history keeps.")
    if not why:
        raise Refused(f"Say why: to {doing} needs a reason, which the history keeps.")
    if len(why) > 2000 or len(by) > 200:
        raise Refused("A name has at most 200 characters, a reason at most 2,000.")
    return by, why


@use_case(UseCase.READ_MODELS)
def newest_challenger(context: AppContext, study: str) -> int | None:
    """The newest version that is younger than the champion and not retired; None where there is none."""
    champion = context.registry.champion_version(study) or 0
    retired = {e.version for e in context.registry.events(study) if e.kind == "retired"}
    younger = [v.version for v in context.registry.versions(study) if v.version > champion and v.version not in retired]
    return max(younger, default=None)
