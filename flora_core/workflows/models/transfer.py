"""Versions exported to a file and imported from one: inspected first, never unpickled, not promoted."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

from flora_core.access import UseCase
from flora_core.workflows.authorisation import use_case
from flora_core.errors import Refused, TooLarge
from flora_core.model import Model, ModelCard, Origin
from flora_core.storage.registry.skops_file import file_checksum, pack
from flora_core.storage.registry.mlflow_folder import write_mlflow_folder
from flora_core.study import Study
from flora_core.workflows.context import AppContext
from flora_core.workflows.models.incoming import read_model, require_same_study


@use_case(UseCase.EXPORT_MODEL)
def export_version(context: AppContext, study: str, version: int) -> tuple[str, bytes]:
    """A version with its card as a skops file: a name for it, and its content.

    Raises
    ------
    Unknown, ArtifactRefused
    """
    return f"{study}-v{version}.skops", pack(context.model(study, version))


@use_case(UseCase.EXPORT_MODEL)
def export_mlflow(context: AppContext, study: str, version: int, target: Path) -> None:
    """Write a version as an MLflow model folder.

    Raises
    ------
    Unknown, ArtifactRefused
        No such version; its files are not those that were registered.
    Refused, Unavailable
        There is something at the target already; it can't be written.
    """
    context.studies.get(study)
    write_mlflow_folder(context.model(study, version), target)


@use_case(UseCase.IMPORT_MODEL, signs="by")
def import_version(context: AppContext, study: str, content: bytes, name: str, *, by: str) -> ModelCard:
    """Register a model from a file as a version of its own, not promoted.

    The file is read into data in a process with limits; its pipeline is built by our own code of arrays that were checked, and
    asked a first time there. Then its parts are compared with each other and with the study. What its card says of its scores stays the file's word; what the model makes of this study's own plants is
    measured, and written beside it.

    Raises
    ------
    Refused
        The file is no model of this program, holds foreign types, is of another study, or its parts don't fit together.
    TooLarge
        The file, or what it would unfold into.
    """
    from flora_core.learning.import_validation import model_problems

    by = " ".join(by.split())
    if not by:
        raise Refused("Say who you are: to bring in a model needs a name, which its card keeps.")
    most = context.settings.max_upload_mb
    if len(content) > most * 1_000_000:
        raise TooLarge(f"The file has {len(content) / 1e6:.0f} MB; at most {most} MB are taken (FLORA_MAX_UPLOAD_MB).")
    found = context.studies.get(study)
    model = read_model(content, found)
    require_same_study(found, model.study)
    wrong = model_problems(model)
    if wrong:
        raise Refused(
            f"The file's card and its model don't belong together: {'; '.join(wrong)}. Nothing was registered."
        )
    origin = Origin(by=by, at=datetime.now(UTC), file=name[-120:], sha256=file_checksum(content), version=model.card.version)
    card = model.card.model_copy(
        update={"study": found, "version": None, "imported": origin, "warnings": _with_own_plants(context, found, model)}
    )
    return context.registry.register(dataclasses.replace(model, card=card), by=by).card


def _with_own_plants(context: AppContext, study: Study, model: Model) -> tuple[str, ...]:
    """The card's warnings, and first what the model made of this study's own plants."""
    from flora_core.learning.import_validation import named_right

    plants = context.studies.plants(study)
    share, low, high = named_right(model, plants)
    measured = (
        f"Asked when it was brought in, it named {100 * share:.1f} % of this study's own {len(plants.species)} {study.plural} "
        f"right (95 % interval {100 * low:.1f} to {100 * high:.1f} %); it may have learned from some of them."
    )
    if high < model.card.scores.low:
        measured += " That is fewer than its card states of plants it had not seen: don't trust its card."
    return (measured, *model.card.warnings)
