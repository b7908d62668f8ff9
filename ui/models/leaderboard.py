"""The leaderboard on a page: every candidate as a row of a sortable table, and the score against a setting as a picture."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from flora_core.model import Candidate
from flora_core.study import Study
from ui.charts.candidates import candidate_losses, leaderboard_rows, score_against_setting, settings_tried
from ui.components.named_heading import show_named_heading
from ui.components.picture import show_picture
from ui.site.text import escape_label
from ui.site.theme import theme


def show_leaderboard(candidates: Sequence[Candidate], study: Study, key: str) -> None:
    """Table and picture; `key` tells two leaderboards on one page apart."""
    show_named_heading("Candidates", "leaderboard, cross-validated; a click on a heading sorts")
    ink = theme().ink
    rows = leaderboard_rows(candidates, ink)
    if not any(row["Outcome"] for row in rows):
        for row in rows:
            del row["Outcome"]
    st.dataframe(
        rows,
        hide_index=True,
        width="stretch",
        row_height=38,
        height=min(560, 40 + 38 * len(rows)),
        column_config={
            "Place": st.column_config.NumberColumn(width=46),
            "Family": st.column_config.TextColumn(width=168),
            "Settings": st.column_config.TextColumn(width=150),
            "Log loss": st.column_config.NumberColumn(
                format="%.3f", width=66, help="Honest certainty: punishes being sure and wrong; 0 is perfect."
            ),
            "95 % interval": st.column_config.ImageColumn(
                "95 %, left: better",
                width=160,
                help="Interval of the log loss. The green strip is that of the best; an arrow lies beyond the scale.",
            ),
            "Named right (%)": st.column_config.NumberColumn(
                "Right (%)", format="%.1f", width=70, help="Accuracy on unseen plants."
            ),
            "95 % of it": st.column_config.TextColumn(width=92),
            "Plants": st.column_config.NumberColumn(width=58),
            "Seconds": st.column_config.NumberColumn(format="%.1f", width=70),
            "Outcome": st.column_config.TextColumn(width=330),
        },
        key=f"{key}.leaderboard",
        alt=f"{len(rows)} candidates, best first: {rows[0]['Family']}, log loss {rows[0]['Log loss']:.3f}.",
    )
    _show_settings(candidates, study, key, ink)


def _show_settings(candidates: Sequence[Candidate], study: Study, key: str, ink: str) -> None:
    tried = settings_tried(candidates)
    show_named_heading("Certainty against setting", "log loss, lower is better; 95 % intervals")
    if not tried:
        show_picture(candidate_losses(candidates, ink), study, f"{key}.losses")
        return
    names = list(tried)
    chosen = st.segmented_control(
        "Setting",
        names,
        default=names[0],
        format_func=lambda name: escape_label(tried.get(name or "", name or "")),
        key=f"{key}.setting",
        required=True,
        label_visibility="collapsed",
    )
    shown = chosen if chosen in tried else names[0]
    show_picture(
        score_against_setting(candidates, shown, ink), study, f"{key}.{shown}", f"{study.name}-{shown}.csv"
    )
