"""Builders that set only what matters to a test."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from flora_core.model import Floats, TrainingPlants, TrainingTable
from flora_core.study import Measurement, Species, Study
from flora_core.tables.files.reading import Layout, RowChunk, read_layout, read_parts
from flora_core.workflows.batch import BatchPlan, BatchRequest, Summary, plan_batch, run_batch
from flora_core.workflows.batch.sinks import TableSink
from flora_core.workflows.context import AppContext
from flora_core.workflows.models.lifecycle import iris_plants
from flora_core.workflows.studies import Choices, create, propose

#: An ordinary flower of I. setosa (the first of Fisher's).
SETOSA = {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}


def make_flower(**changes: float) -> Floats:
    """The setosa flower with some values changed: make_flower(petal_length=57.0)."""
    values = {**SETOSA, **changes}
    return np.array([values[name] for name in SETOSA])


def typed_flower(**changes: object) -> dict[str, str]:
    """The same as somebody would type it."""
    return {name: str(value) for name, value in {**SETOSA, **changes}.items()}


def iris_table() -> tuple[Floats, np.ndarray]:
    plants = iris_plants()
    return plants.values, plants.species


def make_study(species: int = 2, measurements: int = 2, unit: str = "mm") -> Study:
    return Study(
        name="made_up",
        title="A made-up genus",
        measurements=tuple(
            Measurement(name=f"leaf_{i}", label=f"leaf {i}", unit=unit, low=1.0, high=100.0)
            for i in range(measurements)
        ),
        species=tuple(Species(name=f"Planta species{_letters(j)}") for j in range(species)),
    )


def _letters(j: int) -> str:
    """a to z, then aa to zz: in order, and sorted where all have as many letters."""
    return chr(97 + j) if j < 26 else chr(96 + j // 26) + chr(97 + j % 26)


def make_plants(
    per_species: tuple[int, ...] = (20, 20),
    measurements: int = 2,
    gap: float = 4.0,
    missing: float = 0.0,
    seed: int = 0,
    groups: int = 0,
    between_groups: float = 0.0,
) -> TrainingPlants:
    """Normal plants, species `gap` standard deviations apart in every measurement, a share of cells missing.

    With `groups`, the plants of each species are divided among as many populations, which differ by `between_groups`
    standard deviations.
    """
    rng = np.random.default_rng(seed)
    species = np.repeat(np.arange(len(per_species)), per_species)
    values = 20.0 + gap * species[:, None] + rng.normal(size=(len(species), measurements))
    values[rng.random(values.shape) < missing] = np.nan
    group = np.arange(len(species)) % max(1, groups)
    values += between_groups * rng.normal(size=(max(1, groups), measurements))[group]
    return TrainingPlants(
        values=values,
        species=species.astype(np.int64),
        groups=np.array([f"population {g}" for g in group]) if groups else None,
        table=TrainingTable(source="made up", sha256="0" * 64, rows=len(species), plants={}),
    )


def with_groups(plants: TrainingPlants, groups: list[str]) -> TrainingPlants:
    """The same plants, each of a group: population, site or plant."""
    return replace(plants, groups=np.array(groups))


#: The columns of `table_text`, as a person might call them.
HEADER = ["id", "sepal length", "sepal width", "petal length", "petal width"]
FLOWERS = [
    ["a1", "5.1", "3.5", "1.4", "0.2"],
    ["a2", "4.9", "3.0", "1.4", "0.2"],
    ["a3", "7.0", "3.2", "4.7", "1.4"],
    ["a4", "6.3", "3.3", "6.0", "2.5"],
]


def table_text(rows: list[list[str]] | None = None, header: list[str] | None = None, separator: str = ",") -> str:
    """A table as text: two of Fisher's setosa, a versicolor and a virginica where no rows are given."""
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator="\n").writerows(
        [header or HEADER, *(FLOWERS if rows is None else rows)]
    )
    return out.getvalue()


