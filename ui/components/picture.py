"""A picture on a page: the sentence that says what it shows, the picture, its words, and its numbers to take away."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import streamlit as st

from flora_core.study import Study
from ui.charts.scatter import Picture
from ui.site.text import italicised


def show_picture(picture: Picture, study: Study, key: str, file_name: str = "") -> None:
    """Show it below its title, which breaks into lines where the screen is narrow.

    Parameters
    ----------
    file_name : str
        Of its numbers, to download; "" where they stand elsewhere.
    """
    st.html(f"<p class='flora-finding'>{italicised(picture.title, study)}</p>")
    if not picture.figure.data:
        # The sentence says it all: an empty frame would only make people look for what is not there.
        return
    st.plotly_chart(picture.figure, key=key, config={"displayModeBar": False}, alt=picture.alt)
    if file_name:
        st.download_button(
            "Its numbers (.csv)",
            _csv(picture.rows),
            file_name,
            "text/csv",
            on_click="ignore",
            key=f"{key}.numbers",
            type="tertiary",
            icon=":material/download:",
        )


def _csv(rows: Sequence[dict[str, Any]]) -> str:
    out = io.StringIO()
    if rows:
        writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return out.getvalue()
