"""What stands around every page: the window's title, the navigation, and the house behind it. Then the page itself."""

from pathlib import Path

import streamlit as st

from ui.starting import opened_house, refusals_shown
from ui.theme import show_styles

HERE = Path(__file__).resolve().parent
PAGES = HERE.parent / "pages"
STYLESHEET = (HERE / "static" / "flora.css").read_text(encoding="utf-8")

# The icon is a file of ours: one of Streamlit's named icons would be fetched from an outside server.
st.set_page_config(page_title="Flora Classification", page_icon=str(HERE / "static" / "logo.svg"), layout="wide")
st.logo(str(HERE / "static" / "lettering.svg"), icon_image=str(HERE / "static" / "logo.svg"), size="large")

page = st.navigation(
    [
        st.Page(PAGES / "identify.py", title="Identify", icon=":material/search:", url_path="identify", default=True),
        st.Page(PAGES / "determine.py", title="Determine", icon=":material/inbox:", url_path="determine"),
        st.Page(PAGES / "guide.py", title="Guide", icon=":material/menu_book:", url_path="guide"),
    ],
    position="top",
)
show_styles(STYLESHEET)
opened_house()
with refusals_shown():
    page.run()
