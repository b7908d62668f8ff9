"""Long tables: a row for each character of a plant, spread so that each plant is a row.

What is what is found by what the cells do: a column of few words that name characters, one of numbers, and one or two that
tell the plants apart, each plant with a row for each character.

References
----------
Wickham (2014), Tidy Data, Journal of Statistical Software 59(10).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from flora_core.model import Ints
from flora_core.tables.columns.header_words import fold_accents, is_character_name
from flora_core.tables.files.dialect import column_name, looks_like_number
from flora_core.tables.layout import Layout, RowChunk, SpreadColumns
from flora_core.tables.values.cells import MISSING
from flora_core.tables.values.text import word_set

#: Headers, letters only, of columns that name characters, hold their values, and their units.
_CHARACTERS: Final = word_set(
    "character characters trait traits traitname variable parameter measurementtype measurement attribute feature property "
    "merkmal merkmale eigenschaft messgrosse caractere caracter variavel parametro caratteristica kenmerk cecha znak vlastnost "
    "egenskap признак характеристика 性状 形質"
)
_VALUES: Final = word_set(
    "value values val measurementvalue traitvalue amount result reading wert messwert valeur valor valore waarde wartosc "
    "hodnota varde verdi measurement messung mesure medida misura значение 値 数值"
)
_UNITS: Final = word_set(
    "unit units measurementunit einheit unite unidad unidade unita eenheid jednostka jednotka enhet единица 单位"
)
#: Different characters that a long table may name.
_MOST_CHARACTERS: Final = 200
#: The share of rows that may name a plant's character a second time.
_TWICE: Final = 0.02


def find_long(layout: Layout, part: RowChunk) -> SpreadColumns | None:
    """Which columns of a long table hold what; None where each row is a plant.

    Parameters
    ----------
    part : RowChunk
        The table, or enough of its first rows to see each plant's characters.
    """
    header = layout.header
    if len(part) < 6 or not 3 <= len(header) <= 100:
        return None
    letters = [_letters(name) for name in header]
    columns = [np.array([" ".join(t.split()) for t in c.fill_null("").to_pylist()], dtype=object) for c in part.columns]
    numeric = [j for j in range(len(header)) if header[j] and _share_of_numbers(columns[j]) > 0.6]
    texts = [j for j in range(len(header)) if header[j] and j not in numeric]
    found: list[tuple[int, SpreadColumns]] = []
    for character in texts:
        names = [name for name in dict.fromkeys(columns[character]) if name]
        if not 2 <= len(names) <= min(_MOST_CHARACTERS, len(part) / 2):
            continue
        known = sum(map(is_character_name, names)) > len(names) / 2
        for value in numeric:
            named = (letters[character] in _CHARACTERS) + (letters[value] in _VALUES) + 2 * known
            if not named:
                continue
            unit = next((j for j in texts if letters[j] in _UNITS), None)
            others = [j for j in range(len(header)) if header[j] and j not in (character, value, unit)]
            spread = _spread_columns(layout, columns, others, character, value, unit)
            if spread is not None:
                found.append((named, spread))
    return max(found, key=lambda one: one[0])[1] if found else None


def _spread_columns(
    layout: Layout,
    columns: Sequence[npt.NDArray[np.object_]],
    others: Sequence[int],
    character: int,
    value: int,
    unit: int | None,
) -> SpreadColumns | None:
    """The fewest columns that tell the plants apart, each plant with rows of several characters; None where none do."""
    n = len(columns[character])
    kinds = _codes([columns[character]])
    count = int(kinds.max()) + 1
    for several in (1, 2):
        for key in combinations(others, several):
            plants = _codes([columns[j] for j in key])
            number = int(plants.max()) + 1
            pairs = len(np.unique(plants * count + kinds))
            if number < 2 or n - pairs > _TWICE * n or pairs < max(1.5 * number, 0.5 * number * min(count, 3)):
                continue
            beside = tuple(j for j in others if j not in key and _goes_with(plants, columns[j]))
            units = _units(columns, character, unit)
            names = tuple(name for name in dict.fromkeys(columns[character]) if name)
            heads = tuple(f"{name} ({units[name]})" if units.get(name) else name for name in names)
            return SpreadColumns(layout, key, beside, character, value, names, tuple(map(column_name, heads)), number)
    return None


def _goes_with(plants: Ints, column: npt.NDArray[np.object_]) -> bool:
    """Whether a column says one thing of each plant."""
    values = _codes([column])
    return len(np.unique(plants * (int(values.max()) + 1) + values)) <= 1.01 * (int(plants.max()) + 1)


def _units(columns: Sequence[npt.NDArray[np.object_]], character: int, unit: int | None) -> dict[str, str]:
    """{character: its unit} of the characters that have one unit."""
    if unit is None:
        return {}
    pairs = dict.fromkeys(zip(columns[character], columns[unit], strict=True))
    by_name: dict[str, list[str]] = {}
    for name, text in pairs:
        if text and text.lower() not in MISSING:
            by_name.setdefault(name, []).append(text)
    return {name: texts[0] for name, texts in by_name.items() if len(texts) == 1}


def spread_layout(layout: Layout, spread: SpreadColumns, whole: RowChunk) -> Layout:
    """What the table is once it is spread: a row for each plant, a column for each character."""
    table, twice = _spread(spread, whole)
    names = [layout.header[j] for j in (*spread.key, *spread.beside)]
    gone = [
        f"'{name}'"
        for j, name in enumerate(layout.header)
        if name and j not in (*spread.key, *spread.beside, spread.character, spread.value)
    ]
    notes = [f"The long table was spread: {spread.plants:,} plants, {len(spread.characters)} characters each."]
    if gone:
        notes.append(f"Left out when it was spread: {', '.join(gone[:8])}.")
    if twice:
        values = "1 value was left out: its" if twice == 1 else f"{twice:,} values were left out: their"
        notes.append(f"{values} plant has another value of the same character above.")
    preview = tuple(zip(*(column[:20].to_pylist() for column in table.columns), strict=True))
    return replace(
        layout,
        header=(*names, *spread.headers),
        preview=preview,
        types=(),
        notes=(*layout.notes, *notes),
        spread=spread,
    )


def spread_parts(whole: RowChunk, spread: SpreadColumns, rows: int) -> Iterator[RowChunk]:
    """The plants of a long table, about `rows` at a time; each bears the number of its first row."""
    table, _ = _spread(spread, whole)
    for start in range(0, len(table), rows):
        yield RowChunk(table.rows[start : start + rows], [c[start : start + rows] for c in table.columns], {})


def _spread(spread: SpreadColumns, whole: RowChunk) -> tuple[RowChunk, int]:
    """All plants, and how many values were passed over because their plant had one."""
    texts = {
        j: np.array(whole.columns[j].fill_null("").to_pylist(), dtype=object) for j in (*spread.key, *spread.beside)
    }
    plants = _codes([texts[j] for j in spread.key], in_order=True)
    kinds = {name: i for i, name in enumerate(spread.characters)}
    cells = whole.columns[spread.character].fill_null("").to_pylist()
    kind = np.array([kinds.get(" ".join(text.split()), -1) for text in cells], dtype=np.int64)
    values = np.array(whole.columns[spread.value].fill_null("").to_pylist(), dtype=object)
    filled = np.flatnonzero(kind >= 0)
    wide = np.full((int(plants.max()) + 1, len(kinds)), "", dtype=object)
    # Of two values of one character the first counts.
    _, once = np.unique(plants[filled] * len(kinds) + kind[filled], return_index=True)
    kept = filled[once]
    wide[plants[kept], kind[kept]] = values[kept]
    twice = len(filled) - len(kept)
    _, first = np.unique(plants, return_index=True)
    columns = [pa.array(texts[j][first], pa.string()) for j in (*spread.key, *spread.beside)]
    columns += [pa.array(wide[:, i], pa.string()) for i in range(len(kinds))]
    return RowChunk(whole.rows[first], columns, {}), twice


def _codes(columns: Sequence[npt.NDArray[np.object_]], *, in_order: bool = False) -> Ints:
    """A number for the texts of each row that stand together, in the order of their first row if so wished."""
    joined = (
        columns[0]
        if len(columns) == 1
        else np.array(["\x1f".join(t) for t in zip(*columns, strict=True)], dtype=object)
    )
    _, first, codes = np.unique(joined.astype(str), return_index=True, return_inverse=True)
    if in_order:
        codes = np.argsort(np.argsort(first))[codes]
    return np.asarray(codes, dtype=np.int64)


def _share_of_numbers(column: npt.NDArray[np.object_]) -> float:
    filled = [text for text in column if text and text.lower() not in MISSING]
    return sum(map(looks_like_number, filled)) / len(filled) if filled else 0.0


def _letters(name: str) -> str:
    return re.sub(r"[\W\d_]+", "", fold_accents(name))
