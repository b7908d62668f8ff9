"""A checklist of accepted names: given with a labelled table, or kept with a study that there is."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any, Final

import streamlit as st

from flora_core.errors import FloraError
from flora_core.study import Study
from flora_core.tables.names.checklist import Checklist
from flora_core.workflows.context import AppContext
from flora_core.workflows.studies import Choices, checklist_for, keep_checklist, synonyms_of_study
from ui.components.refusal import show_refusal
from ui.site.person import show_signing_name
from ui.site.text import escape_markdown
from ui.studies.create import proposed

_READ: Final = "studies.checklists"
_FILE: Final = (
    "A checklist: Darwin Core Taxon, or an export of World Flora Online or of the World Checklist of Vascular Plants"
)
_TYPES: Final = ["csv", "tsv", "txt", "zip", "xlsx"]
_GATHER: Final = "Count plants called by a synonym as those of its accepted name"


def checklist_chosen(context: AppContext, file: Any, choices: Choices) -> Choices:
    """The choices with the checklist that was given for the table's names, if any."""
    with st.expander("Accepted names and synonyms", icon=":material/rule:"):
        given: Any = st.file_uploader(_FILE, type=_TYPES, key=f"checklist.{file.file_id}")
        gathers = st.checkbox(_GATHER, key=f"checklist.gather.{file.file_id}")
        if given is None:
            return choices
        try:
            found = _read_once(context, file, choices, given, gathers=gathers)
        except FloraError as refused:
            show_refusal(refused)
            return choices
        st.markdown(escape_markdown(f"{found.source}: {len(found.names):,} names are kept with the study."))
    return replace(choices, checklist=found)


def _read_once(context: AppContext, file: Any, choices: Choices, given: Any, *, gathers: bool) -> Checklist:
    """A checklist may have a million rows: it is read again only where the names of the table changed their genera."""
    kept: dict[str, Checklist] = st.session_state.setdefault(_READ, {})
    key = f"{file.file_id} {given.file_id} {choices.label} {choices.genus}"
    if key not in kept:
        kept.clear()
        proposal = proposed(context, file, choices)
        kept[key] = checklist_for(context, proposal, io.BytesIO(given.getvalue()), given.name)
    return replace(kept[key], gathers=gathers)


def show_checklist(context: AppContext, study: Study) -> None:
    """The checklist that is kept with a study, and the way to give another."""
    with st.expander("Accepted names and synonyms", icon=":material/rule:"):
        kept = context.checklists.of(study.name)
        if kept is None:
            st.markdown("No checklist is kept with this study: a synonym counts as a name of its own.")
        else:
            counts = "count as their accepted names" if kept.gathers else "are shown with their accepted names"
            st.markdown(escape_markdown(f"{kept.source}: {len(kept.names):,} names; synonyms {counts}."))
            for species, accepted in synonyms_of_study(study.species_names, kept).items():
                st.markdown(f"- *{escape_markdown(species)}* is a synonym of *{escape_markdown(accepted)}*.")
        given: Any = st.file_uploader(_FILE, type=_TYPES, key=f"checklist.{study.name}")
        gathers = st.checkbox(_GATHER, key=f"checklist.gather.{study.name}")
        by = show_signing_name(context, f"checklist.person.{study.name}", "Given by")
        if not st.button("Keep the checklist", disabled=given is None, icon=":material/save:"):
            return
        try:
            keep_checklist(context, study.name, io.BytesIO(given.getvalue()), given.name, by, gathers=gathers)
        except FloraError as refused:
            show_refusal(refused, "Not kept.")
            return
    st.rerun()
