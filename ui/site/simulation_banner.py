"""The mark that a simulated study carries on every page."""

from __future__ import annotations

import streamlit as st

from flora_core.access import UseCase
from flora_core.workflows.context import AppContext
from flora_core.workflows.demo import load as demo
from ui.site.person import allowed_here
from ui.site.study_picker import choose_study, chosen_study, listed_studies


def show_simulated_banner(context: AppContext) -> None:
    """Say in the bar that the plants of this page are simulated, with the way out; nothing for a real study."""
    if not listed_studies(context)[chosen_study(context)].simulated:
        return
    with st.popover("simulated", icon=":material/science:", key="simulated-chip"):
        st.markdown("**Simulated.** All plants on this page are simulated and left out of real statistics.")
        if allowed_here(context, UseCase.SIMULATE):
            st.button("Remove the simulated season", on_click=_remove, args=(context,), key="remove-simulated")


def _remove(context: AppContext) -> None:
    demo.remove(context)
    choose_study("iris")
