"""What came of a table: the verdict, the rows, and what can be taken home."""

from __future__ import annotations

from html import escape
from typing import Any, Final

import numpy as np
import streamlit as st

from flora_core.errors import FloraError
from flora_core.model import Model
from flora_core.study import Study
from flora_core.workflows.batch import BatchPlan, Summary
from flora_core.workflows.batch.result_rows import (
    FILTERS,
    STATES,
    ScreenSink,
    ShownRow,
    first_identifiers,
    page_of_rows,
)
from flora_core.workflows.context import AppContext
from flora_core.workflows.determine.slips import slip_page
from ui.batch.reading import show_questions, show_reading
from ui.batch.rows_table import share_bar, species_bars, table_of_rows
from ui.batch.session import BatchSession
from ui.batch.upload import close_session
from ui.charts.batch import plants_among_training
from ui.charts.scatter import best_pair
from ui.components.determination import determine_here
from ui.components.refusal import show_refusal
from ui.site.person import show_signing_name
from ui.site.text import escape_markdown, harmless_figure
from ui.site.theme import theme

#: Rows on one page of the table; slips in one file.
_PAGE: Final = 25
_SLIPS: Final = 500
_ICONS: Final = {"named": "check_circle", "unsure": "help", "fits nothing": "block", "failed": "error"}
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def show_head(work: BatchSession, study: Study) -> None:
    """Which file it is, whether it stands in the records, how it was read, and the way to another."""
    with st.container(
        key="batch-head", horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"
    ):
        with st.container(width="stretch", gap=None):
            st.title("A whole table", anchor=False)
            recorded = (
                f" · recorded {escape(work.recorded_before())}" if work.summary is not None and work.is_recorded else ""
            )
            rows = f" · {_counted(work.summary.rows, 'row')}" if work.summary is not None else f" · {_size(work.size)}"
            st.html(f"<p class='flora-says'><b>{escape(work.request.name)}</b>{rows}{recorded}</p>")
        with st.container(horizontal=True, width="content"):
            if work.understood is not None:
                with st.popover("How it was read", icon=":material/tune:", width="content"):
                    show_reading(work, study)
            st.button("Another file", on_click=close_session, icon=":material/close:")


def watch_batch(work: BatchSession) -> None:
    """How far the run is, with the way to stop it; the page is drawn again when it has ended."""

    @st.fragment(run_every=0.5)
    def shown() -> None:
        if not work.running:
            st.rerun()
        share, doing = work.progress
        st.progress(min(1.0, share), f"Naming the rows: {doing}")
        st.button("Stop", on_click=work.stop, icon=":material/stop:")

    shown()


def show_result(context: AppContext, work: BatchSession, model: Model) -> None:
    """What came of the table, row by row, with the way into the records and home."""
    summary, screen = work.summary, work.screen
    if summary is None or screen is None:
        return
    left, right = st.columns([2.9, 1], gap="medium")
    with left:
        _show_verdict(work, summary, screen, model.study)
        _show_rows(context, work, screen, model.study)
    with right:
        _show_downloads(context, work, summary)
        _show_found(summary, screen, model)


def _show_verdict(work: BatchSession, summary: Summary, screen: ScreenSink, study: Study) -> None:
    with st.container(key="batch-verdict", border=True, gap="small"):
        st.html(f"<p class='flora-says'>{_sentence(summary, screen, len(work.questions))}</p>")
        show_questions(work, study)
        _show_record(work, summary, study)


def _counted(n: int, word: str) -> str:
    return f"{n:,} {word}{'' if n == 1 else 's'}"


def _sentence(summary: Summary, screen: ScreenSink, questions: int) -> str:
    named, unsure, nothing, failed = (screen.states[state] for state in STATES)
    have = "has" if named == 1 else "have"
    parts = [f"<b>{named:,} of {_counted(summary.rows, 'row')} {have} a name.</b>"]
    others = [
        f"{unsure:,} {'is' if unsure == 1 else 'are'} unsure" if unsure else "",
        f"{nothing:,} fit{'s' if nothing == 1 else ''} no species" if nothing else "",
        f"{failed:,} could not be read" if failed else "",
    ]
    said = ", ".join(filter(None, others))
    parts += [f"{said}."] if said else []
    if questions:
        parts.append(f"<b>{'One question' if questions == 1 else f'{questions} questions'}:</b>")
    return " ".join(parts)


