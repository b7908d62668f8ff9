"""What `auto` tries beyond the defaults: a few settings of each family that real tables have wanted.

A random search spends most of its trials where no plant table has its best. These are the settings that were best on at
least one of twenty plant tables, and they are tried on a part of the plants first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from flora_core.learning.algorithms.candidates import Settings
from flora_core.learning.algorithms.catalogue import ALGORITHMS, AUTO, resolve_hyperparameters
from flora_core.learning.algorithms.hyperparameters import Value
from flora_core.model import TrainingPlants

_TRIED: Final[Mapping[str, tuple[dict[str, Value], ...]]] = {
    "lda": ({"shrinkage": "auto"}, {"shrinkage": "0.1"}),
    "logistic": ({"C": 10.0}, {"C": 100.0}),
    "forest": ({"trees": 300}, {"trees": 300, "features": "all"}),
    "boosting": ({"rate": 0.05},),
    "svm": ({"C": 10.0}, {"C": 100.0}, {"C": 10.0, "gamma": "0.03"}, {"C": 100.0, "gamma": "0.01"}),
}
#: Plants of the rarest species from which on boosting is tried.
_LARGE: Final = 100


def refinements(tried: list[Settings], plants: TrainingPlants) -> list[Settings]:
    """Settings of the families that were tried, and boosting beside those of `AUTO` where every species is large.

    None that was tried already; none at all where one family was asked for.
    """
    counts = np.bincount(plants.species)
    rarest = int(counts[counts > 0].min())
    known = {(a.name, *sorted(h.items())) for a, h in tried}
    families = list(dict.fromkeys(a.name for a, _ in tried))
    if len(families) == 1:
        return []
    if rarest >= _LARGE and set(families) == set(AUTO):
        families.append("boosting")
    found: list[Settings] = []
    for name in families:
        for given in _TRIED.get(name, ()):
            settings = resolve_hyperparameters(ALGORITHMS[name], given, rarest)
            if (name, *sorted(settings.items())) not in known:
                found.append((ALGORITHMS[name], settings))
    return found
