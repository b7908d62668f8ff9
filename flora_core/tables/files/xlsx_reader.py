"""Tables in Excel workbooks (.xlsx): which sheet, what its cells hold, and nothing that only looks like a workbook.

The parser allocates what a workbook asks for, so this module is used in a process with limits:
`flora_core.tables.files.reader_process`.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, TypeVar

import numpy as np
import pyarrow as pa

from flora_core.errors import BadTable, TooLarge
from flora_core.tables.files.dialect import column_name, header_place, looks_like_number, passed_over
from flora_core.tables.files.xlsx_inspection import inspect_workbook
from flora_core.tables.layout import MAX_SHEETS, Layout, RowChunk

_T = TypeVar("_T")
#: Rows of a sheet that are looked at to find its table.
_LOOKED_AT: Final = 220
#: Empty rows on end that still belong to the table.
MAX_EMPTY_ROWS: Final = 100
#: Characters of one part of the rows, from which on it is handed over.
MAX_TEXT_OF_PART: Final = 4_000_000
#: Up to here a double holds every whole number: 2 to the power of 53.
_WHOLE: Final = float(2**53)
#: Characters of a cell that are looked at to understand the workbook; its rows keep them all.
_LONGEST_SHOWN: Final = 1000


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The first rows of a sheet, and where its table seems to begin."""

    name: str
    texts: list[list[str]]
    start: int
    header: tuple[str, ...]
    beside: int
    merged: int
    hidden: bool
    filled_down: int = 0

    @property
    def is_table(self) -> bool:
        """Whether there are two named columns and a number below them."""
        below = self.texts[self.start + 1 :]
        return sum(map(bool, self.header)) > 1 and any(looks_like_number(c) for row in below for c in row)


def layout(stream: BinaryIO, shown: str, sheet: str) -> Layout:
    """What a workbook holds; see `flora_core.tables.files.reading.read_layout`."""
    contents = inspect_workbook(stream, shown)
    workbook = _open(stream, shown)
    names = tuple(workbook.sheet_names)
    if len(names) > MAX_SHEETS:
        raise TooLarge(f"{shown} has {len(names)} sheets; the limit is {MAX_SHEETS}. Save the one that is needed.")
    if sheet and sheet not in names:
        raise BadTable(f"{shown} has no sheet '{sheet}'. There are: {', '.join(names)[:600]}.")
    chosen, others = _chosen(workbook, shown, (sheet,) if sheet else names)
    notes: list[str] = []
    if others:
        notes.append(f"Sheet '{chosen.name}' was read; there are {', '.join(repr(name) for name in others)} too.")
    if chosen.hidden:
        notes.append(f"Sheet '{chosen.name}' is hidden in the workbook.")
    rows = [row for row in chosen.texts[chosen.start + 1 :] if any(c.strip() for c in row[: len(chosen.header)])]
    if chosen.start:
        notes.append(passed_over(chosen.start))
    notes += _notes(chosen, contents.errors, contents.not_computed)
    notes += _hidden_rows(chosen, _of_sheet(chosen, names, contents.hidden))
    notes += _hidden_columns(chosen, _of_sheet(chosen, names, contents.hidden_columns))
    return Layout(
        kind="excel",
        header=chosen.header,
        header_row=chosen.start + 1,
        decimal=".",
        sheet=chosen.name,
        sheets=names,
        above=tuple(tuple(row) for row in chosen.texts[: chosen.start]),
        preview=tuple(tuple(row[: len(chosen.header)]) for row in rows[:20]),
        notes=tuple(notes),
    )


def _chosen(workbook: Any, shown: str, names: tuple[str, ...]) -> tuple[_Sheet, list[str]]:
    """The first sheet that holds a table, or anything; and the others that do. Hidden sheets come last."""
    import python_calamine

    kinds = {sheet.name: sheet for sheet in workbook.sheets_metadata}
    hidden = {name for name in names if kinds[name].visible != python_calamine.SheetVisibleEnum.Visible}
    found: list[_Sheet] = []
    broken: list[BadTable] = []
    for name in sorted(names, key=hidden.__contains__):
        if kinds[name].typ == python_calamine.SheetTypeEnum.WorkSheet:
            try:
                found.append(_first_rows(workbook, name, shown, name in hidden))
            except BadTable as error:
                # Another sheet may be the one that is needed.
                broken.append(error)
    filled = [sheet for sheet in found if sheet.texts]
    if not filled and broken:
        raise broken[0]
    if not filled and len(names) == 1 and len(workbook.sheet_names) > 1:
        raise BadTable(f"The sheet '{names[0]}' of {shown} is empty.")
    if not filled:
        raise BadTable(f"{shown} is empty: none of its sheets holds a cell. Pictures and charts can't be read.")
    chosen = next((sheet for sheet in filled if sheet.is_table), filled[0])
    return chosen, [sheet.name for sheet in filled if sheet is not chosen]


