"""The life of a model: the first one trained by itself, versions listed, shown and verified."""

from __future__ import annotations

import contextlib
import hashlib
from typing import Final

import numpy as np
from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict

from flora_core.errors import Conflict, Unavailable, Unknown
from flora_core.model import ModelCard, TrainingPlants, TrainingTable
from flora_core.storage.registry import Event, Verified, Version
from flora_core.study import IRIS
from flora_core.workflows.house import House

#: Who does what the program does by itself.
PROGRAM: Final = "Flora Classification"
_FIRST_REASON: Final = "First start: no model was there yet."


class VersionView(BaseModel):
    """A version as a list shows it."""

    model_config = ConfigDict(frozen=True)

    study: str
    version: int
    algorithm: str
    champion: bool
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


def ensure_champion(house: House, progress: object = None, wait: float = 120.0) -> bool:
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
    house.database.prepare()
    if house.registry.champion_version(IRIS.name) is not None:
        return False
    folder = house.settings.models
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".first-start.lock", timeout=wait):
            if house.registry.champion_version(IRIS.name) is not None:
                return False
            _first_champion(house, progress)
            return True
    except Timeout:
        raise Unavailable(
            "Another process has been training the first model for too long. Stop it, or start this one again later."
        ) from None
    except OSError as error:
        raise Unavailable(
            f"The models folder {folder} can't be used: {error.strerror or error}. Make it writable, or set FLORA_MODELS."
        ) from error


def _first_champion(house: House, progress: object) -> None:
    # Training brings scikit-learn's larger modules with it; a start with a champion does without them.
    from flora_core.learning.folds import silent
    from flora_core.learning.training import train

    if IRIS.name not in house.studies.names():
        # Another house with the same database may be quicker; its study is ours.
        with contextlib.suppress(Conflict):
            house.studies.add(IRIS, iris_plants(), PROGRAM)
    study = house.studies.get(IRIS.name)
    plants = house.studies.plants(study)
    told = progress if callable(progress) else silent
    model = house.registry.register(train(study, plants, by=PROGRAM, progress=told), by=PROGRAM)
    house.registry.promote(study.name, model.card.version or 0, PROGRAM, _FIRST_REASON)


def list_versions(house: House, study: str) -> list[VersionView]:
    """All versions of a study, oldest first, and which of them is the champion."""
    house.studies.get(study)
    champion = house.registry.champion_version(study)
    return [
        VersionView(
            study=v.study,
            version=v.version,
            algorithm=v.algorithm,
            champion=v.version == champion,
            registered_at=v.registered_at.isoformat(timespec="seconds"),
            registered_by=v.registered_by,
        )
        for v in house.registry.versions(study)
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


def show_version(house: House, study: str, version: int) -> tuple[Version, ModelCard, tuple[Event, ...]]:
    """A version's row, its card and what happened to it."""
    house.studies.get(study)
    row = house.registry.version(study, version)
    events = tuple(event for event in house.registry.events(study) if event.version == version)
    return row, house.registry.card(study, version), events


def verify_versions(house: House) -> tuple[tuple[Verified, ...], list[str]]:
    """Compare the files of every version of every study with their checksums; loads nothing, changes nothing."""
    results: list[Verified] = []
    spare: list[str] = []
    for study in house.studies.names():
        verified, left = house.registry.verify(study)
        results.extend(verified)
        spare.extend(f"{study}/{name}" for name in left)
    return tuple(results), spare
