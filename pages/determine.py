"""Determine: say what each plant is, those first that teach most."""

import streamlit as st

from ui.components import determination
from ui.determine import inbox
from ui.determine.tables import show_archive, show_table_of_determinations
from ui.page import require_context
from ui.site.study_picker import chosen_study
from ui.site.text import escape_markdown

context = require_context()
study = context.studies.get(chosen_study(context))

st.title("Determine")
st.markdown(
    "Say what each plant is. The model is judged by it and may learn from it; what it said, and what others said before, "
    f"stays. Study: **{escape_markdown(study.title)}**."
)
inbox.show_coverage(context, study.name)

with st.container(key="signature"):
    determination.show_signature()
shown = inbox.chosen_plant(context, study.name)
if shown is not None:
    inbox.show_plant(context, study, shown)
show_table_of_determinations(context, study.name)
show_archive(context, study.name)
