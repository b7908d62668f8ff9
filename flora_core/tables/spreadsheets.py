"""Tables in Excel workbooks (.xlsx): which sheet, what its cells hold, and nothing that only looks like a workbook."""

from __future__ import annotations

import datetime
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import numpy as np

from flora_core.errors import BadTable, TooLarge
from flora_core.tables.reading import MAX_SHEETS, Layout, Part, row_numbers, text_arrays
from flora_core.tables.text_files import _header_place

#: Bytes that a workbook may hold once it is unpacked. A bomb of a few kilobytes unpacks to gigabytes.
MAX_UNPACKED: Final = 600_000_000
_MAX_ENTRIES: Final = 5000


def layout(stream: BinaryIO, shown: str, sheet: str) -> Layout:
    """What a workbook holds; see `flora_core.tables.reading.read_layout`."""
    _check_archive(stream, shown)
    workbook = _open(stream, shown)
    sheets = tuple(workbook.sheet_names)
    if len(sheets) > MAX_SHEETS:
        raise TooLarge(f"{shown} has {len(sheets)} sheets; the limit is {MAX_SHEETS}. Save the one that is needed.")
    notes: list[str] = []
    if sheet and sheet not in sheets:
        raise BadTable(f"{shown} has no sheet '{sheet}'. There are: {', '.join(sheets)}.")
    chosen, rows = sheet, _rows(workbook, sheet, shown) if sheet else []
    if not chosen:
        filled = [(name, found) for name in sheets if (found := _rows(workbook, name, shown))]
        if not filled:
            raise BadTable(f"{shown} is empty: none of its sheets holds anything.")
        chosen, rows = filled[0]
        if len(filled) > 1:
            others = ", ".join(f"'{name}'" for name, _ in filled[1:])
            notes.append(f"Sheet '{chosen}' was read; there are {others} too.")
    if not rows:
        raise BadTable(f"The sheet '{chosen}' of {shown} is empty.")
    texts = [[_text(cell) for cell in row] for row in rows[:220]]
    start = _header_place(texts)
    header, beside = _width(texts, start)
    if len(rows) <= start + 1:
        raise BadTable(f"The sheet '{chosen}' of {shown} has a header and no rows below it.")
    if start:
        above = "row 1 above the table was" if start == 1 else f"rows 1 to {start} above the table were"
        notes.append(f"What stands in {above} passed over.")
    if beside:
        notes.append(beside)
    return Layout(
        kind="excel",
        header=header,
        header_row=start + 1,
        decimal=".",
        sheet=chosen,
        sheets=sheets,
        preview=tuple(tuple(row[: len(header)]) for row in texts[start + 1 : start + 21] if any(row[: len(header)])),
        notes=tuple(notes),
    )


def parts(stream: BinaryIO, layout: Layout, rows: int) -> Iterator[Part]:
    """The rows below the header; see `flora_core.tables.reading.read_parts`."""
    width = len(layout.header)
    found = _rows(_open(stream, "The workbook"), layout.sheet, "The workbook")
    texts: list[list[str]] = []
    numbers: list[int] = []
    for number, row in enumerate(found, start=1):
        if number <= layout.header_row:
            continue
        cells = [_text(cell) for cell in row[:width]]
        if not any(cells):
            continue
        texts.append([*cells, *[""] * (width - len(cells))])
        numbers.append(number)
        if len(texts) == rows:
            yield Part(row_numbers(numbers), text_arrays(texts, width), {})
            texts, numbers = [], []
    if texts:
        yield Part(row_numbers(numbers), text_arrays(texts, width), {})


def _check_archive(stream: BinaryIO, shown: str) -> None:
    """Unpack every entry without keeping it, and stop at the limit: what an entry says of its own size may be a lie."""
    try:
        with zipfile.ZipFile(stream) as archive:
            entries = archive.infolist()
            names = {entry.filename for entry in entries}
            if "xl/workbook.xml" not in names:
                kind = "a text document" if "word/document.xml" in names else "a zip archive"
                raise BadTable(f"{shown} is {kind}, not an Excel workbook. Unpack or save the table as .xlsx or .csv.")
            if len(entries) > _MAX_ENTRIES:
                raise TooLarge(f"{shown} has {len(entries):,} parts; the limit is {_MAX_ENTRIES:,}.")
            left = MAX_UNPACKED
            for entry in entries:
                left -= _unpacked_size(stream, archive, entry, left)
                if left <= 0:
                    raise TooLarge(
                        f"{shown} unpacks to more than {MAX_UNPACKED // 1_000_000} MB; save the table that is needed as .csv."
                    )
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise BadTable(f"{shown} is damaged and can't be opened ({error}). Save it again.") from None
    finally:
        stream.seek(0)


def _unpacked_size(stream: BinaryIO, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int) -> int:
    if entry.flag_bits & 1:
        raise BadTable("The workbook is protected by a password; save it without one.")
    if entry.file_size > limit:
        return entry.file_size
    total = 0
    with archive.open(entry) as content:
        while block := content.read(1 << 20):
            total += len(block)
            if total >= limit:
                break
    # More compressed bytes than the stated size needs would be unpacked by others: they count a thousandfold.
    return max(total, entry.compress_size if entry.compress_size > entry.file_size + 1024 else 0)


def _open(stream: BinaryIO, shown: str) -> Any:
    import python_calamine

    stream.seek(0)
    try:
        return python_calamine.CalamineWorkbook.from_filelike(stream)
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise BadTable(f"{shown} can't be opened as an Excel workbook ({error}). Save it again as .xlsx.") from None


def _rows(workbook: Any, sheet: str, shown: str) -> list[list[Any]]:
    """All rows of a sheet from its first cell on, so that row numbers are those a person sees; without empty ends."""
    import python_calamine

    try:
        rows: list[list[Any]] = workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    except (python_calamine.CalamineError, ValueError) as error:
        raise BadTable(f"The sheet '{sheet}' of {shown} can't be read ({error}).") from None
    while rows and not any(cell != "" for cell in rows[-1]):
        rows.pop()
    return rows


def _text(cell: Any) -> str:
    """A cell as a person reads it: 5 and not 5.0, a date in its own form, which no measurement has."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        return cell.date().isoformat()
    if isinstance(cell, (datetime.date, datetime.time)):
        return cell.isoformat()
    return "" if cell is None else str(cell)


def _width(texts: list[list[str]], start: int) -> tuple[tuple[str, ...], str]:
    """The header up to its last name, and a note on what stands beside the table."""
    names = [name.strip() for name in texts[start]]
    last = int(np.flatnonzero([bool(name) for name in names])[-1]) + 1
    # An empty column parts the table from notes beside it.
    gap = next(
        (i for i in range(1, last) if not names[i] and not any(row[i].strip() for row in texts if i < len(row))), None
    )
    width = gap if gap is not None and gap >= 2 else last
    beside = sum(bool(cell.strip()) for row in texts for cell in row[width:])
    note = (
        f"{beside} cell{'s' if beside > 1 else ''} beside the table {'were' if beside > 1 else 'was'} passed over."
        if beside
        else ""
    )
    return tuple(names[:width]), note
