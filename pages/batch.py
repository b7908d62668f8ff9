"""Batch: a table nobody has seen before; every row back, with a name or a reason."""

import streamlit as st

from flora_core.access import UseCase
from ui.batch import reading, result, upload
from ui.components.refusal import show_refusal
from ui.page import require_context
from ui.site.person import allowed_here
from ui.site.study_picker import chosen_model
from ui.site.text import escape_markdown

context = require_context()
model = chosen_model(context)
study = model.study

if not allowed_here(context, UseCase.UPLOAD_TABLE):
    st.stop()

work = upload.current_session(context)
if work is None:
    st.title("A whole table")
    st.markdown(f"Every row comes back, in order, with a name or a reason. Study: **{escape_markdown(study.title)}**.")
    upload.show_upload(context, model)
    st.stop()

result.show_head(work, study)
if work.running:
    result.watch_batch(work)
    st.stop()

for refused in filter(None, (work.failed, work.refused)):
    show_refusal(reading.for_a_page(refused))
if work.understood is None:
    reading.show_reading(work, study)
else:
    result.show_result(context, work, model)
