"""A picture on a page: the sentence that says what it shows, the picture, its words, and its numbers to take away."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from flora_core.study import Study
from ui.charts.scatter import Picture
from ui.site.text import harmless_figure, italicised


def show_picture(
    picture: Picture,
    study: Study,
    key: str,
    file_name: str = "",
    on_select: Callable[[], None] | None = None,
    *,
    titled: bool = True,
) -> None:
    """Show it below its title, which breaks into lines where the screen is narrow.

    Parameters
    ----------
    file_name : str
        Of its numbers, to download; "" where they stand elsewhere.
    titled : bool
        False where its title stands in the heading above.
    on_select : callable, optional
        Called when a point is clicked; what was clicked then stands in the session state under `key`.
    """
    if titled:
        st.html(f"<p class='flora-finding'>{italicised(picture.title, study)}</p>")
    if not picture.figure.data:
        # The sentence says it all: an empty frame would only make people look for what is not there.
        return
    bar = {"displayModeBar": False}
    if on_select is None:
        st.plotly_chart(harmless_figure(picture.figure), key=key, config=bar, alt=picture.alt)
    else:
        st.plotly_chart(
            harmless_figure(picture.figure),
            key=key,
            config=bar,
            alt=picture.alt,
            on_select=on_select,
            selection_mode="points",
        )
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
