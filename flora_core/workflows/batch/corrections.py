"""Mix-ups in a table: found in rows that fit no species, offered, and undone only where a person agreed to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from flora_core.errors import Issue
from flora_core.identification.fitness import misfits
from flora_core.identification.mix_ups import Change, Suggestion, mix_ups
from flora_core.model import Bools, Floats, Ints, Model
from flora_core.tables.files.reading import RowChunk
from flora_core.tables.rows.checking import CheckedPart, twelve_digits

#: Rows of a file that are searched for a mix-up; each takes the time of twenty identifications.
MOST_SEARCHED: Final = 100_000


@dataclass(slots=True)
class MixUpCorrector:
    """What is known of mix-ups in a table so far.

    Attributes
    ----------
    columns : dict of str to str
        {measurement: its column}, for the issues.
    agreed : sequence of Change
        Those that a person agreed to: each is undone in the rows that fit no species as they stand, and fit one then.
    suggestions : list of (Suggestion or None)
        For each row that was searched.
    undone : Counter of str
        {words of a change: rows in which it was undone}.
    """

    model: Model
    columns: dict[str, str]
    agreed: Sequence[Change] = ()
    suggestions: list[Suggestion | None] = field(default_factory=list)
    undone: Counter[str] = field(default_factory=Counter)
    unsearched: int = 0

    def undo(self, part: RowChunk, checked: CheckedPart) -> CheckedPart:
        """The rows with the agreed mix-ups undone, and an issue for each that says so."""
        if not self.agreed:
            return checked
        rows = np.flatnonzero(self._strange(checked.values, checked.usable) | checked.impossible)
        if not len(rows):
            return checked
        values, usable, impossible = checked.values.copy(), checked.usable.copy(), checked.impossible.copy()
        issues = checked.issues
        for change in self.agreed:
            changed = change.apply(values[rows])
            inside = self._fit(changed)
            mended = rows[inside]
            values[mended] = twelve_digits(changed[inside])
            usable[mended], impossible[mended] = True, False
            here = set(mended.tolist())
            issues = [one for one in issues if one[0] not in here]
            issues += [(int(i), self._issue(part, checked, change, int(i), values[i])) for i in mended]
            self.undone[change.words] += len(mended)
            rows = rows[~inside]
        issues.sort(key=lambda one: one[0])
        return replace(checked, values=values, usable=usable, impossible=impossible, issues=issues)

    def search(self, values: Floats, rows: Ints) -> dict[int, Suggestion]:
        """For each of the rows the one change that would make it fit, where there is one: {row: suggestion}."""
        room = MOST_SEARCHED - len(self.suggestions)
        self.unsearched += max(0, len(rows) - room)
        searched = rows[: max(0, room)]
        if not len(searched):
            return {}
        found = mix_ups(self.model, values[searched])
        self.suggestions.extend(found)
        return {int(row): suggestion for row, suggestion in zip(searched, found, strict=True) if suggestion is not None}

    def columns_of(self, names: Sequence[str]) -> str:
        """The columns that hold these measurements, for an issue."""
        return ", ".join(self.columns[name] for name in names)

    def _strange(self, values: Floats, usable: Bools) -> Bools:
        strange = np.zeros(len(values), dtype=bool)
        rows = np.flatnonzero(usable)
        if len(rows):
            strange[rows] = misfits(self.model.gaussians, values[rows]).min(axis=1) > 1.0
        return strange

    def _fit(self, values: Floats) -> Bools:
        """Whether each row fits a species; a row without a value fits none."""
        fits = np.zeros(len(values), dtype=bool)
        known = np.flatnonzero(~np.isnan(values).all(axis=1))
        if len(known):
            fits[known] = misfits(self.model.gaussians, values[known]).min(axis=1) <= 1.0
        return fits

    def _issue(self, part: RowChunk, checked: CheckedPart, change: Change, i: int, values: Floats) -> Issue:
        study = self.model.study
        typed = [checked.as_typed[j] for j in change.columns]
        texts = [str(cells[i].as_py()) for cells in typed if cells is not None]
        read = ", ".join(
            f"{study.measurements[j].label} {study.measurements[j].written(values[j])}"
            for j in change.columns
            if not np.isnan(values[j])
        )
        columns = self.columns_of([study.names[j] for j in change.columns if checked.as_typed[j] is not None])
        words = f"{change.words[0].upper()}{change.words[1:]}"
        return Issue(int(part.rows[i]), columns, ", ".join(texts), f"read as {read}", f"{words}, as was agreed.")
