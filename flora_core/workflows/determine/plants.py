"""Recorded plants as rows of measurements for a study, whatever version named them."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import numpy as np

from flora_core.access import UseCase
from flora_core.errors import Unknown
from flora_core.identification.naming import predict_plants
from flora_core.model import Floats, Ints, Model
from flora_core.storage.records.identifications import IdentificationRecord
from flora_core.study import Study
from flora_core.units import factor
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext


@use_case(UseCase.READ_OWN_RECORDS)
def as_rows(context: AppContext, recorded: Sequence[IdentificationRecord], study: Study) -> Floats:
    """The plants' values in the study's order and units; (n, p), NaN where not measured."""
    values = np.full((len(recorded), len(study.measurements)), np.nan)
    of_version: dict[int, list[tuple[int, float] | None]] = {}
    for i, one in enumerate(recorded):
        version = one.recording.version
        if version not in of_version:
            of_version[version] = _places(context.registry.card(one.recording.study, version).study, study)
        for j, place in enumerate(of_version[version]):
            value = one.plant.used[place[0]] if place is not None else None
            if place is not None and value is not None:
                values[i, j] = value * place[1]
    return values


def _places(then: Study, now: Study) -> list[tuple[int, float] | None]:
    """For each measurement of today's study, where it stood in the earlier one, and the factor to today's unit."""
    places: list[tuple[int, float] | None] = []
    for m in now.measurements:
        place: tuple[int, float] | None = None
        # What was a length and is a count now is not the same measurement any more.
        with contextlib.suppress(Unknown, ValueError):
            i = then.names.index(m.name)
            place = (i, factor(then.measurements[i].unit, m.unit))
        places.append(place)
    return places


def answers_of(model: Model, values: Floats) -> Ints:
    """What a version says of each plant: the place of a species, -1 where it fits none; -2 where nothing was measured."""
    said = np.full(len(values), -2, dtype=np.int64)
    measured = ~np.isnan(values).all(axis=1)
    if measured.any():
        named = predict_plants(model, values[measured])
        said[measured] = np.where(named.fits, named.best, -1)
    return said