def _first_rows(workbook: Any, name: str, shown: str, hidden: bool) -> _Sheet:
    sheet = _sheet(workbook, name, shown)
    shown_rows = sheet.to_python(skip_empty_area=False, nrows=_LOOKED_AT)
    texts = [[_text(cell)[:_LONGEST_SHOWN] for cell in row] for row in shown_rows]
    while texts and not any(cell.strip() for cell in texts[-1]):
        texts.pop()
    if not texts:
        return _Sheet(name, [], 0, (), 0, 0, hidden)
    spans = _merged_down(sheet)
    for number, row in enumerate(texts):
        _fill_down(row, number, spans)
    start = header_place(texts)
    header, beside = _table_columns(texts, start)
    down = sum(bool(span.text) and span.first >= start for span in spans)
    return _Sheet(name, texts, start, header, beside, len(sheet.merged_cell_ranges or ()), hidden, down)


@dataclass(slots=True)
class _Span:
    """Cells of one column that were merged: rows from 0, and the text of the first one once it was read."""

    column: int
    first: int
    last: int
    text: str = ""


def _merged_down(sheet: Any) -> list[_Span]:
    return [
        _Span(left, top, bottom)
        for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()
        if left == right and bottom > top
    ]


def _fill_down(row: list[str], number: int, spans: list[_Span]) -> None:
    """Put the words of cells merged downwards into the rows they span; a number that was merged is nobody's measurement."""
    for span in spans:
        if not span.first <= number <= span.last or span.column >= len(row):
            continue
        if number == span.first:
            text = row[span.column]
            span.text = text if text.strip() and not looks_like_number(text) else ""
        elif span.text and not row[span.column].strip():
            row[span.column] = span.text


def _table_columns(texts: list[list[str]], start: int) -> tuple[tuple[str, ...], int]:
    """The header up to its last name, and how many cells stand beside the table."""
    names = [column_name(cell) for cell in texts[start]]
    filled = np.flatnonzero([bool(name) for name in names])
    first, last = int(filled[0]), int(filled[-1]) + 1
    # An empty column parts the table from notes beside it.
    gap = next(
        (
            i
            for i in range(first + 2, last)
            if not names[i] and not any(row[i].strip() for row in texts[start:] if i < len(row))
        ),
        last,
    )
    beside = sum(bool(cell.strip()) for row in texts[start:] for cell in row[gap:])
    return tuple(names[:gap]), beside


def _notes(sheet: _Sheet, errors: int, not_computed: int) -> list[str]:
    notes = []
    if sheet.beside:
        were = "were" if sheet.beside > 1 else "was"
        notes.append(f"{_cells(sheet.beside)} beside the table {were} passed over.")
    if sheet.filled_down:
        notes.append(
            f"{_cells(sheet.filled_down, 'cell')} merged downwards: the text was filled into each row it spans."
        )
    if sheet.merged > sheet.filled_down:
        others = _cells(sheet.merged - sheet.filled_down, "merged cell")
        notes.append(f"{others}: only the first cell of each holds the value.")
    if errors:
        notes.append(
            f"{_cells(errors)} of the workbook hold{'' if errors > 1 else 's'} an error like #DIV/0!; read as missing."
        )
    if not_computed:
        notes.append(
            f"{_cells(not_computed, 'formula')} of the workbook {'have' if not_computed > 1 else 'has'} no result; read as "
            "missing. Open the workbook in a spreadsheet program and save it."
        )
    nameless = [str(i + 1) for i, name in enumerate(sheet.header) if not name]
    if nameless:
        notes.append(f"Column{'s' if len(nameless) > 1 else ''} {', '.join(nameless)} without a name: kept, not read.")
    return notes


def _of_sheet(sheet: _Sheet, names: tuple[str, ...], hidden: dict[str, list[_T]]) -> list[_T]:
    """What was seen in the entry of a sheet."""
    if len(names) == 1:
        return [one for found in hidden.values() for one in found]
    place = f"sheet{names.index(sheet.name) + 1}.xml"
    return [one for entry, found in hidden.items() if entry.lower().endswith(f"/{place}") for one in found]


