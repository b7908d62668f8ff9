"""Batch: a table nobody has seen before; every row back, with a name or a reason."""

import streamlit as st

from ui.batch import sections
from ui.page import opened_house
from ui.site.study_picker import chosen_study
from ui.site.text import plain

house = opened_house()
model = house.champion(chosen_study(house))
study = model.study

st.title("A whole table")
st.markdown(f"Every row comes back, in order, with a name or a reason. Study: **{plain(study.title)}**.")

work = sections.work_in_hand(house, study.name)
if work is None:
    sections.show_drop(house, model)
    st.stop()

sections.show_file(work)
if work.running:
    sections.watch(work)
    st.stop()

if work.summary is not None or work.failed:
    sections.show_result(house, work, model)
sections.show_understood(work, study)
if work.understood is not None:
    sections.show_start(work, study)
