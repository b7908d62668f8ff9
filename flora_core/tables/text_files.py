"""Tables as text: encoding, line ends, separator, decimal sign; and rows of millions, a few megabytes at a time."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv

from flora_core.errors import BadTable
from flora_core.tables.reading import MAX_COLUMNS, Decimal, Layout, Part

#: Bytes read at once.
_BLOCK: Final = 4 << 20
#: A row that is longer than this is a quote that was never closed.
_LONGEST_ROW: Final = MAX_COLUMNS * 1000
#: Rows looked at to find separator, header and decimal sign.
_LOOKED_AT: Final = 200
_SEPARATORS: Final = (",", ";", "\t", "|", " ")
_NAMES: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars", " ": "spaces"}
_QUOTE, _NEWLINE = 34, 10


def layout(stream: BinaryIO, shown: str, decimal: Decimal, separator: str) -> Layout:
    """What a text file is; see `flora_core.tables.reading.read_layout`."""
    encoding, notes = _encoding(stream, shown)
    sample = _sample(stream, encoding)
    if "\0" in sample:
        raise BadTable(f"{shown} is not a text file. Tables are read from .csv, .tsv, .txt and .xlsx.")
    if not sample.strip():
        raise BadTable(f"{shown} is empty.")
    if _is_markup(sample):
        raise BadTable(f"{shown} is a web page, not a table. Save the table itself as .csv or .xlsx.")
    quoting = _uses_quotes(sample)
    part = separator or _separator(sample, quoting)
    if part not in _SEPARATORS:
        raise BadTable(f"'{part}' can't part columns. Commas, semicolons, tabs, vertical bars and spaces can.")
    records = _records(sample, part, quoting)
    start = _header_place(records)
    header = tuple(cell.strip() for cell in records[start])
    rows = [tuple(r) for r in records[start + 1 :] if any(cell.strip() for cell in r)]
    if not rows and len(header) > 1:
        raise BadTable(f"{shown} has a header and no rows below it.")
    if start:
        above = "row 1 above the table was" if start == 1 else f"rows 1 to {start} above the table were"
        notes.append(f"What stands in {above} passed over.")
    if part != ",":
        notes.append(f"Columns are parted by {_NAMES[part]}.")
    sign, question = (decimal, "") if decimal else _decimal(rows)
    if sign == ",":
        notes.append("The decimal sign is the comma.")
    beside = [i + 1 for i, name in enumerate(header) if not name]
    if beside:
        notes.append(
            f"Column{'s' if len(beside) > 1 else ''} {', '.join(map(str, beside))} without a name: kept, not read."
        )
    return Layout(
        kind="text",
        header=header,
        header_row=start + 1,
        encoding=encoding,
        separator=part,
        quoting=quoting,
        decimal=sign,
        preview=tuple(rows[:20]),
        notes=tuple(notes),
        question=question,
    )


def parts(stream: BinaryIO, layout: Layout, rows: int) -> Iterator[Part]:
    """The rows below the header; see `flora_core.tables.reading.read_parts`."""
    width = len(layout.header)
    number = 0
    for block in _whole_records(_utf8_blocks(stream, layout), layout):
        for piece in _pieces(block, layout, rows):
            part, seen = _parsed(piece, layout, width, number)
            number += seen
            if len(part):
                yield part


# Encoding.


def _encoding(stream: BinaryIO, shown: str) -> tuple[str, list[str]]:
    """The encoding's name, and what must be said of it; reads the whole file where it has no mark."""
    head = stream.read(4096)
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if head.startswith(mark):
            if name == "utf-16":
                _decodes(stream, name, shown)
                return name, ["The file is in UTF-16."]
            # A mark does not keep the rest of a file from being something else.
            return (name, []) if _is_utf8(stream) else _guessed(stream)
    zeros = head[1::2].count(0), head[0::2].count(0)
    if len(head) > 3 and max(zeros) > len(head) // 4:
        name = "utf-16-le" if zeros[0] > zeros[1] else "utf-16-be"
        _decodes(stream, name, shown)
        return name, ["The file seems to be in UTF-16."]
    return ("utf-8", []) if _is_utf8(stream) else _guessed(stream)


def _is_utf8(stream: BinaryIO) -> bool:
    stream.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while block := stream.read(_BLOCK):
            if not block.isascii():
                decoder.decode(block)
            elif decoder.getstate()[0]:
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _decodes(stream: BinaryIO, name: str, shown: str) -> None:
    stream.seek(0)
    decoder = codecs.getincrementaldecoder(name)()
    try:
        while block := stream.read(_BLOCK):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise BadTable(
            f"{shown} is damaged: it begins as UTF-16 and does not go on so. Save it again, as UTF-8."
        ) from None


