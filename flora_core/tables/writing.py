"""A table on its way out: its own columns to the letter, ours beside them, and nothing a spreadsheet would run.

A cell that begins with =, +, - or @ is a formula to a spreadsheet program, and a formula can call out. Such cells get an
apostrophe in front, unless they are numbers or dashes. Everything that is downloaded goes through here.
"""

from __future__ import annotations

import datetime
import weakref
from collections.abc import Sequence
from typing import Any, BinaryIO, Final, Protocol, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flora_core.errors import TooLarge

#: How a formula begins (in Japanese and Chinese programs with a wide sign too); and what begins so and is none: a number,
#: perhaps with its unit, or dashes for "missing".
#:
#: References: OWASP, CSV Injection, https://owasp.org/www-community/attacks/CSV_Injection
_BEGINS: Final = r"^(?:[\s\x00-\x20\x{a0}\x{feff}\x{200b}]*[=+\-@＝＋－＠]|[\t\r\n])"
_NUMBER_OR_DASHES: Final = r"^\s*(?:[+-]?[\d.,' ]*\d[.,]?(?:[eE][+-]?\d+)?\s*[a-zA-Zµ²°%]{0,4}|[+-][-\s]*)\s*$"
_EXCEL_ROWS: Final = 1_048_576


#: Cells as text; where few different ones repeat, as codes into those.
Column: TypeAlias = Any  # pa.StringArray | pa.DictionaryArray; pyarrow ships no types


class RowWriter(Protocol):
    """Something that takes rows in order."""

    def write(self, columns: Sequence[Column]) -> None:
        """Write some rows, one array a column."""

    def close(self) -> None:
        """Write what is still held back; the stream stays open."""


def row_writer(stream: BinaryIO, kind: str, header: Sequence[str]) -> RowWriter:
    """A writer of rows with this header.

    Parameters
    ----------
    kind : {"csv", "tsv", "xlsx"}
        Text is UTF-8; .csv has commas, .tsv tabs.
    """
    if kind == "xlsx":
        return _ExcelWriter(stream, header)
    return _TextWriter(stream, "\t" if kind == "tsv" else ",", header)


def harmless(column: Column) -> Column:
    """The column with an apostrophe before each cell that a spreadsheet would run."""
    if isinstance(column, pa.DictionaryArray):
        return pa.DictionaryArray.from_arrays(column.indices, harmless(column.dictionary))
    if not _holds(column, b"=+-@\t\r\n\xef"):
        return column
    begins = pc.match_substring_regex(column, _BEGINS)
    if not pc.any(begins).as_py():
        return column
    runs = pc.and_not(begins, pc.match_substring_regex(column, _NUMBER_OR_DASHES))
    return pc.if_else(runs, pc.binary_join_element_wise("'", column, ""), column)


def harmless_text(text: str) -> str:
    """One cell, likewise."""
    (result,) = harmless(pa.array([text], pa.string())).to_pylist()
    return str(result)


def _holds(column: pa.StringArray, signs: bytes) -> bool:
    """Whether any cell holds any of the signs: a look at the column's bytes, far quicker than at each cell."""
    content = column.buffers()[2]
    if content is None:
        return False
    offsets = np.frombuffer(column.buffers()[1], np.int32)[column.offset : column.offset + len(column) + 1]
    cells = memoryview(content)[offsets[0] : offsets[-1]].tobytes()
    return any(sign in cells for sign in (bytes([sign]) for sign in signs))


class _TextWriter:
    def __init__(self, stream: BinaryIO, separator: str, header: Sequence[str]) -> None:
        self._stream, self._separator = stream, separator
        self.write([pa.array([name], pa.string()) for name in header])

    def write(self, columns: Sequence[Column]) -> None:
        if not len(columns[0]):
            return
        quoted = [self._quoted(harmless(column)) for column in columns]
        lines = pc.binary_join_element_wise(*quoted, self._separator)
        offsets = pa.array([0, len(lines)], pa.int32())
        (block,) = pc.binary_join(pa.ListArray.from_arrays(offsets, lines), "\n")
        self._stream.write(block.as_buffer())
        self._stream.write(b"\n")

    def _quoted(self, column: Column) -> pa.StringArray:
        if isinstance(column, pa.DictionaryArray):
            return self._quoted(column.dictionary).take(column.indices)
        special = b'"\n\r' + self._separator.encode()
        if not _holds(column, special):
            return column
        doubled = pc.replace_substring(column, '"', '""')
        enclosed = pc.binary_join_element_wise('"', doubled, '"', "")
        return pc.if_else(pc.match_substring_regex(column, f"[{special.decode()}]"), enclosed, column)

    def close(self) -> None:
        self._stream.flush()


class _ExcelWriter:
    """Everything as text, so that 00042 stays 00042 and 3-5 does not become a day in May."""

    def __init__(self, stream: BinaryIO, header: Sequence[str]) -> None:
        from openpyxl import Workbook

        self._stream = stream
        self._book: Any = Workbook(write_only=True)
        # The time of day does not belong into a file that shall be the same for the same input.
        self._book.properties.created = self._book.properties.modified = datetime.datetime(2000, 1, 1)  # noqa: DTZ001
        self._sheet: Any = self._book.create_sheet("identified")
        # Left half-written, a sheet would complain when it is collected.
        self._end = weakref.finalize(self, _close_sheet, self._sheet)
        self._rows = 0
        self.write([pa.array([name], pa.string()) for name in header])

    def write(self, columns: Sequence[Column]) -> None:
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

        self._rows += len(columns[0])
        if self._rows > _EXCEL_ROWS:
            raise TooLarge(f"An Excel sheet holds {_EXCEL_ROWS:,} rows; write .csv instead.")
        for row in zip(*(harmless(column).to_pylist() for column in columns), strict=True):
            cells = []
            for text in row:
                cell = WriteOnlyCell(self._sheet, ILLEGAL_CHARACTERS_RE.sub("", text))
                cell.data_type = "s"
                cells.append(cell)
            self._sheet.append(cells)

    def close(self) -> None:
        self._book.save(self._stream)
        self._stream.flush()


def _close_sheet(sheet: Any) -> None:
    if not sheet.closed:
        sheet.close()
