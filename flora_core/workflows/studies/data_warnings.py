"""What a careful colleague would say of a training table before anything is learned from it: with the numbers, in words."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

import numpy as np

from flora_core.model import Ints, TrainingPlants
from flora_core.study import Study
from flora_core.tables.columns.roles import Fault, NumberColumn, separates
from flora_core.tables.names.labels import Alike
from flora_core.tables.values.cells import MISSING
from flora_core.workflows.studies.choices import Proposal
from flora_core.workflows.studies.species_names import FEW, warned_of_names

#: Faults of a column that would have spoilt what is learned.
_SPOILING: Final = frozenset({"constant", "running", "code", "copy"})
#: From so many plants on it is strange that one column tells all species apart.
_ENOUGH: Final = 30


def warnings_of_table(proposal: Proposal, study: Study, plants: TrainingPlants, rows: Ints) -> tuple[str, ...]:
    """All warnings that apply, most serious first.

    Parameters
    ----------
    rows : (n,) int
        The number a person sees beside each plant's row.
    """
    chosen = set(proposal.measured)
    header = proposal.layout.header
    faults = [f"{c.because}." for c in proposal.columns if c.fault and header[c.column] in chosen]
    if not proposal.choices.measurements:
        faults += left_out_notes(header, [c for c in proposal.columns if c.fault in _SPOILING])
    return tuple(
        text
        for text in (
            *faults,
            *_leaking(study, plants),
            _few(study, plants),
            *warned_of_names(proposal.names),
            *warned_of_pairs(proposal.alike),
            *_repeated_ids(study, plants, rows),
            _never_measured(study, plants),
            _wide(plants),
            _one_group(proposal, plants),
            _identical(plants, rows),
        )
        if text
    )


def warned_of_pairs(pairs: Sequence[Alike], most: int = 8) -> list[str]:
    """Names that may be one, a warning for each pair; the rest of a long list is counted."""
    found = [
        f"{one.rarer} and {one.commoner} may be one: {one.because}. Merge them if they are." for one in pairs[:most]
    ]
    return found + (
        [f"{len(pairs) - most:,} more pairs of names are as near to each other."] if len(pairs) > most else []
    )


#: What many columns of one fault are, in words.
_FAULTS: Final[dict[Fault, str]] = {
    "number": "are numbers that name things",
    "running": "are running numbers",
    "place or time": "say where or when a plant grew, not what it is like",
    "code": "give the names away",
    "copy": "repeat other columns",
    "constant": "are the same in every row",
    "text": "hold hardly any numbers",
    "own": "hold this program's own answers",
}
#: From so many columns of one fault on, they are said together.
_TOGETHER: Final = 4


def left_out_notes(header: Sequence[str], columns: Sequence[NumberColumn]) -> list[str]:
    """Why columns of numbers are left out: each in a sentence of its own, many of one kind together."""
    by_fault: dict[Fault, list[NumberColumn]] = defaultdict(list)
    for column in columns:
        by_fault[column.fault].append(column)
    found = []
    for fault, some in by_fault.items():
        if len(some) < _TOGETHER or fault not in _FAULTS:
            found += [f"Left out: {column.because}." for column in some]
        else:
            names = _some([f"'{header[column.column]}'" for column in some], 8)
            found.append(f"Left out: {len(some):,} columns {_FAULTS[fault]} ({names}).")
    return found


def _leaking(study: Study, plants: TrainingPlants) -> list[str]:
    if len(plants.species) < _ENOUGH:
        return []
    found = [m for i, m in enumerate(study.measurements) if separates(plants.values[:, i], plants.species)]
    if len(found) > 3:
        some = _some([m.label for m in found])
        return [
            f"{len(found)} measurements tell all species apart, each of them alone ({some}). Was any noted after naming?"
        ]
    return [
        f"{m.heading} alone tells all species apart without a mistake. If it was noted after naming, leave it out."
        for m in found
    ]


def _few(study: Study, plants: TrainingPlants) -> str:
    rare = [f"{name} ({n})" for name, n in plants.table.plants.items() if n < FEW]
    return f"Fewer than {FEW} plants: {_some(rare)}. Their scores will be guesses." if rare else ""


def _repeated_ids(study: Study, plants: TrainingPlants, rows: Ints) -> list[str]:
    if plants.ids is None:
        return []
    places: dict[str, list[int]] = defaultdict(list)
    for i, text in enumerate(plants.ids.tolist()):
        if text.lower() not in MISSING:
            places[text].append(i)
    twice = {text: where for text, where in places.items() if len(where) > 1}
    found = []
    if twice:
        some = [f"{text} in rows {', '.join(str(rows[i]) for i in where[:4])}" for text, where in twice.items()]
        advice = (
            ""
            if plants.groups is not None
            else " If one plant was measured several times, say that column as group too."
        )
        stand = "catalogue numbers stand" if len(twice) > 1 else "catalogue number stands"
        found.append(f"{len(twice):,} {stand} in several rows: {_some(some, 3)}. All rows are kept.{advice}")
    two = [text for text, where in twice.items() if len({int(plants.species[i]) for i in where}) > 1]
    if two:
        found.append(f"One number, two species: {_some(two)}. Is one of them a slip?")
    return found


def _never_measured(study: Study, plants: TrainingPlants) -> str:
    missing = np.isnan(plants.values)
    never = [
        f"{m.label} of {name}"
        for j, name in enumerate(study.species_names)
        for i, m in enumerate(study.measurements)
        if missing[plants.species == j, i].all()
    ]
    return f"Never measured: {_some(never)}. Such a species is judged by its other measurements." if never else ""


def _wide(plants: TrainingPlants) -> str:
    n, p = plants.values.shape
    if p < n:
        return ""
    return f"There are {p} measurements for {n} plants; with fewer measurements, or more plants, a model learns less by heart."


def _one_group(proposal: Proposal, plants: TrainingPlants) -> str:
    if not proposal.group:
        return ""
    groups = 0 if plants.groups is None else len(np.unique(plants.groups))
    if groups < 3:
        return f"'{proposal.group}' parts the plants into {max(1, groups)}; scores by group need three at least."
    return ""


def _identical(plants: TrainingPlants, rows: Ints) -> str:
    """Rows with the same values are reported and kept: two flowers may truly measure the same."""
    table = np.nan_to_num(np.column_stack([plants.values, plants.species]), nan=-1.234e300)
    _, first, group = np.unique(table, axis=0, return_index=True, return_inverse=True)
    again = [i for i in range(len(table)) if first[group.ravel()[i]] != i]
    if not again:
        return ""
    pairs = Counter(f"{rows[first[group.ravel()[i]]]} and {rows[i]}" for i in again)
    measure = "rows measure" if len(again) > 1 else "row measures"
    return (
        f"{len(again):,} {measure} exactly the same as an earlier one of the same name (rows {_some(list(pairs), 3)}). All are "
        "kept; if a row was copied by mistake, take it out of the table."
    )


def _some(names: Sequence[str], most: int = 5) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")
