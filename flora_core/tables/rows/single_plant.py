"""One plant, typed into a form or a command -> numbers in the study's units, and an issue for each that can't be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from flora_core.errors import Issue, Unknown
from flora_core.model import Floats
from flora_core.study import Study
from flora_core.tables.values.cells import read_cell
from flora_core.tables.values.limits import impossible, in_study_unit, unusual_value
from flora_core.tables.values.states import read_state
from flora_core.wording import shortened


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


#: Names beside a study's own that are looked at one by one, to say of each what is wrong with it.
_MORE_NAMES: Final = 20
#: Characters of a value that a sentence repeats.
_LONGEST_TYPED: Final = 200


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
    if len(typed) > 2 * len(texts) + _MORE_NAMES:
        problem = f"{len(typed):,} values were given for one plant"
        issues.append(Issue(None, "", "", problem, f"{study.title} has {len(texts)} measurements. {_there_are(study)}"))
        typed = {}
    places = {m.name: i for i, m in enumerate(study.measurements)}
    for name, text in typed.items():
        try:
            i = places[name] if name in places else places[study.measurement(name).name]
        except Unknown as error:
            issues.append(Issue(None, name, str(text), error.message.rstrip(".").partition(". ")[0], _there_are(study)))
            continue
        if texts[i]:
            issues.append(
                Issue(None, name, str(text), f"{study.measurements[i].label} is given twice", "Give it once.")
            )
        texts[i] = str(text).strip()

    shown = [shortened(text, _LONGEST_TYPED) for text in texts]
    values = np.full(len(texts), np.nan)
    unusual: list[str] = []
    notes: list[str] = []
    for i, (measurement, text) in enumerate(zip(study.measurements, shown, strict=True)):
        if measurement.has_states:
            read = read_state(measurement, texts[i])
            values[i] = read.code
            if read.problem:
                issues.append(Issue(None, measurement.name, text, read.problem, read.suggestion))
            continue
        cell = read_cell(texts[i])
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


def _there_are(study: Study) -> str:
    return f"There are: {', '.join(study.names)}."
