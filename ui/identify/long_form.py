"""The form for one plant of a study with many measurements: number boxes side by side, grouped by what is measured, a page
of them at a time; and a whole row pasted from a spreadsheet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Final

import streamlit as st

from flora_core.errors import FloraError
from flora_core.study import Measurement, Study
from ui.identify.form_state import Form, own_value, shown_value
from ui.site.text import escape_markdown

#: Up to so many measurements each has a slider; more would be a page to scroll through and not to read.
MOST_SLIDERS: Final = 7
#: Boxes on one page of the form.
_BOXES: Final = 36


def show_boxes(study: Study, form: Form, unit: str) -> None:
    """One number box for each measurement; an empty one is not measured."""
    measured = sum(form.values.get(name) is not None for name in study.names)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"{measured} of {len(study.names)} measured. An empty box is not measured.")
        _paste(study, form)
    shown = _page(study.measurements, study)
    for organ, group in groupby(shown, key=_organ_of(shown)):
        if organ:
            st.markdown(f"**{escape_markdown(organ[:1].upper() + organ[1:])}**")
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            for measurement in group:
                _box(study, measurement, form, unit)


def _page(measurements: Sequence[Measurement], study: Study) -> Sequence[Measurement]:
    """The measurements to show now, where there are too many for one page."""
    if len(measurements) <= _BOXES:
        return measurements
    starts = range(0, len(measurements), _BOXES)

    def name(start: int) -> str:
        last = min(start + _BOXES, len(measurements))
        return f"{start + 1} to {last}: {measurements[start].label} … {measurements[last - 1].label}"

    start = st.selectbox("Measurements", starts, format_func=name, key=f"boxes.{study.name}")
    return measurements[start : start + _BOXES]


def _organ_of(shown: Sequence[Measurement]) -> Callable[[Measurement], str]:
    """What a measurement is grouped under: its organ, where neighbours share it; nothing where each is a group of its own."""
    counts: dict[str, int] = {}
    for organ, group in groupby(shown, key=lambda m: m.organ):
        counts[organ] = max(counts.get(organ, 0), len(list(group)))
    shared = {organ for organ, n in counts.items() if n > 1}
    return lambda m: m.organ if m.organ in shared and len(shared) > 1 else ""


def _box(study: Study, measurement: Measurement, form: Form, unit: str) -> None:
    name, value = measurement.name, form.values.get(measurement.name)
    key, state = form.key(study, name, "box", unit), st.session_state
    if key not in state:
        state[key] = None if value is None else shown_value(measurement, value, unit)

    def changed() -> None:
        says = state[key]
        form.report(name, None if says is None else own_value(measurement, says, unit), "box", value)

    own_unit = unit or measurement.unit
    st.number_input(
        f"{measurement.heading} ({own_unit})" if own_unit else measurement.heading,
        value=None,
        step=shown_value(measurement, measurement.step, unit),
        key=key,
        on_change=changed,
        format="%.6g",
        placeholder="not measured",
        help=measurement.how or None,
        width=160,
    )


def _paste(study: Study, form: Form) -> None:
    """A row as it is copied from a spreadsheet, in place of typing it again."""
    with st.popover("Paste a row", icon=":material/content_paste:"):
        key = f"pasted.{study.name}"
        st.text_area(
            f"One row with {len(study.names)} values, or two: the columns' names and the values",
            key=key,
            height=120,
            placeholder=" ; ".join(m.label for m in study.measurements[:3]) + " ; …",
        )
        st.button("Use these values", on_click=_use, args=(study, form, key), key=f"use-{key}", type="primary")
        refused = st.session_state.pop(f"{key}.refused", "")
        if refused:
            st.error(escape_markdown(refused))


def _use(study: Study, form: Form, key: str) -> None:
    # Reading tables brings pyarrow with it; a first flower does without.
    from flora_core.tables.rows.pasted import read_row

    try:
        values = read_row(study, st.session_state[key])
    except FloraError as error:
        st.session_state[f"{key}.refused"] = error.message
        return
    for name in study.names:
        form.change(name, values.get(name), None)
