"""A header of two rows joined to one: "petal" over "length" is "petal length", "length" over "mm" is "length (mm)"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flora_core.errors import BadTable, Unknown
from flora_core.tables.files.dialect import column_name, looks_like_number, passed_over
from flora_core.tables.layout import Layout
from flora_core.units import parse_unit


def join_header_rows(layout: Layout, shown: str) -> Layout:
    """The layout with the header's two rows joined.

    The second row is the header that was found, where the row above it names groups of columns; else the row below it.

    Parameters
    ----------
    shown : str
        The file's name, for the message.

    Raises
    ------
    BadTable
        No row beside the header can be part of it.
    """
    above = layout.above[-1] if layout.above else ()
    groups = [cell for cell in above if cell.strip()]
    repeats = len(set(layout.header)) < len(layout.header)
    if len(groups) > 1 and (repeats or not all(layout.header)) and not any(map(looks_like_number, groups)):
        upper, lower = above, layout.header
        row, preview = layout.header_row - 1, layout.preview
        header_row, passed = layout.header_row, layout.above[:-1]
    else:
        if not layout.preview or any(map(looks_like_number, layout.preview[0])) or not any(layout.preview[0]):
            raise BadTable(f"{shown} has one header row: below it stand numbers, and no names that go on with it.")
        upper, lower = layout.header, layout.preview[0]
        row, preview = layout.header_row, layout.preview[1:]
        header_row, passed = layout.header_row + 1, layout.above
    header = _joined(upper, lower, max(len(layout.header), len(lower)))
    # What was said of rows above the table and of columns without a name was said of another header.
    kept = [
        note
        for note in layout.notes
        if note != passed_over(len(layout.above)) and not (all(header) and " without a name: " in note)
    ]
    kept += [passed_over(len(passed))] if passed else []
    return replace(
        layout,
        header=header,
        header_row=header_row,
        above=passed,
        preview=preview,
        notes=(*kept, f"Rows {row} and {row + 1} were joined to one header."),
    )


def _joined(upper: Sequence[str], lower: Sequence[str], width: int) -> tuple[str, ...]:
    """The names of the columns; a group without a name of its own is that of the column to its left, as in merged cells."""
    names, group = [], ""
    for j in range(width):
        over = column_name(upper[j]) if j < len(upper) else ""
        under = column_name(lower[j]) if j < len(lower) else ""
        group = over or (group if under else "")
        if _is_unit(under) and group:
            names.append(f"{group} ({under.strip('()[] ')})")
        else:
            names.append(f"{group} {under}".strip())
    return tuple(names)


def _is_unit(text: str) -> bool:
    try:
        return bool(parse_unit(text.strip("()[] ")))
    except Unknown:
        return False
