"""What was understood of a file (Layout), and its rows as they are read (Part)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

import pyarrow as pa

from flora_core.model import Ints

Decimal = Literal[".", ",", ""]

#: How the names of files that are read as tables end.
FORMATS: Final = (".csv", ".tsv", ".txt", ".xlsx", ".parquet", ".arrow")
#: How a table is arranged before it is read: its two header rows joined, or a long table spread.
Arrangement = Literal["", "join-headers", "spread"]

MAX_COLUMNS: Final = 2000
MAX_SHEETS: Final = 100


@dataclass(frozen=True, slots=True)
class Layout:
    """What was understood of a file before its rows are read.

    Attributes
    ----------
    kind : {"text", "excel", "parquet"}
        Parquet stands for Arrow files too.
    header : tuple of str
        The columns' names as they stand in the file, on one line; "" where there is none.
    header_row : int
        The number a person sees beside the header's row: 1 unless something stands above the table, 0 where the names of the
        columns are no row.
    encoding, separator, separator_line
        For text: the encoding's name; one character, or " " for runs of spaces; whether a first line "sep=;" says so.
    decimal : {".", ",", ""}
        The decimal sign, "" where the cells do not tell.
    sheet, sheets
        For Excel: the sheet that is read, and all that there are.
    above : tuple of tuple of str
        The rows above the header, which are passed over.
    preview : tuple of tuple of str
        The first rows as text.
    types : tuple of str
        For Parquet: the columns' Arrow types, "string" for those that stay text.
    notes : tuple of str
        What was guessed or passed over.
    question : str
        What must be asked, or "".
    spread : SpreadColumns or None
        For a long table that is read with a row for each plant: how it stands in the file.
    """

    kind: Literal["text", "excel", "parquet"]
    header: tuple[str, ...]
    header_row: int
    encoding: str = ""
    separator: str = ""
    separator_line: bool = False
    decimal: Decimal = ""
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    above: tuple[tuple[str, ...], ...] = ()
    preview: tuple[tuple[str, ...], ...] = ()
    types: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    question: str = ""
    spread: SpreadColumns | None = None


@dataclass(frozen=True, slots=True)
class SpreadColumns:
    """Which columns of a long table hold what, by their places.

    Attributes
    ----------
    original : Layout
        What the file is before it is spread.
    key, beside : tuple of int
        Columns that tell the plants apart, and those that say one thing of each plant.
    character, value : int
    characters, headers : tuple of str
        As the cells name them, and as the columns are called that are made of them.
    plants : int
    """

    original: Layout
    key: tuple[int, ...]
    beside: tuple[int, ...]
    character: int
    value: int
    characters: tuple[str, ...]
    headers: tuple[str, ...]
    plants: int


@dataclass(frozen=True, slots=True, eq=False)
class RowChunk:
    """Some rows of a table, in order.

    Attributes
    ----------
    rows : (n,) int
        The number a person sees beside each row.
    columns : list of pyarrow.StringArray
        The cells as text, one array a column of the header; "" where a row was too short.
    ragged : dict of int to (int, tuple of str)
        For rows of another length: place in this part -> (how many cells, the surplus ones).
    below : (n,) int or None
        For rows below a second header with other columns, order or unit: the number of its row; 0 for the others. None where
        there is no such row.
    second_headers : dict of int to str
        {number of its row: its cells} of the second headers there were so far.
    """

    rows: Ints
    columns: list[pa.StringArray]
    ragged: dict[int, tuple[int, tuple[str, ...]]]
    below: Ints | None = None
    second_headers: dict[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)
