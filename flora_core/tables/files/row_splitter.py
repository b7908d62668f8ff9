"""Text cut into rows and cells, with quotes understood as people meant them.

A quote encloses a cell where it stands at the cell's beginning and another one at its end; any other quote is a letter, as in
5" tall. So a quote that somebody forgot to close costs its own cell at most, never the rows below it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

_QUOTE, _NEWLINE = 34, 10

#: In space-separated text: a cell in quotes, or a run of anything else.
_SPACED: Final = re.compile(rb'"((?:[^"\n]|"")*+)"(?=\s|\Z)|(\S+)')
#: A quote that is not closed in what is there of the text, or just at its end, where it may be a doubled one.
_UNDECIDED: Final = re.compile(rb' *"(?:[^"]|"")*+"?\Z')


@lru_cache(maxsize=8)
def _cell_pattern(separator: bytes) -> re.Pattern[bytes]:
    s = re.escape(separator)
    # Possessive, so that a quote which is never closed is given up at once and not tried in every length.
    return re.compile(rb'(?: *"((?:[^"]|"")*+)" *(?=[%s\n]|\Z)|([^%s\n]*))([%s\n]|\Z)' % (s, s, s))


def split_rows(content: bytes, separator: bytes, *, final: bool = True) -> tuple[list[list[bytes]], int]:
    """The rows of some text as cells, and where the first row begins that is not complete.

    Parameters
    ----------
    content : bytes
        Begins where a row begins; lines end with a newline. In an encoding in which separator, quote and newline are one
        byte each, as in UTF-8.
    separator : bytes
        One byte; a space stands for runs of spaces.
    final : bool
        Whether no more text follows: then a last row needs no newline, and a quote that is still open is a letter.
    """
    if separator == b" ":
        return _split_spaced(content, final)
    cell = _cell_pattern(separator)
    rows: list[list[bytes]] = []
    row: list[bytes] = []
    place = complete = 0
    while place < len(content):
        if not final and content[place : place + 1] in (b'"', b" ") and _UNDECIDED.match(content, place):
            break
        match = cell.match(content, place)
        assert match is not None  # noqa: S101  every text begins with a cell, perhaps an empty one
        quoted = match[1]
        row.append(match[2] if quoted is None else quoted.replace(b'""', b'"'))
        place = match.end()
        if match[3] == separator and place < len(content):
            continue
        if match[3] == separator:
            if not final:
                break
            row.append(b"")
        elif not match[3] and not final:
            break
        rows.append(row)
        row, complete = [], place
    return rows, complete


def _split_spaced(content: bytes, final: bool) -> tuple[list[list[bytes]], int]:
    end = len(content) if final else content.rfind(b"\n") + 1
    lines = content[:end].split(b"\n")
    if lines and not lines[-1]:
        lines.pop()
    rows = [
        [match[2] if match[1] is None else match[1].replace(b'""', b'"') for match in _SPACED.finditer(line)]
        for line in lines
    ]
    return [row or [b""] for row in rows], end


def join_rows(rows: Iterable[list[bytes]], separator: bytes) -> bytes:
    """Rows as text again, each cell in quotes that needs them."""
    return b"".join(separator.join([_enclosed(cell, separator) for cell in row]) + b"\n" for row in rows)


def _enclosed(cell: bytes, separator: bytes) -> bytes:
    if b'"' in cell or separator in cell or b"\n" in cell:
        return b'"' + cell.replace(b'"', b'""') + b'"'
    return cell


def is_orderly(content: bytes, separator: bytes) -> bool:
    """Whether every quote opens a cell, closes one, or is doubled within one: then counting them tells inside from outside."""
    if b'"' not in content:
        return True
    letters = np.frombuffer(content, np.uint8)
    places = np.flatnonzero(letters == _QUOTE)
    edges = np.zeros(256, dtype=bool)
    edges[[separator[0], _NEWLINE, _QUOTE]] = True
    opening, closing = places[0::2], places[1::2]
    before = edges[letters[np.maximum(opening - 1, 0)]] | (opening == 0)
    after = edges[letters[np.minimum(closing + 1, len(letters) - 1)]] | (closing == len(letters) - 1)
    return bool(before.all() and after.all())


def outside_quotes(content: bytes) -> npt.NDArray[np.bool_] | None:
    """For each byte of an orderly text whether it stands outside quotes; None where all do."""
    if b'"' not in content:
        return None
    quotes = np.frombuffer(content, np.uint8) == _QUOTE
    return np.asarray(np.cumsum(quotes, dtype=np.int32) & 1 == 0)


def row_ends(content: bytes, outside: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.int64]:
    """Where the rows of an orderly text end."""
    ends = np.frombuffer(content, np.uint8) == _NEWLINE
    return np.flatnonzero(ends if outside is None else ends & outside)
