"""Two tables of a visitor's own against each other, on the Monitor page."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from flora_core.monitoring.verdicts.wording import VERDICT_WORDS
from ui.components.refusal import show_refusal
from ui.site.text import escape_markdown

_SHOWN: Final = {
    "green": (st.success, ":material/check_circle:"),
    "amber": (st.warning, ":material/warning:"),
    "red": (st.error, ":material/error:"),
    "too few": (st.info, ":material/hourglass_empty:"),
}


def show_two_tables(study: Any) -> None:
    """Two tables of a visitor's own, folded until somebody asks."""
    with st.expander("Compare two tables of your own", icon=":material/compare_arrows:"):
        _show_uploads(study)


def _show_uploads(study: Any) -> None:
    """Two tables of a visitor's own against each other: herbarium and field, last year and this year."""
    from flora_core.errors import FloraError
    from flora_core.workflows.monitor.two_tables import drift_of_tables, read_table

    st.markdown(
        "Herbarium against field, last year against this: columns of the same name are compared. Nothing is recorded."
    )
    left, right = st.columns(2)
    first = left.file_uploader("The one to compare with", key="reference_table")
    second = right.file_uploader("The one that is compared", key="current_table")
    if first is None or second is None:
        return
    try:
        found = drift_of_tables(read_table(first, first.name), read_table(second, second.name), study=study)
    except FloraError as error:
        show_refusal(error)
        return
    for window in found.windows:
        element, icon = _SHOWN[window.window_verdict.verdict]
        word = VERDICT_WORDS[window.window_verdict.verdict]
        element(f"**{word}.** {escape_markdown(window.window_verdict.sentence)}", icon=icon)
        for reason in window.window_verdict.reasons:
            st.markdown(f"- {escape_markdown(f'{reason.text} {reason.next_step}'.strip())}")
        if window.window_verdict.power:
            st.caption(escape_markdown(window.window_verdict.power))
    for note in found.notes:
        st.caption(escape_markdown(note))
