"""The form for one plant of a study with many measurements: boxes side by side, grouped by what is measured, a page
of them at a time; and a whole row pasted from a spreadsheet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Final

import streamlit as st

from flora_core.errors import FloraError
from flora_core.languages import translate
from flora_core.study import Measurement, Study
from flora_core.tables.rows.typed_value import TypedValue
from ui.components.refusal import show_refusal
from ui.identify.box import box_label, read_mark, show_box, show_problem
from ui.identify.character import show_counter, show_states
from ui.identify.form_state import Form, number_text
from ui.site.text import escape_markdown

#: Up to so many measurements each has a slider; more would be a page to scroll through and not to read.
MOST_SLIDERS: Final = 7
#: Boxes on one page of the form.
_BOXES: Final = 36


def show_boxes(study: Study, form: Form, read: Mapping[str, TypedValue]) -> None:
    """One box for each measurement; an empty one is not measured."""
    measured = sum(read[name].value is not None for name in study.names)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(
            translate(
                "{measured} of {all} measured. An empty box is not measured.", measured=measured, all=len(study.names)
            )
        )
        _paste(study, form)
    shown = _page(study.measurements, study)
    for organ, group in groupby(shown, key=_organ_of(shown)):
        if organ:
            st.markdown(f"**{escape_markdown(translate(organ[:1].upper() + organ[1:]))}**")
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            for measurement in group:
                if measurement.has_states:
                    show_states(study, measurement, form, read[measurement.name])
                    continue
                if measurement.kind == "counted":
                    show_counter(study, measurement, form, read[measurement.name])
                    continue
                _box(study, measurement, form, read[measurement.name])


def _page(measurements: Sequence[Measurement], study: Study) -> Sequence[Measurement]:
    """The measurements to show now, where there are too many for one page."""
    if len(measurements) <= _BOXES:
        return measurements
    starts = range(0, len(measurements), _BOXES)

    def name(start: int) -> str:
        last = min(start + _BOXES, len(measurements))
        return translate(
            "{first} to {last}: {one} … {other}",
            first=start + 1,
            last=last,
            one=translate(measurements[start].label),
            other=translate(measurements[last - 1].label),
        )

    start = st.selectbox(translate("Measurements"), starts, format_func=name, key=f"boxes.{study.name}")
    return measurements[start : start + _BOXES]


def _organ_of(shown: Sequence[Measurement]) -> Callable[[Measurement], str]:
    """What a measurement is grouped under: its organ, where neighbours share it; nothing where each is a group of its own."""
    counts: dict[str, int] = {}
    for organ, group in groupby(shown, key=lambda m: m.organ):
        counts[organ] = max(counts.get(organ, 0), len(list(group)))
    shared = {organ for organ, n in counts.items() if n > 1}
    return lambda m: m.organ if m.organ in shared and len(shared) > 1 else ""


def _box(study: Study, measurement: Measurement, form: Form, read: TypedValue) -> None:
    with st.container(width=160, gap="xxsmall"):
        show_box(study, measurement, form, box_label(measurement, form.unit))
        st.html(read_mark(read))
        show_problem(form, measurement.name, read)


def _paste(study: Study, form: Form) -> None:
    """A row as it is copied from a spreadsheet, in place of typing it again."""
    with st.popover(translate("Paste a row"), icon=":material/content_paste:"):
        key = f"pasted.{study.name}"
        st.text_area(
            translate("One row with {many} values, or two: the columns’ names and the values", many=len(study.names)),
            key=key,
            height=120,
            placeholder=" ; ".join(m.label for m in study.measurements[:3]) + " ; …",
        )
        st.button(
            translate("Use these values"), on_click=_use, args=(study, form, key), key=f"use-{key}", type="primary"
        )
        refused = st.session_state.pop(f"{key}.refused", "")
        if refused:
            show_refusal(refused)


def _use(study: Study, form: Form, key: str) -> None:
    # Reading tables brings pyarrow with it; a first flower does without.
    from flora_core.tables.rows.pasted import read_row

    try:
        values = read_row(study, st.session_state[key])
    except FloraError as error:
        st.session_state[f"{key}.refused"] = error.message
        return
    form.replace(
        {m.name: number_text(m, v, form.unit) for m in study.measurements if (v := values.get(m.name)) is not None}
    )
