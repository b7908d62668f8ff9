"""The shared tables as studies: measurements and units by their manifest, plausible limits around what is in them."""

from __future__ import annotations

import csv
import json

import numpy as np

from flora_core.model import TrainingPlants, TrainingTable
from flora_core.study import Measurement, Species, Study
from tests.servers import SHARED

DATASETS = SHARED / "datasets"
UPLOADS = SHARED / "uploads"
_UNITS = {"mm2": "mm²", "mm": "mm", "cm": "cm", "dm": "dm", "px": "px"}


def manifest() -> dict:
    return json.loads((DATASETS / "manifest.json").read_text())


def study_and_plants(key: str) -> tuple[Study, TrainingPlants]:
    facts = manifest()[key]
    with open(DATASETS / facts["file"], newline="") as file:
        rows = list(csv.DictReader(file))
    values = np.array([[float(row[name] or "nan") for name in facts["features"]] for row in rows])
    names = sorted({row[facts["target"]] for row in rows})
    species = np.array([names.index(row[facts["target"]]) for row in rows], dtype=np.int64)
    study = Study(
        name=key,
        title=key.replace("_", " "),
        measurements=tuple(map(_measurement, facts["features"], values.T)),
        species=tuple(Species(name=name) for name in names),
    )
    table = TrainingTable(
        source=facts["source"],
        sha256="0" * 64,
        rows=len(rows),
        plants={n: int(c) for n, c in zip(names, np.bincount(species), strict=True)},
    )
    return study, TrainingPlants(values=values, species=species, groups=None, table=table)


def _measurement(column: str, values: np.ndarray) -> Measurement:
    stem, _, ending = column.removesuffix("_mid").lower().rpartition("_")
    unit = _UNITS.get(ending, "")
    name = stem if unit else column.removesuffix("_mid").lower()
    low, high = np.nanmin(values), np.nanmax(values)
    return Measurement(
        name=name,
        label=name.replace("_", " "),
        unit=unit,
        low=low - abs(low) * 0.3 - 1e-9,
        high=high * 1.3,
        positive=bool(low > 0),
    )