def _show_record(work: BatchSession, summary: Summary, study: Study) -> None:
    """Who records, and the button; or that it is recorded."""
    if work.is_recorded:
        n = summary.identified
        st.success(f"{_counted(n, 'identification')} recorded.", icon=":material/check_circle:")
        return
    if not summary.identified:
        return
    understood, before = work.understood, work.recorded_before()
    again = False
    with st.container(key="batch-record", horizontal=True, vertical_alignment="bottom"):
        with st.container(width=240):
            by = show_signing_name(work.context, "person", "Identified by")
        with st.popover("Collector and site", icon=":material/place:"):
            gathered = st.text_input(
                "Collected by", key="batch.collector", placeholder=_unless_said(understood, "collector"), max_chars=200
            )
            where = st.text_input("Site", key="batch.site", placeholder=_unless_said(understood, "site"), max_chars=200)
        n = summary.identified
        pressed = st.button(
            f"Record {_counted(n, 'identification')}", key="batch.record", type="primary", icon=":material/save:"
        )
    if before:
        again = st.checkbox(
            f"This file was recorded on {escape_markdown(before)}. Record it again",
            key="batch.again",
            help="It is not recorded twice unless you say so.",
        )
    if not pressed:
        return
    try:
        work.start(record=True, again=again, by=by, collector=gathered, site=where)
    except FloraError as refused:
        show_refusal(refused)
        return
    # A small table is done before anybody could watch it.
    work.wait(0.6)
    st.rerun()


def _unless_said(understood: BatchPlan | None, kind: str) -> str:
    """What stands in an empty field: where the file says it row by row, that it does."""
    column = getattr(understood.provenance, kind) if understood is not None else None
    return "if it is known" if understood is None or column is None else f"as '{understood.layout.header[column]}' says"


