"""Workbooks, Parquet and Arrow files, read in a process of their own with limits: none can end or fill the one that asked.

The two halves of each question stand side by side: what is asked here, and what the child makes of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, fields
from importlib import import_module
from typing import Any, BinaryIO, Final, Literal

import pyarrow as pa

from flora_core.errors import BadTable, TooLarge
from flora_core.limited_process import LimitReached, Limits, run_limited
from flora_core.tables.layout import Layout, RowChunk

_HERE: Final = "flora_core.tables.files.reader_process"
#: The module that reads each kind in the child.
_READERS: Final = {"excel": "flora_core.tables.files.xlsx_reader", "parquet": "flora_core.tables.files.parquet_reader"}
#: What was understood of a file is its first rows, a few of them.
_LAYOUT: Final = Limits(output=32_000_000, block=32_000_000)
_ROWS: Final = Limits(output=2_000_000_000, block=64_000_000)
_NUMBERS: Final = "rows"


def layout(stream: BinaryIO, kind: Literal["excel", "parquet"], shown: str, sheet: str) -> Layout:
    """What a file of this kind holds; see `flora_core.tables.files.reading.read_layout`."""
    with _in_words(shown, kind):
        asked = {"kind": kind, "shown": shown, "sheet": sheet}
        blocks = run_limited(f"{_HERE}:answer_layout", stream, asked, _LAYOUT)
        return _layout_of(json.loads(b"".join(blocks)))


def parts(stream: BinaryIO, layout: Layout, rows: int) -> Iterator[RowChunk]:
    """The rows below the header; see `flora_core.tables.files.reading.read_parts`."""
    asked = {"layout": asdict(layout), "rows": rows}
    with _in_words("The file", layout.kind):
        for block in run_limited(f"{_HERE}:answer_rows", stream, asked, _ROWS):
            yield _chunk_of(block, len(layout.header))


def answer_layout(content: BinaryIO, asked: Mapping[str, Any]) -> Iterator[bytes]:
    """The child's half of `layout`: a JSON document."""
    found = import_module(_READERS[asked["kind"]]).layout(content, asked["shown"], asked["sheet"])
    yield json.dumps(asdict(found)).encode()


def answer_rows(content: BinaryIO, asked: Mapping[str, Any]) -> Iterator[bytes]:
    """The child's half of `parts`: an Arrow stream for each part, its first column the rows' numbers."""
    understood = _layout_of(asked["layout"])
    for part in import_module(_READERS[understood.kind]).parts(content, understood, asked["rows"]):
        sink = pa.BufferOutputStream()
        names = [_NUMBERS, *(str(i) for i in range(len(part.columns)))]
        batch = pa.record_batch([pa.array(part.rows, pa.int64()), *part.columns], names=names)
        with pa.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
        yield sink.getvalue().to_pybytes()


@contextmanager
def _in_words(shown: str, kind: str) -> Iterator[None]:
    """Say for a file of this kind what it means that a limit was reached."""
    try:
        yield
    except LimitReached as limit:
        if kind == "parquet":
            raise BadTable(
                f"{shown} can't be read: it is damaged, or holds more than a file may. Write it again in smaller parts, or "
                "save the table as .csv."
            ) from None
        if limit.cause == "crash":
            raise BadTable(
                f"{shown} can't be read: its cells are not written as a spreadsheet program writes them. Open it in one and "
                "save it again as .xlsx, or save the table as .csv."
            ) from None
        what = {
            "memory": "needs more memory than a workbook may: its cells lie far apart, or it holds too many texts",
            "time": "takes longer to read than a workbook may",
            "output": "holds more text than a workbook may",
        }[limit.cause]
        raise TooLarge(f"{shown} {what}. Delete what stands far from the table, or save the table as .csv.") from None


def _layout_of(document: dict[str, Any]) -> Layout:
    """The layout that a document of it describes; lists have become what tuples were."""
    known = {field.name for field in fields(Layout)}
    return Layout(**{name: _tuples(value) for name, value in document.items() if name in known})


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _chunk_of(block: bytes, width: int) -> RowChunk:
    try:
        with pa.ipc.open_stream(pa.BufferReader(block)) as reader:
            batch = reader.read_next_batch()
        batch.validate(full=True)
    except (pa.ArrowInvalid, StopIteration, OSError) as error:
        raise LimitReached("crash") from error
    if batch.schema.types != [pa.int64(), *[pa.string()] * width]:
        raise LimitReached("crash")
    return RowChunk(batch.column(0).to_numpy(), list(batch.columns[1:]), {})
