"""The form for one plant: for each measurement a slider and a number box that agree, "not measured", and the unit.

The values live in the session under one key, in the study's own units; slider, box and address are three views of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import streamlit as st

from flora_core.errors import Unknown
from flora_core.study import Measurement, Study
from flora_core.units import factor, parse_unit
from ui.words import plain

#: Units offered beside centimetres; a page with every unit there is would be a longer list, not a better one.
_OFFERED: Final = {"cm": ("cm", "mm"), "mm": ("mm", "cm"), "dm": ("dm", "cm"), "m": ("m", "cm")}
_UNIT: Final = "unit"


def measuring_form(study: Study, example: Mapping[str, float]) -> tuple[dict[str, str], str]:
    """Show the form; the address carries what it holds.

    Parameters
    ----------
    example : mapping of str to float
        The plant shown to a visitor whose address carries none, in the study's units.

    Returns
    -------
    dict of str to str
        {measurement: as typed}, in the returned unit; "" where not measured.
    str
        The unit, or "" for each measurement's own.
    """
    values = _values(study, example)
    unit = _unit_picker(study)
    for measurement in study.measurements:
        _one(study, measurement, values, unit)
    _write_address(study, values, unit)
    typed = {
        m.name: "" if values[m.name] is None else _number(_shown(m, values[m.name], unit)) for m in study.measurements
    }
    return typed, unit


def set_values(study: Study, new: Mapping[str, float | None]) -> None:
    """Put other values into the form, in the study's units; for callbacks of buttons."""
    st.session_state[_key(study)] = {name: new.get(name) for name in study.names}


def clear_values(study: Study) -> None:
    """Empty the form for the next plant."""
    set_values(study, {})


def _key(study: Study) -> str:
    return f"measured.{study.name}"


def _values(study: Study, example: Mapping[str, float]) -> dict[str, float | None]:
    key = _key(study)
    if key not in st.session_state:
        st.session_state[key] = _from_address(study) or {name: example.get(name) for name in study.names}
    values: dict[str, float | None] = st.session_state[key]
    return values


def _from_address(study: Study) -> dict[str, float | None] | None:
    """The values in the address; None where it carries none. What can't be read is said and left out."""
    given = {name: st.query_params[name] for name in study.names if name in st.query_params}
    unit = _address_unit(study)
    if not given:
        return None
    values: dict[str, float | None] = dict.fromkeys(study.names)
    for name, text in given.items():
        try:
            number = float(text.replace(",", "."))
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            st.warning(f"The address says {plain(name)} is “{plain(text[:40])}”, which is not a number; it was left out.")
            continue
        m = study.measurement(name)
        values[name] = float(f"{number * _into_own(m, unit):.12g}")
    return values


def _address_unit(study: Study) -> str:
    """The unit in the address, put into the picker; "" where it is the study's own or can't be used."""
    text = st.query_params.get(_UNIT, "")
    if not text or _picker_key(study) in st.session_state:
        return st.session_state.get(_picker_key(study), "")
    try:
        unit = parse_unit(text)
    except Unknown as error:
        st.warning(plain(error.message))
        return ""
    if unit in _OFFERED.get(study.unit, ()):
        st.session_state[_picker_key(study)] = unit
        return unit
    return ""


def _picker_key(study: Study) -> str:
    return f"unit.{study.name}"


def _unit_picker(study: Study) -> str:
    offered = _OFFERED.get(study.unit)
    if offered is None:
        return ""
    _address_unit(study)
    key = _picker_key(study)
    st.session_state.setdefault(key, offered[0])
    chosen = st.segmented_control("Unit", offered, key=key, required=True, help="The unit of your ruler.")
    return str(chosen or offered[0])


def _into_own(measurement: Measurement, unit: str) -> float:
    return factor(unit, measurement.unit) if unit else 1.0


def _shown(measurement: Measurement, value: float | None, unit: str) -> float:
    """The value in the unit of the form; twelve digits, so that 1.4 cm is 14 mm and not 13.999999999999998."""
    return float(f"{(value or 0.0) / _into_own(measurement, unit):.12g}")


def _one(study: Study, measurement: Measurement, values: dict[str, float | None], unit: str) -> None:
    value = values[measurement.name]
    shown_unit = unit or measurement.unit
    into_own = _into_own(measurement, unit)
    step = float(f"{measurement.step / into_own:.12g}")
    low = max(step, math.floor(measurement.low / measurement.step) * step)
    high = math.ceil(measurement.high / measurement.step) * step
    base = f"{study.name}.{measurement.name}"
    slider_key, box_key, missing_key = f"slider.{base}.{unit}", f"box.{base}.{unit}", f"missing.{base}"
    # Where a slider stands that shows nothing: in the middle, on a step.
    middle = round((measurement.low + measurement.high) / 2 / measurement.step) * measurement.step
    shown = _shown(measurement, value if value is not None else middle, unit)
    # Each view is told the value before it is drawn, so that moving one moves the others.
    _tell(slider_key, min(max(shown, low), high))
    _tell(box_key, None if value is None else shown)
    _tell(missing_key, value is None)

    def from_slider() -> None:
        values[measurement.name] = float(f"{st.session_state[slider_key] * into_own:.12g}")

    def from_box() -> None:
        typed = st.session_state[box_key]
        values[measurement.name] = None if typed is None else float(f"{typed * into_own:.12g}")

    def from_missing() -> None:
        values[measurement.name] = None if st.session_state[missing_key] else float(f"{middle:.12g}")

    label = f"{measurement.label.capitalize()} ({shown_unit})" if shown_unit else measurement.label.capitalize()
    with st.container(key=f"measure-{measurement.name.replace('_', '-')}", gap="xxsmall"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            st.slider(
                label,
                low,
                high,
                step=step,
                key=slider_key,
                on_change=from_slider,
                disabled=value is None,
                format="%.4g",
                help=measurement.how or None,
            )
            st.number_input(
                f"{label}, typed",
                value=None,
                step=step,
                key=box_key,
                on_change=from_box,
                format="%.6g",
                placeholder="–",
                label_visibility="collapsed",
                width=150,
            )
        st.checkbox(f"{measurement.label.capitalize()} not measured", key=missing_key, on_change=from_missing)


def _tell(key: str, value: object) -> None:
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value


def _number(value: float) -> str:
    """The shortest text of the number: "5.1", "51"."""
    return f"{value:.12g}"


def _write_address(study: Study, values: Mapping[str, float | None], unit: str) -> None:
    wanted = {
        m.name: _number(_shown(m, values[m.name], unit)) for m in study.measurements if values[m.name] is not None
    }
    if unit and unit != study.unit:
        wanted[_UNIT] = unit
    kept = {key: value for key, value in st.query_params.items() if key not in study.names and key != _UNIT}
    if {**kept, **wanted} != st.query_params.to_dict():
        st.query_params.from_dict({**kept, **wanted})
