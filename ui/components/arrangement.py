"""The offer to read a table in another arrangement: its two header rows joined, or a long table spread."""

from __future__ import annotations

from typing import Final

import streamlit as st

from flora_core.tables.layout import Arrangement

#: What is pressed, by what it does.
OFFERS: Final[dict[Arrangement, str]] = {
    "join-headers": "Join the two header rows",
    "spread": "Spread it: a row for each plant",
}
BACK: Final = "Read it as it stands"


def said_arrangement(file_id: str) -> Arrangement:
    """How a person said that a file is to be arranged; "" where nothing was said."""
    said: Arrangement = st.session_state.get(_key(file_id), "")
    if said:
        st.button(BACK, key=f"{_key(file_id)}.back", on_click=_say, args=(file_id, ""), icon=":material/undo:")
    return said


def offer_arrangement(file_id: str, arrangement: str) -> None:
    """A button that reads the file so; none where there is nothing to offer."""
    for offered, words in OFFERS.items():
        if offered == arrangement:
            st.button(
                words,
                key=f"{_key(file_id)}.{offered}",
                on_click=_say,
                args=(file_id, offered),
                icon=":material/table_convert:",
                type="primary",
            )


def _say(file_id: str, arrangement: Arrangement) -> None:
    st.session_state[_key(file_id)] = arrangement


def _key(file_id: str) -> str:
    return f"arrangement.{file_id}"
