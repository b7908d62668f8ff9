"""The study that every page works on: chosen once, kept while the visitor moves between pages, carried by the address."""

from __future__ import annotations

from typing import Final

import streamlit as st

from flora_core.study import IRIS
from flora_core.workflows.house import House

_KEY: Final = "study"


def chosen_study(house: House) -> str:
    """The name of the study this visitor works on: from the address, else as chosen before, else the first there is."""
    names = house.studies.names()
    asked = st.query_params.get(_KEY, "")
    if asked in names:
        st.session_state[_KEY] = asked
    kept = st.session_state.get(_KEY, IRIS.name)
    return str(kept) if kept in names else names[0]


def choose_study(name: str) -> None:
    """Let this visitor work on another study from now on."""
    st.session_state[_KEY] = name
    if _KEY in st.query_params:
        st.query_params[_KEY] = name
