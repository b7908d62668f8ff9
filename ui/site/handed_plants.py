"""Plants that one page hands to the Determine page, to be looked at one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import streamlit as st

from flora_core.storage.records.identifications import IdentificationRecord

_KEY: Final = "handed-plants"


@dataclass(frozen=True, slots=True)
class HandedPlants:
    """Some plants of a study, and which they are.

    Attributes
    ----------
    words : str
        After their number: "that fit no species, 21 to 27 November 2026".
    by_chance : bool
        Whether chance chose them: what is said of them then speaks for all the others.
    """

    study: str
    words: str
    plants: tuple[IdentificationRecord, ...]
    by_chance: bool = False


def hand_over(handed: HandedPlants) -> None:
    """Keep them for the Determine page; they take the place of any before."""
    st.session_state[_KEY] = handed


def handed_plants(study: str) -> HandedPlants | None:
    """Those that wait for the Determine page, where they are of this study."""
    found: HandedPlants | None = st.session_state.get(_KEY)
    return found if found is not None and found.study == study and found.plants else None


def put_back() -> None:
    """Forget them: the page shows what waits again."""
    st.session_state.pop(_KEY, None)
