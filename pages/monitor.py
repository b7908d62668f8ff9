"""Monitor: do the plants still look like the training plants, and how right are their names?"""

import streamlit as st

from ui import monitoring
from ui.choosing import chosen_study
from ui.starting import opened_house
from ui.words import plain

house = opened_house()
study = house.studies.get(chosen_study(house))

st.title("Monitor")
st.markdown(
    f"Do the plants that are identified still look like those the model was trained on, and how right are their names? Study: "
    f"**{plain(study.title)}**."
)
found = monitoring.asked(house, study.name)
monitoring.show_verdict(found)
if found.windows:
    monitoring.show_pictures(house, found)
    monitoring.show_groups(house, study.name, found)
else:
    monitoring.show_empty(found)
monitoring.show_two_tables(study)