def _show_rows(context: AppContext, work: BatchSession, screen: ScreenSink, study: Study) -> None:
    counts = {FILTERS[0]: sum(screen.states.values()), **screen.states}
    with st.container(
        key="batch-filter", horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    ):
        st.header("Row by row", anchor=False)
        chosen = str(
            st.pills(
                "Which rows",
                [name for name in FILTERS if counts[name] or name == FILTERS[0]],
                default=FILTERS[0],
                required=True,
                key="batch.filter",
                format_func=lambda name: (
                    f"{f':material/{_ICONS[name]}: ' if name in _ICONS else ''}{name} **{counts[name]:,}**"
                ),
                label_visibility="collapsed",
            )
        )
    st.html(share_bar(screen.states))
    total = counts[chosen]
    pages = max(1, -(-total // _PAGE))
    number = min(int(st.session_state.get(f"batch.page.{chosen}", 1)), pages)
    rows, _ = page_of_rows(work.rows(), chosen, (number - 1) * _PAGE, _PAGE)
    st.html(table_of_rows(rows, screen.header, study, screen.measured))
    first = (number - 1) * _PAGE + 1
    with st.container(
        key="batch-foot", horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    ):
        st.caption(
            f"{first:,} to {min(total, first + _PAGE - 1):,} of {_counted(total, 'row')}; row numbers are those of "
            "the spreadsheet. Yellow cell: read past a word, as a middle, or after an answer of yours. "
            "Red cell: could not be used."
            if total
            else "There are none."
        )
        if pages > 1:
            st.pagination(pages, key=f"batch.page.{chosen}")
    _determine_rows(context, work, rows, chosen, total)


def _determine_rows(context: AppContext, work: BatchSession, rows: list[ShownRow], chosen: str, total: int) -> None:
    """Confirm or correct rows of this page, all at once."""
    recorded = {row.row: row for row in rows if row.identifier}
    if not recorded:
        return
    with st.expander(
        f"Determine rows of this page ({len(recorded)})", icon=":material/edit_note:", key="batch-determine"
    ):
        picked = st.multiselect(
            "Rows",
            list(recorded),
            key=f"batch.rows.{chosen}.{rows[0].row}",
            format_func=lambda number: (
                f"row {number}: {recorded[number].species or recorded[number].reason.split(chr(10))[0]}"
            ),
            placeholder="all that are chosen get the same answer",
        )
        if picked:
            names = {recorded[number].species for number in picked}
            determine_here(
                context,
                [recorded[number].identifier for number in picked],
                names.pop() if len(names) == 1 else "",
                where="batch",
                asked_elsewhere=True,
            )


def _show_downloads(context: AppContext, work: BatchSession, summary: Summary) -> None:
    stem = "".join(c if c.isalnum() or c in "-_" else "-" for c in work.request.name.rsplit(".", 1)[0])[:80] or "table"
    kinds: tuple[tuple[str, str, str, str, str], ...] = (
        ("csv", "Table (.csv)", f"{stem}-identified.csv", "text/csv", "your columns to the letter, ours beside them"),
        ("xlsx", "Table (.xlsx)", f"{stem}-identified.xlsx", _XLSX, "the same, for a spreadsheet program"),
        ("parquet", "Table (.parquet)", f"{stem}-identified.parquet", "application/vnd.apache.parquet", "for programs"),
        (
            "issues",
            "List of issues (.csv)",
            f"{stem}-issues.csv",
            "text/csv",
            f"{_counted(summary.issue_count, 'cell')}: what is wrong, what would be right",
        ),
        (
            "darwin core",
            "Darwin Core archive",
            f"{stem}-darwin-core.zip",
            "application/zip",
            "for GBIF: plants, measurements, names",
        ),
    )
    with st.container(key="batch-take", border=True, gap="xsmall"):
        st.html("<h2 class='flora-h2'>Take it with you</h2>")
        for kind, label, name, mime, what in kinds:
            if kind != "issues" or summary.issue_count:
                st.download_button(
                    label,
                    data=_maker(work, kind),
                    file_name=name,
                    mime=mime,
                    on_click="ignore",
                    key=f"get-{kind}",
                    type="primary" if kind == "csv" and work.is_recorded else "secondary",
                    icon=":material/download:",
                    width="stretch",
                )
                st.caption(what)
        if work.is_recorded:
            most = min(_SLIPS, summary.identified)
            label = "Slips to print" if summary.identified <= _SLIPS else f"Slips of the first {most}"
            st.download_button(
                label,
                data=lambda: _slips(context, work),
                file_name=f"{stem}-slips.html",
                mime="text/html",
                on_click="ignore",
                key="get-slips",
                icon=":material/print:",
                width="stretch",
            )


def _maker(work: BatchSession, kind: str) -> Any:
    return lambda: work.result(kind)


def _slips(context: AppContext, work: BatchSession) -> str:
    identifiers = first_identifiers(work.rows(), _SLIPS)
    return slip_page(context, tuple(context.records.get(identifier) for identifier in identifiers))


def _show_found(summary: Summary, screen: ScreenSink, model: Model) -> None:
    study = model.study
    if not sum(screen.states[state] for state in STATES[:3]):
        return
    with st.container(key="batch-found", border=True, gap="xsmall"):
        st.html(
            "<h2 class='flora-h2'>What was found</h2>"
            f"{species_bars(study, screen.sure.tolist(), screen.unsure.tolist(), screen.states['fits nothing'])}"
            "<p class='flora-quiet'>full: named; pale: unsure (cf.)</p>"
        )
    if best_pair(model)[0] < 0:
        return
    with st.container(key="batch-where", border=True, gap="xsmall"):
        x, y = best_pair(model, tuple(np.flatnonzero(~np.isnan(screen.drawn).all(axis=0)).tolist()))
        picture = plants_among_training(
            model, screen.drawn, screen.drawn_species, x, y, theme().ink, summary.identified
        )
        drawn = len(screen.drawn_species)
        first = f"; the first {drawn:,} rows" if drawn < summary.identified else ""
        st.html("<h2 class='flora-h2'>Where they lie</h2>")
        picture.figure.update_layout(height=260, showlegend=False)
        st.plotly_chart(
            harmless_figure(picture.figure), key="batch.among", config={"displayModeBar": False}, alt=picture.alt
        )
        st.html(f"<p class='flora-quiet'>pale: training {escape(study.plural)}; ✕: fits nothing{first}</p>")


def _size(n: int) -> str:
    return f"{n / 1_000_000:.1f} MB" if n >= 100_000 else f"{n / 1000:.1f} kB"
