"""A file nobody has seen before -> what it is, and its rows as text, a part at a time.

Everything here keeps the text of each cell as it stands in the file; numbers are read from it later. What was guessed is
said in a note, what can't be decided is asked, what can't be read is refused with the reason.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import BinaryIO, Final

import numpy as np
import pyarrow as pa

from flora_core.errors import BadTable, TooLarge
from flora_core.model import Ints
from flora_core.tables.files import reader_process, text_layout, text_reader
from flora_core.tables.files.file_types import no_table
from flora_core.tables.files.header_checks import check_header
from flora_core.tables.files.header_rows import join_header_rows
from flora_core.tables.files.long_tables import find_long, spread_layout, spread_parts
from flora_core.tables.files.second_headers import mark_second_headers
from flora_core.tables.layout import MAX_COLUMNS, MAX_SHEETS, Arrangement, Decimal, Layout, RowChunk

__all__ = [
    "MAX_COLUMNS",
    "MAX_SHEETS",
    "Decimal",
    "Layout",
    "RowChunk",
    "checksum",
    "long_table_refused",
    "read_layout",
    "read_parts",
    "read_whole",
]

#: Rows of a long table, which is held at once to be spread.
_MOST_LONG_ROWS: Final = 5_000_000
#: Bytes of a table that is held at once.
_MAX_HELD: Final = 200_000_000


def read_layout(
    stream: BinaryIO,
    name: str,
    *,
    sheet: str = "",
    decimal: Decimal = "",
    separator: str = "",
    arrangement: Arrangement = "",
) -> Layout:
    """What the file is; reads its beginning, and all of it where the encoding asks for that. The stream is rewound.

    Parameters
    ----------
    stream : binary file
        Can be sought.
    name : str
        The file's name, for messages.
    sheet, decimal, separator : str
        What a person said; "" to find out.
    arrangement : {"", "join-headers", "spread"}
        How the table is to be arranged before it is read.

    Raises
    ------
    BadTable, TooLarge
        It is no table, or beyond a limit; the message names the cause.
    """
    shown = _shown(name)
    reason = no_table(stream)
    if reason:
        raise BadTable(f"{shown} {reason}.")
    stream.seek(0)
    head = stream.read(4)
    stream.seek(0)
    if not head:
        raise BadTable(f"{shown} is empty.")
    if head == b"PK\x03\x04":
        layout = reader_process.layout(stream, "excel", shown, sheet)
    elif head in (b"PAR1", b"ARRO"):
        layout = reader_process.layout(stream, "parquet", shown, sheet)
    else:
        if sheet:
            raise BadTable(f"{shown} is a text file and has no sheets.")
        layout = text_layout.layout(stream, shown, decimal, separator)
    stream.seek(0)
    if arrangement == "join-headers":
        layout = join_header_rows(layout, shown)
    check_header(layout, shown)
    if arrangement != "spread":
        return layout
    whole = read_whole(stream, layout, _MOST_LONG_ROWS)
    stream.seek(0)
    spread = find_long(layout, whole)
    if spread is None:
        raise BadTable(
            f"{shown} can't be spread: no column names characters of plants beside one of numbers. Such a table has a row for "
            "each character of a plant: plant, species, character, value."
        )
    layout = spread_layout(layout, spread, whole)
    check_header(layout, shown)
    return layout


def long_table_refused(layout: Layout, part: RowChunk, name: str) -> BadTable | None:
    """The refusal of a long table that is read with each row a plant, with the offer to spread it; None where it is none."""
    spread = find_long(layout, part) if layout.spread is None else None
    if spread is None:
        return None
    header = layout.header
    some = ", ".join(spread.headers[:4]) + (" ..." if len(spread.headers) > 4 else "")
    return BadTable(
        f"{_shown(name)} is a long table: each row holds one character of a plant. '{header[spread.character]}' names it "
        f"({some}), '{header[spread.value]}' holds its value. Have it spread, so that each plant is a row (--spread).",
        "spread",
    )


def read_parts(stream: BinaryIO, layout: Layout, rows: int = 65_536) -> Iterator[RowChunk]:
    """The table's rows, about `rows` at a time; the stream is read from its beginning.

    Raises
    ------
    BadTable
        A row is longer than any row of a table.
    """
    if layout.spread is not None:
        yield from spread_parts(read_whole(stream, layout.spread.original, _MOST_LONG_ROWS), layout.spread, rows)
        return
    stream.seek(0)
    reader = text_reader if layout.kind == "text" else reader_process
    yield from mark_second_headers(reader.parts(stream, layout, rows), layout)


def checksum(stream: BinaryIO) -> str:
    """SHA-256 of a whole file, by which it is known again; the stream is left at its end."""
    stream.seek(0)
    digest = hashlib.sha256()
    while block := stream.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()


def _shown(name: str) -> str:
    """The file's own name, for messages: no folders, nothing invisible, not too long."""
    bare = name.replace("\\", "/").rsplit("/", 1)[-1]
    cleaned = "".join(c for c in bare if c.isprintable()).strip()
    return cleaned[:100] or "The file"


def read_whole(stream: BinaryIO, layout: Layout, most: int) -> RowChunk:
    """All rows of a table that is small enough to be held at once, as a training table is.

    Raises
    ------
    BadTable
        It has no rows.
    TooLarge
        It has more than `most` rows, or more than 200 MB of text.
    """
    parts: list[RowChunk] = []
    count = size = 0
    for part in read_parts(stream, layout):
        count += len(part)
        size += sum(column.nbytes for column in part.columns)
        if count > most:
            raise TooLarge(f"The table has more than {most:,} rows; a training table may have that many at most.")
        parts.append(part)
        if size > _MAX_HELD:
            raise TooLarge(
                f"The table holds more than {_MAX_HELD // 1_000_000} MB of text. Leave out the columns that are not needed."
            )
    if not count:
        raise BadTable("The file has a header and no rows below it.")
    starts = np.cumsum([0, *(len(part) for part in parts)])
    return RowChunk(
        rows=np.concatenate([part.rows for part in parts]),
        columns=[pa.concat_arrays([part.columns[j] for part in parts]) for j in range(len(layout.header))],
        ragged={int(start) + k: v for start, part in zip(starts, parts, strict=False) for k, v in part.ragged.items()},
        below=_joined_marks(parts),
        second_headers=parts[-1].second_headers,
    )


def _joined_marks(parts: list[RowChunk]) -> Ints | None:
    """The marks of all parts; None where no part has any."""
    if all(part.below is None for part in parts):
        return None
    return np.concatenate([np.zeros(len(p), np.int64) if p.below is None else p.below for p in parts])
