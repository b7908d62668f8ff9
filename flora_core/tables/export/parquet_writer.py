"""A table on its way out as Parquet or as an Arrow file: typed columns, nothing escaped, because no spreadsheet opens it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from flora_core.tables.export.formula_escaping import Column


class ColumnarWriter:
    """Writes each part as a row group (Parquet) or a batch (Arrow).

    Parameters
    ----------
    stream : binary file
    kind : {"parquet", "arrow"}
    header : sequence of str
        Names that stand twice, or are empty, get their place in the table.
    types : mapping of str to str
        {column: Arrow type} of those that are not text; their cells are texts of such values, "" for none.
    """

    def __init__(self, stream: BinaryIO, kind: str, header: Sequence[str], types: Mapping[str, str]) -> None:
        names = [name if name and header.index(name) == i else f"{name}#{i + 1}" for i, name in enumerate(header)]
        kinds = [pa.type_for_alias(types.get(name, "string")) for name in header]
        self._schema = pa.schema(list(zip(names, kinds, strict=True)))
        self._writer: Any
        if kind == "arrow":
            self._writer = pa.ipc.new_file(stream, self._schema)
        else:
            import pyarrow.parquet as pq

            self._writer = pq.ParquetWriter(stream, self._schema, compression="zstd")

    def write(self, columns: Sequence[Column]) -> None:
        """Write some rows, one array of texts a column."""
        if not len(columns[0]):
            return
        arrays = [_typed(column, kind) for column, kind in zip(columns, self._schema.types, strict=True)]
        self._writer.write_batch(pa.record_batch(arrays, schema=self._schema))

    def close(self) -> None:
        """Write the end of the file; the stream stays open."""
        self._writer.close()


def _typed(column: Column, kind: pa.DataType) -> pa.Array:
    if isinstance(column, pa.DictionaryArray):
        return _typed(column.dictionary, kind).take(column.indices)
    if pa.types.is_string(kind):
        return column
    return pc.if_else(pc.equal(column, ""), None, column).cast(kind)
