"""Rows that are no plants but summaries of them, found by their words and by their numbers.

A word alone decides nothing where it may be something else: a plot in the south-east is "SE", a cultivar may be "Media". What
stands around it decides: catalogue numbers left out, other such words in the column, the name of the plants it sums up.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flora_core.errors import Issue
from flora_core.model import Bools, Floats, Ints
from flora_core.tables.columns.header_words import fold_accents
from flora_core.tables.layout import Decimal, RowChunk
from flora_core.tables.rows.summary_words import CLEAR, LOOSE, summary_word
from flora_core.tables.values.cells import MISSING
from flora_core.tables.values.numbers import read_numbers

#: Summaries of so many rows of one word at most are believed without a sign beside it.
_FEW: Final = 10
#: From so many different texts among the first cells on, a column is not of a few kinds.
_LOOKED_AT: Final = 1000
_MANY_KINDS: Final = 300
#: Columns of numbers with more cells are searched for words at their ends alone.
_ALL_LOOKED_AT: Final = 20_000


def find_summary_rows(
    part: RowChunk, header: Sequence[str], read: Iterable[int], values: Floats, beyond: Bools
) -> dict[int, Issue]:
    """An issue for each row that sums up others.

    Parameters
    ----------
    read : iterable of int
        The columns that are measured.
    values : (n, p) float
        The numbers of these columns; NaN where there is none.
    beyond : (n,) bool
        Rows in which every number that is there lies beyond what plants measure: only among them can a sum be.
    """
    measured = set(read)
    beside = [j for j, name in enumerate(header) if j not in measured and (name or j == 0)]
    if not len(part) or not beside:
        return {}
    texts = {j: part.columns[j] for j in beside if _holds_letters(part.columns[j])}
    words = _rows_with_words(part, header, texts, beside)
    return words | _rows_by_number(part, header, beside, values, beyond, set(words))


def _holds_letters(column: pa.StringArray) -> bool:
    if str(pc.min_max(column)["max"].as_py() or "").strip() >= ":":
        return True
    # "95 % CI" and "*Mean*" come before "96" in the order of signs.
    if len(column) > _ALL_LOOKED_AT:
        column = pa.concat_arrays([column[:_LOOKED_AT], column[-_LOOKED_AT:]])
    return bool(pc.any(pc.match_substring_regex(column, r"\p{L}")).as_py())


def _rows_with_words(
    part: RowChunk, header: Sequence[str], texts: dict[int, pa.StringArray], beside: Sequence[int]
) -> dict[int, Issue]:
    """Rows that a word in one of their cells names a summary."""
    hits = {j: found for j, column in texts.items() if (found := _hits(column))}
    if not hits:
        return {}
    mostly_filled = [j for j in beside if _share_filled(part.columns[j]) > 0.6]
    known = {text.casefold() for j in texts for text in _kinds(texts[j]) if not summary_word(text)[1]}
    issues: dict[int, Issue] = {}
    for j, places in hits.items():
        column = texts[j]
        filled = len(column) * _share_filled(column)
        clearness = {place: summary_word(text)[0] for place, text in places.items()}
        kinds = {summary_word(text) for text in places.values() if not summary_word(text)[1]}
        several = len(kinds) > 1 and any(clear == "clear" for clear, _ in kinds)
        several = several or (len({_letters(t) for t in places.values()}) > 1 and "clear" in clearness.values())
        if len(places) > filled / 2 and not any(summary_word(t)[1] for t in places.values()):
            # The whole column holds such words: it says what each row is, and the table is one of summaries.
            continue
        distinct = _is_mostly_distinct(column)
        counts = Counter(_letters(text) for text in places.values())
        for place, text in places.items():
            rest = summary_word(text)[1]
            blank = any(k != j and not (part.columns[k][place].as_py() or "").strip() for k in mostly_filled)
            few = counts[_letters(text)] <= _FEW
            if rest:
                named = rest in known or any(_names(rest, k) for k in known)
                believed = named or (blank and clearness[place] == "clear")
            elif clearness[place] == "clear":
                believed = blank or distinct or several or few
            else:
                believed = blank or several or (few and distinct)
            if believed:
                shown = text.strip()
                said = f"'{shown}' names a summary of other rows, not a plant"
                issues.setdefault(place, _issue(part, place, header[j], shown, said))
    return issues


def _names(rest: str, known: str) -> bool:
    """Whether what a summary is of is a text of the table: "setosa" and "i setosa" are of "iris setosa"."""
    if f" {rest} " in f" {known} ":
        return True
    first, _, epithet = rest.partition(" ")
    return len(first) == 1 and bool(epithet) and known.startswith(first) and f" {epithet} " in f" {known} "


def _hits(column: pa.StringArray) -> dict[int, str]:
    """{place: text} of the cells that may name a summary."""
    kinds = _kinds(column)
    if len(kinds) < _MANY_KINDS:
        named = [text for text in pc.unique(column).to_pylist() if text and summary_word(text)[0]]
        if not named:
            return {}
        places = np.flatnonzero(pc.is_in(column, pa.array(named, pa.string())).to_numpy(zero_copy_only=False))
    else:
        # Of very many texts those are read that begin or end with letters alone, as catalogue numbers hardly do.
        mask = pc.fill_null(pc.match_substring_regex(column, _ONLY_WORDS), False)
        places = np.flatnonzero(mask.to_numpy(zero_copy_only=False))
        if len(places) > len(column) / 10:
            ends = np.concatenate([np.arange(min(200, len(column))), np.arange(max(0, len(column) - 200), len(column))])
            exact = pc.is_in(pc.utf8_lower(column), _WRITTEN).to_numpy(zero_copy_only=False)
            places = np.union1d(np.intersect1d(places, ends), np.flatnonzero(exact))
    found = {int(place): column[int(place)].as_py() for place in places}
    return {place: text for place, text in found.items() if summary_word(text)[0]}


#: Texts without a digit: words, signs and spaces; and the few summaries that are named with one.
_ONLY_WORDS: Final = r"^[^0-9]*\p{L}[^0-9]*(?:=\s*[0-9]+)?$|%|[Pp]ercentile|^\s*(?:[qQ][1-3]|LSD.*)\s*$"
_PHRASES: Final = (
    *(
        "grand total",
        "sub total",
        "sub-total",
        "std. error",
        "std error",
        "std. dev.",
        "std dev",
        "s.d.",
        "s.e.",
        "cv %",
        "cv%",
    ),
    *("standard error", "standard deviation", "écart type", "écart-type", "ecart type", "mean ± sd", "mean ± se"),
)
_WRITTEN: Final = pa.array(sorted({*CLEAR, *(word for word in LOOSE if len(word) > 1), *_PHRASES}))


def _kinds(column: pa.StringArray) -> set[str]:
    """Different texts among the first cells and the last."""
    ends = [*column[:_LOOKED_AT].to_pylist(), *column[-100:].to_pylist()]
    return {text.strip() for text in ends if text and text.strip()}


def _is_mostly_distinct(column: pa.StringArray) -> bool:
    cells = [t for t in column[:_LOOKED_AT].to_pylist() if t and t.strip() and not summary_word(t)[0]]
    return len(set(cells)) > 0.5 * len(cells)


def _share_filled(column: pa.StringArray) -> float:
    cells = column[:_LOOKED_AT].to_pylist()
    return sum(bool(text and text.strip().lower() not in MISSING) for text in cells) / max(1, len(cells))


def _letters(text: str) -> str:
    return re.sub(r"[\W\d_]+", "", fold_accents(text))


def _rows_by_number(
    part: RowChunk, header: Sequence[str], beside: Sequence[int], values: Floats, beyond: Bools, words: set[int]
) -> dict[int, Issue]:
    """Rows that nothing names and whose numbers are the sum or the mean of those above (or of all those below)."""
    if values.shape[1] < 2:
        return {}
    nameless = _nameless(part, beside) | _calculated(values)
    candidates = [int(i) for i in np.flatnonzero(beyond | nameless) if int(i) not in words]
    if not candidates or len(candidates) > max(_FEW, len(part) / 5):
        return {}
    marked, found = sorted({*candidates, *words}), dict[int, Issue]()
    plants = np.ones(len(part), dtype=bool)
    plants[marked] = False
    for place in candidates:
        before = max((m for m in marked if m < place), default=-1)
        blocks = [np.arange(before + 1, place), np.flatnonzero(plants[:place])]
        blocks += [np.flatnonzero(plants[place:]) + place] if place == 0 else []
        said = (_sums_up(values[place], values[block], bool(nameless[place])) for block in blocks if len(block) > 1)
        what = next(filter(None, said), "")
        if what:
            found[place] = _issue(part, place, "", "", f"the row is the {what} of other rows, not a plant")
    return found


def _calculated(values: Floats) -> Bools:
    """Rows with more digits in two columns or more than the others have: calculated, and not read off a ruler."""
    known = np.isfinite(values)
    more = np.zeros(len(values), dtype=np.int64)
    for j in range(values.shape[1]):
        some = values[:_LOOKED_AT, j][known[:_LOOKED_AT, j]]
        usual = (
            next((d for d in range(7) if (np.abs(some - np.round(some, d)) < 1e-9).mean() >= 0.9), None)
            if len(some)
            else None
        )
        if usual is not None:
            more += known[:, j] & (np.abs(values[:, j] - np.round(values[:, j], usual)) > 1e-9)
    found = more >= 2
    return found if found.sum() <= max(_FEW, len(values) / 5) else np.zeros(len(values), dtype=bool)


def _nameless(part: RowChunk, beside: Sequence[int]) -> Bools:
    """Rows in which all columns beside the measured ones are empty, or one of numbers of plants, where these are filled."""
    filled = [j for j in beside if _share_filled(part.columns[j]) > 0.6]
    if not filled:
        return np.zeros(len(part), dtype=bool)
    numbers = [j for j in filled if _is_mostly_distinct(part.columns[j])]
    for j in numbers:
        blank = np.asarray(pc.equal(part.columns[j], "").to_numpy(zero_copy_only=False), dtype=bool)
        if 0 < blank.sum() <= max(_FEW, len(part) / 5):
            return blank
    empty = np.ones(len(part), dtype=bool)
    for j in filled:
        empty &= np.asarray(pc.equal(part.columns[j], "").to_numpy(zero_copy_only=False), dtype=bool)
        if not empty.any():
            break
    return empty


def _sums_up(row: Floats, block: Floats, nameless: bool) -> str:
    """Which of both, sum or mean, the row is of the block in all its numbers, to the digits it has; "" where none."""
    known = np.isfinite(row) & np.isfinite(block).any(axis=0)
    if known.sum() < 2:
        return ""
    row, block = row[known], block[:, known]
    sums = np.nansum(block, axis=0)
    if np.allclose(sums, row, rtol=2e-3, atol=1e-9):
        return "sum"
    means = np.nanmean(block, axis=0)
    digits = np.array([len(f"{v:.12g}".partition(".")[2]) for v in row])
    # Three plants can agree by chance in two numbers, hardly in more.
    enough = len(block) > 2 or known.sum() > 2
    if nameless and enough and (np.abs(means - row) <= 0.5 * 10.0**-digits + 1e-9).all():
        return "mean"
    return ""


_INSTEAD: Final = "Leave such rows out of the table; if it is a plant, give it another name."


def _issue(part: RowChunk, place: int, column: str, text: str, problem: str) -> Issue:
    return Issue(int(part.rows[place]), column, text, problem, _INSTEAD)


def plants_only(
    part: RowChunk, header: Sequence[str], decimal: Decimal, beside: set[int]
) -> tuple[RowChunk, tuple[Issue, ...]]:
    """The rows of a labelled table that are plants, and an issue for each that sums up others.

    Parameters
    ----------
    beside : set of int
        Columns that are not measured whatever they hold: of names, numbers, groups.
    """
    columns = [j for j in range(len(header)) if j not in beside]
    numbers = {j: read_numbers(part.columns[j], decimal).values for j in columns}
    read = [j for j, values in numbers.items() if 2 * np.isfinite(values).sum() > len(part)]
    values = np.column_stack([numbers[j] for j in read]) if read else np.empty((len(part), 0))
    known = np.isfinite(values)
    usual = np.array([np.median(values[known[:, i], i]) for i in range(len(read))])
    beyond = known.any(axis=1) & ((values > 2.5 * usual) | ~known).all(axis=1) if read else np.zeros(len(part), bool)
    found = find_summary_rows(part, header, read, values, np.asarray(beyond, dtype=bool))
    if not found:
        return part, ()
    kept = np.setdiff1d(np.arange(len(part)), list(found))
    return rows_at(part, kept), tuple(found[place] for place in sorted(found))


def rows_at(part: RowChunk, places: Ints) -> RowChunk:
    """Some rows of a part, in order."""
    index = pa.array(places)
    at = {int(place): i for i, place in enumerate(places)}
    ragged = {at[place]: what for place, what in part.ragged.items() if place in at}
    below = None if part.below is None else part.below[places]
    columns = [column.take(index) for column in part.columns]
    return RowChunk(part.rows[places], columns, ragged, below, part.second_headers)
