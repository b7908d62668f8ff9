"""Plants that persons determined, as plants to learn from or to be judged by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from flora_core.determination import COMPETENT
from flora_core.model import Floats, Ints, TrainingPlants
from flora_core.study import Study
from flora_core.workflows.house import House


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
    """

    values: Floats
    species: Ints
    sites: list[str]
    entered_at: list[datetime]

    def __len__(self) -> int:
        return len(self.species)

    def between(self, after: datetime | None, until: datetime | None) -> DeterminedPlants:
        """Those entered after one moment, and not after another."""
        rows = [i for i, at in enumerate(self.entered_at) if not (after and at <= after) and not (until and at > until)]
        return DeterminedPlants(
            self.values[rows], self.species[rows], [self.sites[i] for i in rows], [self.entered_at[i] for i in rows]
        )


def determined_plants(house: House, study: Study) -> DeterminedPlants:
    """The plants that a competent person determined to be one of the study's species, by the newest word on each."""
    places = {name: j for j, name in enumerate(study.species_names)}
    orders: dict[int, list[int]] = {}
    values: list[list[float]] = []
    species: list[int] = []
    sites: list[str] = []
    entered: list[datetime] = []
    for found in house.determinations.latest(study.name, level=COMPETENT):
        named = places.get(found.determination.given.species)
        if named is None:
            continue
        recording, plant = found.recorded.recording, found.recorded.plant
        if recording.version not in orders:
            names = house.registry.card(study.name, recording.version).study.names
            orders[recording.version] = [names.index(name) if name in names else -1 for name in study.names]
        cells = [plant.used[i] if i >= 0 else None for i in orders[recording.version]]
        if all(cell is None for cell in cells):
            continue
        values.append([np.nan if cell is None else cell for cell in cells])
        species.append(named)
        sites.append(recording.site or recording.token)
        entered.append(found.determination.entered_at)
    return DeterminedPlants(
        np.array(values, dtype=np.float64).reshape(len(values), len(study.measurements)),
        np.array(species, dtype=np.int64),
        sites,
        entered,
    )


def joined(study: Study, plants: TrainingPlants, determined: DeterminedPlants) -> TrainingPlants:
    """The training table with determined plants below it; the same table where there are none."""
    if not len(determined):
        return plants
    species = np.concatenate([plants.species, determined.species])
    values = np.concatenate([plants.values, determined.values])
    counts = np.bincount(species, minlength=len(study.species))
    more = len(determined)
    return TrainingPlants(
        values=values,
        species=species,
        groups=None if plants.groups is None else np.concatenate([plants.groups, np.array(determined.sites)]),
        table=plants.table.model_copy(
            update={
                "source": f"{plants.table.source}, and {more} determined plant{'s' if more != 1 else ''}",
                "rows": len(species),
                "plants": {name: int(n) for name, n in zip(study.species_names, counts, strict=True)},
                "missing_cells": int(np.isnan(values).sum()),
                "determined": more,
            }
        ),
    )
