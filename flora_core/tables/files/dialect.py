"""How a text table is built: which sign parts its columns, which row is the header, which sign its decimals have."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np

from flora_core.errors import BadTable
from flora_core.tables.files.row_splitter import split_rows
from flora_core.tables.layout import Decimal
from flora_core.tables.values.text import normalize

SEPARATORS: Final = (",", ";", "\t", "|", " ")
SEPARATOR_NAMES: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars", " ": "spaces"}
#: Rows that are looked at for the separator.
_LOOKED_AT: Final = 60

_SEPARATOR_LINE: Final = re.compile(r'^"?sep=(.)"?\s*(?:\n|$)', re.IGNORECASE)


def separator_line(sample: str) -> str:
    """The separator that a first line "sep=;" names, as spreadsheet programs write it; "" where there is no such line."""
    match = _SEPARATOR_LINE.match(sample)
    return match[1] if match else ""


def find_separator(sample: str) -> str:
    """The sign that parts columns: the one that gives rows of one width, and the most cells of a known kind where several do.

    References
    ----------
    van den Burg, Nazábal & Sutton (2019), Wrangling messy CSV files by detecting row and type patterns, Data Mining and
    Knowledge Discovery 33: 1799-1820: a separator is right where both the rows and the cells that it makes are regular.
    """
    lines = [line for line in sample.split("\n") if line.strip()][:_LOOKED_AT]
    scores = {sign: _regularity("\n".join(lines), sign) for sign in SEPARATORS}
    best = max(scores.values())
    equal = [sign for sign in SEPARATORS if scores[sign] > best - 0.1 and scores[sign] > 0]
    if len(equal) < 2:
        return equal[0] if equal else ","
    kinds = {sign: _share_of_known_kinds("\n".join(lines), sign) for sign in equal}
    return max(equal, key=lambda sign: kinds[sign])


#: A cell of one kind: nothing, a number, a date, or words in which no sign stands that could part columns.
_KNOWN_KIND: Final = re.compile(
    r"""\s*(?:
        (?:NA|N/A|nan|null|-|\?)?
      | [<>~±+-]?\s*\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?(?:\s*(?:[µcdmk]?m|%|[µmk]?g))?
      | \d{1,4}[./-]\d{1,2}[./-]\d{1,4}(?:[T\ ][\d:.]+Z?)?
      | [^\W\d][^,;|\t]*
    )\s*""",
    re.VERBOSE,
)


def _share_of_known_kinds(text: str, sign: str) -> float:
    cells = [cell for row in cells_of(text, sign) for cell in row]
    return sum(_KNOWN_KIND.fullmatch(cell) is not None for cell in cells) / len(cells) if cells else 0.0


def _regularity(text: str, sign: str) -> float:
    """How much a sign looks like the separator: the share of rows that have the commonest width, if that is above 1."""
    widths = [len(row) for row in cells_of(text, sign)]
    if not widths:
        return 0.0
    common = max(set(widths), key=widths.count)
    if common < 2:
        return 0.0
    share = widths.count(common) / len(widths)
    # Where a sign stands in the numbers and not in the header, it is the decimal sign.
    # R's write.table leaves the first column's name out.
    nameless = widths[0] == common - 1 > 1
    share *= 1.0 if widths[0] == common else 0.8 if nameless else 0.5
    # Spaces stand within cells too: they part columns only where every row agrees.
    agreed = share == 1.0 or (nameless and widths.count(common) == len(widths) - 1 > 1)
    return share if sign != " " else (0.5 if agreed else 0.0)


def cells_of(text: str, separator: str) -> list[list[str]]:
    """The rows of a text as cells."""
    rows, _ = split_rows(text.encode(errors="replace"), separator.encode())
    return [[cell.decode() for cell in row] for row in rows]


def header_place(rows: Sequence[Sequence[str]]) -> int:
    """Which row is the header: the first that is as wide, and about as full, as those below it.

    Titles, collectors and dates that stand above a table fill fewer columns than the table does.
    """
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    widths = [len(row) for row, n in zip(rows, filled, strict=True) if n]
    if not widths:
        return 0
    usual = float(np.median([n for n in filled if n]))
    common = max(set(widths), key=widths.count)
    # R's write.table leaves the name of the first column out.
    wide = [
        i
        for i, row in enumerate(rows)
        if filled[i] >= max(2.0, 0.75 * usual) and len(row) >= common - 1 and not _is_remark(row, common)
    ]
    half = [i for i, n in enumerate(filled) if n >= max(2.0, usual / 2) and not _is_remark(rows[i], common)]
    # Where few columns have a name, the first row of plants is fuller than the header.
    if wide and half and half[0] < wide[0] and _any_number(rows[wide[0]]) and not _any_number(rows[half[0]]):
        return half[0]
    return next(iter([*wide, *half, *(i for i, n in enumerate(filled) if n)]), 0)


def column_name(cell: str) -> str:
    """A column's name on one line, as it can be typed: spreadsheets break long names into several."""
    return " ".join(normalize(cell).split())


