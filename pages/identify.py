"""Identify: one plant, its name, and how far to trust it."""

import streamlit as st

from flora_core.languages import translate
from ui.identify import sections
from ui.identify.form import measuring_form
from ui.page import require_context
from ui.site.study_picker import chosen_model
from ui.site.text import escape_markdown

context = require_context()
model = chosen_model(context)
study = model.study

st.title(translate("Identify {one}", one=escape_markdown(study.one)), anchor=False)
form, card = st.columns([440, 800], gap="large")
with form.container(key="form", gap="xxsmall"):
    read, unit = measuring_form(study)
with card.container(key="answer", border=True):
    found = sections.show_answer(context, model, read, unit)
sections.show_below(model, found, unit)
