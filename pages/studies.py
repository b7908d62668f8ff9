"""Studies: which plant groups there are, a new one from a labelled table, and more plants for one there is."""

import streamlit as st

from ui import growing, studying, studying_tables
from ui.choosing import chosen_study
from ui.starting import opened_house
from ui.words import plain

house = opened_house()
study = house.studies.get(chosen_study(house))

st.title("Studies")
st.markdown(
    "A study is one plant group: its measurements, its species, its training plants, its models. Bring a labelled table of any "
    "genus, and have an identification page for it."
)
studying.show_made()
growing.show_added()
studying.show_list(house, study.name)

st.header("A labelled table")
grow = f"More plants for {plain(study.title)}"
if st.radio("What becomes of it", ("A new study", grow), horizontal=True) == grow:
    growing.show_growing(house, study)
    st.stop()
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
