"""The rows of a text table, millions of them, a few megabytes at a time: found, counted and made equally long, then parsed."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv

from flora_core.errors import BadTable
from flora_core.tables.files.encodings import BLOCK, KEEP_BYTES
from flora_core.tables.files.row_splitter import is_orderly, join_rows, outside_quotes, row_ends, split_rows
from flora_core.tables.layout import MAX_COLUMNS, Layout, RowChunk

#: No row of a table is longer, in bytes.
LONGEST_ROW: Final = MAX_COLUMNS * 1000


def parts(stream: BinaryIO, layout: Layout, rows: int) -> Iterator[RowChunk]:
    """The rows below the header; see `flora_core.tables.files.reading.read_parts`."""
    separator = layout.separator.encode()
    # The line "sep=;" is not shown by spreadsheet programs, and not counted by people.
    number = -1 if layout.separator_line else 0
    for block in _whole_rows(_utf8_blocks(stream, layout), separator):
        for piece in _pieces(block, rows):
            part, seen = _parsed(piece, layout, number)
            number += seen
            if len(part):
                yield part


def _utf8_blocks(stream: BinaryIO, layout: Layout) -> Iterator[bytes]:
    """The file as UTF-8 with plain line ends; the last block is the empty one."""
    if layout.encoding == "utf-8-sig":
        stream.read(len(codecs.BOM_UTF8))
    plain = layout.encoding in ("utf-8", "utf-8-sig")
    decoder = None if plain else codecs.getincrementaldecoder(layout.encoding)(errors=KEEP_BYTES)
    held, block = b"", stream.read(BLOCK)
    while True:
        following = stream.read(BLOCK) if block else b""
        content = held + (block if decoder is None else decoder.decode(block, final=not following).encode())
        held = b""
        if b"\r" in content:
            # The end of this block may be the first half of a line end.
            if block and content.endswith(b"\r"):
                content, held = content[:-1], b"\r"
            content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if block and not following and content and not held and not content.endswith(b"\n"):
            # The last row of a file without a last line end is a row like the others, in the part of the others.
            content += b"\n"
        if content:
            yield content
        if not block:
            yield b""
            return
        block = following


def _whole_rows(blocks: Iterator[bytes], separator: bytes) -> Iterator[bytes]:
    """Blocks that begin and end with a row, with quotes in order; separating spaces become tabs."""
    held = b""
    for block in blocks:
        held += block
        while True:
            whole, held = _cut(held, separator, final=not block)
            if whole:
                yield whole
            if len(held) <= LONGEST_ROW:
                break
            # A quote that is still open after so many bytes was never meant to be closed.
            line, end, held = held.partition(b"\n")
            if not end:
                raise BadTable(f"A row is longer than {LONGEST_ROW:,} bytes; is this a table?")
            yield join_rows(split_rows(line, separator)[0], _inner(separator))


def _inner(separator: bytes) -> bytes:
    """What parts the cells once rows are made equal."""
    return b"\t" if separator == b" " else separator


def _cut(content: bytes, separator: bytes, *, final: bool) -> tuple[bytes, bytes]:
    """The complete rows with their quotes in order, and the rest."""
    if final and content and not content.endswith(b"\n"):
        content += b"\n"
    if separator != b" " and is_orderly(content, separator):
        ends = row_ends(content, outside_quotes(content))
        end = int(ends[-1]) + 1 if len(ends) else 0
        if not final or end == len(content):
            return content[:end], content[end:]
    rows, end = split_rows(content, separator, final=final)
    return join_rows(rows, _inner(separator)), content[end:]


def _pieces(block: bytes, rows: int) -> Iterator[bytes]:
    """A block cut into about so many rows each."""
    ends = row_ends(block, outside_quotes(block))
    start = 0
    for i in range(rows - 1, len(ends), rows):
        yield block[start : int(ends[i]) + 1]
        start = int(ends[i]) + 1
    if start < len(block):
        yield block[start:]


def _parsed(piece: bytes, layout: Layout, before: int) -> tuple[RowChunk, int]:
    """The rows of a piece, and how many rows of the file it holds, blank ones and the header included."""
    width, sign = len(layout.header), _inner(layout.separator.encode())
    outside = outside_quotes(piece)
    ends = row_ends(piece, outside)
    starts = np.concatenate([[0], ends[:-1] + 1])
    marks = np.frombuffer(piece, np.uint8) == sign[0]
    places = np.flatnonzero(marks if outside is None else marks & outside)
    widths = np.searchsorted(places, ends) - np.searchsorted(places, starts) + 1
    numbers = before + 1 + np.arange(len(ends))
    wanted = (ends > starts) & (numbers > layout.header_row)
    # A line of nothing but spaces is a blank line to a person.
    for i in np.flatnonzero(wanted & (widths == 1) & (width > 1)):
        wanted[i] = bool(piece[starts[i] : ends[i]].strip())
    odd = np.flatnonzero(wanted & (widths != width))
    ragged: dict[int, tuple[int, tuple[str, ...]]] = {}
    if len(odd) or not wanted.all():
        piece, ragged = _mended(piece, starts, ends, wanted, odd, width, sign)
    columns = _columns(piece, width, sign.decode()) if wanted.any() else []
    return RowChunk(numbers[wanted], columns, ragged), len(ends)


def _columns(piece: bytes, width: int, sign: str) -> list[pa.StringArray]:
    """The cells of rows of one width, as text."""
    quoted = b'"' in piece
    names = [str(i) for i in range(width)]
    table = pa.csv.read_csv(
        pa.BufferReader(piece),
        read_options=pa.csv.ReadOptions(column_names=names, use_threads=False, block_size=max(len(piece), 1024) + 1),
        parse_options=pa.csv.ParseOptions(
            delimiter=sign, quote_char='"' if quoted else False, newlines_in_values=quoted, ignore_empty_lines=False
        ),
        convert_options=pa.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False
        ),
    )
    columns = [table.column(i).combine_chunks() for i in range(width)]
    return [c.chunk(0) if isinstance(c, pa.ChunkedArray) else c for c in columns]


def _mended(
    piece: bytes,
    starts: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
    wanted: npt.NDArray[np.bool_],
    odd: npt.NDArray[np.int64],
    width: int,
    sign: bytes,
) -> tuple[bytes, dict[int, tuple[int, tuple[str, ...]]]]:
    """The piece without its blank rows, and with rows of another length made as long as the header."""
    place_in_part = np.cumsum(wanted) - 1
    ragged: dict[int, tuple[int, tuple[str, ...]]] = {}
    replaced: dict[int, bytes] = {}
    for i in map(int, odd):
        rows, _ = split_rows(piece[starts[i] : ends[i]], sign)
        cells = rows[0]
        surplus = tuple(cell.decode() for cell in cells[width:])
        # One separator too many at the end of a row is a habit of some programs, and says nothing.
        if any(cell.strip() for cell in surplus) or len(cells) < width:
            ragged[int(place_in_part[i])] = (len(cells), surplus)
        replaced[i] = join_rows([[*cells[:width], *[b""] * (width - len(cells))]], sign)
    runs: list[bytes] = []
    run_start = 0
    for i in map(int, np.flatnonzero(~wanted | np.isin(np.arange(len(ends)), odd))):
        runs.append(piece[run_start : int(starts[i])])
        runs.append(replaced.get(i, b""))
        run_start = int(ends[i]) + 1
    runs.append(piece[run_start:])
    return b"".join(runs), ragged
