"""Which column is which measurement, and in which unit: guessed from names, units in headers, and the values themselves.

Names come in any case, with any sign between the words, abbreviated, and in other languages. A guess is a proposal: it is
shown with the numbers as read, corrected by hand, and remembered for the next file with the same header.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from flora_core.errors import BadTable, Unknown
from flora_core.model import Floats
from flora_core.study import Measurement, Study
from flora_core.tables.columns.header_words import (
    LOOSE_ID_NAMES,
    fold_accents,
    header_similarity,
    letters_of,
    names_catalogue_numbers,
    parse_header,
)
from flora_core.tables.layout import Decimal
from flora_core.tables.values.cells import MISSING, read_cell
from flora_core.units import LENGTHS, factor, parse_unit


@dataclass(frozen=True, slots=True)
class Assigned:
    """One column of a file that holds a measurement.

    Attributes
    ----------
    column : int
        Its place in the file.
    measurement : str
    unit : str
        The unit of its numbers; the measurement's own where the header says nothing.
    because : str
        Why, in words.
    sure : float
        From 0 to 1.
    """

    column: int
    measurement: str
    unit: str
    because: str
    sure: float


@dataclass(frozen=True, slots=True)
class Assignment:
    """Which columns hold what.

    Attributes
    ----------
    assigned : tuple of Assigned
        At most one column for each measurement.
    id_column : int or None
        The column of catalogue numbers.
    remarks : tuple of str
        Columns that are named like a measurement and not read, each with the reason.
    """

    assigned: tuple[Assigned, ...]
    id_column: int | None
    remarks: tuple[str, ...] = ()

    def of(self, measurement: str) -> Assigned | None:
        """The column that holds this measurement, or None."""
        return next((a for a in self.assigned if a.measurement == measurement), None)


def guess_columns(
    study: Study, header: Sequence[str], preview: Sequence[Sequence[str]], decimal: Decimal = ""
) -> Assignment:
    """The likeliest assignment of columns to the study's measurements.

    Parameters
    ----------
    header : sequence of str
        Names as they stand in the file.
    preview : sequence of sequence of str
        Some rows, to see whether a column holds numbers at all.
    """
    shares = [share_of_numbers([row[j] for row in preview if j < len(row)], decimal) for j in range(len(header))]
    initials = _initials(study)
    found: list[tuple[float, int, int, str]] = []
    remarks: list[str] = []
    for j, name in enumerate(header):
        if not name:
            continue
        made_of = next((i for i, m in enumerate(study.measurements) if m.header and m.header == name), None)
        if made_of is not None:
            # The study was made of this very column: whatever it is called, and whatever unit its name carries.
            found.append((2.0, -j, made_of, f"'{name}' is the column it was made of"))
            continue
        scores = [header_similarity(measurement, name) for measurement in study.measurements]
        stands_for = initials.get(letters_of(name))
        if stands_for is not None and scores[stands_for][0] < 0.7:
            scores[stands_for] = (0.7, f"'{name}' abbreviates {study.measurements[stands_for].label}")
        best = max(score for score, _ in scores)
        if best <= 0 or sum(score == best for score, _ in scores) > 1:
            # A name that stands for two measurements stands for none.
            continue
        i, because = next((i, because) for i, (score, because) in enumerate(scores) if score == best)
        measurement, unit, share = study.measurements[i], parse_header(name).unit, shares[j]
        if measurement.has_states:
            unit, share = "", 1.0
        if share is None:
            remarks.append(f"'{name}' is named like {measurement.label}, but holds words; it is not read.")
        elif not _compatible(unit, measurement):
            own = measurement.unit or "no unit"
            remarks.append(
                f"'{name}' is named like {measurement.label}, but {unit} can't be converted to {own}; it is not read."
            )
        else:
            # Of two columns with one meaning, that of plain numbers: a middle before the range it was made of.
            found.append((best + 0.1 * share, -j, i, because))
    found.sort(key=lambda one: (-one[0], -one[1]))
    taken: dict[int, Assigned] = {}
    for score, minus_j, i, because in found:
        measurement = study.measurements[i]
        own_unit = measurement.unit if score >= 2.0 else ""
        unit = own_unit or parse_header(header[-minus_j]).unit or measurement.unit
        unit = "" if measurement.has_states else unit
        assigned = Assigned(-minus_j, measurement.name, unit, because, min(1.0, score))
        if i not in taken:
            taken[i] = assigned
        else:
            remarks.append(
                f"'{header[-minus_j]}' could be {measurement.label} too; '{header[taken[i].column]}' is read."
            )
    columns = {a.column for a in taken.values()}
    return Assignment(tuple(taken[i] for i in sorted(taken)), _guess_id(header, columns, preview), tuple(remarks))


_SAID: Final = "so it was said"


def correct_columns(
    study: Study,
    header: Sequence[str],
    guessed: Assignment,
    *,
    columns: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    id_column: str | None = None,
) -> Assignment:
    """The mapping with what a person said.

    Parameters
    ----------
    columns : mapping of str to str
        {column: measurement}; an empty measurement takes the column out.
    units : mapping of str to str
        {column or measurement: unit} of its numbers.
    id_column : str
        The column of catalogue numbers; "" for none; None leaves the guess.

    Raises
    ------
    BadTable, Unknown
        A column or measurement that is not there; the message lists those there are.
    """
    assigned = {a.measurement: a for a in guessed.assigned}
    for column, wanted in (columns or {}).items():
        j = column_index(header, column)
        assigned = {name: a for name, a in assigned.items() if a.column != j}
        if wanted:
            m = study.measurement(wanted)
            if m.name in assigned and assigned[m.name].because == _SAID:
                raise BadTable(
                    f"'{header[assigned[m.name].column]}' and '{header[j]}' can't both be {m.label}; say which one is."
                )
            unit = "" if m.has_states else parse_header(header[j]).unit or m.unit
            if not _compatible(unit, m):
                if not {column, wanted, m.name} & set(units or {}):
                    raise BadTable(
                        f"'{header[j]}' is in {unit}, and {m.label} is in {m.unit or 'no unit'}: {unit} can't be converted. If "
                        f"its numbers are in another unit, say which (--unit '{header[j]}={m.unit or 'cm'}')."
                    )
                unit = m.unit
            assigned[m.name] = Assigned(j, m.name, unit, _SAID, 1.0)
    for name, text in (units or {}).items():
        unit = parse_unit(text)
        target = _measurement_of(study, header, assigned, name)
        m = study.measurement(target.measurement)
        factor(unit, m.unit)
        assigned[target.measurement] = replace(target, unit=unit)
    place = guessed.id_column
    if id_column is not None:
        place = column_index(header, id_column) if id_column else None
    ordered = tuple(assigned[name] for name in study.names if name in assigned)
    return Assignment(ordered, place, () if columns else guessed.remarks)


def header_checksum(study: Study, header: Sequence[str]) -> str:
    """What a header is remembered by: SHA-256 of the study's name and the columns' names."""
    return hashlib.sha256(json.dumps([study.name, *header], ensure_ascii=False).encode()).hexdigest()


def _measurement_of(study: Study, header: Sequence[str], assigned: Mapping[str, Assigned], name: str) -> Assigned:
    for a in assigned.values():
        if header[a.column] == name:
            return a
    try:
        m = study.measurement(name)
    except Unknown:
        there = ", ".join(header[a.column] for a in assigned.values())
        raise Unknown(
            f"'{name}' is neither a column that is read ({there}) nor a measurement ({', '.join(study.names)})."
        ) from None
    if m.name not in assigned:
        raise BadTable(f"No column holds {m.label}; say which one does, with COLUMN={m.name}.")
    return assigned[m.name]


def column_index(header: Sequence[str], column: str) -> int:
    """The place of a column that a person calls by its name, in any case.

    Raises
    ------
    Unknown
        There is none, or several; the message lists those there are.
    """
    exact = [j for j, name in enumerate(header) if name == column.strip()]
    loose = [j for j, name in enumerate(header) if name.lower() == column.strip().lower()]
    if exact or len(loose) == 1:
        return (exact or loose)[0]
    near = difflib.get_close_matches(column, [name for name in header if name], n=1, cutoff=0.6)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    raise Unknown(
        f"There is no column '{column}'.{hint} There are: {', '.join(name for name in header if name)[:400]}."
    )


def _initials(study: Study) -> dict[str, int]:
    """Initials that stand for one measurement only: SL, SW, PL, PW."""
    letters: dict[str, list[int]] = {}
    for i, m in enumerate(study.measurements):
        words = fold_accents(m.label).split()
        if len(words) > 1:
            letters.setdefault("".join(w[0] for w in words), []).append(i)
    return {key: places[0] for key, places in letters.items() if len(places) == 1}


def _compatible(unit: str, measurement: Measurement) -> bool:
    if not unit or unit == measurement.unit:
        return True
    try:
        factor(unit, measurement.unit)
    except Unknown:
        return False
    return True


#: What a cell of numbers may be besides a number: one that has to be asked about, or one that a spreadsheet made a date of.
_NUMBERS_TOO: Final = frozenset({"it is a range", "it can be read in two ways", "it is a date"})


def share_of_numbers(cells: Sequence[str], decimal: Decimal) -> float | None:
    """The share of a column's filled cells that are numbers; None where it seems to hold something else. It may be empty."""
    found = [cell for cell in (read_cell(text, decimal=decimal) for text in cells) if cell.kind != "missing"]
    numbers = sum(cell.kind == "number" for cell in found)
    others = sum(cell.kind == "bad" and cell.problem not in _NUMBERS_TOO for cell in found)
    if others > len(found) / 2:
        return None
    return numbers / len(found) if found else 0.0


