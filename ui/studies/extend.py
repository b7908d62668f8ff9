"""More plants for a study: the file, what would be added, and keeping it as the study's next training table."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any, Final

import streamlit as st

from flora_core.errors import FloraError
from flora_core.study import Study
from flora_core.workflows.context import AppContext
from flora_core.workflows.studies import Addition, Choices, add_plants, propose_addition
from ui.charts.scatter import axis_title
from ui.components.arrangement import said_arrangement
from ui.components.refusal import show_refusal
from ui.site.navigation import page_link
from ui.site.person import show_signing_name
from ui.site.text import escape_label, escape_markdown
from ui.studies.create import DECIMALS, show_findings, show_merges, show_unreadable, uploaded_table

_KEPT: Final = "growing.additions"
_ADDED: Final = "growing.added"
_NOT_THERE: Final = "not in this file"
#: Measurements with a box of their own; the columns of others are named as the study names them.
_MOST_BOXES: Final = 24


def show_added() -> None:
    """What was added last, and what to do with it."""
    added = st.session_state.pop(_ADDED, None)
    if added is None:
        return
    with st.container(border=True):
        st.success(escape_markdown(added), icon=":material/check_circle:")
        st.markdown("Models stay as they are until a new one is trained.")
        page_link("train", "Train on the larger table")


def show_growing(context: AppContext, study: Study) -> None:
    """The way from a labelled table to more training plants of a study."""
    st.markdown(
        f"Plants that a competent person named, for **{escape_markdown(study.title)}**: "
        f"of its {len(study.species)} species, or of new "
        "ones. They become its next training table; the earlier ones are kept."
    )
    file = uploaded_table(context, "growing.file")
    if file is None:
        return
    choices, columns = _choices(context, study, file)
    place = f"growing.{study.name}.{file.file_id}"
    merged: dict[str, str] = st.session_state.setdefault(f"{place}.merged", {})
    choices = replace(choices, names=merged)
    addition = _proposed(context, file, choices, columns)
    show_merges(addition.alike, place, merged)
    _show_addition(addition)
    show_findings(addition.warnings, addition.notes, addition.issues, unfolded=True)
    _show_keeping(context, addition)


def _choices(context: AppContext, study: Study, file: Any) -> tuple[Choices, dict[str, str]]:
    """How the file is read, and which column is which: guessed, and corrected by hand."""
    with st.expander("Columns and how the file is read", icon=":material/tune:"):
        one, two, three = st.columns(3)
        decimal = one.selectbox("Decimal sign", DECIMALS, format_func=_or_found, key=f"grow.decimal.{file.file_id}")
        sheet = two.text_input("Sheet of a workbook", key=f"grow.sheet.{file.file_id}", placeholder="the first")
        middle = three.checkbox("Read ranges like 2.0-2.5 as their middle", key=f"grow.middle.{file.file_id}")
        read = Choices(
            study=study.name,
            decimal=decimal,
            sheet=sheet.strip(),
            middle_of_ranges=middle,
            arrangement=said_arrangement(file.file_id),
        )
        guessed = _guessed(context, file, read)
        if guessed is None:
            return read, {}
        header = [name for name in guessed.layout.header if name]
        label = st.selectbox(
            "Names of the species",
            header,
            index=header.index(guessed.label) if guessed.label in header else None,
            placeholder="Choose a column",
            key=f"grow.label.{file.file_id}",
        )
        of = {measurement: column for column, measurement in guessed.mapping.items()}
        columns = dict.fromkeys(guessed.mapping, "")
        boxes = st.columns(2)
        for i, m in enumerate(study.measurements[:_MOST_BOXES]):
            options = [_NOT_THERE, *header]
            now = of.get(m.name, _NOT_THERE)
            chosen = boxes[i % 2].selectbox(
                escape_label(axis_title(m)), options, index=options.index(now), key=f"grow.{m.name}.{file.file_id}"
            )
            if chosen != _NOT_THERE:
                columns[chosen] = m.name
        columns |= {of[m.name]: m.name for m in study.measurements[_MOST_BOXES:] if m.name in of}
    return replace(read, label=label), columns


def _or_found(sign: str) -> str:
    return sign or "as found"


def _guessed(context: AppContext, file: Any, choices: Choices) -> Addition | None:
    """What is made of the file before anybody says anything; None where not even that can be told."""
    try:
        return propose_addition(context, io.BytesIO(file.getvalue()), file.name, choices)
    except FloraError:
        return None


def _proposed(context: AppContext, file: Any, choices: Choices, columns: dict[str, str]) -> Addition:
    """What would be added; the page stops with a sentence where the file is no table. The last few answers are kept."""
    kept: dict[str, Addition] = st.session_state.setdefault(_KEPT, {})
    key = f"{file.file_id} {choices!r} {columns!r} {len(context.studies.tables(choices.study))}"
    if key not in kept:
        try:
            kept[key] = propose_addition(context, io.BytesIO(file.getvalue()), file.name, choices, columns)
        except FloraError as refused:
            message = refused.message.partition(" Say which is which (--map")[0]
            show_unreadable(file, message, getattr(refused, "arrangement", ""))
        while len(kept) > 4:
            kept.pop(next(iter(kept)))
    return kept[key]


def _show_addition(addition: Addition) -> None:
    for refused in addition.refusals:
        show_refusal(refused)
    if addition.plants is None:
        return
    st.header(f"{sum(addition.added.values()):,} plants to be added")
    left_out = [n for n in addition.names if n.because and not n.becomes]
    if left_out:
        said = "; ".join(f"{n.gathered.name} ({n.gathered.plants}): {n.because}" for n in left_out[:8])
        st.markdown(f"Names left out: {escape_markdown(said)}.")
    before, names = dict(addition.plants.table.plants), addition.study.species_names
    st.dataframe(
        {
            "Species": list(names),
            "Plants so far": [before.get(name, 0) - addition.added.get(name, 0) for name in names],
            "To be added": [addition.added.get(name, 0) for name in names],
            "": ["new to the study" if name in addition.new_species else "" for name in names],
        },
        hide_index=True,
        width="stretch",
        key="growing.preview",
    )


def _show_keeping(context: AppContext, addition: Addition) -> None:
    """Keep the plants, in somebody's name."""
    with st.form("add-plants", border=True):
        who, press = st.columns([5, 2], vertical_alignment="bottom")
        with who:
            by = show_signing_name(context, "person", "Added by")
        pressed = press.form_submit_button(
            "Add the plants",
            type="primary",
            width="stretch",
            icon=":material/add:",
            disabled=bool(addition.refusals) or addition.plants is None,
        )
    if not pressed:
        return
    try:
        view = add_plants(context, addition, by)
    except FloraError as refused:
        show_refusal(refused, "Not added.")
        return
    new = f", {', '.join(addition.new_species)} among them for the first time" if addition.new_species else ""
    count = sum(addition.added.values())
    st.session_state[_ADDED] = (
        f"{count:,} plants were added to {view.study.title} as table {view.tables[-1].number}{new}."
    )
    st.session_state.pop(_KEPT, None)
    st.rerun()
