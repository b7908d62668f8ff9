"""Train: a new version from the study's plants, with honest scores; nothing changes until it is promoted."""

import streamlit as st

from flora_core.access import UseCase
from ui import train
from ui.page import require_context
from ui.site.person import allowed_here
from ui.site.study_picker import chosen_study
from ui.site.text import escape_markdown

context = require_context()
study = context.studies.get(chosen_study(context))

st.title("Train a model")
st.markdown(
    f"Let the program learn **{escape_markdown(study.title)}** again, as you choose. A new version is kept beside the "
    "others, and identifies nothing until somebody promotes it."
)
left, right = st.columns([4, 8], gap="large")
with left, st.container(border=True):
    st.header("What it learns from")
    train.show_table(study, context.studies.plants(study))
    st.header("What to try")
    by = ""
    if allowed_here(context, UseCase.TRAIN):
        request, by = train.ask_settings(context, study)
        train.show_training_plan(context, study, request)
        train.show_training_start(context, study, request, by)
with right:
    train.show_jobs(context, study)
    train.show_training_result(context, study, by)
