"""Batch: a table nobody has seen before; every row back, with a name or a reason."""

import streamlit as st

from ui import batching
from ui.choosing import chosen_study
from ui.starting import opened_house
from ui.words import plain

house = opened_house()
model = house.champion(chosen_study(house))
study = model.study

st.title("A whole table")
st.markdown(f"Every row comes back, in order, with a name or a reason. Study: **{plain(study.title)}**.")

work = batching.work_in_hand(house, study.name)
if work is None:
    batching.show_drop(house, model)
    st.stop()

batching.show_file(work)
if work.running:
    batching.watch(work)
    st.stop()

if work.summary is not None or work.failed:
    batching.show_result(house, work, model)
batching.show_understood(work, study)
if work.understood is not None:
    batching.show_start(work, study)
