"""A file nobody has seen before -> what it is, and its rows as text, a part at a time.

Everything here keeps the text of each cell as it stands in the file; numbers are read from it later. What was guessed is
said in a note, what can't be decided is asked, what can't be read is refused with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final, Literal

import numpy as np
import pyarrow as pa

from flora_core.errors import BadTable, TooLarge
from flora_core.model import Ints
from flora_core.tables.cells import MISSING

Decimal = Literal[".", ",", ""]

MAX_COLUMNS: Final = 2000
MAX_SHEETS: Final = 100

#: How files begin that are no tables of ours, and what to do with them.
_OTHER_FORMATS: Final = (
    (
        b"\xd0\xcf\x11\xe0",
        "is in the old Excel format (.xls), which hides dates and loses digits; save it as .xlsx or .csv",
    ),
    (b"%PDF", "is a PDF; save the table itself as .csv or .xlsx"),
    (b"\x1f\x8b", "is compressed (gzip); unpack it first"),
    (b"7z\xbc\xaf", "is compressed (7z); unpack it first"),
    (b"Rar!", "is compressed (rar); unpack it first"),
    (b"\x89PNG", "is a picture; a table is needed"),
    (b"\xff\xd8\xff", "is a picture; a table is needed"),
    (b"PAR1", "is a Parquet file; save it as .csv"),
    (b"SQLite format 3", "is a database; save the table itself as .csv"),
    (b"{\\rtf", "is a text document (rtf); save the table itself as .csv"),
    (b'{"', "is JSON; save the table as .csv"),
    (b"{\n", "is JSON; save the table as .csv"),
    (b"{\r\n", "is JSON; save the table as .csv"),
    (b"[{", "is JSON; save the table as .csv"),
    (b"[\n", "is JSON; save the table as .csv"),
)


@dataclass(frozen=True, slots=True)
class Layout:
    """What was understood of a file before its rows are read.

    Attributes
    ----------
    kind : {"text", "excel"}
    header : tuple of str
        The columns' names as they stand in the file, without surrounding spaces; "" where there is none.
    header_row : int
        The number a person sees beside the header's row: 1 unless something stands above the table.
    encoding, separator, quoting
        For text: the encoding's name; one character, or " " for runs of spaces; whether quotes enclose cells.
    decimal : {".", ",", ""}
        The decimal sign, "" where the cells do not tell.
    sheet, sheets
        For Excel: the sheet that is read, and all that there are.
    preview : tuple of tuple of str
        The first rows as text.
    notes : tuple of str
        What was guessed or passed over.
    question : str
        What must be asked, or "".
    """

    kind: Literal["text", "excel"]
    header: tuple[str, ...]
    header_row: int
    encoding: str = ""
    separator: str = ""
    quoting: bool = False
    decimal: Decimal = ""
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    preview: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()
    question: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Some rows of a table, in order.

    Attributes
    ----------
    rows : (n,) int
        The number a person sees beside each row.
    columns : list of pyarrow.StringArray
        The cells as text, one array a column of the header; "" where a row was too short.
    ragged : dict of int to (int, tuple of str)
        For rows of another length: place in this part -> (how many cells, the surplus ones).
    """

    rows: Ints
    columns: list[pa.StringArray]
    ragged: dict[int, tuple[int, tuple[str, ...]]]

    def __len__(self) -> int:
        return len(self.rows)


def read_layout(stream: BinaryIO, name: str, *, sheet: str = "", decimal: Decimal = "", separator: str = "") -> Layout:
    """What the file is; reads its beginning, and all of it where the encoding asks for that. The stream is rewound.

    Parameters
    ----------
    stream : binary file
        Can be sought.
    name : str
        The file's name, for messages and its ending.
    sheet, decimal, separator : str
        What a person said; "" to find out.

    Raises
    ------
    BadTable, TooLarge
        It is no table, or beyond a limit; the message names the cause.
    """
    from flora_core.tables import spreadsheets, text_files

    stream.seek(0)
    head = stream.read(8)
    stream.seek(0)
    shown = _shown(name)
    if not head:
        raise BadTable(f"{shown} is empty.")
    for beginning, reason in _OTHER_FORMATS:
        if head.startswith(beginning[:8]):
            raise BadTable(f"{shown} {reason}.")
    if head.startswith(b"PK\x03\x04"):
        layout = spreadsheets.layout(stream, shown, sheet)
    else:
        if sheet:
            raise BadTable(f"{shown} is a text file and has no sheets.")
        layout = text_files.layout(stream, shown, decimal, separator)
    stream.seek(0)
    _check_header(layout, shown)
    return layout