def passed_over(rows: int) -> str:
    """The note on rows above the header."""
    return (
        "Row 1 above the table was passed over." if rows == 1 else f"Rows 1 to {rows} above the table were passed over."
    )


def _is_remark(row: Sequence[str], common: int) -> bool:
    return row[0].lstrip().startswith(("#", "//")) and len(row) != common


def looks_like_number(text: str) -> bool:
    """Whether a cell is a plain number, with a decimal point or comma."""
    cleaned = text.strip().replace(",", ".").lstrip("+-")
    return bool(cleaned) and cleaned.replace(".", "", 1).isdigit()


def _any_number(row: Sequence[str]) -> bool:
    return any(looks_like_number(cell) for cell in row)


def has_row_names(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether nearly all rows have one filled cell more than the header has names, as R's write.table writes them."""
    longer = sum(len(row) == len(header) + 1 and bool(row[-1].strip()) and bool(row[0].strip()) for row in rows)
    return bool(header) and all(header) and longer >= max(1, 0.9 * len(rows))


#: Cells of digits and the signs that stand among them: "5.1", "2,0-2,5", "(3-)4-6(-8)", "1 234,5", "5,1 cm".
_NUMERIC_CELL: Final = re.compile(r"^(?:ca?\.? ?|~)?[\d.,()\s'+–-]+(?:[cdmµ]?m²?)?$")
_NUMBER: Final = re.compile(r"(?<![\d.,])\d[\d.,]*\d(?![\d.,])")
#: What can only be a decimal comma; what can only be a decimal point; and what may be either sign of thousands.
_COMMA: Final = re.compile(
    r"\d+,(?:\d{1,2}|\d{4,})|0\d*,\d+|\d{4,},\d+|\d{1,3}(?:\.\d{3})+,\d+|[1-9]\d{0,2}(?:\.\d{3}){2,}"
)
_POINT: Final = re.compile(
    r"\d+\.(?:\d{1,2}|\d{4,})|0\d*\.\d+|\d{4,}\.\d+|\d{1,3}(?:,\d{3})+\.\d+|[1-9]\d{0,2}(?:,\d{3}){2,}"
)
_EITHER: Final = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")


def find_decimal(rows: Sequence[Sequence[str]], separator: str) -> tuple[Decimal, str]:
    """The decimal sign that the cells show, and the question where they show only such as "1,234"."""
    commas = points = 0
    doubtful: dict[str, str] = {}
    for row in rows:
        for cell in row:
            if not _NUMERIC_CELL.match(cell):
                continue
            for text in _NUMBER.findall(cell):
                if _COMMA.fullmatch(text):
                    commas += 1
                elif _POINT.fullmatch(text):
                    points += 1
                elif _EITHER.fullmatch(text):
                    doubtful.setdefault("," if "," in text else ".", text)
    if commas > points:
        return ",", ""
    if points:
        return ".", ""
    if "," in doubtful:
        return "", _question(doubtful[","])
    if "." in doubtful:
        # Where semicolons part the columns, commas were needed for the numbers, and a point may part thousands.
        return ("", _question(doubtful["."])) if separator == ";" else (".", "")
    return "", ""


def _question(text: str) -> str:
    mark, name = (",", "comma") if "," in text else (".", "point")
    return (
        f"Is {text} one number with a decimal {name} ({text.replace(mark, '.')}), or {text.replace(mark, '')}? "
        "Say which the decimal sign is."
    )


def check_separator(separator: str) -> str:
    """The separator that a person asked for.

    Raises
    ------
    BadTable
        It can't part columns.
    """
    if separator not in SEPARATORS:
        raise BadTable(f"'{separator}' can't part columns. Commas, semicolons, tabs, vertical bars and spaces can.")
    return separator