def _hidden_columns(sheet: _Sheet, spans: list[tuple[int, int]]) -> list[str]:
    """The note on columns that a person does not see in a spreadsheet program and that are read all the same."""
    header = sheet.header
    found = [name.strip() for i, name in enumerate(header, 1) if name.strip() and any(a <= i <= b for a, b in spans)]
    if not found:
        return []
    one = len(found) == 1
    some = ", ".join(found[:8]) + (" ..." if len(found) > 8 else "")
    return [
        f"Column{'' if one else 's'} {some} {'is' if one else 'are'} hidden in the workbook: read like the others. "
        f"Delete {'it if it does' if one else 'them if they do'} not belong to the table."
    ]


def _hidden_rows(sheet: _Sheet, rows: list[int]) -> list[str]:
    """The note on rows that a person does not see in a spreadsheet program and that are read all the same."""
    rows = [row for row in rows if row > sheet.start + 1]
    if not rows:
        return []
    some = ", ".join(map(str, rows[:8])) + (" ..." if len(rows) > 8 else "")
    one = len(rows) == 1
    return [
        f"{len(rows):,} row{' is' if one else 's are'} hidden in the workbook, by hand or by a filter ({some}): read like the "
        "others. Delete them if they don't belong to the table."
    ]


def _cells(n: int, one: str = "cell") -> str:
    return f"{n:,} {one}{'s' if n > 1 else ''}"


def parts(stream: BinaryIO, layout: Layout, rows: int) -> Iterator[RowChunk]:
    """The rows below the header; see `flora_core.tables.files.reading.read_parts`.

    An empty row between others is a row, those below the last one are not, and neither are more than `MAX_EMPTY_ROWS` on end:
    there the table was left, and something stands far below it.
    """
    sheet = _sheet(_open(stream, "The workbook"), layout.sheet, "The workbook")
    width = len(layout.header)
    spans = _merged_down(sheet)
    before = sheet.start[1] if sheet.start else 0
    texts: list[list[str]] = []
    numbers: list[int] = []
    size = last = 0
    for number, row in enumerate(sheet.iter_rows(), start=1):
        if number <= layout.header_row:
            last = number
            continue
        cells = ([""] * before + [_text(cell) for cell in row])[:width]
        _fill_down(cells, number - 1, spans)
        if not any(cell.strip() for cell in cells):
            continue
        if number - last - 1 <= MAX_EMPTY_ROWS:
            for empty in range(last + 1, number):
                texts.append([""] * width)
                numbers.append(empty)
        last = number
        texts.append([*cells, *[""] * (width - len(cells))])
        numbers.append(number)
        size += sum(map(len, cells))
        if len(texts) >= rows or size >= MAX_TEXT_OF_PART:
            yield _part(texts, numbers)
            texts, numbers, size = [], [], 0
    if texts:
        yield _part(texts, numbers)


def _part(texts: list[list[str]], numbers: list[int]) -> RowChunk:
    return RowChunk(np.array(numbers, np.int64), [pa.array(c, pa.string()) for c in zip(*texts, strict=True)], {})


def _open(stream: BinaryIO, shown: str) -> Any:
    import python_calamine

    stream.seek(0)
    try:
        return python_calamine.CalamineWorkbook.from_filelike(stream)
    except (python_calamine.CalamineError, OSError, ValueError):
        raise BadTable(
            f"{shown} can't be opened as an Excel workbook: it is damaged, or protected by a password. Open it in a "
            "spreadsheet program and save it again as .xlsx without one."
        ) from None


def _sheet(workbook: Any, name: str, shown: str) -> Any:
    import python_calamine

    try:
        return workbook.get_sheet_by_name(name)
    except (python_calamine.CalamineError, OSError, ValueError):
        raise BadTable(
            f"The sheet '{name[:100]}' of {shown} can't be read: its cells are not written as a spreadsheet program writes "
            "them. Open it in one and save it again as .xlsx, or save the table as .csv."
        ) from None


def _text(cell: Any) -> str:
    """A cell as a person reads it: 5 and not 5.0, a date in its own form, which no measurement has."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) <= _WHOLE else repr(cell)
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        return cell.date().isoformat()
    if isinstance(cell, (datetime.date, datetime.time)):
        return cell.isoformat()
    return "" if cell is None else str(cell)
