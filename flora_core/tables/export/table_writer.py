"""A table on its way out: its own columns to the letter, ours beside them, and nothing a spreadsheet would run."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from typing import BinaryIO, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from flora_core.tables.export.formula_escaping import Column, escape_formulas, holds
from flora_core.tables.export.parquet_writer import ColumnarWriter
from flora_core.tables.export.xlsx_writer import WorkbookWriter


class RowWriter(Protocol):
    """Something that takes rows in order."""

    def write(self, columns: Sequence[Column]) -> None:
        """Write some rows, one array a column."""

    def close(self) -> None:
        """Write what is still held back; the stream stays open."""


def row_writer(stream: BinaryIO, kind: str, header: Sequence[str], types: Mapping[str, str] | None = None) -> RowWriter:
    """A writer of rows with this header.

    Parameters
    ----------
    kind : {"csv", "tsv", "xlsx", "parquet", "arrow"}
        Text is UTF-8; .csv has commas, .tsv tabs.
    types : mapping of str to str, optional
        {column: Arrow type} of those that Parquet and Arrow keep as more than text.
    """
    if kind == "xlsx":
        return WorkbookWriter(stream, header)
    if kind in ("parquet", "arrow"):
        return ColumnarWriter(stream, kind, header, types or {})
    return _TextWriter(stream, "\t" if kind == "tsv" else ",", header)


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
        quoted = [self._quoted(escape_formulas(column)) for column in columns]
        self._stream.write(block_of_lines(pc.binary_join_element_wise(*quoted, self._separator)))
        self._stream.write(b"\n")

    def _quoted(self, column: Column) -> pa.StringArray:
        if isinstance(column, pa.DictionaryArray):
            return self._quoted(column.dictionary).take(column.indices)
        special = b'"\n\r' + self._separator.encode()
        if not holds(column, special):
            return column
        doubled = pc.replace_substring(column, '"', '""')
        enclosed = pc.binary_join_element_wise('"', doubled, '"', "")
        return pc.if_else(pc.match_substring_regex(column, f"[{special.decode()}]"), enclosed, column)

    def close(self) -> None:
        self._stream.flush()
