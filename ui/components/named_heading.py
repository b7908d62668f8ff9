"""A heading in plain words, with the field's own name for the thing small beside it."""

from __future__ import annotations

from html import escape

import streamlit as st


def show_named_heading(plain: str, standard: str = "", level: int = 3) -> None:
    """Show the heading.

    Parameters
    ----------
    standard : str
        The term that a statistician would look up, like "confusion matrix".
    level : int
        2 or 3, as in HTML.
    """
    beside = f" <small>{escape(standard)}</small>" if standard else ""
    st.html(f"<h{level} class='flora-named'>{escape(plain)}{beside}</h{level}>")
