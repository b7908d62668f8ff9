"""What each page looks at first, with a hundred thousand identifications, a million and ten million.

    python -m benchmarks.ten_million [--plants 100000,1000000,10000000] [--database URL]

A year of tables, one a day, recorded as `batch` records them (on PostgreSQL by COPY); of a thousand plants one is determined.
Without a URL a PostgreSQL server is started for it; `--database sqlite` fills files of SQLite. Every look is the first of a new
context: nothing is kept in the program from before. Prints the milliseconds of each look (best of three), and the exponent
with which it grows from the smallest to the largest number of plants: 0 is flat, 1 in proportion. Then how fast the plants
were recorded, beside plain COPY of the same text into a table without a reference or an index of labels. Aims: at most 300 ms,
exponent at most 0.3, at least half of plain COPY.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from flora_core.determination import AnswerKind, GivenName
from flora_core.identification.naming import predict_plants
from flora_core.monitoring.profiles.profile import bins_of, profile_of
from flora_core.settings import Settings
from flora_core.storage.records import bulk_insert as written
from flora_core.storage.records.bulk_insert import IdentificationColumns
from flora_core.storage.records.determinations import Slip
from flora_core.workflows.context import AppContext, open_context
from flora_core.workflows.determine.inbox import inbox
from flora_core.workflows.determine.lookup import find_plants
from flora_core.workflows.determine.progress import progress
from flora_core.workflows.models.lifecycle import ensure_champion
from flora_core.workflows.monitor import monitor_study
from flora_core.workflows.reports.metrics import study_figures
from flora_core.workflows.reports.overview import home
from tests.servers import postgres_server

DAYS = 365
#: Of so many plants one is determined.
DETERMINED = 1_000
_AT_ONCE = 65_536


def fill(context: AppContext, plants: int) -> float:
    """A year of daily tables up to today; seconds that recording took, without making the plants up."""
    ensure_champion(context)
    model = context.champion("iris")
    rng = np.random.default_rng(0)
    bins, reference = bins_of(model), model.reference.values
    per_day, taken = plants // DAYS, 0.0
    today = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    values = np.round(reference[rng.integers(0, len(reference), per_day)] + rng.normal(0, 0.1, (per_day, 4)), 1)
    values = np.maximum(values, 0.1)
    named = predict_plants(model, values)
    shares = np.round(named.probabilities, 4)
    profile = profile_of(bins, values, named.best, shares, np.asarray(named.in_set.any(axis=1)), rows=0)
    used, probabilities = ([json.dumps(row.tolist()) for row in table] for table in (values, shares))
    possible = [" ".join(map(str, np.flatnonzero(row))) for row in named.in_set]
    fixed = {
        "used": pa.array(used),
        "typed": pa.nulls(per_day, pa.string()),
        "probabilities": pa.array(probabilities),
        "species": pa.array(named.best),
        "possible": pa.array(possible),
        "misfit": pa.array(rng.random(per_day).round(4)),
    }
    slips, name = [], GivenName(AnswerKind.SPECIES, model.study.species_names[1])
    for day in range(DAYS):
        numbers = pa.array([f"H{day * per_day + i:09d}" for i in range(per_day)])
        rows = np.arange(2, per_day + 2)
        start = time.perf_counter()
        with context.records.begin(
            study="iris",
            version=1,
            by="Ada",
            door="command",
            source=f"{day}.csv",
            source_sha256=f"{day:064}",
            recipe="",
            at=today - timedelta(days=DAYS - 1 - day),
            bins=bins,
            collector=f"collector {day % 5}",
        ) as recorder:
            for first in range(0, per_day, _AT_ONCE):
                part = slice(first, first + _AT_ONCE)
                columns = {key: column[part] for key, column in fixed.items()}
                recorder.add(
                    IdentificationColumns(row=pa.array(rows[part]), catalogue_number=numbers[part], **columns),
                    profile if first == 0 else None,
                )
            recorder.finish()
        taken += time.perf_counter() - start
        chosen = rng.choice(per_day, max(1, per_day // DETERMINED), replace=False)
        slips += [Slip(f"{recorder.token}-{i + 2}", name, "Hanna", today.date().isoformat(), 2) for i in chosen]
    context.determinations.add(slips, entered_by="Hanna")
    return taken


def looks(context: AppContext, plants: int) -> dict[str, Callable[[], object]]:
    last = datetime.now(UTC).date()
    return {
        "Home": lambda: home(context, "iris"),
        "Monitor": lambda: monitor_study(context, "iris", until=last),
        "Determine: inbox": lambda: inbox(context, "iris"),
        "Determine: progress": lambda: progress(context, "iris"),
        "Determine: by catalogue number": lambda: find_plants(context, "iris", [f"H{plants // 2:09d}"]),
        "newest identifications": lambda: context.records.newest("iris"),
        "newest determination": lambda: context.determinations.newest_of("iris"),
        "metrics": lambda: study_figures(context),
    }


def plain_copy(context: AppContext, plants: int) -> float:
    """Seconds in which plain COPY writes as many rows of text into a table of the same columns with its primary key."""
    columns: list[Any] = [pa.array(np.arange(_AT_ONCE)), pa.array([f"H{i:09d}" for i in range(_AT_ONCE)])]
    columns += [pa.array(["[5.1,3.5,1.4,0.2]"] * _AT_ONCE), pa.nulls(_AT_ONCE, pa.string())]
    columns += [pa.array(["[0.9978, 0.0011, 0.0011]"] * _AT_ONCE), pa.array([0] * _AT_ONCE), pa.array(["0"] * _AT_ONCE)]
    columns += [pa.array([0.25] * _AT_ONCE)]
    taken = 0.0
    with context.database.write() as connection:
        raw: Any = connection.connection.driver_connection
        raw.execute("CREATE TABLE plain (LIKE identifications)")
        raw.execute('ALTER TABLE plain ADD PRIMARY KEY (recording, "row")')
        for part in range(max(1, plants // _AT_ONCE)):
            text = bytes(written._copy_text(part, columns))
            start = time.perf_counter()
            with (
                raw.cursor() as cursor,
                cursor.copy(
                    'COPY plain (recording, "row", catalogue_number, used, typed, probabilities, species, possible, misfit) '
                    "FROM STDIN"
                ) as copy,
            ):
                copy.write(text)
            taken += time.perf_counter() - start
        raw.execute("DROP TABLE plain")
    return taken / (max(1, plants // _AT_ONCE) * _AT_ONCE) * plants


def measure(url: str, models: Path, plants: int) -> dict[str, float]:
    context = open_context(Settings(database_url=url, models=models, _env_file=None))
    context.database.prepare()
    taken = fill(context, plants)
    said = f"{plants:,} recorded in {taken:.1f} s, {plants / taken:,.0f} a second"
    if not context.database.is_sqlite:
        plain = plain_copy(context, min(plants, 1_000_000)) * plants / min(plants, 1_000_000)
        said += f"; plain COPY {plain:.1f} s: {plain / taken:.2f} of its speed (aim: at least 0.5)"
    print(said, flush=True)
    if not context.database.is_sqlite:
        with context.database.write() as connection:
            connection.exec_driver_sql("ANALYZE")
    context.close()
    found: dict[str, float] = {}
    for _ in range(3):
        context = open_context(Settings(database_url=url, models=models, _env_file=None))
        context.champion("iris")
        for name, look in looks(context, plants).items():
            start = time.perf_counter()
            look()
            found[name] = min(found.get(name, math.inf), 1000 * (time.perf_counter() - start))
        context.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plants", default="100000,1000000,10000000")
    parser.add_argument("--database", default="")
    options = parser.parse_args()
    sizes = [int(n) for n in options.plants.split(",")]
    results = []
    with ExitStack() as running:
        server = None
        if not options.database:
            server = postgres_server()
            if server is None:
                parser.error("PostgreSQL is not here: apt-get install postgresql, or give --database.")
            running.enter_context(server)
        for plants in sizes:
            folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
            url = options.database
            if server is not None:
                url = server.new_database()
            elif url == "sqlite":
                url = f"sqlite:///{folder}/flora.db"
            results.append(measure(url, folder / "models", plants))
    print(f"{'':32}" + "".join(f"{n:>13,}" for n in sizes) + "   exponent")
    for name in results[0]:
        exponent = math.log(results[-1][name] / results[0][name]) / math.log(sizes[-1] / sizes[0]) if sizes[1:] else 0.0
        print(f"{name:32}" + "".join(f"{found[name]:10.0f} ms" for found in results) + f"   {exponent:8.2f}")


if __name__ == "__main__":
    main()
