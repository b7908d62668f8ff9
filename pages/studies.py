"""Studies: which plant groups there are, a new one from a labelled table, and more plants for one there is."""

import streamlit as st

from ui.page import opened_house
from ui.site.study_picker import chosen_study
from ui.site.text import plain
from ui.studies import corrections, create, extend

house = opened_house()
study = house.studies.get(chosen_study(house))

st.title("Studies")
st.markdown(
    "A study is one plant group: its measurements, its species, its training plants, its models. Bring a labelled table of any "
    "genus, and have an identification page for it."
)
create.show_made()
extend.show_added()
create.show_list(house, study.name)

st.header("A labelled table")
grow = f"More plants for {plain(study.title)}"
if st.radio("What becomes of it", ("A new study", grow), horizontal=True) == grow:
    extend.show_growing(house, study)
    st.stop()
file = create.uploaded_table(house)
if file is None:
    st.stop()
choices = create.columns_chosen(house, file)
choices = corrections.names_chosen(house, file, choices)
choices = corrections.measurements_chosen(house, file, choices)
choices = create.described(file, choices)
proposal = create.proposed(house, file, choices)
create.show_preview(proposal)
create.show_creation(house, proposal)
