"""Plants that persons determined, as plants to learn from or to be judged by."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from flora_core.access import UseCase
from flora_core.workflows.authorisation import use_case
from flora_core.determination import COMPETENT
from flora_core.model import Bools, Floats, Ints, TrainingPlants
from flora_core.storage.records.determinations import Determined
from flora_core.study import Study
from flora_core.workflows.determine.plants import as_rows
from flora_core.workflows.context import AppContext


@dataclass(frozen=True, slots=True, eq=False)
class DeterminedPlants:
    """Plants whose species a competent person named, in the order they were recorded.

    Attributes
    ----------
    values : (n, p) float
        In the study's order and units; NaN where not measured.
    species : (n,) int
    sites : (n,) str
        Where they grew; where that is not known, the act of recording they came with.
    entered_at : list of datetime
        When each determination was entered here.
    drawn : (n,) bool
        Whether chance chose the plant. Such plants form a test set: no version learns from them.
    """

    values: Floats
    species: Ints
    sites: list[str]
    entered_at: list[datetime]
    drawn: Bools

    def __len__(self) -> int:
        return len(self.species)

    def to_learn_from(self) -> DeterminedPlants:
        """Those that somebody chose."""
        return self.some(~self.drawn)

    def to_test_on(self) -> DeterminedPlants:
        """Those that chance chose."""
        return self.some(self.drawn)

    def some(self, chosen: Bools) -> DeterminedPlants:
        """Those for which `chosen` holds; (n,)."""
        rows = [int(i) for i in np.flatnonzero(chosen)]
        return DeterminedPlants(
            self.values[rows],
            self.species[rows],
            [self.sites[i] for i in rows],
            [self.entered_at[i] for i in rows],
            self.drawn[rows],
        )


def no_plants(study: Study) -> DeterminedPlants:
    """No plants at all."""
    return DeterminedPlants(np.zeros((0, len(study.measurements))), np.zeros(0, dtype=np.int64), [], [], np.zeros(0, bool))


@use_case(UseCase.READ_MONITOR)
def determined_plants(context: AppContext, study: Study) -> DeterminedPlants:
    """The plants that a competent person determined to be one of the study's species, by the newest word on each."""
    places = {name: j for j, name in enumerate(study.species_names)}
    named = [
        found
        for found in context.determinations.latest(study.name, level=COMPETENT)
        if found.determination.given.species in places
    ]
    values = as_rows(context, [found.recorded for found in named], study)
    kept = _each_specimen_once(named, values)
    chosen = [named[i] for i in kept]
    return DeterminedPlants(
        values[kept],
        np.array([places[found.determination.given.species] for found in chosen], dtype=np.int64),
        [found.recorded.site or found.recorded.recording.token for found in chosen],
        [found.determination.entered_at for found in chosen],
        np.array([found.drawn for found in chosen], dtype=bool),
    )


def _each_specimen_once(named: list[Determined], values: Floats) -> list[int]:
    """The rows to keep: those with a measurement; of a specimen that was recorded twice as it is, the later record."""
    last: dict[object, int] = {}
    for i, (found, row) in enumerate(zip(named, values, strict=True)):
        if np.isnan(row).all():
            continue
        number = found.recorded.plant.catalogue_number
        # Two flowers may measure the same; the same number with the same values is one flower recorded twice.
        last[(number, row.tobytes()) if number else i] = i
    return sorted(last.values())


def with_determined(study: Study, plants: TrainingPlants, determined: DeterminedPlants) -> TrainingPlants:
    """The training table with determined plants below it, which are learned from and not asked about; the same table where
    there are none.
    """
    if not len(determined):
        return plants
    species = np.concatenate([plants.species, determined.species])
    values = np.concatenate([plants.values, determined.values])
    counts = np.bincount(species, minlength=len(study.species))
    more = len(determined)
    return TrainingPlants(
        values=values,
        species=species,
        asked=np.arange(len(species)) < len(plants.species),
        groups=None if plants.groups is None else np.concatenate([plants.groups, np.array(determined.sites)]),
        states=plants.states,
        table=plants.table.model_copy(
            update={
                "sha256": _checksum(plants, determined),
                "source": f"{plants.table.source}, and {more} determined plant{'s' if more != 1 else ''}",
                "rows": len(species),
                "plants": {name: int(n) for name, n in zip(study.species_names, counts, strict=True)},
                "missing_cells": int(np.isnan(values).sum()),
                "determined": more,
            }
        ),
    )


def _checksum(plants: TrainingPlants, determined: DeterminedPlants) -> str:
    """Of the table and of what was added to it: the same plants have the same, any other have another."""
    added = determined.values.tobytes() + determined.species.tobytes()
    return hashlib.sha256(plants.table.sha256.encode() + added).hexdigest()
