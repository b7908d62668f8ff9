"""Which plants a version learned from, among those that are known today."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import numpy as np

from flora_core.access import UseCase
from flora_core.workflows.authorisation import use_case
from flora_core.model import Bools, Model, TrainingPlants
from flora_core.study import Study
from flora_core.workflows.models.determined_plants import DeterminedPlants, with_determined
from flora_core.workflows.context import AppContext

_NEVER: Final = datetime(1, 1, 1, tzinfo=UTC)


@use_case(UseCase.TRAIN)
def all_plants(
    context: AppContext, study: Study, determined: DeterminedPlants, model: Model | None
) -> tuple[TrainingPlants, Bools | None]:
    """The training table with the determined plants below it, and which of the rows the model learned from.

    Parameters
    ----------
    determined : DeterminedPlants
        Those that are to be learned from; may be none.
    model : Model or None
        None where there is none yet; then nobody asks.
    """
    table = context.studies.plants(study)
    plants = with_determined(study, table, determined)
    if model is None:
        return plants, None
    knew = learned_from(determined, model)
    return plants, np.concatenate([rows_known(context, study, table, model), knew])


def learned_until(model: Model) -> datetime:
    """The moment up to which determinations were learned from; the beginning of time where none were."""
    return model.card.trained_at if model.card.table.determined else _NEVER


def learned_from(determined: DeterminedPlants, model: Model) -> Bools:
    """Which of the determined plants a version learned from; (n,)."""
    until = learned_until(model)
    learned = np.array([at <= until for at in determined.entered_at], dtype=bool)
    # Versions that set nothing apart learned from plants that chance chose, too.
    return learned if model.card.table.set_apart is None else learned & ~determined.drawn


@use_case(UseCase.TRAIN)
def rows_known(context: AppContext, study: Study, table: TrainingPlants, model: Model) -> Bools:
    """Which rows of the study's newest table stood in the one that the model learned from; all where that is not kept."""
    everything = np.ones(len(table.species), dtype=bool)
    if model.card.table.sha256 == table.table.sha256:
        return everything
    kept = next((t for t in context.studies.tables(study.name) if t.sha256 == model.card.table.sha256), None)
    if kept is None:
        return everything
    then, before = context.studies.as_of(study.name, kept.number), context.studies.plants(study, kept.number)
    if then.names != study.names:
        return everything
    left = Counter(_rows(then, before))
    knew = []
    for row in _rows(study, table):
        knew.append(left[row] > 0)
        left[row] -= 1
    return np.array(knew)


def _rows(study: Study, plants: TrainingPlants) -> Iterator[tuple[str, bytes]]:
    """Each plant as its name and its values, to be found again in another table."""
    for species, values in zip(plants.species, plants.values, strict=True):
        yield study.species_names[species], np.ascontiguousarray(values).tobytes()
