"""The controls of characters that are not measured: pills with states, and a counter."""

from __future__ import annotations

from typing import Any

import streamlit as st

from flora_core.languages import translate
from flora_core.states import code_of, places_of
from flora_core.study import Measurement, Study
from flora_core.tables.rows.typed_value import TypedValue
from flora_core.tables.values.states import states_text
from ui.identify.box import box_label, show_problem
from ui.identify.form_state import Form
from ui.site.text import escape_label, escape_markdown


def show_states(study: Study, measurement: Measurement, form: Form, read: TypedValue) -> None:
    """A pill for each state; none chosen is not known, several are "white or pink" where the character may show several."""
    name, text, state = measurement.name, form.texts[measurement.name], st.session_state
    key, labels = form.key(study, name, "box"), measurement.state_labels
    held = [] if read.value is None else [labels[place] for place in places_of(read.value)]
    if key not in state:
        state[key] = held if measurement.several else (held[0] if held else None)

    def chosen() -> None:
        pressed = state[key] or ()
        picked = [pressed] if isinstance(pressed, str) else list(pressed)
        places = sorted(labels.index(label) for label in picked)
        form.report(name, _text_of(measurement, places), "box", text)

    looks: Any
    with st.container(key=f"states-{name.replace('_', '-')}", gap="xxsmall", width="content"):
        looks = {"key": key, "on_change": chosen, "format_func": escape_markdown, "help": _help(measurement)}
        if measurement.several:
            st.pills(escape_label(translate(measurement.heading)), labels, selection_mode="multi", **looks)
        else:
            st.pills(escape_label(translate(measurement.heading)), labels, selection_mode="single", **looks)
        _pictures(measurement)
        show_problem(form, name, read)


def _text_of(measurement: Measurement, places: list[int]) -> str:
    return states_text(measurement, code_of(places)) if places else ""


def _help(measurement: Measurement) -> str | None:
    """How to tell the states apart, a line each."""
    lines = [escape_markdown(measurement.how)] if measurement.how else []
    lines += [f"**{escape_markdown(s.label)}**: {escape_markdown(s.how)}" for s in measurement.states if s.how]
    order = " < ".join(measurement.state_labels) if measurement.kind == "ordered" else ""
    lines += [translate("In order: {states}", states=escape_markdown(order))] if order else []
    return "\n\n".join(lines) or None


def _pictures(measurement: Measurement) -> None:
    shown = [s for s in measurement.states if s.picture]
    if not shown:
        return
    with st.container(horizontal=True, gap="small"):
        for one in shown:
            st.image(one.picture, width=72, caption=escape_markdown(one.label))


def show_counter(study: Study, measurement: Measurement, form: Form, read: TypedValue) -> None:
    """A counter: a whole number with buttons for one more and one less; an empty one is not counted."""
    name, text, state = measurement.name, form.texts[measurement.name], st.session_state
    key = form.key(study, name, "box")
    if key not in state:
        state[key] = None if read.value is None else int(read.value)

    def counted() -> None:
        form.report(name, "" if state[key] is None else str(int(state[key])), "box", text)

    with st.container(key=f"count-{name.replace('_', '-')}", gap="xxsmall", width=200):
        st.number_input(
            escape_label(box_label(measurement, "")),
            min_value=0,
            max_value=10_000,
            step=1,
            value=None,
            key=key,
            on_change=counted,
            placeholder=translate("not counted"),
            help=escape_label(measurement.how) or None,
        )
        show_problem(form, name, read)
