"""Identify: one plant, its name, and how far to trust it."""

import streamlit as st

from flora_core.errors import BadValues
from flora_core.workflows.identify import identify_with
from ui.identify import sections
from ui.identify.form import measuring_form
from ui.page import require_context
from ui.site.study_picker import chosen_model
from ui.site.text import escape_markdown

context = require_context()
model = chosen_model(context)
study = model.study

st.title(f"Identify {study.one}")
st.markdown(
    f"Measure, and read at once what it is and how far that can be trusted. Study: **{escape_markdown(study.title)}**."
)

left, right = st.columns([5, 7], gap="large")
with left.container(key="form"):
    typed, unit = measuring_form(study, sections.example_plant(model))
with right.container(key="answer"):
    try:
        found = identify_with(model, typed, unit)
    except BadValues as refused:
        sections.show_refusal(study, refused)
        st.stop()
    sections.show_answer(found)
with right.container(key="evidence"):
    sections.show_evidence(found)
    sections.show_recording(context, found)

sections.show_where_it_lies(found)
sections.show_why(found)
sections.show_limits(study, model)
