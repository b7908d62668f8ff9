"""The guided tour for the one who demonstrates: five stops, each on the page it speaks of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import streamlit as st

from ui.site.navigation import switch_to

_PLACE: Final = "tour"
#: The page to turn to at the next run. A press is kept here by its callback: a run of the page that is cut off loses none.
_TO: Final = "tour.to"


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop: the page, a heading, what to say there."""

    page: str
    title: str
    text: str


STOPS: Final = (
    Stop(
        "identify",
        "A flower gets its name, and how far to trust it",
        "Move a slider: the name, its probability and the sentence follow at once. Make the petals ten times too long, and it "
        "asks whether you meant another unit instead of naming the flower with certainty.",
    ),
    Stop(
        "batch",
        "A table nobody has seen before",
        "Any spreadsheet comes back with every row named or explained. Take the example file on this page.",
    ),
    Stop(
        "determine",
        "A person has the last word",
        "The plants whose determination teaches most come first. What a person says is laid beside what the model said.",
    ),
    Stop(
        "monitor",
        "The season, told in words",
        "A week in millimetres, a new population, a species that nobody trained: each is found with few plants, told from "
        "chance, and comes with the next step.",
    ),
    Stop(
        "models",
        "The life of a model",
        "A challenger is compared with the champion on the same plants; a gate, or a person with a reason, decides; and there "
        "is always a way back.",
    ),
)


def begin_tour() -> None:
    """Go to the first stop, as a button's callback."""
    _turn(0)


def show_tour() -> None:
    """The panel of the stop that is being made, above the page; nothing where there is no tour."""
    to = st.session_state.pop(_TO, None)
    if to is not None:
        switch_to(to)
    place = st.session_state.get(_PLACE)
    if place is None:
        return
    stop = STOPS[place]
    with st.container(border=True, key="tour"):
        st.markdown(f"**{place + 1} of {len(STOPS)}. {stop.title}.** {stop.text}")
        with st.container(horizontal=True):
            if place:
                st.button("Back", key="tour-back", icon=":material/arrow_back:", on_click=_turn, args=(place - 1,))
            if place + 1 < len(STOPS):
                st.button(
                    "Next stop",
                    key="tour-next",
                    type="primary",
                    icon=":material/arrow_forward:",
                    on_click=_turn,
                    args=(place + 1,),
                )
            else:
                st.button("That was the tour", key="tour-last", type="primary", on_click=_end)
            st.button("End the tour", key="tour-end", on_click=_end)


def _turn(place: int) -> None:
    st.session_state[_PLACE] = place
    st.session_state[_TO] = STOPS[place].page


def _end() -> None:
    del st.session_state[_PLACE]
    st.session_state[_TO] = "home"
