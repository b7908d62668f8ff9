"""Models: the versions of a study, compared, promoted, rolled back; the key; and everything that ever happened to them."""

import streamlit as st

from flora_core.errors import ArtifactRefused
from ui.models import versions as parts
from ui.models.comparing import show_comparing
from ui.models.deeds import show_version_notice
from ui.models.files import show_files
from ui.models.lost import show_lost_champion
from ui.models.shadow import show_shadow
from ui.page import require_context
from ui.site.navigation import page_link
from ui.site.study_picker import chosen_study
from ui.site.text import escape_markdown

context = require_context()
study = context.studies.get(chosen_study(context))
versions = parts.list_versions(context, study.name)

st.title("Model versions")
st.markdown(
    f"What **{escape_markdown(study.title)}** was taught, how well each version does, and which one is in use. A version never "
    "changes, and nothing here is ever lost."
)
show_version_notice(context)
if not versions:
    st.info("This study has no version yet: nothing can be identified until one is trained.", icon=":material/school:")
    page_link("train", "Train the first model")
    st.stop()

try:
    parts.show_champion(context, study, versions)
except ArtifactRefused:
    show_lost_champion(context, study, versions)
    st.stop()
VIEWS = {
    "Versions": parts.show_versions,
    "Compare": show_comparing,
    "Shadow": show_shadow,
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
VIEWS[view](context, study, versions)
