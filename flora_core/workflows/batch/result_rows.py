"""What a screen keeps of a table that was named: its rows on disk, counts for pictures, a few plants to draw."""

from __future__ import annotations

from typing import BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flora_core.model import Floats, Ints
from flora_core.workflows.batch.plan import BatchPlan
from flora_core.workflows.batch.row_naming import ADDED, IdentifiedChunk, own_columns

#: Plants drawn among the training plants at most.
DRAWN: Final = 1500
#: Ranges of certainty for the picture: 0 to 1 in twentieths.
BINS: Final = 20
#: The file's own columns shown on the screen at most; the download has them all.
_SHOWN: Final = 40


class ScreenSink:
    """Writes the rows as an Arrow file, to be read a page at a time, and counts what the pictures show.

    Attributes
    ----------
    certainty : (BINS,) int
        Named plants in each range of certainty; those that fit nothing are not among them.
    drawn : (m, p) float
    drawn_species : (m,) int
        The likeliest species, -1 where the plant fits none.
    """

    def __init__(self, stream: BinaryIO, understood: BatchPlan) -> None:
        layout = understood.layout
        self._own = own_columns(layout)[:_SHOWN]
        names = _distinct([layout.header[j] or f"column {j + 1}" for j in self._own])
        fields = [
            ("row", pa.int64()),
            *((name, pa.string()) for name in names),
            *((name, pa.string()) for name in ADDED),
        ]
        self._schema = pa.schema(fields)
        self._writer = pa.ipc.new_file(stream, self._schema)
        self._parts: list[Floats] = []
        self._kinds: list[Ints] = []
        self.certainty = np.zeros(BINS, dtype=np.int64)

    def write(self, found: IdentifiedChunk) -> None:
        """Take some rows."""
        own = [found.part.columns[j].cast(pa.string()) for j in self._own]
        added = [column.cast(pa.string()) for column in found.added]
        self._writer.write_batch(pa.record_batch([pa.array(found.part.rows), *own, *added], schema=self._schema))
        named = found.named
        sure = named.probabilities.max(axis=1)[named.fits]
        self.certainty += np.histogram(sure, bins=BINS, range=(0.0, 1.0))[0]
        room = DRAWN - sum(map(len, self._kinds))
        if room > 0:
            self._parts.append(found.values[found.named_rows[:room]])
            self._kinds.append(np.where(named.fits, named.best, -1)[:room].astype(np.int64))

    def close(self) -> None:
        """End the file."""
        self._writer.close()

    @property
    def drawn(self) -> Floats:
        """The first plants' values, as used."""
        return np.concatenate(self._parts) if self._parts else np.empty((0, 0))

    @property
    def drawn_species(self) -> Ints:
        """What they were named."""
        return np.concatenate(self._kinds) if self._kinds else np.empty(0, dtype=np.int64)


FILTERS: Final = ("all rows", "unsure (cf.)", "fits nothing", "with an issue", "not identified")


def page_of_rows(path: str, chosen: str, first: int, count: int) -> tuple[pa.Table, int]:
    """Some of the rows that a filter lets through, and how many there are of them in all.

    Parameters
    ----------
    path : str
        What `ScreenSink` wrote; it is mapped, not loaded.
    chosen : str
        One of `FILTERS`.
    """
    with pa.memory_map(path) as source:
        table = pa.ipc.open_file(source).read_all()
        if chosen != FILTERS[0]:
            table = table.filter(_mask(table, chosen))
        # What is shown is taken out of the mapped file, which may be gone before the screen is.
        return pa.Table.from_pydict({n: table[n].slice(first, count).to_pylist() for n in table.column_names}), len(
            table
        )


def first_identifiers(path: str, most: int) -> list[str]:
    """The identifiers of the first recorded plants, at most so many; reads no further than it must."""
    found: list[str] = []
    with pa.memory_map(path) as source:
        reader = pa.ipc.open_file(source)
        for i in range(reader.num_record_batches):
            identifiers = reader.get_batch(i).column("flora_id")
            found += identifiers.filter(pc.not_equal(identifiers, ""))[: most - len(found)].to_pylist()
            if len(found) == most:
                break
    return found


def _mask(table: pa.Table, chosen: str) -> pa.ChunkedArray:
    if chosen == FILTERS[1]:
        return pc.starts_with(table["flora_qualifier"], "cf.")
    if chosen == FILTERS[2]:
        return pc.equal(table["flora_fits"], "no")
    if chosen == FILTERS[3]:
        return pc.not_equal(table["flora_issues"], "")
    return pc.equal(table["flora_species"], "")


def _distinct(names: list[str]) -> list[str]:
    """Names for the screen, each only once, and none of ours."""
    seen: dict[str, int] = dict.fromkeys((*ADDED, "row"), 1)
    result = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return result