def _guess_id(header: Sequence[str], taken: set[int], preview: Sequence[Sequence[str]]) -> int | None:
    """The first column that is named like a catalogue number, and whose cells do not say the same again and again."""
    for is_named in (names_catalogue_numbers, lambda name: letters_of(name) in LOOSE_ID_NAMES):
        for j, name in enumerate(header):
            cells = [row[j] for row in preview if j < len(row)]
            if j not in taken and is_named(name) and are_catalogue_numbers(name, cells):
                return j
    return None


def are_catalogue_numbers(name: str, cells: Sequence[str]) -> bool:
    """Whether a column of this name may hold catalogue numbers: few replicates, or hardly any where the name says little."""
    filled = [text for text in (cell.strip() for cell in cells) if text and text.lower() not in MISSING]
    least = 0.2 if names_catalogue_numbers(name) else 0.9
    return len(filled) > 1 and len(set(filled)) > least * len(filled)


def unit_by_values(measurement: Measurement, values: Floats) -> str:
    """The one other unit in which nearly all values would be plausible, where they are not in the present one; else "".

    Parameters
    ----------
    values : (n,) float
        In the measurement's own unit as they were read; NaN where missing.
    """
    known = values[~np.isnan(values)]
    if len(known) < 5 or measurement.unit not in LENGTHS:
        return ""
    inside = (known >= measurement.low) & (known <= measurement.high)
    if inside.mean() > 0.5:
        return ""
    fits = []
    for unit in LENGTHS:
        if unit != measurement.unit:
            converted = known * factor(unit, measurement.unit)
            if ((converted >= measurement.low) & (converted <= measurement.high)).mean() >= 0.9:
                fits.append(unit)
    return fits[0] if len(fits) == 1 else ""
