"""Determine: say what each plant is, those first that teach most."""

import streamlit as st

from flora_core.access import UseCase
from flora_core.languages import translate
from ui.components import determination
from ui.determine import inbox
from ui.determine.tables import show_archive, show_table_of_determinations
from ui.page import require_context
from ui.site.person import allowed_here
from ui.site.study_picker import chosen_study

context = require_context()
study = context.studies.get(chosen_study(context))
if not allowed_here(context, UseCase.READ_OWN_RECORDS):
    st.stop()

with st.container(key="bench-head", horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(translate("Determine"), anchor=False, width="content")
    far = inbox.coverage_shown(context, study.name)
with st.container(key="signature", horizontal=True, vertical_alignment="center", gap="small"):
    determination.show_signature_line()
shown = inbox.chosen_plant(context, study.name, far)
if shown is not None:
    inbox.show_plant(context, study, shown)
show_table_of_determinations(context, study.name)
show_archive(context, study.name)
