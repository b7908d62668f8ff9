"""The rows of a table -> numbers in the study's units, and an issue for each cell that can't be used.

Bad cells are data, not exceptions: each is listed with the row number a person sees, and good rows are named all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flora_core.errors import Issue, Unknown
from flora_core.model import Bools, Floats
from flora_core.study import Measurement, Study
from flora_core.tables.columns.matching import Assigned, Assignment
from flora_core.tables.layout import Decimal, RowChunk
from flora_core.tables.rows.summary_rows import find_summary_rows
from flora_core.tables.values.limits import impossible, limits_text, stands_for_missing
from flora_core.tables.values.numbers import Numbers, read_numbers
from flora_core.tables.values.states import read_states
from flora_core.units import factor
from flora_core.wording import shortened


class DuplicatePolicy(StrEnum):
    """What is done where a catalogue number stands in several rows."""

    FLAG = "flag"
    """Each row is named by itself, and says in which other rows its number stands."""
    REPLICATE = "replicate"
    """The rows are measurements of one plant: named by their means, and disagreement is said."""
    LATEST = "latest"
    """The last row counts; the others are not named."""
    ERROR = "error"
    """None of the rows is named."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How a table's cells become numbers.

    Attributes
    ----------
    assignment : Assignment
        Which column holds which measurement.
    decimal : {".", ",", ""}
    middle_of_ranges : bool
        Whether "2.0-2.5" is read as 2.25.
    """

    assignment: Assignment
    decimal: Decimal = ""
    middle_of_ranges: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class CheckedPart:
    """Some rows of a table, checked.

    Attributes
    ----------
    values : (n, p) float
        In the study's order and units; NaN where not measured or not readable. A number that can't be this measurement
        stands here too.
    usable : (n,) bool
        Whether the row can be identified: no bad cell, and something measured.
    impossible : (n,) bool
        Whether the row can't be identified only because a number in it can't be this measurement.
    issues : list of (int, Issue)
        Place in the part and what is wrong or unusual there, in the order of the rows.
    as_typed : list of pyarrow.StringArray or None
        For each measurement its cells; None where no column holds it.
    read_past : dict of str to int
        What was read past in cells that are numbers, and how often.
    filled_up : int
        Rows that end before the header does, and lack nothing that is read.
    """

    values: Floats
    usable: Bools
    impossible: Bools
    issues: list[tuple[int, Issue]]
    as_typed: list[pa.StringArray | None]
    read_past: dict[str, int]
    filled_up: int = 0


def check_part(study: Study, header: Sequence[str], rules: Rules, part: RowChunk) -> CheckedPart:
    """The numbers of some rows in the study's order and units, with an issue for each cell that can't be used.

    Parameters
    ----------
    header : sequence of str
        The columns' names in the file, for the issues.
    """
    n, p = len(part), len(study.measurements)
    values = np.full((n, p), np.nan)
    bad = np.zeros(n, dtype=bool)
    issues: list[tuple[int, Issue]] = []
    read_past: dict[str, int] = {}
    as_typed: list[pa.StringArray | None] = [None] * p

    filled_up = 0
    for place, (cells, surplus) in part.ragged.items():
        issue = _ragged(int(part.rows[place]), cells, surplus, header, rules.assignment)
        if issue is not None:
            issues.append((place, issue))
            bad[place] = True
        else:
            filled_up += 1
    for i, m in enumerate(study.measurements):
        assigned = rules.assignment.of(m.name)
        if assigned is None:
            continue
        column = part.columns[assigned.column]
        as_typed[i] = column
        if m.has_states:
            values[:, i] = _states(m, column, issues, bad, part, header[assigned.column])
            continue
        numbers = read_numbers(column, rules.decimal, middle_of_ranges=rules.middle_of_ranges)
        values[:, i] = _converted(m, assigned, numbers, issues, bad, read_past, part, header)
    impossible = np.zeros(n, dtype=bool)
    for i, m in enumerate(study.measurements):
        assigned = rules.assignment.of(m.name)
        if assigned is not None and not m.has_states:
            _flag_values(m, values[:, i], header[assigned.column], part, as_typed[i], issues, impossible)
    no_plants = _summary_rows(study, part, rules.assignment, header, values)
    no_plants |= _repeated_headers(part, rules.assignment, header) | _below_second_header(part)
    if no_plants:
        issues = [one for one in issues if one[0] not in no_plants]
        issues += no_plants.items()
        bad[list(no_plants)] = True
    empty = np.isnan(values).all(axis=1) & ~bad
    for place in map(int, np.flatnonzero(empty)):
        given = f"It needs at least one of {', '.join(header[a.column] for a in rules.assignment.assigned)}."
        issues.append((place, Issue(int(part.rows[place]), "", "", "nothing was measured", given)))
    issues.sort(key=lambda found: found[0])
    usable = ~bad & ~impossible & ~empty
    return CheckedPart(values, usable, impossible & ~bad, issues, as_typed, read_past, filled_up)


def _states(
    m: Measurement, column: pa.StringArray, issues: list[tuple[int, Issue]], bad: Bools, part: RowChunk, header: str
) -> Floats:
    """The states of a column, with an issue for each cell that names none of the character's."""
    cells = read_states(m, column)
    for place, read in cells.bad.items():
        text = column[place].as_py()
        issues.append((place, Issue(int(part.rows[place]), header, text, read.problem, read.suggestion)))
        bad[place] = True
    return cells.values


def _summary_rows(
    study: Study, part: RowChunk, assignment: Assignment, header: Sequence[str], values: Floats
) -> dict[int, Issue]:
    """An issue for each row that is a mean or a total of others."""
    highest = np.array([m.high for m in study.measurements])
    known = np.isfinite(values)
    beyond = known.any(axis=1) & ((values > highest) | ~known).all(axis=1)
    columns = [a.column for a in assignment.assigned]
    return find_summary_rows(part, header, columns, values, np.asarray(beyond, dtype=bool))


