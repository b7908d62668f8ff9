"""Typed values -> numbers in the study's units, and an issue for each that can't be used.

A value is refused where it can't be a measurement (text, zero, negative, impossibly large), and questioned where it is
merely unusual: the plausible limits of a study are a warning, never a filter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from flora_core.errors import Issue, Unknown
from flora_core.model import Floats
from flora_core.study import Measurement, Study
from flora_core.tables.cells import Cell, read_cell
from flora_core.units import factor


@dataclass(frozen=True, slots=True, eq=False)
class CheckedPlant:
    """One plant as it was typed, and what of it can be used.

    Attributes
    ----------
    values : (p,) float
        In the study's order and units; NaN where not measured or not a number. A number that can't be this measurement
        stands here too, beside its issue.
    typed : tuple of str
        As typed; "" where not measured.
    unit : str
        The unit in which numbers without one were read.
    unusual : tuple of str
        A sentence for each value outside its plausible limits.
    notes : tuple of str
        What was converted or read past.
    issues : tuple of Issue
        One for each value that can't be used; the plant can be identified only where there is none.
    """

    values: Floats
    typed: tuple[str, ...]
    unit: str
    unusual: tuple[str, ...]
    notes: tuple[str, ...]
    issues: tuple[Issue, ...]


def check_plant(study: Study, typed: Mapping[str, str], unit: str = "") -> CheckedPlant:
    """The values of one plant, as typed into a form or a command.

    Parameters
    ----------
    typed : mapping of str to str
        {measurement: text}; a measurement left out, or empty, was not measured.
    unit : str
        The unit of numbers that carry none; "" for each measurement's own.
    """
    issues: list[Issue] = []
    texts = [""] * len(study.measurements)
    for name, text in typed.items():
        try:
            i = study.names.index(study.measurement(name).name)
        except Unknown as error:
            issues.append(Issue(None, name, str(text), error.message.rstrip(".").partition(". ")[0], _there_are(study)))
            continue
        if texts[i]:
            issues.append(
                Issue(None, name, str(text), f"{study.measurements[i].label} is given twice", "Give it once.")
            )
        texts[i] = str(text).strip()

    values = np.full(len(texts), np.nan)
    unusual: list[str] = []
    notes: list[str] = []
    for i, (measurement, text) in enumerate(zip(study.measurements, texts, strict=True)):
        cell = read_cell(text)
        try:
            value, note = in_study_unit(measurement, cell, unit)
        except Unknown as error:
            problem = f"{measurement.label} '{text}': {error.message.rstrip('.')}"
            issues.append(Issue(None, measurement.name, text, problem, f"Give it in {measurement.unit or 'no unit'}."))
            continue
        if cell.kind == "bad":
            problem = cell.problem.replace("it ", f"{measurement.label} '{text}' ", 1)
            issues.append(Issue(None, measurement.name, text, problem, cell.suggestion))
        elif cell.kind == "number":
            problem, suggestion = impossible(measurement, value)
            if problem:
                issues.append(Issue(None, measurement.name, text, problem, suggestion))
            values[i] = value
            unusual.extend(filter(None, [unusual_value(measurement, value)]))
        notes.extend(filter(None, [note, cell.note and f"{measurement.label}: {cell.note}."]))
    if not issues and np.isnan(values).all():
        given = f"Give at least one of {', '.join(study.names)}."
        issues.append(Issue(None, "", "", "nothing was measured", given))
    return CheckedPlant(values, tuple(texts), unit, tuple(unusual), tuple(notes), tuple(issues))


def in_study_unit(measurement: Measurement, cell: Cell, unit: str) -> tuple[float, str]:
    """A cell's number in the measurement's own unit, and a note where it was converted.

    Parameters
    ----------
    unit : str
        The unit of numbers that carry none; "" for the measurement's own.

    Raises
    ------
    Unknown
        Its unit measures something else.
    """
    own = cell.unit if cell.unit is not None else (unit or measurement.unit)
    if cell.kind != "number" or own == measurement.unit:
        return cell.value, ""
    # A study measured in millimetres and square millimetres takes "cm" for its lengths only.
    if cell.unit is None and not _same_kind(own, measurement.unit):
        return cell.value, ""
    value = float(f"{cell.value * factor(own, measurement.unit):.12g}")
    return value, f"{measurement.label}: {cell.value:g} {own} is {measurement.written(value)}."


def _same_kind(unit: str, other: str) -> bool:
    try:
        factor(unit, other)
    except Unknown:
        return False
    return True


def impossible(measurement: Measurement, value: float) -> tuple[str, str]:
    """What is wrong with a value that can't be this measurement, and what would be right; ("", "") where it can."""
    ask = f"These plants have {span(measurement)}."
    if measurement.positive and value <= 0:
        return (
            f"{measurement.label} is {measurement.written(value)}",
            f"It must be above 0; leave it empty if not measured. {ask}",
        )
    if measurement.refuse_above is not None and value > measurement.refuse_above:
        unit = {"cm": "millimetres", "dm": "centimetres", "m": "centimetres"}.get(measurement.unit)
        question = f" Is it in {unit}?" if unit else ""
        return f"{measurement.label} is {measurement.written(value)}", f"{ask}{question}"
    return "", ""


def unusual_value(measurement: Measurement, value: float) -> str:
    """A sentence where the value lies outside the plausible limits, "" inside."""
    if measurement.low <= value <= measurement.high:
        return ""
    return f"The {measurement.label} of {measurement.written(value)} is unusual: these plants have {span(measurement)}."


def span(measurement: Measurement) -> str:
    """The plausible limits as people write them: "0.8 to 8.0 cm"."""
    return f"{measurement.digits(measurement.low)} to {measurement.written(measurement.high)}"


def _there_are(study: Study) -> str:
    return f"There are: {', '.join(study.names)}."
