"""Home: the state of the study in one screen, what waits for a person, and the next step."""

import streamlit as st

from ui.home import looked_at, show_demonstration, show_doors, show_state, show_waiting
from ui.page import opened_house
from ui.site.study_picker import chosen_study
from ui.site.text import plain

house = opened_house()
view = looked_at(house, chosen_study(house))

st.title(plain(view.study.title))
st.markdown("Measure a plant, learn its name, and know how far to trust it.")
show_state(view)
show_waiting(view)
show_doors(view)
show_demonstration(house)
