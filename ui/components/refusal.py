"""The box in which a page says what was refused, and why."""

from __future__ import annotations

import streamlit as st

from flora_core.errors import FloraError
from ui.site.text import escape_markdown


def show_refusal(refused: FloraError | str, before: str = "") -> None:
    """Show the reason, its text as it was written.

    Parameters
    ----------
    before : str
        A sentence of ours before it: "Not recorded."
    """
    message = refused if isinstance(refused, str) else refused.message
    st.error(f"{before} {escape_markdown(message)}".strip(), icon=":material/error:")
