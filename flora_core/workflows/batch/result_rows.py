"""What a screen keeps of a table that was named: its rows on disk, counts for pictures, a few plants to draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flora_core.errors import Issue
from flora_core.model import Floats, Ints
from flora_core.workflows.batch.plan import BatchPlan
from flora_core.workflows.batch.row_naming import ADDED, IdentifiedChunk, own_columns

#: Plants drawn among the training plants at most.
DRAWN: Final = 1500
#: The file's own columns shown on the screen at most; the download has them all.
_SHOWN: Final = 40
#: What became of a row: each row is one of these.
STATES: Final = ("named", "unsure", "fits nothing", "failed")
_NAMED, _UNSURE, _NOTHING, _FAILED = range(len(STATES))
#: Which rows a screen shows.
FILTERS: Final = ("all", *STATES)
#: A cell that is a number and nothing else.
_PLAIN_NUMBER: Final = r"^\s*[+-]?\d*[.,]?\d+\s*$"
_OF_OURS: Final = ("reason", "next species", "next share", "refused cells", "interpreted cells")


@dataclass(frozen=True, slots=True)
class ShownRow:
    """One row of a table as a screen shows it.

    Attributes
    ----------
    row : int
        The number a person sees beside it in the spreadsheet.
    state : str
        One of `STATES`.
    species : str
        The likeliest; "" where it failed or fits nothing.
    probability : float or None
    reason : str
        Why it has no name.
    next_species : str
        The next in the prediction set of an unsure row, with `next_probability`.
    identifier : str
        Of its record; "" where it was not recorded.
    cells : tuple of str
        The file's own.
    refused, interpreted : frozenset of int
        Places in `cells` of what could not be used, and of what was read past a word, as a middle, or after a change.
    """

    row: int
    state: str
    species: str
    probability: float | None
    reason: str
    next_species: str
    next_probability: float | None
    identifier: str
    cells: tuple[str, ...]
    refused: frozenset[int]
    interpreted: frozenset[int]


class ScreenSink:
    """Writes the rows as an Arrow file, to be read a page at a time, and counts what the pictures show.

    Attributes
    ----------
    drawn : (m, p) float
    drawn_species : (m,) int
        The likeliest species, -1 where the plant fits none.
    header : tuple of str
        The file's own columns that are kept, under their own names.
    states : dict of str to int
        Rows of each of `STATES`; together all rows.
    sure, unsure : (k,) int
        Rows that got each species' name, and those that got it with "cf.".
    """

    def __init__(self, stream: BinaryIO, understood: BatchPlan) -> None:
        layout = understood.layout
        self._own = own_columns(layout)[:_SHOWN]
        self.header = tuple(layout.header[j] or f"column {j + 1}" for j in self._own)
        self._place = {layout.header[j]: place for place, j in enumerate(self._own)}
        assigned = {a.measurement: a.column for a in understood.assignment.assigned}
        # {measurement's place in the study: its column's place among those that are shown}
        self._measured = {
            i: self._own.index(assigned[name])
            for i, name in enumerate(understood.model.study.names)
            if assigned.get(name) in self._own
        }
        self._species = understood.model.study.species_names
        self.states = dict.fromkeys(STATES, 0)
        self.sure = np.zeros(len(self._species), dtype=np.int64)
        self.unsure = np.zeros(len(self._species), dtype=np.int64)
        fields = [
            ("row", pa.int64()),
            *((name, pa.string()) for name in ADDED),
            ("state", pa.int8()),
            *((name, pa.string()) for name in _OF_OURS),
            *((f"own {place}", pa.string()) for place in range(len(self._own))),
        ]
        self._schema = pa.schema(fields)
        self._writer = pa.ipc.new_file(stream, self._schema)
        self._parts: list[Floats] = []
        self._kinds: list[Ints] = []

    def write(self, found: IdentifiedChunk) -> None:
        """Take some rows."""
        own = [found.part.columns[j].cast(pa.string()) for j in self._own]
        added = [column.cast(pa.string()) for column in found.added]
        states = self._states(found)
        reasons, refused, interpreted = self._marks(found, states)
        following = self._following(found)
        ours = [pa.array(states), pa.array(reasons), *following, pa.array(refused), pa.array(interpreted)]
        columns = [pa.array(found.part.rows), *added, *ours, *own]
        self._writer.write_batch(pa.record_batch(columns, schema=self._schema))
        named = found.named
        room = DRAWN - sum(map(len, self._kinds))
        if room > 0:
            self._parts.append(found.values[found.named_rows[:room]])
            self._kinds.append(np.where(named.fits, named.best, -1)[:room].astype(np.int64))

    def _states(self, found: IdentifiedChunk) -> np.ndarray[Any, np.dtype[np.int8]]:
        named = found.named
        states = np.full(len(found.part), _FAILED, dtype=np.int8)
        unsure = named.fits & (named.in_set.sum(axis=1) != 1)
        states[found.named_rows] = np.where(named.fits, np.where(unsure, _UNSURE, _NAMED), _NOTHING)
        for place, n in enumerate(np.bincount(states, minlength=len(STATES))):
            self.states[STATES[place]] += int(n)
        k = len(self._species)
        self.sure += np.bincount(named.best[named.fits & ~unsure], minlength=k)
        self.unsure += np.bincount(named.best[unsure], minlength=k)
        return states

    def _following(self, found: IdentifiedChunk) -> list[pa.StringArray]:
        """The second species of each unsure row, and its probability."""
        n, named = len(found.part), found.named
        names, shares = [""] * n, [""] * n
        for place in np.flatnonzero(named.fits & (named.in_set.sum(axis=1) > 1)):
            p = np.where(named.in_set[place], named.probabilities[place], -1.0)
            p[named.best[place]] = -1.0
            second = int(p.argmax())
            row = int(found.named_rows[place])
            names[row], shares[row] = self._species[second], f"{p[second]:.4f}"
        return [pa.array(names), pa.array(shares)]

    def _marks(
        self, found: IdentifiedChunk, states: np.ndarray[Any, np.dtype[np.int8]]
    ) -> tuple[list[str], list[str], list[str]]:
        """Why each row has no name, and which of its cells were refused and which interpreted."""
        n = len(found.part)
        reasons, refused, interpreted = [""] * n, [""] * n, [""] * n
        cells: dict[int, set[int]] = {}
        for i, place in self._measured.items():
            typed = found.checked.as_typed[i]
            if typed is None:
                continue
            odd = pc.invert(pc.match_substring_regex(typed, _PLAIN_NUMBER)).to_numpy(zero_copy_only=False)
            for j in np.flatnonzero(odd & ~np.isnan(found.values[:, i])).tolist():
                cells.setdefault(j, set()).add(place)
        blamed: dict[int, set[int]] = {}
        for row, issue in found.checked.issues:
            blamed.setdefault(row, set()).update(self._columns_of(issue))
            if states[row] == _FAILED and not reasons[row]:
                reasons[row] = f"{issue.problem}\n{issue.suggestion}"
            elif states[row] == _NOTHING and issue.suggestion.startswith("Did you mean"):
                reasons[row] = f"fits no species\n{issue.suggestion}"
        for row, places in blamed.items():
            if states[row] == _FAILED:
                refused[row] = _joined(places)
            else:
                cells.setdefault(row, set()).update(places)
        for row, places in cells.items():
            interpreted[row] = _joined(places)
        return reasons, refused, interpreted

    def _columns_of(self, issue: Issue) -> list[int]:
        if issue.column in self._place:
            return [self._place[issue.column]]
        return [self._place[name] for name in issue.column.split(", ") if name in self._place]

    def close(self) -> None:
        """End the file."""
        self._writer.close()

    @property
    def measured(self) -> frozenset[int]:
        """Places in `header` of the columns that hold measurements."""
        return frozenset(self._measured.values())

    @property
    def drawn(self) -> Floats:
        """The first plants' values, as used."""
        return np.concatenate(self._parts) if self._parts else np.empty((0, 0))

    @property
    def drawn_species(self) -> Ints:
        """What they were named."""
        return np.concatenate(self._kinds) if self._kinds else np.empty(0, dtype=np.int64)


def page_of_rows(path: str, chosen: str, first: int, count: int) -> tuple[list[ShownRow], int]:
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
            table = table.filter(pc.equal(table["state"], STATES.index(chosen)))
        # What is shown is taken out of the mapped file, which may be gone before the screen is.
        return [_shown(row) for row in table.slice(first, count).to_pylist()], len(table)


def _shown(kept: dict[str, Any]) -> ShownRow:
    state, probability, following = STATES[kept["state"]], kept["flora_probability"], kept["next share"]
    is_named = state in STATES[:2]
    return ShownRow(
        kept["row"],
        state,
        kept["flora_species"] if is_named else "",
        float(probability) if probability and is_named else None,
        kept["reason"] or ("fits no species" if state == STATES[_NOTHING] else ""),
        kept["next species"],
        float(following) if following else None,
        kept["flora_id"],
        tuple(text or "" for name, text in kept.items() if name.startswith("own ")),
        _parted(kept["refused cells"]),
        _parted(kept["interpreted cells"]),
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


def _joined(places: set[int]) -> str:
    return " ".join(map(str, sorted(places)))


def _parted(text: str) -> frozenset[int]:
    return frozenset(map(int, text.split()))
