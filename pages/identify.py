"""Identify: one plant, its name, and how far to trust it."""

import streamlit as st

from flora_core.errors import BadValues
from flora_core.workflows.identify import identify_with
from ui import identifying
from ui.choosing import chosen_study
from ui.measuring import measuring_form
from ui.starting import opened_house
from ui.words import plain

house = opened_house()
model = house.champion(chosen_study(house))
study = model.study

st.title(f"Identify {study.one}")
st.markdown(f"Measure, and read at once what it is and how far that can be trusted. Study: **{plain(study.title)}**.")

left, right = st.columns([5, 7], gap="large")
with left.container(key="form"):
    typed, unit = measuring_form(study, identifying.example_plant(model))
with right.container(key="answer"):
    try:
        found = identify_with(model, typed, unit)
    except BadValues as refused:
        identifying.show_refusal(study, refused)
        st.stop()
    identifying.show_answer(found)
with right.container(key="evidence"):
    identifying.show_evidence(found)
    identifying.show_recording(house, found)

identifying.show_where_it_lies(found)
identifying.show_why(found)
identifying.show_limits(study, model)
