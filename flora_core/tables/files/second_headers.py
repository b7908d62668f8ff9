"""A second header below the first: where it stands, and which rows it is the header of.

Tables are put one below the other, with their columns in another order, in another unit, or with other columns. What stands
below such a row must never be read by the first header.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flora_core.errors import Unknown
from flora_core.model import Bools
from flora_core.tables.columns.header_words import fold_accents, parse_header
from flora_core.tables.files.dialect import column_name, looks_like_number
from flora_core.tables.layout import Layout, RowChunk
from flora_core.tables.values.cells import MISSING
from flora_core.units import parse_unit

#: Cells that begin with a letter, in any script, perhaps behind a sign or a space.
_BEGINS_WITH_A_LETTER: Final = r"^[\s\"'(\[]*\p{L}"
#: Of the columns of numbers, the share in which a header holds words.
_MOSTLY: Final = 0.6
#: Rows of a part that are looked at for texts that repeat.
_LOOKED_AT: Final = 2000


def mark_second_headers(parts: Iterator[RowChunk], layout: Layout) -> Iterator[RowChunk]:
    """The parts, with the rows below a header of another order, unit or set of columns marked.

    A row that is the first header again marks nothing: what stands below it is read by it.
    """
    numeric = _columns_of_numbers(layout)
    header, texts = 0, dict[int, str]()
    for part in parts:
        places = _header_rows(part, layout, numeric)
        if not places and not header:
            yield part
            continue
        below = np.full(len(part), header, dtype=np.int64)
        for place, cells, same in places:
            header = 0 if same else int(part.rows[place])
            texts = texts if same else texts | {header: ", ".join(f"'{c}'" for c in cells if c)[:200]}
            below[place:] = header
        yield replace(part, below=below, second_headers=texts) if below.any() else part


def _columns_of_numbers(layout: Layout) -> list[int]:
    found = []
    for j in range(len(layout.header)):
        cells = [row[j].strip() for row in layout.preview if j < len(row) and row[j].strip().lower() not in MISSING]
        if cells and sum(map(looks_like_number, cells)) > _MOSTLY * len(cells):
            found.append(j)
    return found


def _header_rows(part: RowChunk, layout: Layout, numeric: Sequence[int]) -> list[tuple[int, list[str], bool]]:
    """(place, its cells, whether it is the first header again) of each row that is a header."""
    least = max(2, int(np.ceil(_MOSTLY * len(numeric))))
    if len(numeric) < 2 or not any(_holds_letters(part.columns[j]) for j in numeric[:2]):
        return []
    words = np.zeros(len(part), dtype=np.int64)
    for j in numeric:
        if _holds_letters(part.columns[j]):
            words += _begin_with_letters(part.columns[j])
    keys = {_key(name) for name in layout.header if name}
    found = []
    for place in map(int, np.flatnonzero(words >= least)):
        cells = [column_name(column[place].as_py() or "") for column in part.columns]
        words_there = [cells[j] for j in numeric]
        follows = _numbers_follow(part, place, numeric) and not _repeats_a_text(part, cells, numeric)
        if follows and _are_units(words_there, least):
            # Units alone: what stands below is measured in them, whatever the first header said.
            units = [parse_unit(cell.strip("()[] ")) if cell else "" for cell in words_there]
            first = [_unit(layout.header[j]) for j in numeric]
            found.append((place, cells, all(a in ("", b) for a, b in zip(units, first, strict=True))))
        elif _is_header(words_there, keys, least, follows):
            same = all(
                _key(cells[j]) == _key(layout.header[j]) and _unit(cells[j]) == _unit(layout.header[j]) for j in numeric
            )
            found.append((place, cells, same))
    return found


def _are_units(cells: Sequence[str], least: int) -> bool:
    """Whether a row holds units in most columns of numbers and nothing else in them."""
    filled = [cell for cell in cells if cell]
    try:
        return len(filled) >= least and all(parse_unit(cell.strip("()[] ")) for cell in filled)
    except Unknown:
        return False


def _holds_letters(column: pa.StringArray) -> bool:
    """Whether any cell comes behind all numbers in the order of texts: a quick look that spares columns of numbers."""
    return str(pc.min_max(column)["max"].as_py() or "").strip() >= ":"


def _begin_with_letters(column: pa.StringArray) -> Bools:
    found = pc.fill_null(pc.match_substring_regex(column, _BEGINS_WITH_A_LETTER), False)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)


def _is_header(cells: Sequence[str], keys: set[str], least: int, numbers_follow: bool) -> bool:
    words = [cell for cell in cells if cell and cell.lower() not in MISSING]
    named = sum(_key(cell) in keys for cell in words)
    if len({word.casefold() for word in words}) < max(least, len(words)):
        return False
    others = numbers_follow and len(words) == len(cells) and not any(word[0].isdigit() for word in words)
    return named >= max(2, least / 2) or others


def _repeats_a_text(part: RowChunk, cells: Sequence[str], numeric: Sequence[int]) -> bool:
    """Whether a cell beside the numbers says what another row says there: then the row is a plant, spoilt or not."""
    beside = [j for j in range(len(cells)) if j not in numeric and cells[j]]
    return any(part.columns[j][:_LOOKED_AT].to_pylist().count(cells[j]) > 1 for j in beside)


def _numbers_follow(part: RowChunk, place: int, numeric: Sequence[int]) -> bool:
    """Whether the next filled row holds numbers in most columns of numbers; a row at the end of a part is believed."""
    for later in range(place + 1, min(place + 4, len(part))):
        cells = [part.columns[j][later].as_py() or "" for j in numeric]
        filled = [cell for cell in cells if cell.strip()]
        if filled:
            return sum(map(looks_like_number, filled)) > _MOSTLY * len(filled)
    return place + 1 >= len(part)


def _key(name: str) -> str:
    words = parse_header(name).words
    return " ".join(words) if words else re.sub(r"\W+", " ", fold_accents(name)).strip()


def _unit(name: str) -> str:
    return parse_header(name).unit
