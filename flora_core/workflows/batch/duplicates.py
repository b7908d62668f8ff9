"""Rows with the same catalogue number: replicates of one plant, the latest of several, or a mistake."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flora_core.errors import Issue
from flora_core.identification.naming import NONE_OF_THESE, predict_plants
from flora_core.model import Bools, Floats, Ints, Model
from flora_core.progress import Progress
from flora_core.states import code_of, places_of
from flora_core.study import Study
from flora_core.tables.files.reading import RowChunk, read_parts
from flora_core.tables.rows.checking import CheckedPart, DuplicatePolicy, check_part, twelve_digits
from flora_core.wording import listed
from flora_core.workflows.batch.plan import BatchPlan


@dataclass(slots=True)
class DuplicateRows:
    """Catalogue numbers that stand in several rows, and what is done with those rows."""

    column: int | None
    name: str
    policy: DuplicatePolicy
    rows: dict[str, list[int]] = field(default_factory=dict)
    pooled: dict[str, Floats] = field(default_factory=dict)
    disagree: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, stream: BinaryIO, understood: BatchPlan, progress: Progress) -> DuplicateRows:
        """Look through the file once for the numbers, and once more for the plants that have to be pooled."""
        column, policy = understood.assignment.id_column, understood.request.duplicates
        found = cls(column, understood.id_name, policy)
        if column is None:
            return found
        progress(0, 1, "looking for catalogue numbers that stand twice")
        # Eight bytes a row are all that is kept of a file of any length.
        hashes = bytearray()
        for part in read_parts(stream, understood.layout):
            hashes += _hashes(found.numbers(part).to_pylist()).tobytes()
        twice = _twice(np.frombuffer(hashes, np.int64))
        if not len(twice):
            return found
        for part in read_parts(stream, understood.layout):
            numbers = found.numbers(part).to_pylist()
            for i in map(int, np.flatnonzero(np.isin(_hashes(numbers), twice))):
                found.rows.setdefault(numbers[i], []).append(int(part.rows[i]))
        # Two numbers may share a hash; only those that really stand twice count.
        found.rows = {number: rows for number, rows in found.rows.items() if len(rows) > 1}
        if policy is DuplicatePolicy.REPLICATE and found.rows:
            found._pool(stream, understood)
        return found

    def numbers(self, part: RowChunk) -> pa.StringArray:
        """The catalogue numbers of some rows, as text; "" where there is none, or "s.n." for one."""
        if self.column is None:
            return pa.repeat(pa.scalar("", pa.string()), len(part))
        cleaned = pc.utf8_trim_whitespace(part.columns[self.column])
        if pc.any(pc.starts_with(cleaned, "=")).as_py() or pc.any(pc.starts_with(cleaned, "'")).as_py():
            # Signs by which a number is kept as a text in a spreadsheet: ="0042" and '0042.
            cleaned = pc.replace_substring_regex(cleaned, r"""^(?:=\s*"([^"]*)"|'([^']*))$""", r"\1\2")
        return pc.if_else(pc.is_in(pc.utf8_lower(cleaned), _NO_NUMBER), "", cleaned)

    def settle(self, part: RowChunk, numbers: pa.StringArray, checked: CheckedPart) -> tuple[Floats, Bools]:
        """The values to be named and the rows to be named, with an issue for each row whose number stands twice."""
        values, usable = checked.values, checked.usable
        if not self.rows:
            return values, usable
        values, usable = values.copy(), usable.copy()
        for i, number in enumerate(numbers.to_pylist()):
            rows = self.rows.get(number)
            if rows is None:
                continue
            here = int(part.rows[i])
            problem = f"catalogue number {number} stands in {_others(rows, here)} too"
            suggestion = ""
            if self.policy is DuplicatePolicy.ERROR:
                usable[i], suggestion = False, "Give each specimen a number of its own."
            elif self.policy is DuplicatePolicy.LATEST and here != rows[-1]:
                usable[i], suggestion = False, f"Row {rows[-1]} counts."
            elif self.policy is DuplicatePolicy.REPLICATE:
                if usable[i] and number in self.pooled:
                    values[i] = self.pooled[number]
                suggestion = f"Named by the mean of its rows. {self.disagree.get(number, '')}".strip()
            checked.issues.append((i, Issue(here, self.name, number, problem, suggestion)))
        checked.issues.sort(key=lambda one: one[0])
        return values, usable

    def _pool(self, stream: BinaryIO, understood: BatchPlan) -> None:
        """The mean of each plant's rows, and what its rows say by themselves where that is not one thing."""
        model, mender = understood.model, understood.mender()
        places = {number: place for place, number in enumerate(self.rows)}
        plants: list[Ints] = []
        values: list[Floats] = []
        for part in read_parts(stream, understood.layout):
            found = np.array([places.get(number, -1) for number in self.numbers(part).to_pylist()], np.int64)
            if (found < 0).all():
                continue
            checked = mender.undo(part, check_part(model.study, understood.layout.header, understood.rules, part))
            rows = np.flatnonzero((found >= 0) & checked.usable)
            plants.append(found[rows])
            values.append(checked.values[rows])
        if not sum(map(len, plants)):
            return
        plant, X = np.concatenate(plants), np.concatenate(values)
        means = _means(X, plant, len(places))
        _join_states(model.study, X, plant, means)
        said = np.concatenate([_said(model, X[start : start + _AT_ONCE]) for start in range(0, len(X), _AT_ONCE)])
        first = np.full(len(places), np.iinfo(np.int64).max)
        last = np.full(len(places), -2)
        np.minimum.at(first, plant, said)
        np.maximum.at(last, plant, said)
        for number, place in places.items():
            if last[place] > -2:
                self.pooled[number] = means[place]
        numbers = list(places)
        for place in map(int, np.flatnonzero((last > -2) & (first != last))):
            answers = sorted({int(j) for j in said[plant == place]}, reverse=True)
            names = [model.study.species_names[j] if j >= 0 else NONE_OF_THESE for j in answers]
            self.disagree[numbers[place]] = f"By themselves its rows disagree: {listed(sorted(names))}."


