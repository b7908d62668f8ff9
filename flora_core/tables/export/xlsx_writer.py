"""A workbook (.xlsx) on its way out, row by row, without holding the sheet in memory."""

from __future__ import annotations

import datetime
import weakref
from collections.abc import Sequence
from typing import Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.compute as pc

from flora_core.errors import TooLarge
from flora_core.tables.export.formula_escaping import Column, escape_formulas

MOST_ROWS: Final = 1_048_576
#: A cell holds no more, in characters.
_LONGEST_CELL: Final = 32_767
#: What XML can't hold at all.
_ILLEGAL: Final = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x{fffe}\x{ffff}]"
#: Text stays what it is: no formula, no link, no number is made of it.
_AS_TEXT: Final = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


class WorkbookWriter:
    """Everything as text, so that 00042 stays 00042 and 3-5 does not become a day in May.

    Parameters
    ----------
    stream : binary file
        Where the workbook goes when it is closed.
    header : sequence of str
    """

    def __init__(self, stream: BinaryIO, header: Sequence[str]) -> None:
        from xlsxwriter import Workbook

        self._stream, self._rows = stream, 0
        self._book: Any = Workbook(stream, {"constant_memory": True, **_AS_TEXT})
        # The time of day does not belong into a file that shall be the same for the same input.
        self._book.set_properties({"created": datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)})
        self._sheet: Any = self._book.add_worksheet("identified")
        self._sheet.freeze_panes(1, 0)
        self._left = weakref.finalize(self, _give_up, self._book, self._sheet)
        self.write([pa.array([name], pa.string()) for name in header])

    def write(self, columns: Sequence[Column]) -> None:
        """Write some rows, one array a column.

        Raises
        ------
        TooLarge
            A sheet holds no more rows.
        """
        if self._rows + len(columns[0]) > MOST_ROWS:
            raise TooLarge(f"An Excel sheet holds {MOST_ROWS:,} rows; write .csv instead.")
        write, texts = self._sheet.write_string, [_writable(escape_formulas(column)).to_pylist() for column in columns]
        for row in zip(*texts, strict=True):
            for place, text in enumerate(row):
                if text:
                    write(self._rows, place, text)
            self._rows += 1

    def close(self) -> None:
        """Write the workbook; the stream stays open."""
        # Nobody shall be told that numbers are written as text: that is what they shall be.
        self._sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        self._left.detach()
        self._book.close()
        self._stream.flush()


def _give_up(book: Any, sheet: Any) -> None:
    """A workbook that is left half-way leaves no file open and no complaint."""
    book.fileclosed = True
    if sheet.row_data_fh is not None:
        sheet.row_data_fh.close()


def _writable(column: Column) -> Column:
    """Texts as a cell can hold them: without control characters, line breaks as spreadsheet programs write them."""
    if isinstance(column, pa.DictionaryArray):
        return _writable(column.dictionary).take(column.indices)
    texts = pc.replace_substring_regex(column, _ILLEGAL, "")
    texts = pc.replace_substring_regex(texts, "\r\n?", "\n")
    if len(texts) and pc.max(pc.utf8_length(texts)).as_py() > _LONGEST_CELL:
        texts = pc.utf8_slice_codeunits(texts, 0, _LONGEST_CELL)
    return texts
