"""Are there enough plants to learn from? Refused with what would do."""

from __future__ import annotations

from typing import Final

import numpy as np

from flora_core.errors import Refused
from flora_core.learning.data_checks.checks import some
from flora_core.model import Ints, TrainingPlants
from flora_core.study import Study

#: More species than this are free text, not names; and every plant with a gap is asked about as each of them.
MOST_SPECIES: Final = 1000


def require_enough_plants(study: Study, plants: TrainingPlants) -> None:
    """Nothing, where the plants can train a model.

    Raises
    ------
    Refused
        One species only; a species with one plant, or without any measurement; names that are free text; too few plants in
        all. The message says what would do.
    """
    k = len(study.species)
    if k > MOST_SPECIES:
        raise Refused(
            f"{study.title} has {k:,} species; a model can tell at most {MOST_SPECIES:,} apart. Is the column of names free "
            "text, or the names of specimens? Choose the column of species, or a smaller group."
        )
    counts = np.bincount(plants.species, minlength=k)
    if (counts > 0).sum() < 2:
        raise Refused(f"{study.title} has plants of one species only; a model needs at least two.")
    _enough_of_each(study, counts)
    unmeasured = np.asarray(np.isnan(plants.values).all(axis=1))
    if unmeasured.any():
        empty = [name for j, name in enumerate(study.species_names) if unmeasured[plants.species == j].all()]
        raise Refused(
            f"No plant of {some(empty)} was measured at all. Add measurements, or leave the species out."
            if empty
            else f"{int(unmeasured.sum()):,} plants have no measurement at all. Leave them out."
        )


def _enough_of_each(study: Study, counts: Ints) -> None:
    lone = [f"{name} ({count})" for name, count in zip(study.species_names, counts, strict=True) if count < 2]
    if len(lone) == 1:
        name, count = lone[0].rsplit(" (", 1)
        plural = "s" if count != "1)" else ""
        raise Refused(
            f"{name} has {count[:-1]} plant{plural}; a model needs at least two of each species. "
            "Add plants, or leave the species out."
        )
    if lone:
        raise Refused(
            f"{len(lone):,} of {len(counts):,} species have fewer than two plants: {some(lone)}. A model needs at least two "
            "of each. Add plants, or leave these species out."
        )
    least = 2 * len(counts) + 2
    if counts.sum() < least:
        raise Refused(
            f"{study.title} has {counts.sum()} plants; a model of {len(counts)} species needs at least {least}."
        )
