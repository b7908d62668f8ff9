"""Tables on the Determine page: one of determinations, understood and laid down; and all records, as an archive."""

from __future__ import annotations

import io
from typing import Final

import streamlit as st

from flora_core.access import UseCase
from flora_core.errors import FloraError, Issue
from flora_core.tables.layout import FORMATS
from flora_core.tables.rows.determinations import ROLES
from flora_core.wording import listed
from flora_core.workflows.context import AppContext
from flora_core.workflows.determine import defaults
from flora_core.workflows.determine.table import TableOutcome, determine_table, look_at_table
from ui.components.refusal import show_refusal
from ui.site.person import allowed_here
from ui.site.text import escape_markdown

_DONE: Final = "determine.table"
_LABELS: Final = {
    "id": "identifier of the record",
    "number": "catalogue number",
    "name": "determined name",
    "qualifier": "qualifier (cf., aff.)",
    "by": "who determined",
    "date": "when",
    "level": "verification level",
    "remark": "remark",
}
#: Plants that a page packs while somebody waits.
_MOST_ARCHIVED: Final = 20_000
_NOWHERE: Final = "(in no column)"


def show_table_of_determinations(context: AppContext, study: str) -> None:
    """Drop a table, see which column is which, lay its determinations down, read what became of each row."""
    with st.expander("A table of determinations", icon=":material/table:"):
        st.markdown(
            "One row a plant: the identifier of its record (the column `flora_id` of a batch) or its catalogue number, and the "
            "name; who, when, verification level and remark where they are known. The same table twice adds nothing."
        )
        file = st.file_uploader(f"Drop it here: {listed(FORMATS, 'or')}", key="determine.file")
        if file is None:
            return
        try:
            layout, columns = look_at_table(file, file.name)
        except FloraError as refused:
            show_refusal(refused)
            return
        said = _show_columns(columns, layout.header)
        by = str(st.session_state.get("person") or "")
        st.caption(
            f"Rows that name nobody are signed by {escape_markdown(by)}."
            if by
            else "Rows that name nobody need a name above."
        )
        if st.button("Lay down", type="primary", icon=":material/done_all:", key="determine.table.lay"):
            try:
                found = determine_table(
                    context,
                    study,
                    io.BytesIO(file.getvalue()),
                    file.name,
                    defaults=defaults(by),
                    columns=said,
                    entered_by=by,
                )
            except FloraError as refused:
                show_refusal(refused)
                return
            st.session_state[_DONE] = (file.file_id, found)
        done = st.session_state.get(_DONE)
        if done is not None and done[0] == file.file_id:
            _show_outcome(done[1])


def show_archive(context: AppContext, study: str) -> None:
    """All records of the study with all that was said of them, to download; larger studies use the command."""
    with st.expander("All records, as a Darwin Core archive", icon=":material/archive:"):
        if not allowed_here(context, UseCase.EXPORT_ARCHIVE):
            return
        st.markdown(
            "Each plant with its newest determination, what was said of it before, by the program too, and its measurements: a "
            "zipped archive as herbaria and GBIF exchange them."
        )
        plants = context.determinations.coverage(study).identified
        if plants > _MOST_ARCHIVED:
            st.info(
                f"{plants:,} plants are more than a page should pack. On the server: `python -m flora_core archive "
                f"{escape_markdown(study)}.zip --study {escape_markdown(study)}`",
                icon=":material/terminal:",
            )
            return
        st.download_button(
            f"Download {plants:,} plants",
            data=lambda: _packed(context, study),
            file_name=f"{study}-darwin-core.zip",
            mime="application/zip",
            on_click="ignore",
            icon=":material/download:",
            disabled=not plants,
        )


def _packed(context: AppContext, study: str) -> bytes:
    from flora_core.workflows.reports.darwin_core_archive import write_archive

    stream = io.BytesIO()
    write_archive(context, study, stream)
    return stream.getvalue()


def _show_columns(found: dict[str, str], header: tuple[str, ...]) -> dict[str, str]:
    """Which column holds what, to be corrected; {header: role}."""
    columns = st.columns(4)
    said = {}
    for i, role in enumerate(ROLES):
        options = [_NOWHERE, *(name for name in header if name)]
        chosen = columns[i % 4].selectbox(
            _LABELS[role].capitalize(),
            options,
            index=options.index(found.get(role, _NOWHERE)),
            key=f"determine.column.{role}",
        )
        if chosen and chosen != _NOWHERE:
            said[chosen] = role
    return said


def _show_outcome(found: TableOutcome) -> None:
    outcome = found.outcome
    (st.success if outcome.added or outcome.unchanged else st.warning)(escape_markdown(outcome.sentence()))
    for note in outcome.notes:
        st.info(escape_markdown(note), icon=":material/info:")
    if outcome.issues:
        st.dataframe(
            [_row(issue) for issue in outcome.issues],
            hide_index=True,
            alt=f"The {len(outcome.issues)} rows that can't be used, each with what is wrong and what would be right.",
        )


def _row(issue: Issue) -> dict[str, object]:
    return {
        "row": issue.row,
        "column": issue.column,
        "value": issue.value,
        "what is wrong": issue.problem,
        "what would be right": issue.suggestion,
    }