def _guessed(stream: BinaryIO) -> tuple[str, list[str]]:
    """One of the encodings of old spreadsheet programs, by which of them makes letters of the strange bytes."""
    import charset_normalizer

    stream.seek(0)
    lines = b""
    returns = newlines = 0
    while (block := stream.read(_BLOCK)) and len(lines) < 20_000:
        returns, newlines = returns + block.count(b"\r"), newlines + block.count(b"\n")
        lines += b"\n".join(line for line in re.split(rb"[\r\n]+", block) if not line.isascii())
    candidates = ["mac_roman", "cp1252"] if returns and not newlines else ["cp1252", "cp1250", "cp1251", "cp1253"]
    scores = {name: _letters(lines, name) for name in candidates}
    best = max(scores.values())
    equal = [name for name in candidates if scores[name] >= best - 0.02]
    chosen = equal[0]
    if len(equal) > 1:
        match = charset_normalizer.from_bytes(lines[:4000], cp_isolation=equal).best()
        chosen = match.encoding if match is not None and match.encoding in equal else equal[0]
    names = {"cp1252": "Windows-1252", "cp1250": "Windows-1250", "cp1251": "Windows-1251", "cp1253": "Windows-1253"}
    example = _strange_word(lines, chosen)
    shown = f", as in “{example}”" if example else ""
    guess = names.get(chosen, "Mac Roman")
    return chosen, [
        f"The file is not in UTF-8; its letters were read as {guess}{shown}. If that is wrong, save it as UTF-8."
    ]


def _letters(content: bytes, encoding: str) -> float:
    """The share of strange characters that are lower-case letters or signs that stand in tables."""
    text = content.decode(encoding, errors="replace")
    strange = [c for c in text if ord(c) > 127]
    if not strange:
        return 0.0
    # Greek and Cyrillic pages make letters of everything; in a table of Latin words they are not what was meant.
    likely = sum((c.islower() and "LATIN" in unicodedata.name(c, "")) or c in "°µ×±–—’“”„½ÄÖÜÉŠŽČØÅ" for c in strange)
    other = sum(c.islower() and "LATIN" not in unicodedata.name(c, "") for c in strange)
    return max(likely, other if other > 0.9 * len(strange) else 0) / len(strange)


def _strange_word(content: bytes, encoding: str) -> str:
    for word in re.split(r"[\s,;|]+", content.decode(encoding, errors="replace")):
        if not word.isascii() and 2 < len(word) < 30:
            return word.strip('"')
    return ""


# Structure.


def _sample(stream: BinaryIO, encoding: str) -> str:
    """The first rows as text with plain line ends."""
    stream.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    text = ""
    for _ in range(64):
        block = stream.read(65_536)
        text += decoder.decode(block, final=not block)
        if not block or text.count("\n") + text.count("\r") > 2 * _LOOKED_AT:
            break
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    # The last line may have been cut in the middle.
    return "\n".join(lines[:-1] if block and len(lines) > 1 else lines)


def _is_markup(sample: str) -> bool:
    return re.match(r"\s*<(?:!doctype|html|\?xml|table)\b", sample, re.IGNORECASE) is not None


def _uses_quotes(sample: str) -> bool:
    """Whether quotes enclose cells: some cell begins and some cell ends with one, and they come in pairs."""
    opened = len(re.findall(r'(?:^|[,;\t| ])"', sample, re.MULTILINE))
    closed = len(re.findall(r'"(?:$|[,;\t| ])', sample, re.MULTILINE))
    return opened > 0 and closed > 0 and sample.count('"') % 2 == 0


def _separator(sample: str, quoting: bool) -> str:
    """The sign that parts columns: the one that gives rows of one width, and clevercsv's where several do.

    References
    ----------
    van den Burg, Nazábal & Sutton (2019), Wrangling messy CSV files by detecting row and type patterns, Data Mining and
    Knowledge Discovery 33: 1799-1820 (clevercsv).
    """
    lines = [line for line in sample.split("\n") if line.strip()][:60]
    scores = {sign: _regularity("\n".join(lines), sign, quoting) for sign in _SEPARATORS}
    best = max(scores.values())
    equal = [sign for sign in _SEPARATORS if scores[sign] > best - 0.1 and scores[sign] > 0]
    if len(equal) == 1:
        return equal[0]
    import clevercsv

    try:
        dialect = clevercsv.Sniffer().sniff("\n".join(lines[:40]))
    except clevercsv.Error:
        dialect = None
    found = (dialect.delimiter or "") if dialect is not None else ""
    return found if found in (equal or _SEPARATORS) else (equal[0] if equal else ",")


