"""A model version's files: written whole or not at all, and never loaded unless they are the ones that were registered.

`models/<study>/<version>/model.joblib` and `card.json`. joblib unpickles, and unpickling runs code: the bytes are compared
with the SHA-256 in the database first, and nothing a visitor sends is ever loaded this way.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import shutil
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import joblib
import numpy as np
from pydantic import ValidationError

from flora_core.durable_files import sync_folder, write_durably
from flora_core.errors import ArtifactRefused, Unavailable
from flora_core.model import (
    Calibration,
    Model,
    ModelCard,
    Reference,
    SpeciesGaussians,
    SpeciesStates,
    novelty_of,
    pooled_covariance,
    state_columns,
)
from flora_core.storage.files.held_folder import hold, is_abandoned, let_go
from flora_core.storage.registry.unpickling import unpickled

_ARTIFACT: Final = "model.joblib"
_CARD: Final = "card.json"
_UNFINISHED: Final = ".unfinished-"
#: In the folder of a version that has no row yet, or whose row is about to go: where the process is killed, a sweep deletes it.
_UNREGISTERED: Final = ".unregistered"
#: What to do about a version whose files are lost, whether there is one before it or none.
_WAY_OUT: Final = (
    "Restore it from a backup, or go back to another version: python -m flora_core models rollback --why '...'. Where there is "
    "none, train a new one (python -m flora_core train) and promote it in its place: python -m flora_core models promote "
    "VERSION --overrule --by WHO --why '...'"
)
_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Checksums:
    """SHA-256 of a version's two files, as hexadecimal text."""

    artifact: str
    card: str


def write_version(folder: Path, model: Model, first: int) -> tuple[ModelCard, Checksums]:
    """Write a model under the first free version number: a whole folder appears, or nothing.

    Parameters
    ----------
    folder : Path
        The study's folder; made where it is missing.
    first : int
        The lowest number to try; a number whose folder exists is passed over.

    Returns
    -------
    ModelCard
        The card with its version.
    Checksums

    Raises
    ------
    Unavailable
        The folder can't be written, or the disk is full; nothing is left behind.
    """
    unfinished = folder / f"{_UNFINISHED}{uuid.uuid4().hex}"
    try:
        unfinished.mkdir(parents=True)
        held = hold(unfinished)
        artifact = _write(unfinished / _ARTIFACT, _packed(model))
        version = first
        while True:
            card = model.card.model_copy(update={"version": version})
            checksum = _write(unfinished / _CARD, card.model_dump_json(indent=1).encode())
            sync_folder(unfinished)
            (unfinished / _UNREGISTERED).touch()
            let_go(unfinished, held)
            try:
                if (folder / str(version)).exists():
                    raise FileExistsError
                unfinished.rename(folder / str(version))
            except OSError:
                # Somebody else took the number between the look and the rename: theirs stays, ours is the next.
                if not (folder / str(version)).exists():
                    raise
                version += 1
                continue
            sync_folder(folder)
            # The study's folder may be new as well.
            sync_folder(folder.parent)
            return card, Checksums(artifact, checksum)
    except OSError as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise Unavailable(
            f"The model can't be saved in {folder}: {error.strerror or error}. Nothing was registered. "
            "Make room there or make the folder writable, or set FLORA_MODELS."
        ) from error


def remove_version(folder: Path, version: int) -> None:
    """Take back a version that was written but could not be registered."""
    shutil.rmtree(folder / str(version), ignore_errors=True)


def mark_unregistered(folder: Path, numbers: Iterable[int]) -> None:
    """Note in the folders of versions that their rows are about to go."""
    for version in numbers:
        if (folder / str(version)).is_dir():
            (folder / str(version) / _UNREGISTERED).touch()


def mark_registered(folder: Path, numbers: Iterable[int]) -> None:
    """Take the note back: they have their rows. Where that fails, the rows count."""
    for version in numbers:
        with contextlib.suppress(OSError):
            (folder / str(version) / _UNREGISTERED).unlink()


def delete_removed(folder: Path, removed: Iterable[int]) -> None:
    """Delete the folders of versions whose rows are gone. Each goes under another name first, so that its number is free."""
    for version in removed:
        away = folder / f"{_UNFINISHED}{uuid.uuid4().hex}"
        try:
            (folder / str(version)).rename(away)
        except OSError:
            continue
        shutil.rmtree(away, ignore_errors=True)
    with contextlib.suppress(OSError):
        # It stays where another process has begun to fill it.
        folder.rmdir()


def read_version(folder: Path, version: int, expected: Checksums) -> Model:
    """The model of a version, after its files were compared with their registered checksums.

    Raises
    ------
    ArtifactRefused
        A file is missing, or is not the one that was registered; nothing was loaded.
    """
    card = _card(folder, version, expected)
    packed = _checked(folder, version, _ARTIFACT, expected.artifact)
    return _unpacked(card, unpickled(packed))


def read_card(folder: Path, version: int, expected: Checksums) -> ModelCard:
    """The card of a version alone, checked likewise.

    Raises
    ------
    ArtifactRefused
        As in `read_version`.
    """
    return _card(folder, version, expected)


