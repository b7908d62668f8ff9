"""A named part as rows of the database."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flora_core.monitoring.profiles import Bins, Profile, profile_of
from flora_core.storage.records import Rows
from flora_core.workflows.batch.naming import NamedPart, distinct_sets, probability_texts, recorded_probabilities


def rows_to_record(found: NamedPart) -> Rows:
    rows = found.named_rows
    used = _json_rows([pa.array(found.values[rows, i], from_pandas=True) for i in range(found.values.shape[1])])
    p = found.named.probabilities
    rounded = [probability_texts(p[:, j]) for j in range(p.shape[1])]
    sets, codes = distinct_sets(found.named)
    possible = [" ".join(map(str, one)) for one in sets]
    return Rows(
        row=found.part.rows[rows].tolist(),
        catalogue_number=[found.catalogue_numbers[i] or None for i in rows]
        if found.catalogue_numbers
        else [None] * len(rows),
        used=used.to_pylist(),
        typed=_typed(found, used),
        probabilities=_joined(rounded).to_pylist(),
        species=found.named.best.tolist(),
        possible=[possible[c] for c in codes],
        misfit=np.round(found.named.misfit.min(axis=1), 4).tolist(),
    )


def profile_to_record(bins: Bins, found: NamedPart) -> Profile:
    """What the plants of a part leave behind, counted from what is recorded of them."""
    named = found.named
    return profile_of(
        bins, found.values[found.named_rows], named.best, recorded_probabilities(named.probabilities),
        np.asarray(named.in_set.any(axis=1)), rows=0,
    )  # fmt: skip


def _json_rows(columns: list[pa.Array]) -> pa.StringArray:
    """Numbers as JSON lists, a list a row: the shortest text of each number, null where there is none."""
    return _joined([pc.fill_null(column.cast(pa.string()), "null") for column in columns])


def _joined(columns: list[pa.StringArray]) -> pa.StringArray:
    return pc.binary_join_element_wise("[", pc.binary_join_element_wise(*columns, ","), "]", "")


def _typed(found: NamedPart, used: pa.StringArray) -> list[str | None]:
    """The cells as JSON lists of text; None in rows where they say the same as the numbers used."""
    rows = pa.array(found.named_rows)
    empty = pa.repeat(pa.scalar("", pa.string()), len(rows))
    cells = [empty if column is None else column.take(rows) for column in found.checked.as_typed]
    as_numbers = _joined([pc.if_else(pc.equal(c, ""), "null", c) for c in cells])
    same = pc.equal(as_numbers, used)
    if pc.all(same).as_py():
        return [None] * len(rows)
    escaped = [
        pc.binary_join_element_wise(
            '"', pc.replace_substring(pc.replace_substring(c, "\\", "\\\\"), '"', '\\"'), '"', ""
        )
        for c in cells
    ]
    control = r"[\x00-\x1f]"
    if any(pc.any(pc.match_substring_regex(c, control)).as_py() for c in cells):
        texts = zip(*(c.to_pylist() for c in cells), strict=True)
        written = pa.array([json.dumps(list(t), ensure_ascii=False, separators=(",", ":")) for t in texts])
    else:
        written = _joined(escaped)
    result: list[str | None] = pc.if_else(same, None, written).to_pylist()
    return result
