"""A table of numbers and states that was made up, so that what is right is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flora_core.model import Floats, Ints, TrainingPlants, TrainingTable, state_columns
from flora_core.states import State
from flora_core.study import Measurement, Species, Study


@dataclass(frozen=True, eq=False)
class KnownTruth:
    """Species whose numbers are normal and whose states are drawn from shares of their own.

    Attributes
    ----------
    study : Study
    means : (k, q) float
    root : (q, q) float
        Of the covariance within the species.
    shares : tuple of (k, s) float
    missing : float
        The share of cells that are empty.
    """

    study: Study
    means: Floats
    root: Floats
    shares: tuple[Floats, ...]
    missing: float

    def draw(self, species: Ints, rng: np.random.Generator) -> Floats:
        """Plants of these species; (n, p)."""
        n = len(species)
        numbers = self.means[species] + rng.normal(size=(n, self.means.shape[1])) @ self.root.T
        seen = [
            (rng.random(n)[:, None] > np.cumsum(table[species], axis=1)[:, :-1]).sum(axis=1) for table in self.shares
        ]
        values = np.column_stack([numbers, *seen]).astype(np.float64)
        values[rng.random(values.shape) < self.missing] = np.nan
        return values

    def plants(self, n: int, rng: np.random.Generator) -> TrainingPlants:
        """A training table of n plants, each species about as often."""
        k = len(self.study.species)
        species = np.sort(np.arange(n) % k).astype(np.int64)
        values = self.draw(species, rng)
        counts = {name: int((species == j).sum()) for j, name in enumerate(self.study.species_names)}
        table = TrainingTable(source="made up", sha256="0" * 64, rows=n, plants=counts)
        return TrainingPlants(values, species, None, table, states=state_columns(self.study))


def known_truth(
    species: int = 4, numbers: int = 4, states: int = 4, missing: float = 0.1, seed: int = 0, apart: float = 1.0
) -> KnownTruth:
    """Made-up species.

    Parameters
    ----------
    apart : float
        How far the species' means are apart, in standard deviations.
    """
    rng = np.random.default_rng(seed)
    sizes = rng.integers(2, 6, states)
    measured = [
        Measurement(name=f"length_{i}", label=f"length {i}", unit="mm", low=1.0, high=99.0) for i in range(numbers)
    ]
    seen = [
        Measurement(
            name=f"colour_{i}",
            label=f"colour {i}",
            low=0.0,
            high=float(size - 1),
            positive=False,
            kind="ordered" if i % 4 == 0 else "unordered",
            states=tuple(State(label=f"state {j}") for j in range(size)),
        )
        for i, size in enumerate(sizes)
    ]
    study = Study(
        name="made_up",
        title="A made-up genus",
        measurements=(*measured, *seen),
        species=tuple(Species(name=f"Planta species{chr(97 + j)}") for j in range(species)),
    )
    mixing = 0.3 * rng.normal(size=(numbers, numbers))
    root = np.linalg.cholesky(np.eye(numbers) + mixing @ mixing.T) if numbers else np.zeros((0, 0))
    shares = tuple(rng.dirichlet(np.full(size, 0.7), size=species) for size in sizes)
    return KnownTruth(study, 50.0 + apart * rng.normal(size=(species, numbers)), root, shares, missing)
