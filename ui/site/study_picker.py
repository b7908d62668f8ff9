"""The study that every page works on: chosen once, kept while the visitor moves between pages, carried by the address."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import streamlit as st

from flora_core.model import Model
from flora_core.storage.studies import ListedStudy
from flora_core.study import IRIS
from flora_core.workflows.context import AppContext
from ui.site.navigation import page_link
from ui.site.text import escape_markdown

_KEY: Final = "study"
_PICKER: Final = "study-picker"


#: The studies as this run of a page has read them: a run is a thread's own.
_run = threading.local()


@contextmanager
def studies_read_once(context: AppContext) -> Iterator[None]:
    """Read the studies and their champions from the database now, and not again inside the block: for one run of a page."""
    _run.studies = context.studies.listed()
    try:
        yield
    finally:
        del _run.studies


def listed_studies(context: AppContext) -> dict[str, ListedStudy]:
    """{name: study} in order of creation, as read at the beginning of this run of the page, or now outside of one."""
    found: tuple[ListedStudy, ...] | None = getattr(_run, "studies", None)
    return {study.name: study for study in (context.studies.listed() if found is None else found)}


def chosen_model(context: AppContext) -> Model:
    """The champion of the study this visitor works on, as it was at the beginning of this run of the page.

    Raises
    ------
    NoChampion, ArtifactRefused, DatabaseUnavailable
    """
    name = chosen_study(context)
    champion = listed_studies(context)[name].champion
    return context.champion(name) if champion is None else context.model(name, champion)


def chosen_study(context: AppContext) -> str:
    """The name of the study this visitor works on: from the address, else as chosen before, else the first there is."""
    names = list(listed_studies(context))
    asked = st.query_params.get(_KEY, "")
    if asked in names:
        st.session_state[_KEY] = asked
    kept = st.session_state.get(_KEY, IRIS.name)
    return str(kept) if kept in names else names[0]


def choose_study(name: str) -> None:
    """Let this visitor work on another study from now on; what the address holds of the former one goes."""
    st.session_state[_KEY] = name
    st.query_params.from_dict({_KEY: name})


def warn_of_unknown_study(context: AppContext) -> None:
    """Say so where the address asks for a study that is not here."""
    asked, studies = st.query_params.get(_KEY, ""), listed_studies(context)
    if len(studies) > 1 and asked and asked not in studies:
        st.warning(
            f"The address asks for a study “{escape_markdown(asked[:60])}”, which is not here; another one is shown."
        )


def show_study_picker(context: AppContext) -> None:
    """A box to choose the study by, on every page, where there is more than one; the address carries the choice."""
    titles = {name: study.title for name, study in listed_studies(context).items()}
    if len(titles) < 2:
        return
    chosen = chosen_study(context)
    asked = st.query_params.get(_KEY, "")
    if asked != chosen:
        st.query_params[_KEY] = chosen
    # The box shows what was chosen, by whatever way: by the box itself, by the address, or by a button of a page.
    st.session_state[_PICKER] = chosen
    st.selectbox(
        "Study",
        list(titles),
        key=_PICKER,
        format_func=lambda name: titles.get(name, name),
        on_change=_picked,
        label_visibility="collapsed",
        width=210,
    )


def _picked() -> None:
    choose_study(str(st.session_state[_PICKER]))


def show_no_champion(context: AppContext) -> None:
    """What to do where the chosen study has no model that identifies yet."""
    name = chosen_study(context)
    title = listed_studies(context)[name].title
    versions = len(context.registry.versions(name))
    st.title(escape_markdown(title))
    if versions:
        st.info(
            f"{versions} model version{'s' if versions > 1 else ''} of this study {'are' if versions > 1 else 'is'} saved, and "
            "none identifies yet. Look at the scores, then promote one.",
            icon=":material/inventory_2:",
        )
        page_link("models", "Choose the version that identifies")
        return
    st.info(
        "This study has its training plants, and no model yet. Train one: that takes from seconds to a few minutes. Then "
        "promote it, and this page names plants.",
        icon=":material/model_training:",
    )
    page_link("train", "Train a first model")
    page_link("studies", "Look at the study's plants")
