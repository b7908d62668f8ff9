"""What stands around every page: the window's title, the navigation, and the context of the server. Then the page itself."""

from pathlib import Path

import streamlit as st

from flora_core.storage.patience import PAGE_SECONDS, Patience, waiting
from ui.page import refusals_shown, require_context
from ui.site.language import language_read_once, show_language_picker
from ui.site.navigation import pages, show_places
from ui.site.person import show_person
from ui.site.simulation_banner import show_simulated_banner
from ui.site.study_picker import show_study_picker, studies_read_once, warn_of_unknown_study
from ui.site.theme import show_styles
from ui.site.tour import show_tour

HERE = Path(__file__).resolve().parent
STYLESHEET = (HERE / "static" / "flora.css").read_text(encoding="utf-8")

# The icon is a file of ours: one of Streamlit's named icons would be fetched from an outside server.
_ICON = str(HERE / "static" / "logo.svg")
# Before the navigation, which would take the page's own icon otherwise; after it the page is known, and its title.
st.set_page_config(page_icon=_ICON, layout="wide")
st.logo(_ICON, size="large")

page = st.navigation(pages(), position="top")
st.set_page_config(page_title=f"{page.title} · Flora Classification")
show_styles(STYLESHEET)
context = require_context()
with waiting(Patience(PAGE_SECONDS)), refusals_shown(), studies_read_once(context), language_read_once():
    warn_of_unknown_study(context)
    with st.container(key="chips", horizontal=True, vertical_alignment="center"):
        show_study_picker(context)
        show_simulated_banner(context)
        show_language_picker()
        show_person(context)
    show_places()
    show_tour()
    page.run()
