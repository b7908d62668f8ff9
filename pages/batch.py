"""Batch: a table nobody has seen before; every row back, with a name or a reason."""

import streamlit as st

from flora_core.access import UseCase
from ui.batch import sections
from ui.page import require_context
from ui.site.person import allowed_here
from ui.site.study_picker import chosen_model
from ui.site.text import escape_markdown

context = require_context()
model = chosen_model(context)
study = model.study

st.title("A whole table")
st.markdown(f"Every row comes back, in order, with a name or a reason. Study: **{escape_markdown(study.title)}**.")
if not allowed_here(context, UseCase.UPLOAD_TABLE):
    st.stop()

work = sections.current_session(context, study.name)
if work is None:
    sections.show_upload(context, model)
    st.stop()

sections.show_file(work)
if work.running:
    sections.watch_batch(work)
    st.stop()

if work.summary is not None or work.failed:
    sections.show_result(context, work, model)
sections.show_plan(work, study)
if work.understood is not None:
    sections.show_start(work, study)
