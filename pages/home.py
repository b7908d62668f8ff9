"""Home: the state of the study in one screen, what waits for a person, and the next step."""

import streamlit as st

from ui.home import cached_overview, show_demonstration, show_start_links, show_state, show_waiting, show_watch
from ui.page import require_context
from ui.site.study_picker import chosen_study
from ui.site.text import escape_markdown

context = require_context()
view = cached_overview(context, chosen_study(context))

st.title(escape_markdown(view.study.title))
st.markdown("Measure a plant, learn its name, and know how far to trust it.")
show_state(view)
show_waiting(view)
show_watch(context, view.study.name)
show_start_links(view)
show_demonstration(context)