def _regularity(text: str, sign: str, quoting: bool) -> float:
    """How much a sign looks like the separator: the share of rows that have the commonest width, if that is above 1."""
    widths = [len(record) for record in _split(text, sign, quoting)]
    if not widths:
        return 0.0
    common = max(set(widths), key=widths.count)
    if common < 2:
        return 0.0
    share = widths.count(common) / len(widths)
    # Where a sign stands in the numbers and not in the header, it is the decimal sign.
    share *= 1.0 if widths[0] == common else 0.5
    # Spaces stand within cells too: they part columns only where every row agrees.
    return share if sign != " " else (0.5 if share == 1.0 else 0.0)


def _split(text: str, sign: str, quoting: bool) -> list[list[str]]:
    if sign == " " and not quoting:
        return [line.split() for line in text.split("\n")]
    csv.field_size_limit(1 << 24)
    try:
        return list(_reader(io.StringIO(text), sign, quoting))
    except csv.Error:
        return []


def _reader(lines: Iterable[str], sign: str, quoting: bool) -> Iterator[list[str]]:
    spaces = sign == " "
    if quoting:
        return csv.reader(lines, delimiter=sign, skipinitialspace=spaces)
    return csv.reader(lines, delimiter=sign, quoting=csv.QUOTE_NONE, skipinitialspace=spaces)


def _records(sample: str, sign: str, quoting: bool) -> list[list[str]]:
    return _split(sample, sign, quoting)[: _LOOKED_AT + 20]


def _header_place(records: list[list[str]]) -> int:
    """Which record is the header: the first that fills about as many columns as the rows below it do."""
    filled = [sum(bool(cell.strip()) for cell in record) for record in records]
    usual = float(np.median([n for n in filled if n] or [0]))
    for i, n in enumerate(filled):
        if n >= max(2.0, usual / 2):
            return i
    return next((i for i, n in enumerate(filled) if n), 0)


#: Cells of digits and the signs that stand among them: "5.1", "2,0-2,5", "(3-)4-6(-8)", "1 234,5".
_NUMERIC_CELL: Final = re.compile(r"^[\d.,()\s+–-]+$")
_FRACTION: Final = re.compile(r"(?<![\d.,])\d+([.,])\d+(?![\d.,])")
_THOUSANDS: Final = re.compile(r"[1-9]\d{0,2},\d{3}")


def _decimal(rows: list[tuple[str, ...]]) -> tuple[Decimal, str]:
    """The decimal sign that the cells show, and the question where they show only "1,234"."""
    found = [match for row in rows for cell in row if _NUMERIC_CELL.match(cell) for match in _FRACTION.finditer(cell)]
    points = sum(match[1] == "." for match in found)
    commas = [match[0] for match in found if match[1] == ","]
    doubtful = [text for text in commas if _THOUSANDS.fullmatch(text)]
    if len(commas) > len(doubtful) and len(commas) > points:
        return ",", ""
    if points:
        return ".", ""
    if doubtful:
        return "", (
            f"Is {doubtful[0]} one number with a decimal comma ({doubtful[0].replace(',', '.')}), or "
            f"{doubtful[0].replace(',', '')}? Say which the decimal sign is."
        )
    return "", ""


# Rows.


def _utf8_blocks(stream: BinaryIO, layout: Layout) -> Iterator[bytes]:
    """The file as UTF-8 with plain line ends."""
    plain = layout.encoding in ("utf-8", "utf-8-sig")
    if plain and layout.encoding == "utf-8-sig":
        stream.read(3)
    decoder = None if plain else codecs.getincrementaldecoder(layout.encoding)(errors="replace")
    held = b""
    while True:
        block = stream.read(_BLOCK)
        content = held + (block if decoder is None else decoder.decode(block, final=not block).encode())
        held = b""
        if b"\r" in content:
            # The end of this block may be the first half of a line end.
            if block and content.endswith(b"\r"):
                content, held = content[:-1], b"\r"
            content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if content:
            yield content
        if not block:
            return


def _whole_records(blocks: Iterator[bytes], layout: Layout) -> Iterator[bytes]:
    """Blocks that end where a row ends."""
    held = b""
    for block in blocks:
        content = held + block
        end = _last_end(content, layout.quoting)
        if end < 0:
            if len(content) > _LONGEST_ROW:
                raise BadTable(
                    'A quote (") is opened and never closed, or a row is longer than two million characters.'
                )
            held = content
            continue
        yield content[: end + 1]
        held = content[end + 1 :]
        if len(held) > _LONGEST_ROW:
            raise BadTable('A quote (") is opened and never closed, or a row is longer than two million characters.')
    if held:
        if layout.quoting and held.count(b'"') % 2:
            start = held[:40].decode(errors="replace").split("\n")[0]
            raise BadTable(f"A quote (\") is opened and never closed, in the row that begins with '{start}'.")
        yield held + b"\n"


def _last_end(content: bytes, quoting: bool) -> int:
    """Where the last complete row ends; -1 where none does."""
    if not quoting or b'"' not in content:
        return content.rfind(b"\n")
    ends = _ends(np.frombuffer(content, np.uint8), _outside(content, quoting))
    return int(ends[-1]) if len(ends) else -1


