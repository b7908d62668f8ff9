"""The parts of the Home page: how good, how much, what waits, and the demonstration."""

from __future__ import annotations

import time
from html import escape
from typing import Final

import streamlit as st

from flora_core.access import UseCase
from flora_core.errors import FloraError
from flora_core.model import ModelCard
from flora_core.storage.records.statistics import RecordStatistics
from flora_core.workflows.context import AppContext
from flora_core.workflows.demo import load as demo
from flora_core.workflows.reports.overview import DAYS, Home, home
from flora_core.workflows.reports.watch_state import watch_state
from ui.components.guide import guide_link
from ui.components.refusal import show_refusal
from ui.site.navigation import has_page, page_link, switch_to
from ui.site.person import allowed_here
from ui.site.study_picker import choose_study
from ui.site.text import escape_label, escape_markdown, italicised
from ui.site.tour import begin_tour

#: Seconds for which a look at an unchanged study is good: a day passes in it only once.
_GOOD_FOR: Final = 600.0

#: Whether this visitor asked for a simulated season that is not there yet.
_ASKED_FOR: Final = "home.season"

_kept: dict[tuple[object, ...], tuple[float, Home]] = {}


def cached_overview(context: AppContext, study: str) -> Home:
    """The state of the study, computed again only where something happened to it."""
    key = (context.database.description, study, RecordStatistics(context.database).state(study))
    found = _kept.get(key)
    if found is None or time.monotonic() - found[0] > _GOOD_FOR:
        while len(_kept) >= 32:
            _kept.pop(next(iter(_kept)))
        found = _kept[key] = (time.monotonic(), home(context, study))
    return found[1]


def show_state(view: Home) -> None:
    """Four cards: the champion's accuracy, the plants of the last thirty days, those determined, the verdict."""
    covered = view.coverage
    share = f"{100 * covered.determined / covered.identified:.0f} %" if covered.identified else "–"
    plural = view.study.plural
    said = "Nothing to determine yet."
    if covered.identified:
        said = f"{covered.determined:,} of {covered.identified:,} recorded {plural}"
    most = f"most on one day: {max(n for _, n in view.days)}" if view.identified else "Nothing was recorded yet."
    cards = [
        _card("How good", *_accuracy(view.champion)),
        _card(f"Identified in {DAYS} days", f"{view.identified:,}", most, inside=_bars(view)),
        _card("Determined by a person", share, said),
    ]
    if view.verdict is None:
        cards.append(_card("The verdict", "–", "There is no model to hold the plants against."))
    else:
        colour = view.verdict.verdict
        cards.append(
            _card("The verdict", view.verdict.word, view.verdict.sentence, small=view.verdict.basis, tone=colour)
        )
    st.html(f"<div class='flora-cards'>{''.join(cards)}</div>")


def show_waiting(view: Home) -> None:
    """What waits for a person, most pressing first, each with its button; or the next plant, where nothing does."""
    st.header("What waits for you")
    waiting = [one for one in view.waiting if has_page(one.page)]
    if not waiting:
        with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(f"Nothing is waiting. Identify the next {escape_markdown(view.study.organism)}.")
            if st.button(
                f"Identify a {escape_markdown(view.study.organism)}", type="primary", icon=":material/search:"
            ):
                switch_to("identify")
    for i, one in enumerate(waiting):
        with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.html(f"<p class='flora-waits'>{italicised(one.text, view.study)}</p>")
            if st.button(escape_label(one.action), key=f"waiting-{one.page}", type="secondary" if i else "primary"):
                switch_to(one.page)


def show_watch(context: AppContext, study: str) -> None:
    """When the watch last ran and what it decided; that a night was missed. Nothing where it never ran."""
    seen = watch_state(context, study)
    if seen is None:
        return
    if seen.missed:
        st.warning(escape_markdown(seen.missed), icon=":material/bedtime_off:")
    for sentence in seen.sentences:
        st.caption(escape_markdown(sentence))


