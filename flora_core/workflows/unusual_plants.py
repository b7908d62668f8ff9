"""Which recorded plants are unusual for every species: what their version says of the values that it used."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flora_core.access import UseCase
from flora_core.errors import ArtifactRefused
from flora_core.identification.fitness import outside_usual_range
from flora_core.storage.records.identifications import IdentificationRecord
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext


@use_case(UseCase.READ_RECORDS)
def unusual_plants(context: AppContext, recorded: Sequence[IdentificationRecord]) -> frozenset[str]:
    """The identifiers of those that fit a species, but lie outside the usual range of every one.

    A version that knows no such range, or whose files are not the registered ones, calls none unusual.
    """
    by_version: dict[tuple[str, int], list[IdentificationRecord]] = {}
    for one in recorded:
        if one.plant.possible:
            by_version.setdefault((one.recording.study, one.recording.version), []).append(one)
    found: set[str] = set()
    for (study, version), some in by_version.items():
        try:
            novelty = context.model(study, version).novelty
        except ArtifactRefused:
            continue
        if novelty is None:
            continue
        values = np.array([[np.nan if v is None else v for v in one.plant.used] for one in some], dtype=np.float64)
        outside = outside_usual_range(novelty.gaussians, values, novelty.usual_level)
        found.update(one.id for one, is_outside in zip(some, outside, strict=True) if is_outside)
    return frozenset(found)
