"""One row of a spreadsheet, copied and pasted -> the values of one plant."""

from __future__ import annotations

import re

import numpy as np

from flora_core.errors import BadTable, Unknown
from flora_core.study import Study
from flora_core.tables.columns.matching import guess_columns
from flora_core.tables.values.cells import read_cell
from flora_core.tables.values.states import read_state
from flora_core.units import factor


def read_row(study: Study, text: str) -> dict[str, float]:
    """{measurement: value in the study's units} of a row, with its header above it or without; missing cells are left out.

    Raises
    ------
    BadTable
        It is no row of this study; the message says what would be.
    """
    lines = [_cells(line) for line in text.splitlines() if line.strip()]
    if not lines:
        raise BadTable("Nothing was pasted.")
    if len(lines) > 2:
        raise BadTable(
            f"{len(lines)} rows were pasted; one plant is one row, with the columns' names above it or without."
        )
    if len(lines) == 2:
        places = guess_columns(study, lines[0], [lines[1]])
        if not places.assigned:
            raise BadTable(f"None of these columns is a measurement of {study.name}: {', '.join(lines[0])[:200]}.")
        pairs = [(a.measurement, a.unit, lines[1][a.column]) for a in places.assigned if a.column < len(lines[1])]
    else:
        if len(lines[0]) != len(study.names):
            raise BadTable(
                f"The row has {len(lines[0])} cells, and {study.title} has {len(study.names)} measurements. Paste the columns' "
                "names too, as a first row."
            )
        pairs = [(m.name, m.unit, cell) for m, cell in zip(study.measurements, lines[0], strict=True)]
    return {name: value for name, unit, cell in pairs if not np.isnan(value := _value(study, name, unit, cell))}


def _cells(line: str) -> list[str]:
    for separator in ("\t", ";"):
        if separator in line:
            return [cell.strip() for cell in line.strip("\r\n").split(separator)]
    # "5,1 3,5" has decimal commas; "5.1, 3.5" and "5.1,3.5" are parted by them.
    commas = re.fullmatch(r"\s*[^\s,]*(?:,[^\s,]*)?(?:\s+[^\s,]+(?:,[^\s,]+)?)*\s*", line)
    if "," in line and not (commas and " " in line.strip()):
        return [cell.strip() for cell in line.split(",")]
    return line.split()


def _value(study: Study, name: str, unit: str, text: str) -> float:
    m = study.measurement(name)
    if m.has_states:
        read = read_state(m, text)
        if read.problem:
            raise BadTable(f"{read.problem[:1].upper()}{read.problem[1:]}. {read.suggestion}")
        return read.code
    cell = read_cell(text)
    if cell.kind == "bad":
        raise BadTable(f"{m.heading} '{text[:40]}': {cell.problem}. {cell.suggestion}")
    own = cell.unit if cell.unit is not None else unit
    try:
        return float(f"{cell.value * factor(own, m.unit):.12g}")
    except Unknown as error:
        raise BadTable(f"{m.heading} '{text[:40]}': {error.message}") from None
