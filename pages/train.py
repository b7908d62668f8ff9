"""Train: a new version from the study's plants, with honest scores; nothing changes until it is promoted."""

import streamlit as st

from ui import train
from ui.page import opened_house
from ui.site.study_picker import chosen_study
from ui.site.text import plain

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
    train.show_table(study, house.studies.plants(study))
    st.header("How it learns")
    request, by = train.ask_settings(house, study)
    train.show_start(house, study, request, by)
with right:
    train.show_jobs(house, study)
    train.show_result(house, study)
