"""The form for one plant: for each measurement a slider and a number box that agree, "not measured", and the unit.

The values live in the session, in the study's own units; slider, box and tick are three views of each. A view that
somebody moves changes the value, and the other two are drawn anew, under a new key. To tell them their new value instead
would not do: a browser answers with what it showed before the telling reached it, and a slider moved quickly by keyboard
would be thrown back by the box's echo. For the same reason a view that reports what it was drawn with is not believed,
unless it is the one being moved.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

import streamlit as st

from flora_core.errors import Unknown
from flora_core.study import Measurement, Study
from flora_core.units import parse_unit
from ui.identify.form_state import VIEWS, Form, View, own_value, shown_value, typed_value
from ui.identify.long_form import MOST_SLIDERS, show_boxes
from ui.site.text import escape_markdown

#: Units offered beside the study's own; a page with every unit there is would be a longer list, not a better one.
_OFFERED: Final = {"cm": ("cm", "mm"), "mm": ("mm", "cm"), "dm": ("dm", "cm"), "m": ("m", "cm")}
_UNIT: Final = "unit"
#: Addresses longer than browsers and mail programs take whole help nobody.
_MOST_IN_ADDRESS: Final = 40


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
    form = _form(study, example)
    unit = _unit_picker(study)
    if len(study.measurements) > MOST_SLIDERS:
        show_boxes(study, form, unit)
    else:
        for measurement in study.measurements:
            _one(study, measurement, form, unit)
    typed = {m.name: typed_value(m, form.values[m.name], unit) for m in study.measurements}
    _write_address(study, typed, unit)
    return typed, unit


def set_values(study: Study, new: Mapping[str, float | None]) -> None:
    """Put other values into the form, in the study's units; for callbacks of buttons."""
    form: Form = st.session_state[_key(study)]
    for name in study.names:
        form.change(name, new.get(name), None)


def clear_values(study: Study) -> None:
    """Empty the form for the next plant."""
    set_values(study, {})


def _key(study: Study) -> str:
    return f"measured.{study.name}"


def _form(study: Study, example: Mapping[str, float]) -> Form:
    key = _key(study)
    if key not in st.session_state:
        st.session_state[key] = Form(_from_address(study) or {name: example.get(name) for name in study.names})
    form: Form = st.session_state[key]
    return form


def _from_address(study: Study) -> dict[str, float | None] | None:
    """The values in the address; None where it carries none. What can't be read is said and left out."""
    given = {name: st.query_params[name] for name in study.names if name in st.query_params}
    if not given:
        return None
    unit = _address_unit(study)
    values: dict[str, float | None] = dict.fromkeys(study.names)
    for name, text in given.items():
        try:
            number = float(text.replace(",", "."))
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            st.warning(
                f"The address says {escape_markdown(name)} is “{escape_markdown(text[:40])}”, "
                "which is not a number; it was left out."
            )
            continue
        values[name] = own_value(study.measurement(name), number, unit)
    return values


def _address_unit(study: Study) -> str:
    """The unit in the address; "" where there is none, or none that can be used, which is said."""
    text = st.query_params.get(_UNIT, "")
    if not text:
        return ""
    try:
        unit = parse_unit(text)
    except Unknown as error:
        st.warning(escape_markdown(error.message))
        return ""
    return unit if unit in _OFFERED.get(study.unit, ()) else ""


def _unit_picker(study: Study) -> str:
    offered = _OFFERED.get(study.unit)
    if offered is None:
        return ""
    key = f"unit.{study.name}"
    if key not in st.session_state:
        st.session_state[key] = _address_unit(study) or offered[0]
    chosen = st.segmented_control("Unit", offered, key=key, required=True, help="The unit of your ruler.")
    return str(chosen or offered[0])


def _one(study: Study, measurement: Measurement, form: Form, unit: str) -> None:
    name, value = measurement.name, form.values[measurement.name]
    step = shown_value(measurement, measurement.step, unit)
    low = math.floor(measurement.low / measurement.step + 1e-9) * step
    low = max(step, low) if measurement.positive else low
    high = math.ceil(measurement.high / measurement.step - 1e-9) * step
    # Where a slider stands that shows nothing: in the middle, on a step.
    middle = round((measurement.low + measurement.high) / 2 / measurement.step) * measurement.step
    shown = shown_value(measurement, middle if value is None else value, unit)
    keys = {view: form.key(study, name, view, unit) for view in VIEWS}

    def changed(view: View, read: Callable[[], float | None]) -> Callable[[], None]:
        def callback() -> None:
            says = read()
            form.report(name, None if says is None else own_value(measurement, says, unit), view, value)

        return callback

    state = st.session_state
    own_unit = unit or measurement.unit
    label = f"{measurement.heading} ({own_unit})" if own_unit else measurement.heading
    with st.container(key=f"measure-{name.replace('_', '-')}", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            st.slider(
                label,
                low,
                high,
                min(max(shown, low), high),
                step=step,
                key=keys["slider"],
                on_change=changed("slider", lambda: float(state[keys["slider"]])),
                disabled=value is None,
                format="%.6g",
                help=measurement.how or None,
            )
            # Only a box whose default is nothing can be emptied again; its value is told to it when it is new.
            if keys["box"] not in state:
                state[keys["box"]] = None if value is None else shown
            st.number_input(
                f"{label}, typed",
                value=None,
                step=step,
                key=keys["box"],
                on_change=changed("box", lambda: state[keys["box"]]),
                format="%.6g",
                placeholder="–",
                label_visibility="collapsed",
                width=150,
            )
        st.checkbox(
            f"{measurement.heading} not measured",
            value=value is None,
            key=keys["missing"],
            on_change=changed("missing", lambda: None if state[keys["missing"]] else shown),
        )


def _write_address(study: Study, typed: Mapping[str, str], unit: str) -> None:
    if len(typed) > _MOST_IN_ADDRESS:
        return
    wanted = {name: text for name, text in typed.items() if text}
    if unit and unit != study.unit:
        wanted[_UNIT] = unit
    kept = {key: value for key, value in st.query_params.items() if key not in study.names and key != _UNIT}
    if {**kept, **wanted} != st.query_params.to_dict():
        st.query_params.from_dict({**kept, **wanted})
