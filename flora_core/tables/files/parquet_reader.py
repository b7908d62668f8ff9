"""Tables in Parquet and Arrow files, each cell as the text that a .csv file would have.

The parsers trust what a file says of itself, so this module is used in a process with limits:
`flora_core.tables.files.reader_process`.

References
----------
Apache Parquet format, https://parquet.apache.org/docs/file-format/; Arrow IPC file format,
https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO, Final, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flora_core.errors import BadTable, TooLarge
from flora_core.tables.files.dialect import find_decimal
from flora_core.tables.layout import MAX_COLUMNS, Decimal, Layout, RowChunk

#: What the files begin with.
PARQUET: Final = b"PAR1"
ARROW: Final = b"ARROW1"
_PREVIEW: Final = 20
#: Characters of a cell that are shown of the first rows; its row keeps them all.
_LONGEST_SHOWN: Final = 1000


def layout(stream: BinaryIO, shown: str, sheet: str) -> Layout:
    """What a Parquet or Arrow file holds; see `flora_core.tables.files.reading.read_layout`."""
    if sheet:
        raise BadTable(f"{shown} is a Parquet or Arrow file and has no sheets.")
    try:
        schema, batches = _opened(stream, _PREVIEW)
        if len(schema.names) > MAX_COLUMNS:
            raise TooLarge(f"{shown} has {len(schema.names):,} columns; the limit is {MAX_COLUMNS:,}.")
        preview: list[tuple[str, ...]] = []
        for batch in batches:
            columns = [[cell[:_LONGEST_SHOWN] for cell in _texts(column).to_pylist()] for column in batch.columns]
            preview += list(zip(*columns, strict=True))
            if len(preview) >= _PREVIEW:
                break
    except (pa.ArrowException, OSError) as error:
        _broken(shown, error)
    nested = [field.name for field in schema if pa.types.is_nested(field.type)]
    notes = [f"{', '.join(map(repr, nested[:5]))} hold lists or structures, which are kept as JSON."] if nested else []
    return Layout(
        kind="parquet",
        header=tuple(" ".join(name.split()) for name in schema.names),
        header_row=0,
        decimal=_decimal(schema, preview),
        preview=tuple(preview[:_PREVIEW]),
        types=tuple(_kept_type(field.type) for field in schema),
        notes=tuple(notes),
    )


def parts(stream: BinaryIO, layout: Layout, rows: int) -> Iterator[RowChunk]:
    """The rows; the first has number 1, because no header stands above it."""
    first = 1
    try:
        _, batches = _opened(stream, rows)
        for batch in batches:
            for start in range(0, batch.num_rows, rows):
                piece = batch.slice(start, rows)
                yield RowChunk(np.arange(first, first + len(piece)), [_texts(column) for column in piece.columns], {})
                first += len(piece)
    except (pa.ArrowException, OSError) as error:
        _broken("The file", error)


def _opened(stream: BinaryIO, rows: int) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    stream.seek(0)
    head = stream.read(len(ARROW))
    stream.seek(0)
    if head == ARROW:
        file = pa.ipc.open_file(stream)
        return file.schema, (file.get_batch(i) for i in range(file.num_record_batches))
    import pyarrow.parquet as pq

    table = pq.ParquetFile(stream)
    return table.schema_arrow, table.iter_batches(batch_size=rows, use_threads=False)


def _broken(shown: str, error: Exception) -> NoReturn:
    if isinstance(error, pa.ArrowMemoryError):
        raise MemoryError from error
    raise BadTable(f"{shown} is damaged or was cut short; write it again, or save the table as .csv.") from None


def _texts(column: pa.Array) -> pa.StringArray:
    """The cells as text, "" where there is none; numbers as short as they can be read back from."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _texts(column.dictionary_decode())
    if isinstance(column, pa.ExtensionArray):
        return _texts(column.storage)
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return pa.array([_as_json(cell) for cell in column.to_pylist()], pa.string())
    if pa.types.is_floating(kind):
        # What is not a number was not measured.
        column = pc.if_else(pc.is_nan(column), None, column)
        if pa.types.is_float16(kind):
            column = column.cast(pa.float32())
        texts = column.cast(pa.string())
        return pc.fill_null(pc.replace_substring_regex(texts, r"\.0$", ""), "")
    texts = column.cast(pa.string())
    if pa.types.is_timestamp(kind):
        # A day is written as a day.
        texts = pc.replace_substring_regex(pc.replace_substring_regex(texts, r"\.0+(Z?)$", r"\1"), " 00:00:00Z?$", "")
    return pc.fill_null(texts, "")


def _as_json(cell: Any) -> str:
    return "" if cell is None else json.dumps(cell, ensure_ascii=False, default=str)


def _decimal(schema: pa.Schema, preview: list[tuple[str, ...]]) -> Decimal:
    """Numbers have a point; texts may have what a person typed."""
    typed = [j for j, kind in enumerate(schema.types) if _is_text(kind)]
    sign, _ = find_decimal([tuple(row[j] for j in typed) for row in preview], "\t")
    return sign if sign == "," and len(typed) == len(schema.types) else "."


def _is_text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _kept_type(kind: pa.DataType) -> str:
    """The name of a type that the text of its cells can be turned back into; "string" for all others."""
    plain = (
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind) or pa.types.is_date32(kind)
    )
    return str(kind) if plain and not pa.types.is_float16(kind) else "string"
