"""Where a table is dropped, what one looks like, and the tables that were dropped before."""

from __future__ import annotations

from typing import Final

import numpy as np
import streamlit as st

from flora_core.errors import FloraError
from flora_core.model import Model
from flora_core.tables.layout import FORMATS
from flora_core.wording import listed
from flora_core.workflows.context import AppContext
from ui.batch.session import BatchSession, dropped_tables
from ui.components.guide import guide_link
from ui.components.plain_table import show_plain_table
from ui.components.refusal import show_refusal
from ui.site.study_picker import choose_study, chosen_study
from ui.site.text import escape_markdown

_WORK: Final = "batch.work"
_DROP: Final = "batch.drop"
#: What the address calls a table.
_ADDRESS: Final = "table"


def current_session(context: AppContext) -> BatchSession | None:
    """The table this visitor is at: that of the address, else the one dropped before; one of another study is put away."""
    work: BatchSession | None = st.session_state.get(_WORK)
    asked = st.query_params.get(_ADDRESS, "")
    if asked and (work is None or work.identifier != asked):
        work = _reopened(context, asked)
    if work is not None and work.request.study != chosen_study(context):
        close_session()
        return None
    if work is not None and asked != work.identifier:
        st.query_params[_ADDRESS] = work.identifier
    return work


def _reopened(context: AppContext, identifier: str) -> BatchSession | None:
    """The table of an address, in its own study; None, with a sentence, where it is not kept."""
    try:
        work = BatchSession.reopened(context, identifier)
    except FloraError as refused:
        del st.query_params[_ADDRESS]
        st.warning(escape_markdown(refused.message), icon=":material/history:")
        return None
    st.session_state[_WORK] = work
    work.show()
    work.wait(1.0)
    if work.request.study != chosen_study(context):
        choose_study(work.request.study)
        st.query_params[_ADDRESS] = identifier
        st.rerun()
    return work


def close_session() -> None:
    """Put the table away; what was not recorded of it is deleted."""
    work: BatchSession | None = st.session_state.pop(_WORK, None)
    st.query_params.pop(_ADDRESS, None)
    if work is not None:
        work.clear()


def _show_kept(context: AppContext) -> None:
    """The last tables of this person, to open again."""
    kept = dropped_tables(context)
    if not kept:
        return
    st.markdown(f"**Your last tables**, kept for {context.settings.keep_results_hours} hours:")
    with st.container(horizontal=True):
        for table in kept:
            recorded = f", recorded by {table.recorded_by}" if table.recorded_by else ""
            st.button(
                escape_markdown(table.name),
                key=f"open-{table.identifier}",
                icon=":material/history:",
                help=f"{table.created:%d %B %Y, %H:%M} UTC{escape_markdown(recorded)}",
                on_click=_open,
                args=(table.identifier,),
            )


def _open(identifier: str) -> None:
    st.query_params[_ADDRESS] = identifier


def show_upload(context: AppContext, model: Model) -> None:
    """Where a file is dropped; and for who has none, what a table looks like."""
    study = model.study
    number = st.session_state.setdefault(_DROP, 0)
    dropped = st.file_uploader(
        f"Drop a table here: {listed(FORMATS, 'or')}", key=f"{_DROP}.{number}", help="One header line, one row a plant."
    )
    if dropped is not None:
        try:
            work = BatchSession(context, study.name, dropped.name, dropped)
        except FloraError as refused:
            show_refusal(refused)
            return
        st.session_state[_WORK] = work
        st.query_params[_ADDRESS] = work.identifier
        # Named at once, so that what is asked is asked beside its rows; recorded when somebody says so.
        work.show()
        # A small table is done before anybody could watch it.
        work.wait(1.0)
        # A new box under another name: Streamlit lets go of the bytes it held.
        st.session_state[_DROP] = number + 1
        st.rerun()
    _show_kept(context)
    st.header("What a table looks like")
    st.markdown(
        "One header line, then one row a plant. Names of columns may be yours; decimal commas, semicolons, units in the header "
        "or in a cell are understood, and shown before anything runs. Every row comes back, in order, with a name or a reason. "
        f"A file may have {st.get_option('server.maxUploadSize'):,} MB here; the command and the API take any size."
    )
    example = example_table(model)
    show_plain_table(example[:4])
    with st.container(horizontal=True):
        st.download_button(
            "Example table",
            _as_csv(example),
            file_name=f"{study.name}-example.csv",
            mime="text/csv",
            on_click="ignore",
            icon=":material/download:",
        )
        guide_link("tables", "More about tables")


def example_table(model: Model) -> list[dict[str, str]]:
    """A few reference plants as somebody might have written them down."""
    study, reference = model.study, model.reference
    rows = np.linspace(0, len(reference.species) - 1, 12).round().astype(int)
    return [
        {
            "specimen": f"A{i + 1:03d}",
            **{
                f"{m.label} ({m.unit})" if m.unit else m.label: "" if np.isnan(v) else m.digits(float(v))
                for m, v in list(zip(study.measurements, reference.values[row], strict=True))[:12]
            },
        }
        for i, row in enumerate(rows)
    ]


def _as_csv(rows: list[dict[str, str]]) -> str:
    lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    return "\n".join(lines) + "\n"
