"""Plants on days: what the tests of the monitor record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from flora_core.determination import AnswerKind, GivenName
from flora_core.model import Floats, Ints, Model
from flora_core.storage.records.determinations import Slip
from flora_core.storage.records.identifications import IdentificationRecord
from flora_core.workflows.context import AppContext
from flora_core.workflows.identify import identify_with, record

#: A Monday.
START = date(2026, 6, 1)


def flowers(model: Model, count: int, seed: int = 0, species: Sequence[int] = (0, 1, 2)) -> tuple[Floats, Ints]:
    """Flowers as the model's species grow them, read to 0.1 cm; and what they are."""
    rng = np.random.default_rng(seed)
    kinds = np.array(species)[rng.integers(0, len(species), count)]
    roots = np.linalg.cholesky(model.gaussians.covariances)
    values = model.gaussians.means[kinds] + np.einsum("npq,nq->np", roots[kinds], rng.standard_normal((count, 4)))
    return np.round(np.maximum(values, 0.1), 1), kinds


def record_flowers(
    context: AppContext, values: Floats, day: int, *, version: int = 1, collector: str = "Ada", site: str = "Shore"
) -> tuple[IdentificationRecord, ...]:
    """Record some flowers on a day, counted from `START`."""
    model = context.model("iris", version)
    found = [identify_with(model, {n: f"{v:g}" for n, v in zip(model.study.names, row, strict=True)}) for row in values]
    at = datetime.combine(START + timedelta(days=day), time(12), tzinfo=UTC)
    return record(context, found, by="Ada", door="page", collector=collector, site=site, at=at)


def determine(
    context: AppContext, recorded: Sequence[IdentificationRecord], kinds: Ints, day: int, level: int = 2
) -> None:
    """Lay a slip beside each of them: what it is, said on a day."""
    names, said = context.model("iris", 1).study.species_names, (START + timedelta(days=day)).isoformat()
    slips = [
        Slip(one.id, GivenName(AnswerKind.SPECIES, names[kind]), "Hanna", said, level)
        for one, kind in zip(recorded, kinds, strict=True)
    ]
    context.determinations.add(slips, entered_by="Hanna")


def day(number: int) -> date:
    return START + timedelta(days=number)
