"""Rows with the same catalogue number: replicates of one plant, the latest of several, or a mistake."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO, Final

import numpy as np

from flora_core.errors import Issue
from flora_core.identification.naming import name_plants
from flora_core.identification.sentences import listed
from flora_core.model import Bools, Floats
from flora_core.tables.checking import CheckedPart, Duplicates, check_part
from flora_core.tables.reading import Part, read_parts
from flora_core.workflows.batch.understanding import Understanding

Progress = Callable[[float, str], None]


@dataclass(slots=True)
class Doubles:
    """Catalogue numbers that stand in several rows, and what is done with those rows."""

    column: int | None
    name: str
    policy: Duplicates
    rows: dict[str, list[int]] = field(default_factory=dict)
    pooled: dict[str, Floats] = field(default_factory=dict)
    disagree: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, stream: BinaryIO, understood: Understanding, progress: Progress) -> Doubles:
        """Look through the file once for the numbers, and once more for the plants that have to be pooled."""
        column, policy = understood.assignment.id_column, understood.request.duplicates
        found = cls(column, understood.id_name, policy)
        if column is None:
            return found
        progress(0.0, "looking for catalogue numbers that stand twice")
        hashes = [
            np.fromiter((hash(n) for n in found.numbers(part)), np.int64, len(part))
            for part in read_parts(stream, understood.layout)
        ]
        everything = np.concatenate(hashes) if hashes else np.zeros(0, np.int64)
        distinct, counts = np.unique(everything, return_counts=True)
        twice = distinct[(counts > 1) & (distinct != hash(""))]
        if not len(twice):
            return found
        place = 0
        for part in read_parts(stream, understood.layout):
            numbers = found.numbers(part)
            for i in np.flatnonzero(np.isin(everything[place : place + len(part)], twice)):
                found.rows.setdefault(numbers[i], []).append(int(part.rows[i]))
            place += len(part)
        # Two numbers may share a hash; only those that really stand twice count.
        found.rows = {number: rows for number, rows in found.rows.items() if len(rows) > 1}
        if policy is Duplicates.REPLICATE and found.rows:
            found._pool(stream, understood)
        return found

    def numbers(self, part: Part) -> list[str]:
        """The catalogue numbers of some rows, as text; "" where there is none, or "s.n." for one."""
        if self.column is None:
            return []
        cleaned = [text.strip() for text in part.columns[self.column].to_pylist()]
        return ["" if text.lower() in _NO_NUMBER else text for text in cleaned]

    def settle(self, part: Part, numbers: list[str], checked: CheckedPart) -> tuple[Floats, Bools]:
        """The values to be named and the rows to be named, with an issue for each row whose number stands twice."""
        values, usable = checked.values, checked.usable
        if not self.rows:
            return values, usable
        values, usable = values.copy(), usable.copy()
        for i, number in enumerate(numbers):
            rows = self.rows.get(number)
            if rows is None:
                continue
            here = int(part.rows[i])
            problem = f"catalogue number {number} stands in {_others(rows, here)} too"
            suggestion = ""
            if self.policy is Duplicates.ERROR:
                usable[i], suggestion = False, "Give each specimen a number of its own."
            elif self.policy is Duplicates.LATEST and here != rows[-1]:
                usable[i], suggestion = False, f"Row {rows[-1]} counts."
            elif self.policy is Duplicates.REPLICATE:
                if usable[i] and number in self.pooled:
                    values[i] = self.pooled[number]
                suggestion = f"Named by the mean of its rows. {self.disagree.get(number, '')}".strip()
            checked.issues.append((i, Issue(here, self.name, number, problem, suggestion)))
        checked.issues.sort(key=lambda one: one[0])
        return values, usable

    def _pool(self, stream: BinaryIO, understood: Understanding) -> None:
        gathered: dict[str, list[Floats]] = {}
        model, mender = understood.model, understood.mender()
        for part in read_parts(stream, understood.layout):
            numbers = self.numbers(part)
            wanted = [i for i, number in enumerate(numbers) if number in self.rows]
            if not wanted:
                continue
            checked = mender.undo(part, check_part(model.study, understood.layout.header, understood.rules, part))
            for i in wanted:
                if checked.usable[i]:
                    gathered.setdefault(numbers[i], []).append(checked.values[i])
        for number, rows in gathered.items():
            X = np.array(rows)
            known = ~np.isnan(X)
            sums = np.where(known, X, 0.0).sum(axis=0)
            self.pooled[number] = np.where(known.any(axis=0), sums / np.maximum(known.sum(axis=0), 1), np.nan)
            named = name_plants(model, X)
            answers = sorted({model.study.species_names[j] for j in named.best[named.fits]})
            if len(answers) > 1 or (named.fits.any() and not named.fits.all()):
                said = listed(answers) if len(answers) > 1 else f"{answers[0]} and none of these"
                self.disagree[number] = f"By themselves its rows disagree: {said}."


def _others(rows: list[int], here: int) -> str:
    """The other rows, a few of them by their numbers."""
    others = [str(row) for row in rows if row != here]
    shown = ", ".join(others[:_SHOWN])
    more = f" and {len(others) - _SHOWN:,} more" if len(others) > _SHOWN else ""
    return f"row{'s' if len(others) > 1 else ''} {shown}{more}"


#: Row numbers that are written out in an issue.
_SHOWN: Final = 8
_NO_NUMBER: Final = frozenset({"s.n.", "s. n.", "sn", "s/n", "na", "n/a", "-", "--", "---", "none", "nan"})
