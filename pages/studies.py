"""Studies: which plant groups there are, a new one from a labelled table, and more plants for one there is."""

import streamlit as st

from flora_core.access import UseCase
from ui.page import require_context
from ui.site.person import allowed_here
from ui.site.study_picker import chosen_study
from ui.site.text import escape_markdown
from ui.studies import checklists, corrections, create, extend, states

context = require_context()
study = context.studies.get(chosen_study(context))

st.title("Studies")
st.markdown(
    "A study is one plant group: its measurements, its species, its training plants, its models. Bring a labelled table of any "
    "genus, and have an identification page for it."
)
create.show_made(context)
extend.show_added()
create.show_list(context, study.name)

st.header("1. A labelled table")
if not allowed_here(context, UseCase.MAKE_STUDY):
    st.stop()
grow = f"More plants for {escape_markdown(study.title)}"
if st.radio("Use this table for", ("A new study", grow), horizontal=True) == grow:
    checklists.show_checklist(context, study)
    extend.show_growing(context, study)
    st.stop()
file = create.uploaded_table(context)
if file is None:
    st.stop()
st.header("2. Check what was read")
choices = create.columns_chosen(context, file)
choices = checklists.checklist_chosen(context, file, choices)
choices = corrections.names_chosen(context, file, choices)
choices = corrections.measurements_chosen(context, file, choices)
choices = states.states_chosen(context, file, choices)
choices = create.describe_proposal(context, file, choices)
proposal = create.proposed(context, file, choices)
create.show_preview(proposal)
create.show_creation(context, proposal)
