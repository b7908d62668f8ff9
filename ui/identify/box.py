"""The box of one measurement: what was typed, what was read, and what would mend a text that can't be used."""

from __future__ import annotations

from html import escape
from typing import Final

import streamlit as st

from flora_core.languages import translate
from flora_core.study import Measurement, Study
from flora_core.tables.rows.typed_value import TypedValue
from ui.identify.form_state import Form
from ui.site.text import escape_label, escape_markdown

#: Longer than any measurement is written.
LONGEST: Final = 40


def box_label(measurement: Measurement, unit: str) -> str:
    """A measurement's name with the unit of its plain numbers: "Petal length (cm)"."""
    own_unit, heading = unit or measurement.unit, translate(measurement.heading)
    return f"{heading} ({own_unit})" if own_unit else heading


def show_box(study: Study, measurement: Measurement, form: Form, label: str, *, collapsed: bool = False) -> None:
    """The box of one measurement, with what was typed as it was typed."""
    name, text, state = measurement.name, form.texts[measurement.name], st.session_state
    key = form.key(study, name, "box")
    if key not in state:
        state[key] = text
    st.text_input(
        escape_label(label),
        key=key,
        max_chars=LONGEST,
        placeholder="–" if collapsed else translate("not measured"),
        label_visibility="collapsed" if collapsed else "visible",
        help=None if collapsed else escape_label(translate(measurement.how)) or None,
        on_change=lambda: form.report(name, str(state[key] or "").strip(), "box", text),
        width="stretch" if collapsed else 160,
    )


def read_mark(read: TypedValue) -> str:
    """What was read in a box, for below it."""
    if read.value is not None:
        return f"<p class='flora-read flora-ok'><span aria-hidden='true'>✓</span> {escape(read.said)}</p>"
    if read.problem:
        return f"<p class='flora-read flora-bad'><span aria-hidden='true'>✕</span> {translate('left out')}</p>"
    return f"<p class='flora-read flora-none'>{translate('not measured')}</p>"


def show_problem(form: Form, name: str, read: TypedValue) -> None:
    """Why a text can't be used, with a button for each that would be right in its place."""
    if not read.problem:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"problem-{name}"):
        st.html(f"<p class='flora-problem' role='alert'>{escape(read.problem)}</p>")
        for offer in read.offers:
            st.button(
                translate("Use {offer}", offer=escape_markdown(offer)),
                key=f"use-{name}-{offer}",
                on_click=_use,
                args=(form, name, offer),
            )


def _use(form: Form, name: str, offer: str) -> None:
    form.change(name, offer, None)
    form.by_hand.add(name)
    form.example = False
