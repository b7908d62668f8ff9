"""Cells that a spreadsheet would run, made harmless.

A cell that begins with =, +, - or @ is a formula to a spreadsheet program, and a formula can call out. Such cells get an
apostrophe in front, unless they are numbers or dashes. So do the parts of a cell behind a semicolon, a tab or a line break:
a program that takes those for the separator makes cells of them. Everything that is downloaded goes through here.
"""

from __future__ import annotations

import re
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

#: How a formula begins (in Japanese and Chinese programs with a wide sign too); and what begins so and is none: a number,
#: perhaps with its unit, or dashes for "missing".
#:
#: References: OWASP, CSV Injection, https://owasp.org/www-community/attacks/CSV_Injection
_BEGINS: Final = r"^(?:[\s\x00-\x20\x{a0}\x{feff}\x{200b}\"]*[=+\-@＝＋－＠]|[\t\r\n])"
_SIGNED: Final = r"(?:[+-]?[\d.,' ]*\d[.,]?(?:[eE][+-]?\d+)?(?:\s*[a-zA-Zµ²°%]{1,4})?\s*|[+-][-\s]*)$"
_NUMBER_OR_DASHES: Final = rf"^\s*{_SIGNED}"

#: A part of a cell that another separator would make a cell of.
_LATER: Final = r"[;\t\r\n][\s\x00-\x20\x{a0}\x{feff}\x{200b}\"']*[=+\-@＝＋－＠]"
_PART: Final = re.compile('(?s:(?<=.))([;\t\r\n][\\s\\x00-\\x20\xa0\ufeff\u200b"]*)(?=[=+\\-@＝＋－＠])([^;\t\r\n]*)')
_PLAIN: Final = re.compile(_SIGNED)


#: Cells as text; where few different ones repeat, as codes into those.
Column: TypeAlias = Any  # pa.StringArray | pa.DictionaryArray; pyarrow ships no types


def escape_formulas(column: Column) -> Column:
    """The column with an apostrophe before each cell that a spreadsheet would run."""
    if isinstance(column, pa.DictionaryArray):
        return pa.DictionaryArray.from_arrays(column.indices, escape_formulas(column.dictionary))
    if not holds(column, b"=+-@\t\r\n\xef"):
        return column
    later = pc.match_substring_regex(column, _LATER)
    if pc.any(later).as_py():
        parts = [_PART.sub(_harmless_part, text) for text in column.filter(later).to_pylist()]
        column = pc.replace_with_mask(column, pc.fill_null(later, False), pa.array(parts, column.type))
    begins = pc.match_substring_regex(column, _BEGINS)
    if not pc.any(begins).as_py():
        return column
    runs = pc.and_not(begins, pc.match_substring_regex(column, _NUMBER_OR_DASHES))
    return pc.if_else(runs, pc.binary_join_element_wise("'", column, ""), column)


def _harmless_part(part: re.Match[str]) -> str:
    separator, text = part.groups()
    return part[0] if _PLAIN.match(text) else f"{separator}'{text}"


def harmless_text(text: str) -> str:
    """One cell, likewise."""
    (result,) = escape_formulas(pa.array([text], pa.string())).to_pylist()
    return str(result)


def holds(column: pa.StringArray, signs: bytes) -> bool:
    """Whether any cell holds any of the signs: a look at the column's bytes, far quicker than at each cell."""
    content = column.buffers()[2]
    if content is None:
        return False
    offsets = np.frombuffer(column.buffers()[1], np.int32)[column.offset : column.offset + len(column) + 1]
    cells = memoryview(content)[offsets[0] : offsets[-1]].tobytes()
    return any(sign in cells for sign in (bytes([sign]) for sign in signs))