def show_start_links(view: Home) -> None:
    """The ways into the work: one plant, a table, plants of one's own."""
    st.header("Begin")
    doors = (
        ("identify", f"Identify a {escape_markdown(view.study.organism)}", "Measure one and read its name at once."),
        ("batch", "A whole table", "Every row comes back with a name or a reason."),
        ("studies", "Your own plants", "From a labelled table to an identification page."),
    )
    there = [door for door in doors if has_page(door[0])]
    for column, (page, label, text) in zip(st.columns(len(there), gap="small"), there, strict=True):
        with column.container(border=True, height="stretch"):
            page_link(page, label)
            st.markdown(text)


def show_demonstration(context: AppContext) -> None:
    """Load or remove a simulated season, and be led through it."""
    if st.session_state.get(_ASKED_FOR):
        _load(context)
    loaded = demo.is_loaded(context)
    with st.expander("Show it to somebody", icon=":material/slideshow:", expanded=False):
        st.markdown(
            "A simulated season fills a study of its own: ninety days, three collectors, a week in millimetres, a new "
            "population, a species that nobody trained. Every page has something to show then. It is marked as simulated "
            "everywhere, never counts in a real number, and goes without a trace."
        )
        with st.container(horizontal=True):
            if not loaded and allowed_here(context, UseCase.SIMULATE):
                st.button(
                    "Load a simulated season", icon=":material/play_arrow:", type="primary", on_click=_ask_for_season
                )
            if loaded:
                st.button("Begin the tour", icon=":material/tour:", type="primary", on_click=_show_around)
                st.button(
                    "Look at the simulated season",
                    icon=":material/visibility:",
                    on_click=choose_study,
                    args=(demo.STUDY,),
                )
        guide_link("watching", "What the pages say of a season")


def _show_around() -> None:
    choose_study(demo.STUDY)
    begin_tour()


def _ask_for_season() -> None:
    st.session_state[_ASKED_FOR] = True


def _load(context: AppContext) -> None:
    """Load the season that was asked for.

    Whatever else the visitor touches ends the run of the page where it next shows something: nothing is shown while the season
    is loaded, and it stays asked for until it is there.
    """
    with st.spinner("Simulating a season of ninety days. It takes a few seconds."):
        try:
            demo.load(context)
        except FloraError as refused:
            del st.session_state[_ASKED_FOR]
            show_refusal(refused)
            return
        del st.session_state[_ASKED_FOR]
        choose_study(demo.STUDY)
    switch_to("home")


def _accuracy(card: ModelCard | None) -> tuple[str, str]:
    if card is None:
        return "–", "No model identifies yet."
    s = card.scores
    text = (
        f"of {s.plants:,} unseen plants named right ({100 * s.low:.1f} to {100 * s.high:.1f} %); {card.label}, "
        f"{card.algorithm_title}"
    )
    return f"{100 * s.accuracy:.1f} %", text


def _card(title: str, value: str, text: str, *, small: str = "", tone: str = "", inside: str = "") -> str:
    mark = f" flora-{tone.replace(' ', '-')}" if tone else ""
    rests_on = f"<p class='t flora-quiet'>{escape(small)}</p>" if small else ""
    return (
        f"<div class='flora-card{mark}'><p class='t'>{escape(title)}</p><p class='v'>{escape(value)}</p>{rests_on}{inside}"
        f"<p class='x'>{escape(text)}</p></div>"
    )


def _bars(view: Home) -> str:
    """The plants of each day as bars beside each other, and in words for those who can't see them."""
    if not view.identified:
        return ""
    most = max(n for _, n in view.days)
    first, last, days = view.days[0][0], view.days[-1][0], sum(1 for _, n in view.days if n)
    said = (
        f"Bars: plants recorded on each day from {first:%d %B} to {last:%d %B}; {view.identified} on {days} days, at most "
        f"{most} on one."
    )
    bars = "".join(
        f"<i style='height:{max(4, 100 * n / most):.0f}%;opacity:{0.85 if n else 0.25}'></i>" for _, n in view.days
    )
    return f"<div class='flora-days' role='img' aria-label='{escape(said, quote=True)}'>{bars}</div>"