def _below_second_header(part: RowChunk) -> dict[int, Issue]:
    """An issue for each second header of other columns, order or unit, and for each row below it."""
    if part.below is None:
        return {}
    found = {}
    for place in map(int, np.flatnonzero(part.below)):
        row, header = int(part.rows[place]), int(part.below[place])
        cells = part.second_headers[header]
        if row == header:
            problem = f"the row is a second header ({cells}) with other columns, order or unit than the first"
        else:
            problem = f"it stands below a second header, in row {header}, with other columns, order or unit ({cells})"
        found[place] = Issue(row, "", "", problem, "Put the two tables into files of their own.")
    return found


def _repeated_headers(part: RowChunk, assignment: Assignment, header: Sequence[str]) -> dict[int, Issue]:
    """An issue for each row that is the header again, as in tables that were put one below the other."""
    if not assignment.assigned:
        return {}
    columns = [a.column for a in assignment.assigned]
    again = pc.equal(pc.utf8_trim_whitespace(part.columns[columns[0]]), header[columns[0]])
    found = {}
    for place in map(int, np.flatnonzero(again.to_numpy(zero_copy_only=False))):
        if all(" ".join(part.columns[j][place].as_py().split()) == header[j] for j in columns):
            found[place] = Issue(
                int(part.rows[place]),
                header[columns[0]],
                header[columns[0]],
                "the row is the header again",
                "Leave it out; tables that stand one below the other need one header.",
            )
    return found


def _ragged(
    row: int, cells: int, surplus: tuple[str, ...], header: Sequence[str], assignment: Assignment
) -> Issue | None:
    """The issue of a row of another length; None where only unread cells at its end are missing."""
    if surplus:
        shown = ", ".join(f"'{cell}'" for cell in surplus[:5])
        return Issue(
            row,
            "",
            shown,
            _widths(cells, header),
            "A separator stands within a cell, or one too many between two; put quotes around such a cell.",
        )
    lost = [header[a.column] for a in assignment.assigned if a.column >= cells]
    if not lost:
        return None
    return Issue(row, lost[0], "", _widths(cells, header), f"It ends before {', '.join(lost)}; add what is missing.")


def _widths(cells: int, header: Sequence[str]) -> str:
    return f"the row has {cells} cell{'s' if cells != 1 else ''} and the header {len(header)}"


def _converted(
    m: Measurement,
    assigned: Assigned,
    numbers: Numbers,
    issues: list[tuple[int, Issue]],
    bad: Bools,
    read_past: dict[str, int],
    part: RowChunk,
    header: Sequence[str],
) -> Floats:
    """The column's values in the measurement's own unit."""
    values = numbers.values.copy()
    ratio = factor(assigned.unit, m.unit)
    if ratio != 1.0:
        values = twelve_digits(values * ratio)
    column = header[assigned.column]
    for place, cell in numbers.odd.items():
        text = part.columns[assigned.column][place].as_py()
        if cell.kind == "bad":
            problem = cell.problem.replace("it ", f"{column} '{shortened(text, 40)}' ", 1)
            issues.append((place, Issue(int(part.rows[place]), column, text, problem, cell.suggestion)))
            bad[place] = True
            continue
        if cell.note:
            said = "ranges were read as their middle" if cell.note.startswith("the middle") else cell.note
            read_past[said] = read_past.get(said, 0) + 1
        if cell.unit is not None and cell.unit != assigned.unit:
            try:
                values[place] = float(f"{cell.value * factor(cell.unit, m.unit):.12g}")
            except Unknown as error:
                problem = f"{column} '{shortened(text, 40)}': {error.message.rstrip('.')}"
                issues.append((place, Issue(int(part.rows[place]), column, text, problem, f"Give it in {m.unit}.")))
                bad[place] = True
    return values


def _flag_values(
    m: Measurement,
    values: Floats,
    column: str,
    part: RowChunk,
    typed: pa.StringArray | None,
    issues: list[tuple[int, Issue]],
    impossible_rows: Bools,
) -> None:
    """An issue for each value that can't be, which bars its row, and for each that is unusual, which does not."""
    odd = (values < m.low) | (values > m.high) | ((values <= 0) & m.positive)
    for place in np.flatnonzero(odd):
        value = float(values[place])
        text = typed[int(place)].as_py() if typed is not None else ""
        problem, suggestion = impossible(m, value)
        if problem:
            impossible_rows[place] = True
            if stands_for_missing(text):
                suggestion = f"{text.strip()} often stands for a missing value; leave the cell empty then. {suggestion}"
        elif m.low <= value <= m.high:
            continue
        else:
            problem, suggestion = f"{m.label} is {m.written(value)}", f"Unusual: these plants have {limits_text(m)}."
            if stands_for_missing(text):
                impossible_rows[place] = True
                suggestion = f"{text.strip()} often stands for a missing value; leave the cell empty then."
        issues.append((int(place), Issue(int(part.rows[place]), column, text, problem, suggestion)))


def twelve_digits(values: Floats) -> Floats:
    """Rounded to twelve significant digits, so that 14 mm is 1.4 cm and not 1.4000000000000001."""
    size = np.abs(values)
    # Far from what is measured on plants a power of ten is not exact, and nothing is rounded.
    ordinary = (size > 1e-9) & (size < 1e9)
    scale = 10.0 ** (11.0 - np.floor(np.log10(size, where=ordinary, out=np.zeros_like(values))))
    return np.where(ordinary, np.round(np.where(ordinary, values, 0.0) * scale) / scale, values)
