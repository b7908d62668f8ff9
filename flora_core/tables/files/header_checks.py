"""What is wrong with a header, and would make every row below it wrong: refused, with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flora_core.errors import BadTable, TooLarge, Unknown
from flora_core.tables.files.dialect import looks_like_number
from flora_core.tables.layout import MAX_COLUMNS, Layout
from flora_core.tables.values.cells import MISSING
from flora_core.tables.values.text import word_set
from flora_core.units import parse_unit

_EXAMPLE: Final = "Put everything into one row, like 'petal length (mm)'. Or have the two rows joined (--join-headers)."
#: Characters of a column's name.
_LONGEST_NAME: Final = 1000
#: Words that stand in a second row of a header, beside units.
_DIMENSIONS: Final = word_set("length width height area diameter mean sd min max n l w h länge breite longueur largeur")


def check_header(layout: Layout, shown: str) -> None:
    """Refuse a header that does not name the columns one by one.

    Parameters
    ----------
    shown : str
        The file's name, for the message.

    Raises
    ------
    BadTable, TooLarge
    """
    header = layout.header
    if len(header) > MAX_COLUMNS:
        raise TooLarge(
            f"{shown} has {len(header):,} columns; the limit is {MAX_COLUMNS:,}. Leave out those not needed."
        )
    longest = max(range(len(header)), key=lambda j: len(header[j]), default=0)
    if header and len(header[longest]) > _LONGEST_NAME:
        raise BadTable(
            f"The first line of {shown} holds a text of {len(header[longest]):,} characters where the name of column "
            f"{longest + 1} should be; {_LONGEST_NAME:,} is the limit. Is this a table, with a row on each line?"
        )
    if len(header) < 2:
        found = f" ('{header[0][:60]}')" if header and header[0] else ""
        if layout.kind == "excel":
            raise BadTable(
                f"The sheet '{layout.sheet}' of {shown} has only one column{found}. A table needs two at least."
            )
        raise BadTable(
            f"{shown} has only one column{found}. Columns are separated by commas, semicolons or tabs; "
            "if another sign separates them, say which (separator)."
        )
    if not any(header):
        raise BadTable(f"{shown} has no names above its columns. Add a first row with names, like 'petal length (mm)'.")
    places: dict[str, int] = {}
    for i, name in enumerate(header):
        if name and name in places:
            _refuse_twice(layout, shown, name, places[name], i)
        places[name] = i
    if _is_a_row(layout):
        raise BadTable(
            f"{shown} begins with numbers ({', '.join(header[:4])} ...) instead of the columns' names. Add a first row with "
            "names, like 'petal length (mm)'."
        )
    if not layout.preview:
        of = f"The sheet '{layout.sheet}' of " if layout.kind == "excel" else ""
        raise BadTable(f"{of}{shown} has a header and no rows below it.")
    if _goes_on(layout.preview):
        raise BadTable(
            f"{shown} seems to have two header rows: below the names, row {layout.header_row + 1} holds "
            f"'{_listed(layout.preview[0])}' where numbers follow. {_EXAMPLE}",
            "join-headers",
        )


def _is_a_row(layout: Layout) -> bool:
    """Whether what stands for a header is a row of numbers like those below it, and not the numbers 1, 2, 3 of a series."""
    header, rows = layout.header, layout.preview
    over = [name.strip() for name in header if looks_like_number(name)]
    whole = [int(text) for text in over if text.isdigit()]
    series = len(whole) == len(over) >= 2 and whole == list(range(whole[0], whole[0] + len(whole)))
    if series and len(over) < sum(map(bool, header)):
        return False
    if len(over) > sum(map(bool, header)) / 2:
        return True
    numeric = [
        j
        for j in range(len(header))
        if rows and sum(looks_like_number(row[j]) for row in rows if j < len(row)) > 0.8 * len(rows)
    ]
    inside = sum(looks_like_number(header[j]) for j in numeric)
    return inside >= 2 and inside > 0.6 * len(numeric)


def _refuse_twice(layout: Layout, shown: str, name: str, first: int, second: int) -> None:
    above = layout.above[-1] if layout.above else ()
    groups = [cell for cell in above if cell.strip()]
    if len(groups) > 1 and not any(map(looks_like_number, groups)):
        raise BadTable(
            f"{shown} seems to have two header rows: '{name[:60]}' stands in columns {first + 1} and {second + 1}, and the row "
            f"above holds '{_listed(above)}'. {_EXAMPLE}",
            "join-headers",
        )
    if layout.preview and not any(map(looks_like_number, layout.preview[0])):
        below = [cell for cell in layout.preview[0] if cell.strip()]
        if len(below) > 1 and all(map(_is_unit_or_dimension, below)):
            raise BadTable(
                f"{shown} seems to have two header rows: '{name[:60]}' stands in columns {first + 1} and {second + 1}, and the "
                f"row below holds '{_listed(layout.preview[0])}'. {_EXAMPLE}",
                "join-headers",
            )
    header = layout.header
    apart = second - first
    again = sum(bool(a) and a == b for a, b in zip(header, header[apart:], strict=False))
    if apart > 1 and again > 1 and again >= len([name for name in header[second:] if name]) / 2:
        raise BadTable(
            f"{shown} seems to hold two tables side by side: the names from '{name[:60]}' on stand in columns {first + 1} and "
            f"{second + 1}. Put them into files of their own, or one below the other under one header."
        )
    raise BadTable(
        f"{shown} has two columns called '{name[:60]}' (columns {first + 1} and {second + 1}). Rename one of them."
    )


def _goes_on(preview: Sequence[Sequence[str]]) -> bool:
    """Whether the first row is words in most columns whose other rows are numbers, and holds no number itself."""
    if len(preview) < 2 or any(map(looks_like_number, preview[0])):
        return False
    first, others = preview[0], preview[1:]
    numeric = [
        j
        for j in range(len(first))
        if sum(looks_like_number(row[j]) for row in others if j < len(row)) > 0.8 * len(others)
    ]
    words = [cell for cell in (first[j].strip() for j in numeric) if _is_word(cell)]
    few = len(preview) < 6 and not all(map(_is_unit_or_dimension, words))
    return len(numeric) >= 2 and len(words) > len(numeric) / 2 and not few


def _is_word(cell: str) -> bool:
    return any(c.isalpha() for c in cell) and not any(c.isdigit() for c in cell) and cell.lower() not in MISSING


def _is_unit_or_dimension(word: str) -> bool:
    if word.lower() in _DIMENSIONS:
        return True
    try:
        return bool(parse_unit(word))
    except Unknown:
        return False


def _listed(row: Sequence[str]) -> str:
    return ", ".join(cell for cell in row if cell.strip())[:80]