def check_version(folder: Path, version: int, expected: Checksums) -> None:
    """Compare both files with their registered checksums; loads nothing.

    Raises
    ------
    ArtifactRefused
        As in `read_version`.
    """
    _card(folder, version, expected)
    _checked(folder, version, _ARTIFACT, expected.artifact)


def leftovers(folder: Path, registered: set[int]) -> list[str]:
    """Folders that no registered version owns: what was left by a process that was killed while saving. Harmless."""
    if not folder.is_dir():
        return []
    names = (entry.name for entry in folder.iterdir() if entry.is_dir())
    return sorted(name for name in names if not (name.isdecimal() and int(name) in registered))


def delete_leftovers(folder: Path, registered: set[int], seconds: float) -> int:
    """Delete the folders that a killed process left while it saved or removed a version; how many that was.

    Parameters
    ----------
    registered : set of int
        The versions that are there. A folder with a number is taken for a leftover only below the newest of them, or where
        it says so itself: above them may stand what another database knows of.
    seconds : float
        For how long nothing in it was touched; what somebody holds stays, however old.
    """
    deleted = 0
    for name in leftovers(folder, registered):
        left = folder / name
        if not (
            name.startswith(_UNFINISHED)
            or (name.isdecimal() and int(name) < max(registered, default=0))
            or (name.isdecimal() and (left / _UNREGISTERED).exists())
        ):
            continue
        if is_abandoned(left, seconds):
            shutil.rmtree(left, ignore_errors=True)
            deleted += 1
    return deleted


def _card(folder: Path, version: int, expected: Checksums) -> ModelCard:
    content = _checked(folder, version, _CARD, expected.card)
    try:
        return ModelCard.model_validate_json(content)
    except ValidationError as error:
        raise ArtifactRefused(
            f"The card of version {version} in {folder} can't be read by this program ({error.error_count()} fields); "
            "it was written by another version of it."
        ) from error


def _checked(folder: Path, version: int, name: str, expected: str) -> bytes:
    path = folder / str(version) / name
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ArtifactRefused(
            f"{path} of model version {version} can't be read: {error.strerror}. {_WAY_OUT}"
        ) from error
    if hashlib.sha256(content).hexdigest() != expected:
        raise ArtifactRefused(
            f"{path} is not the file that was registered as version {version}, and was not loaded. {_WAY_OUT}"
        )
    return content


def _packed(model: Model) -> bytes:
    stream = io.BytesIO()
    parts: dict[str, Any] = {
        "format": _FORMAT,
        "pipeline": model.fitted_pipeline,
        "clouds": {
            "counts": model.gaussians.counts,
            "means": model.gaussians.means,
            "covariances": model.gaussians.covariances,
            "freedoms": model.gaussians.degrees_of_freedom,
            "stretch": model.gaussians.tail_factor,
        },
        "calibration": {
            "temperature": model.calibration.temperature,
            "floor": model.calibration.floor,
            "each_completion": model.calibration.each_completion,
        },
        "set_limits": model.conformal_thresholds,
        # Files without the next two are of the first format, and their models keep its rules.
        "set_rule": model.set_rule,
        "novelty": None
        if model.novelty is None
        else {
            "usual_level": model.novelty.usual_level,
            "pooled": pooled_covariance(model.novelty),
            "stretch": model.novelty.gaussians.tail_factor,
        },
        # The shares of states; nothing of a model whose characters are all numbers.
        **({} if model.gaussians.states is None else {"states": _packed_states(model.gaussians.states)}),
        "reference": {
            "values": model.reference.values,
            "species": model.reference.species,
            "probabilities": model.reference.probabilities,
        },
    }
    joblib.dump(parts, stream)
    return stream.getvalue()


def _unpacked(card: ModelCard, parts: dict[str, Any]) -> Model:
    gaussians = SpeciesGaussians(
        counts=parts["clouds"]["counts"],
        means=parts["clouds"]["means"],
        covariances=parts["clouds"]["covariances"],
        degrees_of_freedom=parts["clouds"]["freedoms"],
        tail_factor=parts["clouds"]["stretch"],
        states=_unpacked_states(card, parts.get("states")),
    )
    kept = parts.get("novelty")
    return Model(
        card=card,
        pipeline=parts["pipeline"],
        gaussians=gaussians,
        calibration=Calibration(**parts["calibration"]),
        conformal_thresholds=np.asarray(parts["set_limits"], dtype=np.float64),
        reference=Reference(**parts["reference"]),
        set_rule=parts.get("set_rule", "cumulative"),
        novelty=None if kept is None else novelty_of(gaussians, kept["pooled"], kept["stretch"], kept["usual_level"]),
    )


def _packed_states(states: SpeciesStates) -> dict[str, Any]:
    return {"shares": list(states.shares), "stretch": states.tail_factor, "least": states.least}


def _unpacked_states(card: ModelCard, parts: dict[str, Any] | None) -> SpeciesStates | None:
    columns = state_columns(card.study)
    if parts is None or columns is None:
        return None
    return SpeciesStates(columns, tuple(parts["shares"]), parts["stretch"], parts["least"])


def _write(path: Path, content: bytes) -> str:
    write_durably(path, content)
    return hashlib.sha256(content).hexdigest()
