"""A named part as rows of the database."""

from __future__ import annotations

import json
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from types import TracebackType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flora_core.model import Floats, Ints
from flora_core.monitoring.profiles.profile import Bins, Profile, profile_of
from flora_core.storage.records.bulk_insert import IdentificationColumns
from flora_core.storage.records.recording_in_parts import Recorder
from flora_core.workflows.batch.row_naming import (
    IdentifiedChunk,
    distinct_sets,
    probability_texts,
    recorded_probabilities,
)
from flora_core.workflows.shadow_answers import Shadow


class BackgroundRecorder:
    """Records parts in a thread of its own, one part behind: while the database writes one, the next is named.

    A challenger in the shadow has a thread too, and is asked while the rows of the same part are made.

    Use as a context within the recorder's: what failed there is raised by the next call here.
    """

    def __init__(self, recorder: Recorder, bins: Bins, shadow: Shadow | None = None) -> None:
        self._recorder, self._bins, self._shadow = recorder, bins, shadow
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="recording")
        self._aside = None if shadow is None else ThreadPoolExecutor(1, thread_name_prefix="shadow")
        self._last: Future[None] | None = None

    def add(self, found: IdentifiedChunk) -> None:
        """Record a part; waits for the one before it, so that never more than two are held."""
        silent = None
        if self._aside is not None and self._shadow is not None and len(found.named_rows):
            silent = self._aside.submit(self._shadow.answers, found.values[found.named_rows])
        self.wait()
        self._last = self._thread.submit(self._add, found, silent)

    def wait(self) -> None:
        """Wait until all is written."""
        last, self._last = self._last, None
        if last is not None:
            last.result()

    def _add(self, found: IdentifiedChunk, silent: Future[tuple[Ints, Floats]] | None) -> None:
        rows, profile = rows_to_record(found), profile_to_record(self._bins, found)
        if silent is not None:
            species, sure = silent.result()
            rows = replace(rows, shadow_species=pa.array(species), shadow_probability=pa.array(sure))
        self._recorder.add(rows, profile)

    def __enter__(self) -> BackgroundRecorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Nothing may be written any more once the recorder takes back what was written.
        self._thread.shutdown(wait=True)
        if self._aside is not None:
            self._aside.shutdown(wait=True)
        if kind is None:
            self.wait()


def rows_to_record(found: IdentifiedChunk) -> IdentificationColumns:
    rows = pa.array(found.named_rows)
    used = [_as_text(found.values[found.named_rows, i]) for i in range(found.values.shape[1])]
    p = found.named.probabilities
    rounded = [probability_texts(p[:, j]) for j in range(p.shape[1])]
    sets, codes = distinct_sets(found.named)
    possible = pa.array([" ".join(map(str, one)) for one in sets], pa.string())
    numbers = found.catalogue_numbers.take(rows)
    return IdentificationColumns(
        row=pa.array(found.part.rows[found.named_rows]),
        catalogue_number=pc.if_else(pc.equal(numbers, ""), pa.scalar(None, pa.string()), numbers),
        used=_json_lists(used),
        typed=_typed(found, rows, used),
        probabilities=_json_lists(rounded),
        species=pa.array(found.named.best),
        possible=possible.take(pa.array(codes)),
        misfit=pa.array(np.round(found.named.misfit.min(axis=1), 4)),
        own_collector=None if found.collectors is None else found.collectors.take(rows),
        own_site=None if found.sites is None else found.sites.take(rows),
    )


def profile_to_record(bins: Bins, found: IdentifiedChunk) -> Profile:
    """What the plants of a part leave behind, counted from what is recorded of them."""
    named = found.named
    return profile_of(
        bins,
        found.values[found.named_rows],
        named.best,
        recorded_probabilities(named.probabilities),
        np.asarray(named.in_set.any(axis=1)),
        rows=0,
    )


def _as_text(values: Floats) -> pa.StringArray:
    """The shortest text of each number, "null" where there is none."""
    return pc.fill_null(pa.array(values, from_pandas=True).cast(pa.string()), "null")


def _json_lists(columns: list[pa.StringArray]) -> pa.StringArray:
    """A JSON list a row, of what is JSON already."""
    return pc.binary_join_element_wise("[", pc.binary_join_element_wise(*columns, ","), "]", "")


def _typed(found: IdentifiedChunk, rows: pa.Array, used: list[pa.StringArray]) -> pa.StringArray:
    """The cells as JSON lists of text; null in rows where they say the same as the numbers used."""
    empty = pa.repeat(pa.scalar("", pa.string()), len(rows))
    cells = [empty if column is None else column.take(rows) for column in found.checked.as_typed]
    same = np.ones(len(rows), dtype=bool)
    for typed, number in zip(cells, used, strict=True):
        equal = pc.equal(pc.if_else(pc.equal(typed, ""), "null", typed), number)
        same &= equal.to_numpy(zero_copy_only=False).astype(bool)
    others = np.flatnonzero(~same)
    if not len(others):
        return pa.nulls(len(rows), pa.string())
    texts = _json_texts([column.take(pa.array(others)) for column in cells])
    places = np.full(len(rows), -1)
    places[others] = np.arange(len(others))
    return texts.take(pa.array(places, mask=same))


def _json_texts(cells: list[pa.StringArray]) -> pa.StringArray:
    """A JSON list of texts a row."""
    if any(pc.any(pc.match_substring_regex(column, r"[\x00-\x1f]")).as_py() for column in cells):
        rows = zip(*(column.to_pylist() for column in cells), strict=True)
        return pa.array([json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows], pa.string())
    escaped = [pc.replace_substring(pc.replace_substring(c, "\\", "\\\\"), '"', '\\"') for c in cells]
    return _json_lists([pc.binary_join_element_wise('"', c, '"', "") for c in escaped])
