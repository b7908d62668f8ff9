"""The context for a page; on a first start, the training of the first model is watched instead."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from flora_core.errors import ArtifactRefused, FloraError, NoChampion
from flora_core.workflows.context import AppContext
from ui.components.refusal import show_refusal
from ui.server.startup import STARTUP
from ui.site.navigation import page_link
from ui.site.person import acting_context
from ui.site.study_picker import show_no_champion


def require_context() -> AppContext:
    """The open context; a page stops here, with a sentence, where it can't be opened."""
    try:
        return acting_context(STARTUP.wait(0.2))
    except FloraError:
        if STARTUP.opening():
            _watch()
    try:
        return acting_context(STARTUP.context())
    except FloraError as error:
        show_refusal(error)
        st.button("Try again")
        st.stop()


def _watch() -> None:
    """Show how far the opening is until it is done; only training a first model takes long enough to be seen."""
    place = st.empty()
    while STARTUP.opening():
        done, doing = STARTUP.progress()
        with place.container():
            if doing.startswith("training"):
                st.markdown("**Starting for the first time.** Four ways of learning are compared on Fisher’s irises.")
            st.progress(done, f"{doing[:1].upper()}{doing[1:]} …")
        STARTUP.pause(0.15)
    place.empty()


@contextmanager
def refusals_shown() -> Iterator[None]:
    """Show a refusal that a page did not expect as its sentence, in the page's place."""
    try:
        yield
    except NoChampion:
        show_no_champion(require_context())
    except ArtifactRefused as error:
        show_refusal(error)
        page_link("models", "Let another version identify")
        page_link("train", "Train a new version")
    except FloraError as error:
        show_refusal(error)
