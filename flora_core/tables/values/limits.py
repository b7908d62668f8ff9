"""What a measurement can be, and what to say where a value is impossible or merely unusual.

A value is refused where it can't be a measurement (zero, negative, impossibly large), and questioned where it is merely
unusual: the plausible limits of a study are a warning, never a filter.
"""

from __future__ import annotations

from typing import Final

from flora_core.errors import Unknown
from flora_core.languages import localised, translate
from flora_core.study import Measurement
from flora_core.tables.values.cells import Cell, read_cell
from flora_core.units import factor

#: Numbers that programs write where nothing was measured.
_SENTINELS: Final = frozenset({-1.0, -9.0, -99.0, -999.0, -9999.0, -99999.0, 99.0, 999.0, 9999.0, 99999.0})


def stands_for_missing(text: str) -> bool:
    """Whether a number is one that programs write where nothing was measured: "-9", "9999", "-99,0"."""
    cell = read_cell(text)
    return cell.kind == "number" and cell.unit is None and cell.value in _SENTINELS


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
    is_ = translate(
        "{label} is {value}", label=translate(measurement.label), value=localised(measurement.written(value))
    )
    if measurement.kind == "counted" and (value < 0 or value != round(value)):
        return (
            translate("{label} is {value}", label=translate(measurement.label), value=localised(f"{value:g}")),
            translate(
                "It is counted, so it must be a whole number. These plants have {limits}.",
                limits=limits_text(measurement),
            ),
        )
    if measurement.positive and value <= 0:
        return (
            is_,
            translate(
                "It must be above 0; leave it empty if not measured. These plants have {limits}.",
                limits=limits_text(measurement),
            ),
        )
    if measurement.refuse_above is not None and value > measurement.refuse_above:
        unit = {"cm": "millimetres", "dm": "centimetres", "m": "centimetres"}.get(measurement.unit)
        question = " " + translate(f"Is it in {unit}?") if unit else ""
        return is_, translate("These plants have {limits}.", limits=limits_text(measurement)) + question
    return "", ""


def unusual_value(measurement: Measurement, value: float) -> str:
    """A sentence where the value lies outside the plausible limits, "" inside."""
    if measurement.low <= value <= measurement.high:
        return ""
    return translate(
        "The {label} of {value} is unusual: these plants have {limits}.",
        label=translate(measurement.label),
        value=localised(measurement.written(value)),
        limits=limits_text(measurement),
    )


def limits_text(measurement: Measurement) -> str:
    """The plausible limits as people write them: "0.8 to 8.0 cm"; of a character with states, what they are."""
    if measurement.has_states:
        labels = measurement.state_labels
        shown = (" < " if measurement.kind == "ordered" else ", ").join(labels[:12])
        return shown + (f" and {len(labels) - 12} more" if len(labels) > 12 else "")
    return translate(
        "{low} to {high}",
        low=localised(measurement.digits(measurement.low)),
        high=localised(measurement.written(measurement.high)),
    )
