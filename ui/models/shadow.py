"""The challenger in the shadow, on the Models page: set to watch, where it differs, who was right, and its promotion."""

from __future__ import annotations

from typing import Final

import pandas as pd
import streamlit as st

from flora_core.access import UseCase
from flora_core.errors import FloraError
from flora_core.monitoring.verdicts.wording import interval_text, percent, written_p
from flora_core.study import Study
from flora_core.workflows.context import AppContext
from flora_core.workflows.models.lifecycle import VersionView, promote
from flora_core.workflows.models.shadow import ShadowComparison, shadow_comparison, stop_watching, watch_in_shadow
from ui.models.deeds import keep_promotion_notice
from ui.site.navigation import page_link
from ui.site.person import allowed_here, may, show_signing_name
from ui.site.text import escape_markdown

_PERSON: Final = "person"
_SAID: Final = "models.said"


def show_shadow(context: AppContext, study: Study, versions: list[VersionView]) -> None:
    """Which version watches beside the champion, and what it would have said."""
    st.markdown(
        "A version in the shadow is asked about every plant that is recorded, and tells nobody. Here stands what it would have "
        "said, and, of plants drawn at random, who was right."
    )
    watching = context.registry.watching_version(study.name)
    if watching is None:
        _show_start(context, study, versions)
        return
    seen = shadow_comparison(context, study.name)
    if seen is None:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"**Version {watching}** watches beside version {seen.champion}.")
        if may(context, UseCase.PROMOTE):
            st.button(
                "Stop watching",
                key="shadow.stop",
                icon=":material/visibility_off:",
                on_click=_stop,
                args=(context, study.name),
            )
    if not seen.plants:
        st.info(
            "No plant was recorded since. Every one that is recorded from now on counts here.",
            icon=":material/visibility:",
        )
        return
    share = f"{percent(seen.agreed / seen.plants)} % ({interval_text(seen.low, seen.high)})"
    st.markdown(
        f"Of **{seen.plants:,}** recorded {escape_markdown(study.plural)} both say the same of **{seen.agreed:,}**: {share}."
    )
    left, right = st.columns(2, gap="large")
    with left:
        _show_disagreements(seen)
    with right:
        _show_right(seen)
        _show_promotion(context, study, seen)


def _show_start(context: AppContext, study: Study, versions: list[VersionView]) -> None:
    could = [v.version for v in versions if not v.champion and not v.retired]
    if not could or not any(v.champion for v in versions):
        st.info("There is no other version that could watch. Train one first.", icon=":material/school:")
        page_link("train", "Train a model")
        return
    if not allowed_here(context, UseCase.PROMOTE):
        return
    version = st.selectbox(
        "Which version watches?", could[::-1], key="shadow.version", format_func=lambda v: f"version {v}"
    )
    show_signing_name(context, _PERSON, "Set by")
    st.button(
        f"Let version {version} watch",
        type="primary",
        key="shadow.start",
        icon=":material/visibility:",
        on_click=_start,
        args=(context, study.name, int(version or 0)),
    )


def _show_disagreements(seen: ShadowComparison) -> None:
    st.header("Where they differ", anchor=False)
    if not seen.disagreements:
        st.markdown("Nowhere.")
        return
    st.dataframe(
        pd.DataFrame(
            {
                f"Version {seen.champion} says": [one.champion for one in seen.disagreements],
                f"Version {seen.challenger} would say": [one.challenger for one in seen.disagreements],
                "Plants": [one.plants for one in seen.disagreements],
            }
        ),
        hide_index=True,
        height="content",
        key="shadow.differ",
    )


def _show_right(seen: ShadowComparison) -> None:
    st.header("Who was right", anchor=False)
    st.markdown(escape_markdown(seen.finding))
    if seen.right is not None:
        only = f"only version {seen.champion} on {seen.right.only_champion}, only version {seen.challenger} on "
        st.caption(
            f"Of plants drawn at random and determined: {only}{seen.right.only_challenger}; McNemar's test, p {written_p(seen.right.p, sign=True)}."
        )
    if seen.more_needed:
        st.caption(f"About {seen.more_needed:,} more plants drawn at random and determined would settle it.")
    page_link("determine", "Determine some at random")


def _show_promotion(context: AppContext, study: Study, seen: ShadowComparison) -> None:
    if not allowed_here(context, UseCase.PROMOTE):
        return
    show_signing_name(context, _PERSON, "Promoted by")
    st.button(
        f"Promote version {seen.challenger}",
        key="shadow.promote",
        icon=":material/rocket_launch:",
        type="primary" if seen.answer in ("better", "as good") else "secondary",
        on_click=_promote,
        args=(context, study.name, seen),
    )
    st.caption("Both are compared once more on the training plants; a gate that is shut promotes nothing.")


def _person() -> str:
    return str(st.session_state.get(_PERSON, ""))


def _start(context: AppContext, study: str, version: int) -> None:
    try:
        watch_in_shadow(context, study, version, by=_person(), why="To be compared on recorded plants.")
    except FloraError as refused:
        st.session_state[_SAID] = (False, refused.message)
        return
    st.session_state[_SAID] = (True, f"Version {version} watches from now on.")


def _stop(context: AppContext, study: str) -> None:
    try:
        version = stop_watching(context, study, by=_person() or "a visitor", why="")
    except FloraError as refused:
        st.session_state[_SAID] = (False, refused.message)
        return
    st.session_state[_SAID] = (True, f"Version {version} watches no more.")


def _promote(context: AppContext, study: str, seen: ShadowComparison) -> None:
    try:
        why = f"Watched {seen.plants:,} plants in the shadow. {seen.finding}"
        done = promote(context, study, seen.challenger, by=_person(), why=why)
    except FloraError as refused:
        st.session_state[_SAID] = (False, refused.message)
        return
    keep_promotion_notice(study, seen.challenger, _person() or context.principal.name, done, watched=True)
