"""Determine: say what each plant is, those first that teach most."""

import streamlit as st

from ui.components import determination
from ui.determine import inbox
from ui.determine.tables import show_archive, show_table_of_determinations
from ui.page import opened_house
from ui.site.study_picker import chosen_study
from ui.site.text import plain

house = opened_house()
study = house.studies.get(chosen_study(house))

st.title("Determine")
st.markdown(
    "Say what each plant is. The model is judged by it and may learn from it; what it said, and what others said before, "
    f"stays. Study: **{plain(study.title)}**."
)
inbox.show_coverage(house, study.name)

with st.container(key="signature"):
    determination.show_signature()
shown = inbox.chosen_plant(house, study.name)
if shown is not None:
    inbox.show_plant(house, study, shown)
show_table_of_determinations(house, study.name)
show_archive(house, study.name)
