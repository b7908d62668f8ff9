"""Monitor: do the plants still look like the training plants, and how right are their names?"""

import streamlit as st

from ui import monitor
from ui.page import opened_house
from ui.site.study_picker import chosen_study
from ui.site.text import plain

house = opened_house()
study = house.studies.get(chosen_study(house))

st.title("Monitor")
st.markdown(
    f"Do the plants that are identified still look like those the model was trained on, and how right are their names? Study: "
    f"**{plain(study.title)}**."
)
found = monitor.asked(house, study.name)
monitor.show_verdict(found)
if found.windows:
    monitor.show_pictures(house, found)
    monitor.show_groups(house, study.name, found)
else:
    monitor.show_empty(found)
monitor.show_two_tables(study)
