"""Models: the versions of a study, compared, promoted, rolled back; the key; and everything that ever happened to them."""

import streamlit as st

from ui.models import versions as parts
from ui.models.files import show_files
from ui.page import opened_house
from ui.site.navigation import page_link
from ui.site.study_picker import chosen_study
from ui.site.text import plain

house = opened_house()
study = house.studies.get(chosen_study(house))
versions = parts.list_versions(house, study.name)

st.title("Model versions")
st.markdown(
    f"What **{plain(study.title)}** was taught, how well each version does, and which of them identifies. A version never "
    "changes, and nothing here is ever lost."
)
parts.show_said()
if not versions:
    st.info("This study has no version yet: nothing can be identified until one is trained.", icon=":material/school:")
    page_link("train", "Train the first model")
    st.stop()

parts.show_champion(house, study, versions)
VIEWS = {
    "Versions": parts.show_versions,
    "Compare": parts.show_comparing,
    "Key": parts.show_key,
    "History": parts.show_history,
    "Files": show_files,
}
view = st.segmented_control(
    "View",
    list(VIEWS),
    default="Versions",
    key="view",
    required=True,
    bind="query-params",
    label_visibility="collapsed",
)
VIEWS[view](house, study, versions)
