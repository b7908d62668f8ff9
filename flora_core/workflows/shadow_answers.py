"""The challenger in the shadow: asked about every plant that is recorded, heard by nobody until it is judged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flora_core.access import UseCase
from flora_core.errors import ArtifactRefused, Unknown
from flora_core.identification.fitness import misfits
from flora_core.identification.predicting import probabilities
from flora_core.model import Floats, Ints, Model
from flora_core.study import Study
from flora_core.units import factor
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext


@dataclass(frozen=True, slots=True, eq=False)
class Shadow:
    """A challenger that is asked, and how the champion's values become its own.

    Attributes
    ----------
    model : Model
    columns : (p,) int
        Where each of its measurements stands among the champion's.
    factors : (p,) float
        To its units.
    """

    model: Model
    columns: Ints
    factors: Floats

    @property
    def version(self) -> int:
        """Its version."""
        return self.model.card.version or 0

    def answers(self, values: Floats) -> tuple[Ints, Floats]:
        """What it would say of each plant, in the champion's order and units: the place of a species, -1 where none fits; and
        how sure it would be of it.
        """
        own = values[:, self.columns] * self.factors
        p = probabilities(self.model, own)
        best = p.argmax(axis=1)
        fits = misfits(self.model.gaussians, own).min(axis=1) <= 1.0
        sure = np.round(p[np.arange(len(best)), best], 4)
        return np.where(fits, best, -1).astype(np.int64), np.asarray(sure, dtype=np.float64)


@use_case(UseCase.READ_MODELS)
def shadow_of(context: AppContext, champion: Model) -> Shadow | None:
    """The challenger that watches beside this version; None where none does, or its files can't be used now."""
    study, version = champion.study.name, champion.card.version
    watching = context.registry.watching_version(study)
    if watching is None or watching == version:
        return None
    try:
        model = context.model(study, watching)
        columns, factors = shadow_columns(champion.study, model.study)
    except (ArtifactRefused, Unknown, ValueError):
        # A plant is recorded all the same.
        return None
    return Shadow(model, columns, factors)


def shadow_columns(champion: Study, challenger: Study) -> tuple[Ints, Floats]:
    """Where each measurement of a challenger stands among the champion's, and the factor to its unit.

    Raises
    ------
    ValueError
        The champion does not take one of them.
    """
    columns, factors = [], []
    for measurement in challenger.measurements:
        if measurement.name not in champion.names:
            raise ValueError(measurement.label)
        place = champion.names.index(measurement.name)
        columns.append(place)
        factors.append(factor(champion.measurements[place].unit, measurement.unit))
    return np.array(columns, dtype=np.int64), np.array(factors, dtype=np.float64)
