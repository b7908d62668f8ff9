"""A table on its way out: its own columns to the letter, ours beside them, and nothing a spreadsheet would run.

A cell that begins with =, +, - or @ is a formula to a spreadsheet program, and a formula can call out. Such cells get an
apostrophe in front, unless they are numbers or dashes. Everything that is downloaded goes through here.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from typing import Any, BinaryIO, Final, Protocol, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

#: How a formula begins (in Japanese and Chinese programs with a wide sign too); and what begins so and is none: a number,
#: perhaps with its unit, or dashes for "missing".
#:
#: References: OWASP, CSV Injection, https://owasp.org/www-community/attacks/CSV_Injection
_BEGINS: Final = r"^(?:[\s\x00-\x20\x{a0}\x{feff}\x{200b}]*[=+\-@＝＋－＠]|[\t\r\n])"
_NUMBER_OR_DASHES: Final = r"^\s*(?:[+-]?[\d.,' ]*\d[.,]?(?:[eE][+-]?\d+)?\s*[a-zA-Zµ²°%]{0,4}|[+-][-\s]*)\s*$"


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
        from flora_core.tables.workbooks import WorkbookWriter

        return WorkbookWriter(stream, header)
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


def packed_entry(name: str) -> zipfile.ZipInfo:
    """An entry of an archive, packed, and without the time of day: the same archive for the same input, byte for byte."""
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def block_of_lines(lines: pa.StringArray) -> pa.Buffer:
    """Lines as one block of bytes, without a last line end."""
    offsets = pa.array([0, len(lines)], pa.int32())
    (block,) = pc.binary_join(pa.ListArray.from_arrays(offsets, lines), "\n")
    return block.as_buffer()


class _TextWriter:
    def __init__(self, stream: BinaryIO, separator: str, header: Sequence[str]) -> None:
        self._stream, self._separator = stream, separator
        self.write([pa.array([name], pa.string()) for name in header])

    def write(self, columns: Sequence[Column]) -> None:
        if not len(columns[0]):
            return
        quoted = [self._quoted(harmless(column)) for column in columns]
        self._stream.write(block_of_lines(pc.binary_join_element_wise(*quoted, self._separator)))
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
