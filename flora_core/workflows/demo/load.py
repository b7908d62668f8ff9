"""The demonstration: a study of its own with a simulated season, loaded and removed at one click."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final

import numpy as np

from flora_core.access import UseCase
from flora_core.determination import AnswerKind, GivenName
from flora_core.errors import BadValues
from flora_core.learning.training import train
from flora_core.model import Model
from flora_core.progress import Progress, no_progress
from flora_core.storage.records.determinations import Slip
from flora_core.storage.simulated_data import changing_simulated, remove_simulated
from flora_core.study import IRIS, Study
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext
from flora_core.workflows.demo.season import Visit, simulate_season
from flora_core.workflows.identify import Identification, identify_with, record
from flora_core.workflows.models.lifecycle import iris_plants

#: The study of the demonstration.
STUDY: Final = "season"
_TITLE: Final = "Fisher's irises, a simulated season"
_BY: Final = "the demonstration"
_FILE: Final = "field-book.csv"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a demonstration holds."""

    study: str
    records: int
    determinations: int


def demo_study() -> Study:
    """The irises under another name, so that nothing of theirs is touched."""
    caveat = f"Simulated plants for a demonstration; no flower of this season ever grew. {IRIS.caveat}"
    return IRIS.model_copy(update={"name": STUDY, "title": _TITLE, "caveat": caveat})


@use_case(UseCase.READ_STUDIES)
def is_loaded(context: AppContext) -> bool:
    """Whether the demonstration is there."""
    return STUDY in context.studies.names()


@use_case(UseCase.SIMULATE)
def load(context: AppContext, *, last: date | None = None, seed: int = 0, progress: Progress = no_progress) -> Loaded:
    """Fill the demonstration with a season that ends today; one that is there, whole or not, is replaced.

    Parameters
    ----------
    last : date, optional
        The season's last day.

    Raises
    ------
    DatabaseUnavailable, Unavailable
        What was loaded so far is replaced by the next load.
    Conflict
        It is being loaded or removed by somebody else.
    """
    with changing_simulated(context.locks):
        return _load(context, last, seed, progress)


def _load(context: AppContext, last: date | None, seed: int, progress: Progress) -> Loaded:
    _remove(context)
    study, now = demo_study(), datetime.now(UTC)
    plants = iris_plants()
    context.studies.add(study, plants, _BY, simulated=True)
    model = context.registry.register(train(study, plants, algorithm="lda", by=_BY), by=_BY)
    context.registry.promote(STUDY, model.card.version or 0, _BY, "The first model of the demonstration.")
    visits = simulate_season(model, last or now.date(), seed=seed)
    records, slips = 0, 0
    for i, visit in enumerate(visits):
        progress(i, len(visits) + 1, f"day {visit.day + 1}")
        recorded, determined = _play(context, model, visit, now)
        records, slips = records + recorded, slips + determined
    progress(len(visits), len(visits) + 1, "a challenger")
    context.registry.register(train(study, plants, algorithm="logistic", by=_BY), by=_BY)
    progress(len(visits) + 1, len(visits) + 1, "done")
    return Loaded(STUDY, records, slips)


@use_case(UseCase.SIMULATE)
def remove(context: AppContext) -> int:
    """Remove the demonstration without a trace; how many rows that was, 0 where there is none. Raises as `load` does."""
    with changing_simulated(context.locks):
        return _remove(context)


def _remove(context: AppContext) -> int:
    if not is_loaded(context):
        return 0
    return remove_simulated(context.database, context.registry.files, STUDY)


def _play(context: AppContext, model: Model, visit: Visit, now: datetime) -> tuple[int, int]:
    """Record one visit and what was said of its plants by now; how many of each."""
    found: list[tuple[Identification, int]] = []
    for i, row in enumerate(visit.values):
        typed = {name: f"{value:g}" for name, value in zip(model.study.names, row, strict=True) if not np.isnan(value)}
        try:
            found.append((identify_with(model, typed), i))
        except BadValues:
            # What the page refuses is never recorded, in a simulated season either.
            continue
    if not found:
        return 0, 0
    recorded = record(
        context,
        [one for one, _ in found],
        by=visit.collector,
        door="page",
        collector=visit.collector,
        site=visit.site,
        at=min(visit.at, now),
    )
    slips = [
        Slip(
            identification=one.id,
            given=GivenName(AnswerKind.SPECIES, visit.names[i]),
            by=visit.curator,
            at=day.isoformat(),
            level=2,
            source=_FILE,
        )
        for one, (_, i) in zip(recorded, found, strict=True)
        if (day := visit.determined[i]) is not None
    ]
    for when in sorted({slip.at for slip in slips}):
        entered = min(datetime.combine(date.fromisoformat(when), time(18), tzinfo=UTC), now)
        context.determinations.add([s for s in slips if s.at == when], entered_by=visit.curator, entered_at=entered)
    return len(recorded), len(slips)