def workbook(*sheets: tuple[str, list[list[object]]]) -> bytes:
    """An Excel workbook with these sheets: (name, rows)."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@dataclass(frozen=True)
class Read:
    """A table as it was read: its layout, the numbers of its rows and their cells."""

    layout: Layout
    numbers: list[int]
    rows: list[list[str]]
    ragged: dict[int, tuple[int, tuple[str, ...]]]


def read_table(content: bytes | str, name: str = "table.csv", *, rows: int = 65_536, **said: Any) -> Read:
    """Everything that reading makes of a file."""
    stream = io.BytesIO(content.encode() if isinstance(content, str) else content)
    layout = read_layout(stream, name, **said)
    numbers: list[int] = []
    found: list[list[str]] = []
    ragged: dict[int, tuple[int, tuple[str, ...]]] = {}
    for part in read_parts(stream, layout, rows):
        ragged |= {int(part.rows[place]): what for place, what in part.ragged.items()}
        numbers += part.rows.tolist()
        found += [list(row) for row in zip(*(column.to_pylist() for column in part.columns), strict=True)]
    return Read(layout, numbers, found, ragged)


@dataclass(frozen=True)
class Ran:
    """What a batch gave back."""

    understood: BatchPlan
    summary: Summary
    table: list[dict[str, str]]

    @property
    def sentences(self) -> list[str]:
        return [issue.sentence() for issue in self.summary.issues]

    @property
    def names(self) -> list[str]:
        return [row["flora_species"] for row in self.table]

    @property
    def said(self) -> str:
        return " ".join([*self.summary.notes, *self.understood.questions])


def run_table(
    context: AppContext,
    content: bytes | str,
    name: str = "table.csv",
    *,
    record: bool = False,
    again: bool = False,
    by: str = "Ada",
    **said: Any,
) -> Ran:
    """A whole batch on a table of a test: understood, named, written as csv and read back."""
    stream = io.BytesIO(content.encode() if isinstance(content, str) else content)
    understood = plan_batch(context, stream, BatchRequest(study="iris", name=name, **said))
    out = io.BytesIO()
    sink = TableSink(out, "csv", understood)
    summary = run_batch(context, stream, understood, sinks=[sink], record=record, again=again, by=by)
    sink.close()
    return Ran(understood, summary, list(csv.DictReader(io.StringIO(out.getvalue().decode(), newline=""))))


def labelled_part(columns: dict[str, list[str]]) -> tuple[tuple[str, ...], RowChunk]:
    """A table as it is read, by its columns: the header, and all rows in one part."""
    rows = len(next(iter(columns.values())))
    return tuple(columns), RowChunk(
        rows=np.arange(2, rows + 2), columns=[pa.array(cells, pa.string()) for cells in columns.values()], ragged={}
    )


def labelled_table(
    plants: dict[str, int],
    headers: tuple[str, ...] = ("leaf length (mm)", "leaf width (mm)"),
    *,
    label: str = "species",
    more: dict[str, Callable[[int], str]] | None = None,
    seed: int = 0,
) -> str:
    """A labelled table as text: normal plants, each species a few standard deviations from the one before.

    `more` gives further columns: {header: cell of the row that is counted from 0}.
    """
    rng = np.random.default_rng(seed)
    names = [name for name, n in plants.items() for _ in range(n)]
    places = list(plants)
    lines = [",".join([label, *headers, *(more or {})])]
    for i, name in enumerate(names):
        values = 20 + 3 * places.index(name) + rng.normal(size=len(headers))
        lines.append(",".join([name, *(f"{v:.2f}" for v in values), *(cell(i) for cell in (more or {}).values())]))
    return "\n".join(lines) + "\n"


def make_named_study(context: AppContext, name: str, text: str, *, champion: bool = True, **said: Any) -> Study:
    """A study of a labelled table, with a linear discriminant analysis as its champion where one is wanted."""
    from flora_core.learning.training import train

    proposal = propose(context, io.BytesIO(text.encode()), f"{name}.csv", Choices(study=name, **said))
    study = create(context, proposal, "Ada").study
    if champion:
        model = context.registry.register(train(study, context.studies.plants(study), algorithm="lda"), by="Ada")
        context.registry.promote(name, model.card.version or 0, "Ada", "the first")
    return study
