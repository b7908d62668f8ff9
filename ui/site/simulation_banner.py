"""The mark that a simulated study carries on every page."""

from __future__ import annotations

import streamlit as st

from flora_core.workflows.context import AppContext
from flora_core.workflows.demo import load as demo
from ui.site.study_picker import choose_study, chosen_study, listed_studies


def show_simulated_banner(context: AppContext) -> None:
    """Say on top of the page that its plants are simulated, with the way out; nothing for a real study."""
    if not listed_studies(context)[chosen_study(context)].simulated:
        return
    with st.container(key="simulated", horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown("**Simulated.** No plant on this page ever grew; nothing of it counts in a real number.")
        st.button("Remove the simulated season", on_click=_remove, args=(context,), key="remove-simulated")


def _remove(context: AppContext) -> None:
    demo.remove(context)
    choose_study("iris")
