"""The two tables of the Studies page that are corrected by hand: the names of the species, and the measured columns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
import streamlit as st

from flora_core.tables.columns.measurements import header_label, header_unit
from flora_core.tables.names.checklist import Checklist
from flora_core.tables.names.labels import GatheredName
from flora_core.workflows.context import AppContext
from flora_core.workflows.studies import Choices
from ui.studies.create import proposed, show_merges

#: An empty cell would be shown as "None".
_NO_UNIT: Final = "no unit"
_UNITS: Final = (_NO_UNIT, "µm", "mm", "cm", "dm", "m", "in", "mm²", "cm²", "dm²", "m²", "px", "°", "%", "g", "mg")


def names_chosen(context: AppContext, file: Any, choices: Choices) -> Choices:
    """The choices with names merged, renamed and left out in the table of names."""
    first = proposed(context, file, choices)
    if not first.names:
        return choices
    place = f"names.{file.file_id}.{choices.label}.{choices.keep_qualified}.{choices.genus}.{choices.codes}"
    merged: dict[str, str] = st.session_state.setdefault(f"{place}.merged", {})
    st.subheader("The names")
    show_merges(proposed(context, file, replace(choices, names=merged)).alike, place, merged)
    names = proposed(context, file, replace(choices, names=merged)).names
    accepted = choices.checklist
    named = {} if accepted is None else {"Accepted name": [_accepted(accepted, n.gathered) for n in names]}
    edited: Any = st.data_editor(
        {
            "Use": [bool(n.becomes) for n in names],
            "Name in the table": [n.gathered.name for n in names],
            "Rows": [n.gathered.plants for n in names],
            "Counts as": [n.becomes or n.gathered.name for n in names],
            **named,
            "Written": ["; ".join(text for text, _ in n.gathered.spellings[:4]) for n in names],
            "Left out because": [n.because for n in names],
        },
        disabled=["Name in the table", "Rows", "Accepted name", "Written", "Left out because"],
        hide_index=True,
        width="stretch",
        key=f"{place}.{len(merged)}" + ("" if accepted is None else f".{accepted.sha256[:12]}.{accepted.gathers}"),
        column_config={
            "Counts as": st.column_config.TextColumn(
                help="Give two names the same text here, and they are one species."
            ),
            "Use": st.column_config.CheckboxColumn(help="Whether plants of this name are learned from."),
        },
    )
    said = dict(merged)
    for name, use, counts_as in zip(names, edited["Use"], edited["Counts as"], strict=True):
        wanted = str(counts_as or "").strip() or name.gathered.name
        becomes = wanted if use else ""
        if becomes != name.becomes:
            said[name.gathered.name] = becomes
    return replace(choices, names=said)


def _accepted(checklist: Checklist, gathered: GatheredName) -> str:
    """The accepted name of a name in the table; "" where the checklist does not hold it or does not say."""
    one = checklist.find(gathered.name, gathered.author) if not gathered.doubt else None
    to = None if one is None else checklist.accepted(one)
    return "" if to is None else to.full_name


def measurements_chosen(context: AppContext, file: Any, choices: Choices) -> Choices:
    """The choices with the columns that are measured, and their units."""
    first = proposed(context, file, choices)
    if not first.columns:
        return choices
    st.subheader("What is measured")
    header = first.layout.header
    columns = [header[c.column] for c in first.columns]
    units = [header_unit(name) or _NO_UNIT for name in columns]
    use = [name in first.measured for name in columns]
    edited: Any = st.data_editor(
        {
            "Use": use,
            "Column": columns,
            "Measurement": [header_label(name) for name in columns],
            "Unit": units,
            "Smallest": [float(np.nanmin(c.numbers.values)) for c in first.columns],
            "Largest": [float(np.nanmax(c.numbers.values)) for c in first.columns],
            "What was noticed": [c.because for c in first.columns],
        },
        disabled=["Column", "Measurement", "Smallest", "Largest", "What was noticed"],
        hide_index=True,
        width="stretch",
        key=f"measured.{file.file_id}.{choices.label}.{choices.id_column}.{choices.group}.{choices.middle_of_ranges}",
        column_config={
            "Unit": st.column_config.SelectboxColumn(options=list(_UNITS), help="None for counts and ratios.")
        },
    )
    chosen = {
        name: "" if unit in (None, _NO_UNIT) else str(unit)
        for name, wanted, unit in zip(columns, edited["Use"], edited["Unit"], strict=True)
        if wanted
    }
    if list(edited["Use"]) == use and list(edited["Unit"]) == units:
        return choices
    if not chosen:
        st.error("Choose one measured column at least.", icon=":material/error:")
        st.stop()
    seen = [header[s.column] for s in first.state_columns]
    return replace(choices, measurements=chosen | {name: "" for name in seen if name in first.measured})
