"""Studies: which plant groups there are, and a new one from a labelled table."""

import streamlit as st

from ui import studying, studying_tables
from ui.choosing import chosen_study
from ui.starting import opened_house

house = opened_house()

st.title("Studies")
st.markdown(
    "A study is one plant group: its measurements, its species, its training plants, its models. Bring a labelled table of any "
    "genus, and have an identification page for it."
)
studying.show_made()
studying.show_list(house, chosen_study(house))

st.header("Make a study from a labelled table")
file = studying.uploaded_table(house)
if file is None:
    st.stop()
choices = studying.columns_chosen(house, file)
choices = studying_tables.names_chosen(house, file, choices)
choices = studying_tables.measurements_chosen(house, file, choices)
choices = studying.described(file, choices)
proposal = studying.proposed(house, file, choices)
studying.show_preview(proposal)
studying.show_creation(house, proposal)
