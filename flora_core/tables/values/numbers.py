"""A column of text -> numbers, quickly where the cells are plain, one by one where they are not."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flora_core.model import Floats
from flora_core.tables.layout import Decimal
from flora_core.tables.values.cells import LARGEST, Cell, read_cell

#: How many different odd cells of a column are read; beyond, each is read again and again, but memory does not grow.
_REMEMBERED: Final = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """What a column of cells holds.

    Attributes
    ----------
    values : (n,) float
        NaN where nothing was measured or the cell can't be read.
    odd : dict of int to Cell
        The cells that are neither plain numbers nor plainly missing: bad ones, and those that were read past something.
    """

    values: Floats
    odd: dict[int, Cell]


def read_numbers(column: pa.StringArray, decimal: Decimal, *, middle_of_ranges: bool = False) -> Numbers:
    """The numbers of a column.

    Parameters
    ----------
    column : pyarrow.StringArray
        Cells as text.
    decimal : {".", ",", ""}
        The table's decimal sign; "" where each cell must speak for itself.
    middle_of_ranges : bool
        Whether "2.0-2.5" becomes 2.25 instead of a bad cell.
    """
    if _begins_or_ends_with_space(column):
        column = pc.utf8_trim_whitespace(column)
    filled = pc.if_else(pc.equal(column, ""), None, column)
    if decimal != ",":
        try:
            quick = filled.cast(pa.float64()).to_numpy(zero_copy_only=False)
        except pa.ArrowInvalid:
            pass
        else:
            # Arrow reads "nan", "inf" and "1e400" too; those are for the careful reader.
            if (np.abs(quick) <= LARGEST).sum() == len(filled) - filled.null_count:
                return Numbers(np.asarray(quick, dtype=np.float64), {})
    return _carefully(filled, decimal, middle_of_ranges)


def _begins_or_ends_with_space(column: pa.StringArray) -> bool:
    """Whether any of the first cells does: a table has such cells everywhere or nowhere."""
    return any(text != text.strip() for text in column[:100].to_pylist())


def _carefully(filled: pa.StringArray, decimal: Decimal, middle: bool) -> Numbers:
    pattern = r"^[+-]?(?:\d+|\d+,\d+)$" if decimal == "," else r"^[+-]?(?:\d+\.?\d*|\.\d+)$"
    easy = pc.fill_null(pc.match_substring_regex(filled, pattern), False)
    texts = pc.if_else(easy, filled, None)
    if decimal == ",":
        texts = pc.replace_substring(texts, ",", ".")
    # Arrow does not know a leading plus.
    values = pc.replace_substring_regex(texts, r"^\+", "").cast(pa.float64()).to_numpy(zero_copy_only=False).copy()
    plain = easy.to_numpy(zero_copy_only=False).astype(bool) & ~(np.abs(values) > LARGEST)
    values[~plain] = np.nan
    odd: dict[int, Cell] = {}
    for place in np.flatnonzero(~plain & filled.is_valid().to_numpy(zero_copy_only=False)):
        cell = _read(filled[int(place)].as_py(), decimal, middle)
        if cell.kind == "missing":
            continue
        if cell.kind == "number":
            values[place] = cell.value
        odd[int(place)] = cell
    return Numbers(np.asarray(values, dtype=np.float64), odd)


@lru_cache(maxsize=_REMEMBERED)
def _read(text: str, decimal: Decimal, middle: bool) -> Cell:
    return read_cell(text, decimal=decimal, middle_of_ranges=middle)
