"""A small table whose headings and cells show as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from ui.site.text import escape_markdown


def show_plain_table(rows: Sequence[Mapping[str, str]]) -> None:
    """Show the rows, of which each is {heading: cell}; nothing in them is read as Markdown."""
    st.table([{escape_markdown(k): escape_markdown(v) for k, v in row.items()} for row in rows], hide_index=True)