def _outside(content: bytes, quoting: bool) -> npt.NDArray[np.bool_] | None:
    """For each byte whether it stands outside quotes; None where all do."""
    if not quoting or b'"' not in content:
        return None
    quotes = np.frombuffer(content, np.uint8) == _QUOTE
    return np.asarray(np.cumsum(quotes, dtype=np.int32) & 1 == 0)


def _ends(content: npt.NDArray[np.uint8], outside: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.int64]:
    ends = content == _NEWLINE
    return np.flatnonzero(ends if outside is None else ends & outside)


def _pieces(block: bytes, layout: Layout, rows: int) -> Iterator[bytes]:
    """A block cut into about so many rows each."""
    ends = _ends(np.frombuffer(block, np.uint8), _outside(block, layout.quoting))
    start = 0
    for i in range(rows - 1, len(ends), rows):
        yield block[start : int(ends[i]) + 1]
        start = int(ends[i]) + 1
    if start < len(block):
        yield block[start:]


def _parsed(piece: bytes, layout: Layout, width: int, before: int) -> tuple[Part, int]:
    """The rows of a piece, and how many rows of the file it holds, blank ones and the header included."""
    if layout.separator == " ":
        piece = b"\n".join(b"\t".join(_split_spaces(line, layout.quoting)) for line in piece.split(b"\n"))
    sign = b"\t" if layout.separator == " " else layout.separator.encode()
    outside = _outside(piece, layout.quoting)
    content = np.frombuffer(piece, np.uint8)
    ends = _ends(content, outside)
    starts = np.concatenate([[0], ends[:-1] + 1])
    marks = content == sign[0]
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
        order = np.cumsum(wanted) - 1
        piece, ragged = _mended(piece, starts, ends, wanted, odd, order, layout, width, sign)
    table = pa.csv.read_csv(
        pa.BufferReader(piece),
        read_options=pa.csv.ReadOptions(
            column_names=[str(i) for i in range(width)], use_threads=False, block_size=max(len(piece), 1024) + 1
        ),
        parse_options=pa.csv.ParseOptions(
            delimiter=sign.decode(), quote_char='"' if layout.quoting else False, newlines_in_values=layout.quoting,
            ignore_empty_lines=False,
        ),
        convert_options=pa.csv.ConvertOptions(
            column_types={str(i): pa.string() for i in range(width)}, strings_can_be_null=False, check_utf8=False
        ),
    ) if wanted.any() else None  # fmt: skip
    columns = [table.column(i).combine_chunks() for i in range(width)] if table is not None else []
    columns = [c.chunk(0) if isinstance(c, pa.ChunkedArray) else c for c in columns]
    return Part(numbers[wanted], columns, ragged), len(ends)


def _mended(
    piece: bytes,
    starts: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
    wanted: npt.NDArray[np.bool_],
    odd: npt.NDArray[np.int64],
    order: npt.NDArray[np.int64],
    layout: Layout,
    width: int,
    sign: bytes,
) -> tuple[bytes, dict[int, tuple[int, tuple[str, ...]]]]:
    """The piece without its blank rows, and with rows of another length made as long as the header."""
    ragged: dict[int, tuple[int, tuple[str, ...]]] = {}
    replaced: dict[int, bytes] = {}
    for i in odd:
        line = piece[starts[i] : ends[i]].decode(errors="replace")
        cells = next(_reader([line], sign.decode(), layout.quoting), [])
        surplus = tuple(cells[width:])
        # One separator too many at the end of a row is a habit of some programs, and says nothing.
        if any(cell.strip() for cell in surplus) or len(cells) < width:
            ragged[int(order[i])] = (len(cells), surplus)
        kept = [*cells[:width], *[""] * (width - len(cells))]
        replaced[int(i)] = sign.join(_cell(cell, layout.quoting) for cell in kept) + b"\n"
    runs: list[bytes] = []
    run_start: int | None = None
    for i in range(len(ends)):
        if wanted[i] and i not in replaced:
            run_start = int(starts[i]) if run_start is None else run_start
            continue
        if run_start is not None:
            runs.append(piece[run_start : int(starts[i])])
            run_start = None
        if i in replaced:
            runs.append(replaced[i])
    if run_start is not None:
        runs.append(piece[run_start:])
    return b"".join(runs), ragged


def _cell(text: str, quoting: bool) -> bytes:
    return b'"' + text.replace('"', '""').encode() + b'"' if quoting else text.encode()


def _split_spaces(line: bytes, quoting: bool) -> list[bytes]:
    if quoting and b'"' in line:
        cells = next(csv.reader([line.decode(errors="replace")], delimiter=" ", skipinitialspace=True), [])
        return [_cell(cell, True) for cell in cells]
    return line.split()
