"""Train: a new version from the study's plants, with honest scores; nothing changes until it is promoted."""

import streamlit as st

from ui import training
from ui.choosing import chosen_study
from ui.starting import opened_house
from ui.words import plain

house = opened_house()
study = house.studies.get(chosen_study(house))

st.title("Train a model")
st.markdown(
    f"Let the program learn **{plain(study.title)}** anew, in a way you choose. A new version is kept beside the others; it "
    "identifies nothing until somebody promotes it."
)
left, right = st.columns([5, 7], gap="large")
with left:
    st.header("What it learns from")
    training.show_table(study, house.studies.plants(study))
    st.header("How it learns")
    request, by = training.ask_settings(house, study)
    training.show_start(house, study, request, by)
with right:
    training.show_jobs(house, study)
    training.show_result(house, study)
