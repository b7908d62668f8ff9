"""A model version's files: written whole or not at all, and never loaded unless they are the ones that were registered.

`<study>/<version>/model.joblib` and `card.json`, in a folder or in a bucket (`version_store`). joblib unpickles, and unpickling
runs code: the bytes are compared with the SHA-256 in the database first, and nothing a visitor sends is ever loaded this way.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import Any, Final

import joblib
import numpy as np
from pydantic import ValidationError

from flora_core.errors import ArtifactRefused
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
from flora_core.storage.registry.unpickling import unpickled
from flora_core.storage.registry.version_store import ARTIFACT, CARD, VersionStore

_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Checksums:
    """SHA-256 of a version's two files, as hexadecimal text."""

    artifact: str
    card: str


def save_version(store: VersionStore, model: Model, first: int) -> tuple[ModelCard, Checksums]:
    """Save a model under the first free version number: the whole version appears, or nothing.

    Parameters
    ----------
    first : int
        The lowest number to try; a number of which there are files is passed over.

    Returns
    -------
    ModelCard
        The card with its version.
    Checksums

    Raises
    ------
    Unavailable
        The files can't be written; nothing is left behind.
    """
    packed = _packed(model)

    def card_of(version: int) -> bytes:
        return model.card.model_copy(update={"version": version}).model_dump_json(indent=1).encode()

    version = store.save(model.study.name, packed, card_of, first)
    card = model.card.model_copy(update={"version": version})
    return card, Checksums(_sha256(packed), _sha256(card_of(version)))


def read_version(store: VersionStore, study: str, version: int, expected: Checksums) -> Model:
    """The model of a version, after its files were compared with their registered checksums.

    Raises
    ------
    ArtifactRefused
        A file is missing, or is not the one that was registered; nothing was loaded.
    Unavailable
        The store of the files does not answer.
    """
    card = read_card(store, study, version, expected)
    packed = store.content(study, version, ARTIFACT, expected.artifact)
    return _unpacked(card, unpickled(packed))


def read_card(store: VersionStore, study: str, version: int, expected: Checksums, *, fresh: bool = False) -> ModelCard:
    """The card of a version alone, checked likewise; `fresh` as in `VersionStore.content`.

    Raises
    ------
    ArtifactRefused, Unavailable
        As in `read_version`.
    """
    content = store.content(study, version, CARD, expected.card, fresh=fresh)
    try:
        return ModelCard.model_validate_json(content)
    except ValidationError as error:
        raise ArtifactRefused(
            f"The card of version {version} of {study} can't be read by this program ({error.error_count()} fields); "
            "it was written by another version of it."
        ) from error


def check_version(store: VersionStore, study: str, version: int, expected: Checksums) -> None:
    """Compare both files, where they lie, with their registered checksums; loads nothing.

    Raises
    ------
    ArtifactRefused, Unavailable
        As in `read_version`.
    """
    read_card(store, study, version, expected, fresh=True)
    store.content(study, version, ARTIFACT, expected.artifact, fresh=True)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


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
