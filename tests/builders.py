"""Builders that set only what matters to a test."""

from __future__ import annotations

import numpy as np

from flora_core.model import Floats, TrainingPlants, TrainingTable
from flora_core.study import Measurement, Species, Study
from flora_core.workflows.models import iris_plants

#: An ordinary flower of I. setosa (the first of Fisher's).
SETOSA = {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}


def make_flower(**changes: float) -> Floats:
    """The setosa flower with some values changed: make_flower(petal_length=57.0)."""
    values = {**SETOSA, **changes}
    return np.array([values[name] for name in SETOSA])


def typed_flower(**changes: object) -> dict[str, str]:
    """The same as somebody would type it."""
    return {name: str(value) for name, value in {**SETOSA, **changes}.items()}


def iris_table() -> tuple[Floats, np.ndarray]:
    plants = iris_plants()
    return plants.values, plants.species


def make_study(species: int = 2, measurements: int = 2, unit: str = "mm") -> Study:
    return Study(
        name="made_up",
        title="A made-up genus",
        measurements=tuple(
            Measurement(name=f"leaf_{i}", label=f"leaf {i}", unit=unit, low=1.0, high=100.0)
            for i in range(measurements)
        ),
        species=tuple(Species(name=f"Planta species{chr(97 + j)}") for j in range(species)),
    )


def make_plants(
    per_species: tuple[int, ...] = (20, 20),
    measurements: int = 2,
    gap: float = 4.0,
    missing: float = 0.0,
    seed: int = 0,
) -> TrainingPlants:
    """Normal plants, species `gap` standard deviations apart in every measurement, a share of cells missing."""
    rng = np.random.default_rng(seed)
    species = np.repeat(np.arange(len(per_species)), per_species)
    values = 20.0 + gap * species[:, None] + rng.normal(size=(len(species), measurements))
    values[rng.random(values.shape) < missing] = np.nan
    return TrainingPlants(
        values=values,
        species=species.astype(np.int64),
        groups=None,
        table=TrainingTable(source="made up", sha256="0" * 64, rows=len(species), plants={}),
    )
