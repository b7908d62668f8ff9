"""The head of the Monitor page: which windows are looked at, the verdict in one sentence, and what to do as buttons."""

from __future__ import annotations

from html import escape
from typing import Final

import streamlit as st

from flora_core.access import UseCase
from flora_core.errors import FloraError
from flora_core.workflows.context import AppContext
from flora_core.workflows.monitor import (
    WINDOWS,
    CurrentVerdict,
    MonitorResult,
    acknowledge,
    current_verdict,
    monitor_study,
)
from flora_core.workflows.monitor.calendar import DateRange
from flora_core.workflows.monitor.plants import NextAction, draw_from_window, next_actions, plants_of_window
from ui.components.refusal import show_refusal
from ui.site.handed_plants import HandedPlants, hand_over
from ui.site.navigation import page_link, switch_to
from ui.site.person import may, show_signing_name, who_may
from ui.site.text import escape_label, escape_markdown, italicised

_ICONS: Final = {"green": "✓", "amber": "△", "red": "!", "too few": "…"}
_BUTTONS: Final = {"see": "visibility", "draw": "casino", "train": "model_training", "explain": "task_alt"}
_ASKED: Final = {
    "see": UseCase.READ_RECORDS,
    "draw": UseCase.READ_RECORDS,
    "train": UseCase.TRAIN,
    "explain": UseCase.DETERMINE,
}
_PLANTS: Final = {
    "all": "recorded",
    "unfit": "that fit no species, recorded",
    "unsure": "that could be several species, recorded",
    "gaps": "that lack a measurement, recorded",
    "determined": "that are determined, recorded",
}


def ask_view(context: AppContext, study: str) -> MonitorResult:
    """Which windows the pictures show, and of which versions; the verdict is the same for all."""
    versions = [v.version for v in context.registry.versions(study)]
    champion = context.registry.champion_version(study)
    with st.container(horizontal=True, horizontal_alignment="right", width="content", key="monitor-view"):
        window = st.segmented_control(
            "Windows",
            WINDOWS,
            default="week",
            required=True,
            key="window",
            bind="query-params",
            label_visibility="collapsed",
            help="One step of the lines below. The verdict stays the same.",
        )
        version = st.selectbox(
            "Version",
            [None, *versions],
            format_func=lambda v: (
                "all versions" if v is None else f"version {v}{', identifies now' if v == champion else ''}"
            ),
            key="version",
            label_visibility="collapsed",
            width=220,
        )
    return monitor_study(context, study, window=window, version=version)


def verdict_shown(context: AppContext, study: str, found: MonitorResult) -> CurrentVerdict:
    """The study's one verdict, whichever windows or version the pictures show."""
    return found.current if found.current is not None else current_verdict(context, study)


def show_verdict(context: AppContext, seen: CurrentVerdict, found: MonitorResult) -> None:
    """The verdict: its word, what it rests on, one plain sentence, and what to do about it."""
    tone = "known" if seen.known is not None else seen.verdict.replace(" ", "-")
    with st.container(key=f"verdict-{tone}", border=True, gap="small"):
        st.html(
            f"<p class='flora-verdict'><span class='m' aria-hidden='true'>{_ICONS[seen.verdict]}</span>"
            f"<b>{escape(seen.word)}</b> <span class='flora-quiet'>{escape(seen.basis)}</span></p>"
        )
        first, rest = _parted(seen.sentence)
        st.html(f"<p class='flora-told'><b>{italicised(first, found.study)}</b> {italicised(rest, found.study)}</p>")
        if seen.known is not None:
            st.markdown(
                escape_markdown(f"{seen.known.by}, {seen.known.at:%d %B %Y}: {seen.known.why}"), width="content"
            )
        _show_actions(context, seen, found)
        more = [reason for reason in seen.reasons[1:] if reason not in seen.sentence]
        if more:
            with st.expander(f"{len(more)} more that changed" if len(more) > 1 else "One more that changed"):
                for reason in more:
                    st.markdown(f"- {escape_markdown(reason)}")
    for note in found.notes:
        st.caption(escape_markdown(note))


def _parted(sentence: str) -> tuple[str, str]:
    """The first sentence, and those after it."""
    first, dot, rest = sentence.partition(". ")
    # "Version 2: The last 30 flowers ..." and numbers like "5.5 cm" hold no full stop with a space behind it.
    return first + dot.strip(), rest


def _show_actions(context: AppContext, seen: CurrentVerdict, found: MonitorResult) -> None:
    actions = next_actions(context, found.study, seen)
    if not actions:
        return
    for column, action in zip(st.columns(max(3, len(actions)), gap="medium"), actions, strict=False):
        with column:
            if not may(context, _ASKED[action.kind]):
                st.caption(f"**{escape_markdown(action.label)}.** {escape_markdown(who_may(_ASKED[action.kind]))}")
            elif action.kind == "explain":
                _show_explain(context, seen, action)
            elif st.button(
                escape_label(action.label),
                key=f"monitor.{action.kind}",
                icon=f":material/{_BUTTONS[action.kind]}:",
                type="primary" if action is actions[0] else "secondary",
            ):
                _do(context, seen, action)
            st.caption(escape_markdown(action.why))


def _do(context: AppContext, seen: CurrentVerdict, action: NextAction) -> None:
    span = DateRange(seen.since.date(), seen.until.date())
    if action.kind == "train":
        st.session_state[f"train.{seen.study}.determined"] = True
        switch_to("train")
        return
    if action.kind == "draw":
        plants = draw_from_window(context, seen.study, span)
        words = f"drawn at random, recorded {seen.days}"
    else:
        plants = plants_of_window(context, seen.study, span, seen.version, action.which)
        words = f"{_PLANTS[action.which]} {seen.days}"
    open_plants(HandedPlants(seen.study, words, plants, by_chance=action.kind == "draw"))


def open_plants(handed: HandedPlants) -> None:
    """Turn to the Determine page with these plants; a word where there are none."""
    if not handed.plants:
        st.toast("There are no such plants.", icon=":material/search_off:")
        return
    hand_over(handed)
    switch_to("determine")


def words_of(which: str, span: DateRange) -> str:
    """Which plants of some days, in words."""
    return f"{_PLANTS[which]} {span.written}"


def _show_explain(context: AppContext, seen: CurrentVerdict, action: NextAction) -> None:
    with st.popover(escape_label(action.label), icon=f":material/{_BUTTONS['explain']}:"):
        why = st.text_area("Why is it so?", key="monitor.why", max_chars=1000, placeholder="Measured pressed this week")
        by = show_signing_name(context, "person", "Written by")
        if st.button("Write it down", type="primary", key="monitor.known"):
            try:
                acknowledge(context, seen.study, why=why, by=by)
            except FloraError as refused:
                show_refusal(refused)
                return
            st.rerun()


def show_empty(found: MonitorResult) -> None:
    """What a page without plants teaches: what will stand here, and how to fill it."""
    st.markdown(
        f"Every {escape_markdown(found.study.organism)} that is **recorded**, one by one or as a table, "
        "is counted here by day. From "
        "twenty on the monitor says whether they still look like the training plants, and how right their names are: "
        "estimated from the model's certainty, and counted from determinations as these come in."
    )
    page_link("identify", "Identify and record a plant")
    page_link("batch", "Identify a table")
    page_link("home", "Or load the simulated season on the first page")
