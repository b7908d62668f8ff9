"""Many identifications into the database at once: a column at a time, by each database's quickest way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import numpy as np
from sqlalchemy import Connection

if TYPE_CHECKING:
    import pyarrow as pa

_T = TypeVar("_T")
#: A column as a list, or as an Arrow array.
Cells: TypeAlias = "Sequence[_T] | pa.Array"


@dataclass(frozen=True, slots=True)
class IdentificationColumns:
    """Many identified plants, a list or an Arrow array for each column of the table; each as `Plant` describes it, in its
    written form.

    `used`, `typed` and `probabilities` are JSON lists, `typed` None where it says the same as `used`; `possible` is the
    indices of the prediction set, parted by spaces. `own_collector` and `own_site` are left out where no row says them,
    `shadow_species` and `shadow_probability` where no challenger was asked.
    """

    row: Cells[int]
    catalogue_number: Cells[str | None]
    used: Cells[str]
    typed: Cells[str | None]
    probabilities: Cells[str]
    species: Cells[int]
    possible: Cells[str]
    misfit: Cells[float]
    own_collector: Cells[str | None] | None = None
    own_site: Cells[str | None] | None = None
    shadow_species: Cells[int] | None = None
    shadow_probability: Cells[float] | None = None


def count_unsure(possible: Cells[str]) -> int:
    """How many prediction sets are empty or of several species."""
    if isinstance(possible, Sequence):
        return sum(not one or " " in one for one in possible)
    import pyarrow.compute as pc

    unsure = pc.or_(pc.equal(possible, ""), pc.match_substring(possible, " "))
    return int(pc.sum(unsure).as_py() or 0)


#: What the text format of PostgreSQL's COPY writes with a backslash.
_ESCAPED: Final = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))


def _copy_text(key: int, columns: Sequence[Cells[Any]]) -> memoryview:
    """Rows in the text format of PostgreSQL's COPY: tabs between cells, a line feed after each row, null as a backslash and N.

    Made a column at a time: row by row it would cost more than PostgreSQL's own work.
    """
    # It takes a moment to import, and one plant from a page never comes here.
    import pyarrow as pa
    import pyarrow.compute as pc

    texts: list[Any] = [str(key)]
    for column in columns:
        cells = column if isinstance(column, pa.Array) else pa.array(column)
        if pa.types.is_null(cells.type):
            texts.append("\\N")
            continue
        number = pa.types.is_integer(cells.type) or pa.types.is_floating(cells.type)
        cells = cells.cast(pa.string())
        if not number and pc.any(pc.match_substring_regex(cells, r"[\\\t\n\r]")).as_py():
            for sign, written in _ESCAPED:
                cells = pc.replace_substring(cells, sign, written)
        texts.append(pc.fill_null(cells, "\\N"))
    lines = pc.binary_join_element_wise(*texts, "\t")
    ended = pc.binary_join_element_wise(lines, "\n", "")
    # The texts of an array lie one after the other: together they are the whole.
    _, offsets, content = ended.buffers()
    first, last = (np.frombuffer(offsets, np.int32)[i] for i in (ended.offset, ended.offset + len(ended)))
    return memoryview(content)[first:last]


#: Plants a statement: one statement for many costs half of one statement for each. SQLite takes 32,766 values at once.
_AT_ONCE: Final = 1_000


def insert_many(connection: Connection, key: int, rows: IdentificationColumns) -> None:
    """The driver's own way to insert many rows: SQLAlchemy's would take several times as long."""
    if not len(rows.row):
        return
    names = [field.name for field in fields(rows) if getattr(rows, field.name) is not None]
    columns = [getattr(rows, name) for name in names]
    into = f"identifications (recording, {', '.join(chr(34) + name + chr(34) for name in names)})"
    raw: Any = connection.connection.driver_connection
    if connection.dialect.name != "sqlite":
        with raw.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN") as copy:
            copy.write(_copy_text(key, columns))
        return
    columns = [column.to_pylist() if hasattr(column, "to_pylist") else column for column in columns]
    width = len(columns)
    cells: list[object] = [None] * (width * len(rows.row))
    for i, column in enumerate(columns):
        cells[i::width] = column
    one = f"({key}{', ?' * width})"
    for start in range(0, len(cells), width * _AT_ONCE):
        some = cells[start : start + width * _AT_ONCE]
        values = ", ".join([one] * (len(some) // width))
        raw.execute(f"INSERT INTO {into} VALUES {values}", some)  # noqa: S608  our integer and question marks
