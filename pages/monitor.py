"""Monitor: do the plants still look like the training plants, and how right are their names?"""

import streamlit as st

from ui.monitor import evidence, measurements, pictures, two_tables, verdict
from ui.page import require_context
from ui.site.study_picker import chosen_study

context = require_context()
study = context.studies.get(chosen_study(context))

with st.container(key="monitor-head", horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title("Monitor", anchor=False, width="content")
    found = verdict.ask_view(context, study.name)
seen = verdict.verdict_shown(context, study.name, found)
pictures.turn_to_clicked(context, found)
verdict.show_verdict(context, seen, found)
if found.windows:
    wide = [2.35, 1.0]
    left, right = st.columns(wide, gap="large")
    with left:
        measurements.show_measurements(context, found)
    with right:
        pictures.show_mix(found)
    left, right = st.columns(wide, gap="large")
    with left:
        pictures.show_accuracy(found)
    with right:
        pictures.show_unfit(found)
    evidence.show_how_we_know(context, found)
else:
    verdict.show_empty(found)
two_tables.show_two_tables(study)
