"""Monitor: do the plants still look like the training plants, and how right are their names?"""

import streamlit as st

from ui import monitor
from ui.page import require_context
from ui.site.study_picker import chosen_study
from ui.site.text import escape_markdown

context = require_context()
study = context.studies.get(chosen_study(context))

st.title("Monitor")
st.markdown(
    f"Do the plants that are identified still look like those the model was trained on, and how right are their names? Study: "
    f"**{escape_markdown(study.title)}**."
)
found = monitor.asked(context, study.name)
monitor.show_verdict(found)
if found.windows:
    monitor.show_pictures(context, found)
    monitor.show_groups(context, study.name, found)
else:
    monitor.show_empty(found)
monitor.show_two_tables(study)
