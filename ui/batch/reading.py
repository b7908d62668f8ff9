"""How a table is read: which column is which, in which unit, by which signs; and what is asked about it."""

from __future__ import annotations

from html import escape
from typing import Final

import numpy as np
import streamlit as st

from flora_core.study import Study
from flora_core.tables.rows.checking import DuplicatePolicy
from flora_core.units import convertible
from flora_core.workflows.batch import BatchPlan
from flora_core.workflows.batch.questions import BatchQuestion
from ui.batch.session import BatchSession
from ui.charts.scatter import axis_title
from ui.components.arrangement import BACK, OFFERS
from ui.components.plain_table import show_plain_table
from ui.site.text import escape_label, escape_markdown, italicised, without_options

_NOT_THERE: Final = "not in this file"
_AS_FOUND: Final = "as found"
_MOST_BOXES: Final = 24

_DUPLICATES: Final = {
    DuplicatePolicy.FLAG: "name each row, and flag them",
    DuplicatePolicy.REPLICATE: "one plant measured several times: one answer from the means",
    DuplicatePolicy.LATEST: "the last row counts",
    DuplicatePolicy.ERROR: "name none of them",
}


def show_questions(work: BatchSession, study: Study) -> None:
    """What is asked, each question with its buttons and the rows that an answer would change."""
    for place, question in enumerate(work.questions):
        with st.container(
            key=f"question-{place}", horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
        ):
            st.html(_question_html(question, study))
            with st.container(horizontal=True, width="content", gap="xsmall", key=f"replies-{place}"):
                for number, answer in enumerate(question.answers):
                    st.button(
                        escape_markdown(answer.label),
                        key=f"answer-{study.name}-{question.key}-{number}",
                        on_click=work.say,
                        kwargs=dict(answer.changes),
                        help=escape_markdown(answer.effect) or None,
                    )
    if work.can_undo:
        st.button(
            "Take the last answer back",
            key="take-back",
            on_click=work.take_back,
            icon=":material/undo:",
            type="tertiary",
        )


def _question_html(question: BatchQuestion, study: Study) -> str:
    effects = [
        (f"{escape(answer.label)}: " if len(question.answers) > 2 else "") + italicised(answer.effect, study)
        for answer in question.answers
        if answer.effect and "declined" not in answer.changes and answer.effect != "changes nothing"
    ]
    lines = "".join(f"<span>{effect}</span>" for effect in effects)
    text, why = italicised(question.text, study), italicised(question.why, study)
    return (
        f"<div class='flora-question'><p><b>{text}</b><small>{why}</small></p><p class='flora-effect'>{lines}</p></div>"
    )


def show_reading(work: BatchSession, study: Study) -> None:
    """Notes on how the file was understood, its first rows as they were read, and boxes to say otherwise."""
    understood = work.understood
    if understood is not None:
        notes = [for_a_page(note) for note in dict.fromkeys((*understood.notes, *_notes_of_the_run(work)))]
        if understood.remembered:
            notes.insert(0, "The columns are matched as you matched them in an earlier file with this header.")
        if notes:
            st.markdown("\n".join(f"- {escape_markdown(note)}" for note in notes))
        _show_preview(understood)
    for offered, words in OFFERS.items():
        if offered == work.arrangement_offered:
            st.button(words, key=f"batch.{offered}", type="primary", on_click=work.say, kwargs={"arrangement": offered})
    if work.layout is not None:
        _ask_columns(work, study)
        _ask_signs(work)


def _notes_of_the_run(work: BatchSession) -> list[str]:
    return work.summary.notes if work.summary is not None else []


def _show_preview(understood: BatchPlan) -> None:
    """The first rows: what stands in the file, and the numbers as they were read."""
    study, first = understood.model.study, understood.first
    shown = understood.assignment.assigned[:8]
    rows = []
    for i in range(min(4, len(understood.first_rows))):
        row = {"row": str(understood.first_rows[i])}
        for a in shown:
            j = study.names.index(a.measurement)
            m, typed = study.measurements[j], first.as_typed[j]
            value = first.values[i, j]
            stands = "" if typed is None else str(typed[i].as_py()).strip()
            read = "not read" if np.isnan(value) else m.written(float(value))
            row[f"{understood.layout.header[a.column]} → {m.label}"] = f"{stands or '(empty)'} → {read}"
        rows.append(row)
    st.markdown("**The first rows as they were read** (what stands in the file → the number that is used)")
    show_plain_table(rows)
    if len(understood.assignment.assigned) > len(shown):
        st.caption(f"And {len(understood.assignment.assigned) - len(shown)} more columns.")


