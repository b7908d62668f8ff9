"""Everything the Monitor page draws for a year: the same time for ten thousand identifications as for a million.

Run: python -m benchmarks.monitor [--plants 1000000]
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from pathlib import Path

import numpy as np

from flora_core.determination import AnswerKind, GivenName
from flora_core.identification.naming import predict_plants
from flora_core.monitoring.profiles.profile import bins_of, profile_of
from flora_core.settings import Settings
from flora_core.storage.records.bulk_insert import IdentificationColumns
from flora_core.storage.records.determinations import Slip
from flora_core.workflows.context import AppContext, open_context
from flora_core.workflows.models.lifecycle import ensure_champion
from flora_core.workflows.monitor import certainties_of, groups_of, monitor_study
from ui.charts import monitor as charts

LAST = date(2026, 6, 30)
DETERMINED = 1_000
_AT_ONCE = 65_536


def a_year(folder: Path, plants: int) -> AppContext:
    """A context with a year of plants, a table a day, and a thousand determinations."""
    context = open_context(
        Settings(database_url=f"sqlite:///{folder}/flora.db", models=folder / "models", _env_file=None)
    )
    ensure_champion(context)
    model = context.champion("iris")
    rng = np.random.default_rng(0)
    reference, bins = model.reference.values, bins_of(model)
    per_day = plants // 365
    values = np.round(reference[rng.integers(0, len(reference), per_day)] + rng.normal(0, 0.1, (per_day, 4)), 1)
    values = np.maximum(values, 0.1)
    named = predict_plants(model, values)
    shares = np.round(named.probabilities, 4)
    texts = [json.dumps(row.tolist()) for row in values], [json.dumps(row.tolist()) for row in shares]
    possible = [" ".join(map(str, np.flatnonzero(row))) for row in named.in_set]
    rows = IdentificationColumns(
        list(range(2, per_day + 2)),
        [None] * per_day,
        texts[0],
        [None] * per_day,
        texts[1],
        named.best.tolist(),
        possible,
        [0.5] * per_day,
    )
    profile = profile_of(bins, values, named.best, shares, np.asarray(named.in_set.any(axis=1)), rows=0)
    tokens = []
    for day in range(365):
        at = datetime.combine(LAST - timedelta(days=day), clock(12), tzinfo=UTC)
        begun = context.records.begin(
            study="iris",
            version=1,
            by="Ada",
            door="command",
            source=f"{day}.csv",
            source_sha256=f"{day:064}",
            recipe="",
            at=at,
            bins=bins,
            collector=f"collector {day % 5}",
        )
        with begun as recorder:
            recorder.add(rows, profile)
            recorder.finish()
        tokens.append(recorder.token)
    names = model.study.species_names
    slips = [
        Slip(f"{tokens[i % 365]}-{2 + i // 365}", _called(names[named.best[i // 365]]), "Hanna", "2026-06-30", 2)
        for i in range(DETERMINED)
    ]
    context.determinations.add(slips, entered_by="Hanna")
    return context


def _called(name: str) -> GivenName:
    return GivenName(AnswerKind.SPECIES, name)


def draw(context: AppContext) -> None:
    """All that the page draws."""
    found = monitor_study(context, "iris", until=LAST)
    points = charts.points_of(found)
    charts.accuracy_chart(points, "#000")
    for measurement in found.study.measurements:
        charts.measurement_chart(measurement, points, "#000")
    charts.mix_chart(found.study, points, "#000")
    charts.unfit_chart(points, "#000")
    charts.certainty_chart(certainties_of(context, found), "#000")
    charts.confusion_chart(found.study, points, "#000")


def by_collector(context: AppContext) -> None:
    """The groups below the pictures."""
    groups_of(context, "iris", 1, "collector", LAST - timedelta(days=30), LAST + timedelta(days=1))


def seconds(context: AppContext, work: Callable[[AppContext], None]) -> tuple[float, float]:
    """The first time, and the median of nine later ones."""
    found = []
    for _ in range(10):
        start = time.perf_counter()
        work(context)
        found.append(time.perf_counter() - start)
    return found[0], statistics.median(found[1:])


def everything(context: AppContext) -> None:
    draw(context)
    by_collector(context)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plants", type=int, default=1_000_000)
    many = parser.parse_args().plants
    # Imports and what is computed once for a model belong to neither.
    with tempfile.TemporaryDirectory() as folder:
        context = a_year(Path(folder), 3_650)
        everything(context)
        context.close()
    measured = {}
    for plants in (10_000, many):
        with tempfile.TemporaryDirectory() as folder:
            context = a_year(Path(folder), plants)
            measured[plants] = seconds(context, everything)
            context.close()
        first, later = measured[plants]
        print(f"{plants:>9,} identifications: first look {first:.3f} s, later {later:.3f} s (aim: at most 0.5)")
    for i, name in enumerate(("first look", "later")):
        print(f"{name}: {measured[many][i] / measured[10_000][i]:.2f} times as long (aim: at most 1.5)")


if __name__ == "__main__":
    main()
