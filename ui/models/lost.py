"""The way out where the files of the version that identifies are lost: another version, or a new training."""

from __future__ import annotations

import streamlit as st

from flora_core.access import UseCase
from flora_core.study import Study
from flora_core.workflows.context import AppContext
from flora_core.workflows.models.lifecycle import VersionView
from ui.models.deeds import act, sign
from ui.site.navigation import page_link
from ui.site.person import allowed_here


def show_lost_champion(context: AppContext, study: Study, versions: list[VersionView]) -> None:
    """Say that the champion's files are lost, and let another version identify in its place."""
    champion = next(v.version for v in versions if v.champion)
    others = [v.version for v in versions if not v.champion and not v.retired][::-1]
    st.error(
        f"The files of version {champion:d}, which identifies, are missing or damaged: nothing can be identified. Restore them from "
        "a backup, or let another version identify.",
        icon=":material/error:",
    )
    page_link("train", "Train a new version")
    if not others or not allowed_here(context, UseCase.PROMOTE):
        return
    with st.container(border=True):
        version = st.selectbox("Version that identifies from now on", others, key="lost.version")
        by, why = sign(
            context, "lost", "It can’t be compared with one whose files are lost: you decide, and the history says so."
        )
        st.button(
            f"Let version {version} identify",
            type="primary",
            key="lost.promote",
            on_click=act,
            args=("lost", context, study.name, version, True),
            disabled=not (by.strip() and why.strip()),
        )
