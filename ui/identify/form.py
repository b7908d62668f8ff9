"""The form for one plant: for each measurement a slider and a box beside it, and below the box what was read in it.

The box is the truth: it holds what was typed, as it was typed, and an empty box is "not measured". The slider writes a plain
number into it. A view that somebody moves changes the text, and the other one is drawn anew, under a new key. To tell it
its new value instead would not do: a browser answers with what it showed before the telling reached it, and a slider
moved quickly by keyboard would be thrown back by the box's echo. For the same reason a view that reports what it was drawn
with is not believed, unless it is the one being moved.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import streamlit as st

from flora_core.errors import Unknown
from flora_core.languages import translate
from flora_core.study import Measurement, Study
from flora_core.tables.rows.typed_value import TypedValue, read_typed
from flora_core.units import parse_unit
from ui.identify.box import LONGEST, box_label, read_mark, show_box, show_problem
from ui.identify.character import show_counter, show_states
from ui.identify.form_state import Form, number_text, own_value, shown_value
from ui.identify.long_form import MOST_SLIDERS, show_boxes
from ui.site.text import escape_label, escape_markdown

#: Units offered beside the study's own; a page with every unit there is would be a longer list, not a better one.
_OFFERED: Final = {"cm": ("cm", "mm"), "mm": ("mm", "cm"), "dm": ("dm", "cm"), "m": ("m", "cm")}
_UNIT: Final = "unit"
#: Addresses longer than browsers and mail programs take whole help nobody.
_MOST_IN_ADDRESS: Final = 40


def measuring_form(study: Study) -> tuple[dict[str, TypedValue], str]:
    """Show the form; the address carries what it holds.

    Returns
    -------
    dict of str to TypedValue
        What stands in the box of each measurement, and how it was read.
    str
        The unit of plain numbers, or "" for each measurement's own.
    """
    form = form_of(study)
    with st.container(key="form-head", horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        form.use_unit(study, _unit_picker(study))
        if any(form.texts.values()):
            st.button(
                translate("Clear all"),
                on_click=form.clear,
                key="clear-all",
                type="tertiary",
                icon=":material/backspace:",
            )
        elif any(form.cleared.values()):
            st.button(
                translate("Bring back"),
                on_click=form.restore,
                key="bring-back",
                type="tertiary",
                icon=":material/undo:",
            )
    read = {m.name: read_typed(m, form.texts[m.name], form.unit, form.unit) for m in study.measurements}
    if len(study.measurements) > MOST_SLIDERS:
        show_boxes(study, form, read)
    else:
        for measurement in study.measurements:
            if measurement.has_states:
                show_states(study, measurement, form, read[measurement.name])
                continue
            if measurement.kind == "counted":
                show_counter(study, measurement, form, read[measurement.name])
                continue
            _one(study, measurement, form, read[measurement.name])
    _write_address(study, form)
    return read, form.unit


def form_of(study: Study) -> Form:
    """Return the visitor’s form of a study; a new one holds what the address carries, else nothing."""
    key = f"measured.{study.name}"
    if key not in st.session_state:
        texts = {name: st.query_params.get(name, "").strip()[:LONGEST] for name in study.names}
        st.session_state[key] = Form(texts, _address_unit(study) or _own_unit(study))
    form: Form = st.session_state[key]
    return form


def set_values(study: Study, new: Mapping[str, float | None]) -> None:
    """Put other values into the form, in the study's units; for callbacks of buttons."""
    form = form_of(study)
    given = {m.name: new.get(m.name) for m in study.measurements}
    form.replace({m.name: number_text(m, v, form.unit) for m in study.measurements if (v := given[m.name]) is not None})


def show_example(study: Study, example: Mapping[str, float]) -> None:
    """Fill the form with a plant to look at; it can't be recorded until a value of it is changed."""
    set_values(study, example)
    form_of(study).example = True


def clear_values(study: Study) -> None:
    """Empty the form for the next plant."""
    form = form_of(study)
    form.clear()
    form.cleared = {}


def _own_unit(study: Study) -> str:
    return study.unit if study.unit in _OFFERED else ""


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
        st.session_state[key] = form_of(study).unit or offered[0]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
        st.html(f"<span class='flora-quiet'>{translate('Plain numbers are in')}</span>", width="content")
        chosen = st.segmented_control(
            translate("Plain numbers are in"),
            offered,
            key=key,
            required=True,
            label_visibility="collapsed",
            width="content",
        )
    return str(chosen or offered[0])


def _one(study: Study, measurement: Measurement, form: Form, read: TypedValue) -> None:
    """One row: the slider, the box, what was read; a refusal with what would mend it."""
    name, unit, text = measurement.name, form.unit, form.texts[measurement.name]
    step = shown_value(measurement, measurement.step, unit)
    low = math.floor(measurement.low / measurement.step + 1e-9) * step
    low = max(step, low) if measurement.positive else low
    high = math.ceil(measurement.high / measurement.step - 1e-9) * step
    # Where a slider stands that shows nothing: in the middle, on a step.
    middle = round((measurement.low + measurement.high) / 2 / measurement.step) * measurement.step
    shown = shown_value(measurement, middle if read.value is None else read.value, unit)
    slider, state = form.key(study, name, "slider"), st.session_state

    def moved() -> None:
        position = own_value(measurement, float(state[slider]), unit)
        form.report(name, number_text(measurement, position, unit), "slider", text)

    label = box_label(measurement, unit)
    with st.container(key=f"measure-{name.replace('_', '-')}", gap="xxsmall"):
        with st.container(horizontal=True, vertical_alignment="top", gap="medium"):
            st.slider(
                escape_label(label),
                low,
                high,
                min(max(shown, low), high),
                step=step,
                key=slider,
                on_change=moved,
                format="%.6g",
                help=escape_label(translate(measurement.how)) or None,
            )
            with st.container(width=128, gap="xxsmall", key=f"box-{name.replace('_', '-')}"):
                show_box(study, measurement, form, translate("{label}, typed", label=label), collapsed=True)
                # Always there, so that what stands below keeps its place; the style sheet hides it beside an empty box.
                st.button(
                    translate("Empty {label}", label=escape_label(translate(measurement.label))),
                    key=f"empty-{name}",
                    on_click=_empty,
                    args=(form, name),
                    type="tertiary",
                    icon=":material/close:",
                )
                st.html(read_mark(read))
        show_problem(form, name, read)


def _empty(form: Form, name: str) -> None:
    form.change(name, "", None)
    form.example = False


def _write_address(study: Study, form: Form) -> None:
    """Put what stands in the boxes into the address; nothing of an example, which would count as measured after a reload."""
    if len(form.texts) > _MOST_IN_ADDRESS:
        return
    wanted = {} if form.example else {name: text for name, text in form.texts.items() if text}
    if form.unit and form.unit != study.unit:
        wanted[_UNIT] = form.unit
    kept = {key: value for key, value in st.query_params.items() if key not in study.names and key != _UNIT}
    if {**kept, **wanted} != st.query_params.to_dict():
        st.query_params.from_dict({**kept, **wanted})