def read_parts(stream: BinaryIO, layout: Layout, rows: int = 65_536) -> Iterator[Part]:
    """The table's rows, about `rows` at a time; the stream is read from its beginning.

    Raises
    ------
    BadTable
        A quote that is opened is never closed, or a byte is none of the file's encoding.
    """
    from flora_core.tables import spreadsheets, text_files

    stream.seek(0)
    if layout.kind == "excel":
        yield from spreadsheets.parts(stream, layout, rows)
    else:
        yield from text_files.parts(stream, layout, rows)


def _check_header(layout: Layout, shown: str) -> None:
    header = layout.header
    if len(header) > MAX_COLUMNS:
        raise TooLarge(
            f"{shown} has {len(header):,} columns; the limit is {MAX_COLUMNS:,}. Leave out those not needed."
        )
    if len(header) < 2:
        found = f" ('{header[0][:60]}')" if header else ""
        raise BadTable(
            f"{shown} has only one column{found}. Columns are parted by commas, semicolons or tabs; if another sign parts "
            "them, say which (separator)."
        )
    places: dict[str, int] = {}
    for i, name in enumerate(header):
        if name and name in places:
            raise BadTable(
                f"{shown} has two columns called '{name[:60]}' (columns {places[name] + 1} and {i + 1}). Rename one of them."
            )
        places[name] = i
    numbers = sum(_looks_like_number(name) for name in header)
    if numbers > len(header) / 2:
        raise BadTable(
            f"{shown} begins with numbers ({', '.join(header[:4])} ...) instead of the columns' names. Add a first row with "
            "names, like 'petal length (mm)'."
        )
    second = layout.preview[0] if layout.preview else ()
    if _second_header(layout.preview):
        raise BadTable(
            f"{shown} seems to have two header rows: below the names, row {layout.header_row + 1} holds "
            f"'{', '.join(c for c in second if c)[:80]}' where numbers follow. Put everything into one row, like "
            "'petal length (mm)'."
        )


def _second_header(preview: tuple[tuple[str, ...], ...]) -> bool:
    """Whether the first row is words in most columns whose other rows are numbers."""
    if len(preview) < 3:
        return False
    first, others = preview[0], preview[1:]
    numeric = [
        j
        for j in range(len(first))
        if sum(_looks_like_number(row[j]) for row in others if j < len(row)) > 0.8 * len(others)
    ]
    words = [
        j
        for j in numeric
        if first[j].strip() and not _looks_like_number(first[j]) and any(c.isalpha() for c in first[j])
    ]
    words = [j for j in words if first[j].strip().lower() not in MISSING]
    return len(numeric) >= 2 and len(words) > len(numeric) / 2


def _looks_like_number(text: str) -> bool:
    cleaned = text.strip().replace(",", ".").lstrip("+-")
    return bool(cleaned) and cleaned.replace(".", "", 1).isdigit()


def _shown(name: str) -> str:
    """The file's own name, for messages: no folders, nothing invisible, not too long."""
    bare = name.replace("\\", "/").rsplit("/", 1)[-1]
    cleaned = "".join(c for c in bare if c.isprintable()).strip()
    return cleaned[:100] or "The file"


def text_arrays(rows: list[list[str]], width: int) -> list[pa.StringArray]:
    """Rows of equal length as one string array a column."""
    if not rows:
        return [pa.array([], pa.string()) for _ in range(width)]
    return [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]


def row_numbers(numbers: list[int]) -> Ints:
    """Row numbers as an array."""
    return np.array(numbers, dtype=np.int64)