def _hashes(numbers: list[str]) -> Ints:
    return np.fromiter(map(hash, numbers), np.int64, len(numbers))


def _twice(hashes: Ints) -> Ints:
    """The hashes that stand more than once, but for that of nothing; sorts them in their place."""
    hashes.sort()
    twice: Ints = np.unique(hashes[1:][hashes[1:] == hashes[:-1]])
    return np.asarray(twice[twice != hash("")])


#: Rows that are named at once.
_AT_ONCE: Final = 65_536


def _means(X: Floats, plant: Ints, plants: int) -> Floats:
    """The mean of each plant's measurements over its rows, leaving out what was not measured."""
    means = np.full((plants, X.shape[1]), np.nan)
    for i in range(X.shape[1]):
        known = ~np.isnan(X[:, i])
        counts = np.bincount(plant[known], minlength=plants)
        sums = np.bincount(plant[known], weights=X[known, i], minlength=plants)
        means[:, i] = np.divide(sums, counts, out=means[:, i].copy(), where=counts > 0)
    return twelve_digits(means)


def _join_states(study: Study, X: Floats, plant: Ints, means: Floats) -> None:
    """In the place of a mean of states, all states that a plant's rows show."""
    for i, m in enumerate(study.measurements):
        if m.has_states:
            held: dict[int, set[int]] = {}
            for place, code in zip(plant.tolist(), X[:, i].tolist(), strict=True):
                held.setdefault(place, set()).update(places_of(code))
            means[:, i] = np.nan
            for place, states in held.items():
                if states:
                    means[place, i] = code_of(states)


def _said(model: Model, X: Floats) -> Ints:
    """The species each row is by itself; -1 where it fits none."""
    named = predict_plants(model, X)
    return np.where(named.fits, named.best, -1)


def _others(rows: list[int], here: int) -> str:
    """The other rows, a few of them by their numbers."""
    others = len(rows) - 1
    # Not all of them: a number may stand in every row of a million.
    shown = ", ".join(str(row) for row in islice((row for row in rows if row != here), _SHOWN))
    more = f" and {others - _SHOWN:,} more" if others > _SHOWN else ""
    return f"row{'s' if others > 1 else ''} {shown}{more}"


#: Row numbers that are written out in an issue.
_SHOWN: Final = 8
_NO_NUMBER: Final = pa.array(["s.n.", "s. n.", "sn", "s/n", "na", "n/a", "-", "--", "---", "none", "nan"])
