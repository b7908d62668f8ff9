"""Training on a table of 13,611 plants with 16 measurements of 7 species, by `auto`.

    python -m benchmarks.large_table

Aim: under 3 minutes and 2 GB on 2 cores, worker processes included. The table is made up after the dry beans of Koklu & Ozkan
(2020): as many plants of each species, and measurements that go together as theirs do.
"""

from __future__ import annotations

import threading
import time

import numpy as np
import psutil

from flora_core.learning.training import train
from flora_core.model import TrainingPlants, TrainingTable
from flora_core.study import Measurement, Species, Study

PLANTS = (3546, 2636, 2027, 1928, 1630, 1322, 522)
MEASUREMENTS = 16


def table(seed: int = 0) -> tuple[Study, TrainingPlants]:
    rng = np.random.default_rng(seed)
    species = np.repeat(np.arange(len(PLANTS)), PLANTS)
    size, shape, rest = (rng.normal(size=(len(species), n)) for n in (1, 3, MEASUREMENTS))
    loads = rng.normal(size=(4, MEASUREMENTS))
    middle = rng.normal(size=(len(PLANTS), 4)) * 1.6
    values = 50 + (np.hstack([size, shape]) + middle[species]) @ loads + 0.3 * rest
    study = Study(
        name="large",
        title="A large table",
        measurements=tuple(
            Measurement(name=f"m{i}", label=f"measurement {i}", unit="mm", low=1.0, high=100.0)
            for i in range(MEASUREMENTS)
        ),
        species=tuple(Species(name=f"Planta species{j}") for j in range(len(PLANTS))),
    )
    made_up = TrainingTable(source="made up", sha256="0" * 64, rows=len(species), plants={})
    return study, TrainingPlants(values, species.astype(np.int64), None, made_up)


class Peak:
    """The most memory of this process and its workers together, looked at ten times a second."""

    def __init__(self) -> None:
        self.gigabytes = 0.0
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        me = psutil.Process()
        while True:
            total = 0
            for process in (me, *me.children(recursive=True)):
                try:
                    total += process.memory_info().rss
                except psutil.Error:
                    continue
            self.gigabytes = max(self.gigabytes, total / 1e9)
            time.sleep(0.1)


def main() -> None:
    study, plants = table()
    peak = Peak()
    card = train(study, plants, processes=2).card
    print(
        f"{len(plants.species):,} plants, {MEASUREMENTS} measurements, auto chose {card.algorithm}: "
        f"{100 * card.scores.accuracy:.1f} %"
    )
    print(f"time     {card.seconds:6.1f} s   (aim: under 180)")
    print(f"memory   {peak.gigabytes:6.2f} GB at most, all processes together (aim: under 2)")


if __name__ == "__main__":
    main()