def _ask_columns(work: BatchSession, study: Study) -> None:
    layout, understood = work.layout, work.understood
    if layout is None:
        return
    columns = [name for name in layout.header if name]
    boxes = st.columns(2, gap="medium")
    measurements = study.measurements
    if len(measurements) > _MOST_BOXES:
        st.caption(
            f"The first {_MOST_BOXES} of {len(measurements)} measurements; name the others' columns as the study does."
        )
    for i, m in enumerate(measurements[:_MOST_BOXES]):
        assigned = understood.assignment.of(m.name) if understood is not None else None
        now = layout.header[assigned.column] if assigned is not None else _NOT_THERE
        with boxes[i % 2].container(horizontal=True, vertical_alignment="bottom"):
            options = [_NOT_THERE, *columns]
            key = f"column.{m.name}.{now}"
            st.selectbox(
                escape_label(axis_title(m)),
                options,
                index=options.index(now) if now in options else 0,
                key=key,
                on_change=_match,
                args=(work, m.name, now, key),
            )
            if m.unit and assigned is not None:
                units = convertible(m.unit)
                unit_key = f"unit.{m.name}.{assigned.unit}"
                st.selectbox(
                    f"Unit of {escape_label(m.label)}",
                    units,
                    index=units.index(assigned.unit) if assigned.unit in units else 0,
                    key=unit_key,
                    on_change=_in_unit,
                    args=(work, layout.header[assigned.column], unit_key),
                    width=110,
                )
    id_now = understood.id_name if understood is not None else ""
    id_options = [_NOT_THERE, *columns]
    st.selectbox(
        "Catalogue number",
        id_options,
        index=id_options.index(id_now) if id_now in id_options else 0,
        key=f"id.{id_now}",
        on_change=_number_in,
        args=(work, f"id.{id_now}"),
    )


def _match(work: BatchSession, measurement: str, before: str, key: str) -> None:
    chosen = st.session_state[key]
    columns = dict(work.request.columns)
    if work.understood is not None:
        # What was guessed or remembered stays as it is, but for what is said now.
        columns = {**work.understood.mapping, **columns}
    if before != _NOT_THERE:
        columns[before] = ""
    for column, name in list(columns.items()):
        if name == measurement:
            columns[column] = ""
    if chosen != _NOT_THERE:
        columns[chosen] = measurement
    work.say(columns=columns)


def _in_unit(work: BatchSession, column: str, key: str) -> None:
    work.say(units={**work.request.units, column: st.session_state[key]})


def _number_in(work: BatchSession, key: str) -> None:
    chosen = st.session_state[key]
    work.say(id_column="" if chosen == _NOT_THERE else chosen)


def _ask_signs(work: BatchSession) -> None:
    layout = work.layout
    if layout is None:
        return
    with st.container(horizontal=True):
        if len(layout.sheets) > 1:
            st.selectbox(
                "Sheet",
                layout.sheets,
                index=layout.sheets.index(layout.sheet),
                key="batch.sheet",
                on_change=lambda: work.say(sheet=st.session_state["batch.sheet"]),
            )
        signs = {_AS_FOUND: "", "point (3.5)": ".", "comma (3,5)": ","}
        st.selectbox(
            "Decimal sign",
            list(signs),
            index=list(signs.values()).index(work.request.decimal),
            key="batch.decimal",
            on_change=lambda: work.say(decimal=signs[st.session_state["batch.decimal"]]),
        )
        if layout.kind == "text":
            parts = {_AS_FOUND: "", "comma": ",", "semicolon": ";", "tab": "\t", "spaces": " "}
            st.selectbox(
                "Columns are separated by",
                list(parts),
                index=list(parts.values()).index(work.request.separator),
                key="batch.separator",
                on_change=lambda: work.say(separator=parts[st.session_state["batch.separator"]]),
            )
    if work.request.arrangement:
        st.button(BACK, key="batch.as-it-stands", on_click=work.say, kwargs={"arrangement": ""})
    st.checkbox(
        "Read a range by its middle (2.0-2.5 as 2.25)",
        value=work.request.middle_of_ranges,
        key="batch.ranges",
        on_change=lambda: work.say(middle_of_ranges=st.session_state["batch.ranges"]),
    )
    if work.understood is not None and work.understood.id_name:
        st.selectbox(
            "Rows with one catalogue number",
            list(_DUPLICATES),
            index=list(_DUPLICATES).index(work.request.duplicates),
            format_func=_DUPLICATES.__getitem__,
            key="batch.duplicates",
            on_change=lambda: work.say(duplicates=st.session_state["batch.duplicates"]),
        )


def for_a_page(text: str) -> str:
    """A sentence of the workflow without the command's options: here there are boxes for them."""
    head, found, _ = text.partition(" If so, say --")
    if found:
        return f"{head} If so, choose the unit below."
    head, found, rest = text.partition(" Say which is which, for example --map")
    if found:
        _, _, columns = rest.partition(". The columns are:")
        return f"{head} Match them below. The columns are:{columns}"
    text = without_options(text)
    head, found, rest = text.partition("; if it holds them, say so (--id")
    return f"{head}; if it holds them, choose it below." if found else text
