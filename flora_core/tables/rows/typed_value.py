"""One measurement as it was typed into a box -> its value, what was read in words, or what is wrong and what would mend it.

The same reader as for the cells of a table (`read_cell`), so that a form and a file never disagree on what a text means.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from flora_core.errors import Unknown
from flora_core.languages import localised, translate
from flora_core.study import Measurement
from flora_core.tables.values.cells import Cell, read_cell
from flora_core.tables.values.limits import impossible, in_study_unit
from flora_core.tables.values.states import read_state
from flora_core.units import factor

#: What follows a refused "1,234": both ways to read it, written without a sign that can be misunderstood.
_TWO_WAYS: Final = "it can be read in two ways"


@dataclass(frozen=True, slots=True)
class TypedValue:
    """What the text of one box comes to.

    Attributes
    ----------
    text : str
        As typed.
    value : float or None
        In the measurement's own unit; None where nothing was measured or the text can't be used.
    said : str
        What was read: "2.9 cm", "3.7 cm, about"; "" where nothing was.
    problem : str
        Why it can't be used, as a sentence with what would be right; "" where it can.
    offers : tuple of str
        Texts that would be right in its place, likeliest first: for "5,1-5,3" its middle, "5.2 cm".
    """

    text: str
    value: float | None = None
    said: str = ""
    problem: str = ""
    offers: tuple[str, ...] = ()


def read_typed(measurement: Measurement, text: str, unit: str = "", shown_in: str = "") -> TypedValue:
    """What a person typed for one measurement. Never raises, and never changes what was typed.

    Parameters
    ----------
    text : str
        "5.7", "5,7", "29 mm", "ca. 3.7"; "" for not measured.
    unit : str
        The unit of a number that carries none; "" for the measurement's own.
    shown_in : str
        The unit in which to say what was read; "" for the measurement's own.
    """
    text = text.strip()
    if measurement.has_states:
        state = read_state(measurement, text)
        if state.problem:
            said = state.problem[:1].upper() + state.problem[1:]
            return TypedValue(text, problem=f"{said}. {state.suggestion}", offers=state.offers)
        return TypedValue(text, None if math.isnan(state.code) else state.code, measurement.written(state.code))
    cell = read_cell(text)
    if cell.kind == "missing":
        return TypedValue(text)
    if cell.kind == "bad":
        return _refused(measurement, text, cell, unit, shown_in)
    try:
        value, _ = in_study_unit(measurement, cell, unit)
    except Unknown as error:
        return TypedValue(text, problem=f"{error.message.rstrip('.')}. Give it in {measurement.unit or 'no unit'}.")
    problem, suggestion = impossible(measurement, value)
    if problem:
        return TypedValue(
            text,
            problem=f"{problem[:1].upper()}{problem[1:]}. {suggestion}",
            offers=_smaller(measurement, value, shown_in),
        )
    read = localised(said_in(measurement, value, shown_in))
    if cell.note.endswith("was read past"):
        read = translate("{value}, about", value=read)
    return TypedValue(text, value, read)


def said_in(measurement: Measurement, value: float, unit: str = "") -> str:
    """A value in another unit than the measurement's own: "51 mm" of 5.1 cm; in its own where it has no such unit.

    As many digits as the value has, and at least the measurement's own: what was typed is never shown rounded to something
    else.
    """
    try:
        times = factor(measurement.unit, unit) if unit and unit != measurement.unit else 1.0
    except Unknown:
        times, unit = 1.0, ""
    return f"{value * times:.12g} {unit or measurement.unit}".strip()


def _refused(measurement: Measurement, text: str, cell: Cell, unit: str, shown_in: str) -> TypedValue:
    """A cell that can't be read, with the numbers it may stand for."""
    problem = translate(cell.problem[:1].upper() + cell.problem[1:])
    middle = read_cell(text, middle_of_ranges=True)
    if middle.kind == "number":
        offers = _offered(measurement, middle, unit, shown_in)
        if offers:
            question = translate("Is its middle meant, {middle}? Or write one number.", middle=localised(offers[0]))
            return TypedValue(text, problem=f"{problem}. {question}", offers=offers)
    told = cell.suggestion.removeprefix("Write ").partition(",")[0] if cell.problem == "it is a fraction" else ""
    ways = cell.suggestion.removeprefix("Write ").rstrip(".").split(" or ") if cell.problem == _TWO_WAYS else [told]
    offers = tuple(offer for way in ways if way for offer in _offered(measurement, read_cell(way), unit, shown_in))
    if told:
        suggestion = translate("Write {value}, if that is what was measured.", value=localised(told))
    elif cell.problem == _TWO_WAYS:
        suggestion = translate("Write {ways}.", ways=translate(" or ").join(ways))
    else:
        suggestion = translate(cell.suggestion.replace("the cell", "the box"))
    return TypedValue(text, problem=f"{problem}. {suggestion}".strip(), offers=offers)


def _offered(measurement: Measurement, cell: Cell, unit: str, shown_in: str) -> tuple[str, ...]:
    """A number as a text that would be read as it, where the measurement can have it."""
    if cell.kind != "number":
        return ()
    try:
        value, _ = in_study_unit(measurement, cell, unit)
    except Unknown:
        return ()
    return () if impossible(measurement, value)[0] else (said_in(measurement, value, shown_in),)


def _smaller(measurement: Measurement, value: float, shown_in: str) -> tuple[str, ...]:
    """A tenth of a value that is too large, where that is plausible: millimetres read as centimetres, a lost point."""
    tenth = float(f"{value / 10:.12g}")
    plausible = math.isfinite(tenth) and measurement.low <= tenth <= measurement.high
    return (said_in(measurement, tenth, shown_in),) if plausible else ()
