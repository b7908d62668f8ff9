"""The parts of the Batch page: the drop, what was understood, the run, what came of it, the downloads."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa
import streamlit as st

from flora_core.errors import FloraError
from flora_core.model import Model
from flora_core.study import Study
from flora_core.tables.layout import FORMATS
from flora_core.tables.rows.checking import DuplicatePolicy
from flora_core.units import convertible
from flora_core.wording import listed
from flora_core.workflows.batch import BatchPlan, Summary
from flora_core.workflows.batch.result_rows import FILTERS, first_identifiers, page_of_rows
from flora_core.workflows.context import AppContext
from flora_core.workflows.determine.slips import slip_page
from ui.batch.session import BatchSession
from ui.charts.batch import certainties, plants_among_training, species_counts
from ui.charts.scatter import axis_title, best_pair
from ui.components.arrangement import BACK, OFFERS
from ui.components.determination import determine_here
from ui.components.guide import guide_link
from ui.components.picture import show_picture
from ui.site.person import show_signing_name
from ui.site.text import escape_markdown, italicised, without_options
from ui.site.theme import theme

_WORK: Final = "batch.work"
_DROP: Final = "batch.drop"
_NOT_THERE: Final = "not in this file"
_AS_FOUND: Final = "as found"
#: Rows on one page of the table; slips in one file.
_PAGE: Final = 200
_SLIPS: Final = 500
_MOST_BOXES: Final = 24

_DUPLICATES: Final = {
    DuplicatePolicy.FLAG: "name each row, and flag them",
    DuplicatePolicy.REPLICATE: "one plant measured several times: one answer from the means",
    DuplicatePolicy.LATEST: "the last row counts",
    DuplicatePolicy.ERROR: "name none of them",
}


def current_session(context: AppContext, study: str) -> BatchSession | None:
    """The table this visitor is at, or None; one of another study is put away."""
    work: BatchSession | None = st.session_state.get(_WORK)
    if work is not None and work.request.study != study:
        close_session()
        return None
    return work


def close_session() -> None:
    """Take the table and everything made of it away."""
    work: BatchSession | None = st.session_state.pop(_WORK, None)
    if work is not None:
        work.clear()


def show_upload(context: AppContext, model: Model) -> None:
    """Where a file is dropped; and for who has none, what a table looks like."""
    study = model.study
    number = st.session_state.setdefault(_DROP, 0)
    dropped = st.file_uploader(
        f"Drop a table here: {listed(FORMATS, 'or')}",
        type=[*FORMATS, "tab", "feather", "xls", "xlsm", "ods"],
        key=f"{_DROP}.{number}",
        help="One header line, one row a plant.",
    )
    if dropped is not None:
        try:
            st.session_state[_WORK] = BatchSession(context, study.name, dropped.name, dropped)
        except FloraError as refused:
            st.error(escape_markdown(refused.message), icon=":material/error:")
            return
        # A new box under another name: Streamlit lets go of the bytes it held.
        st.session_state[_DROP] = number + 1
        st.rerun()
    st.header("What a table looks like")
    st.markdown(
        "One header line, then one row a plant. Names of columns may be yours; decimal commas, semicolons, units in the header "
        "or in a cell are understood, and shown before anything runs. Every row comes back, in order, with a name or a reason. "
        f"A file may have {st.get_option('server.maxUploadSize'):,} MB here; the command and the API take any size."
    )
    example = example_table(model)
    st.table(example[:4], hide_index=True)
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


def show_file(work: BatchSession) -> None:
    """Which file it is, and the way to another."""
    with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"**{escape_markdown(work.request.name)}** · {_size(work.size)}")
        st.button("Another file", on_click=close_session, icon=":material/close:")


def show_plan(work: BatchSession, study: Study) -> None:
    """What was understood of the file, how its numbers were read, and what is asked."""
    done = work.summary is not None
    st.header("Change how the file is read" if done else "What was understood")
    if work.refused:
        st.error(escape_markdown(_for_a_page(work.refused)), icon=":material/error:")
        for offered, words in OFFERS.items():
            if offered == work.arrangement_offered:
                st.button(
                    words, key=f"batch.{offered}", type="primary", on_click=work.say, kwargs={"arrangement": offered}
                )
    understood = work.understood
    if understood is not None:
        if understood.remembered:
            st.info(
                "The columns are matched as you matched them in an earlier file with this header.",
                icon=":material/history:",
            )
        for question in understood.questions:
            st.warning(escape_markdown(_for_a_page(question)), icon=":material/help:")
        _show_offers(work, understood)
        if not done:
            notes = [_for_a_page(note) for note in understood.notes]
            if notes:
                st.markdown("\n".join(f"- {escape_markdown(note)}" for note in notes))
            _show_preview(understood)
    if work.layout is not None:
        # What is asked is answered there.
        open_it = (
            understood is None
            or bool(understood.questions and not done)
            or len(understood.assignment.assigned) < len(study.measurements)
        )
        with st.expander("Columns, units and signs", icon=":material/tune:", expanded=open_it):
            _ask_columns(work, study)
            _ask_signs(work)


def _show_offers(work: BatchSession, understood: BatchPlan) -> None:
    study = understood.model.study
    for i, offer in enumerate(understood.offers):
        with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(
                f"**{offer.rows} of {offer.examined}** of the first rows that fit no species would fit with "
                f"**{escape_markdown(offer.change.words)}**. Was it a slip? Only those rows would be read so, and it is said."
            )
            st.button(
                "Yes, read them so",
                key=f"offer-{study.name}-{i}",
                on_click=work.say,
                kwargs={"changes": (*work.request.changes, offer.change.words)},
            )
    for words in work.request.changes:
        with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(f"Read with **{escape_markdown(words)}** where a row fits no species otherwise.")
            others = tuple(one for one in work.request.changes if one != words)
            st.button("Undo", key=f"undo-{words}", on_click=work.say, kwargs={"changes": others})


def _show_preview(understood: BatchPlan) -> None:
    """The first rows: what stands in the file, and the numbers as they were read."""
    study, first = understood.model.study, understood.first
    shown = understood.assignment.assigned[:8]
    rows = []
    for i in range(min(4, len(understood.first_rows))):
        row = {"row": str(understood.first_rows[i])}
        for a in shown:
            j = study.names.index(a.measurement)
            m, typed = study.measurements[j], first.as_typed[j]
            value = first.values[i, j]
            stands = "" if typed is None else str(typed[i].as_py()).strip()
            read = "not read" if np.isnan(value) else m.written(float(value))
            row[f"{understood.layout.header[a.column]} → {m.label}"] = f"{stands or '(empty)'} → {read}"
        rows.append(row)
    st.markdown("**The first rows as they were read** (what stands in the file → the number that is used)")
    st.table(rows, hide_index=True)
    if len(understood.assignment.assigned) > len(shown):
        st.caption(f"And {len(understood.assignment.assigned) - len(shown)} more columns.")


def _ask_columns(work: BatchSession, study: Study) -> None:
    layout, understood = work.layout, work.understood
    if layout is None:
        return
    columns = [name for name in layout.header if name]
    boxes = st.columns(2, gap="medium")
    measurements = study.measurements
    if len(measurements) > _MOST_BOXES:
        st.caption(
            f"The first {_MOST_BOXES} of {len(measurements)} measurements; name the others' columns as the study does."
        )
    for i, m in enumerate(measurements[:_MOST_BOXES]):
        assigned = understood.assignment.of(m.name) if understood is not None else None
        now = layout.header[assigned.column] if assigned is not None else _NOT_THERE
        with boxes[i % 2].container(horizontal=True, vertical_alignment="bottom"):
            options = [_NOT_THERE, *columns]
            key = f"column.{m.name}.{now}"
            st.selectbox(
                axis_title(m),
                options,
                index=options.index(now) if now in options else 0,
                key=key,
                on_change=_match,
                args=(work, m.name, now, key),
            )
            if m.unit and assigned is not None:
                units = convertible(m.unit)
                unit_key = f"unit.{m.name}.{assigned.unit}"
                st.selectbox(
                    f"Unit of {m.label}",
                    units,
                    index=units.index(assigned.unit) if assigned.unit in units else 0,
                    key=unit_key,
                    on_change=_in_unit,
                    args=(work, layout.header[assigned.column], unit_key),
                    width=110,
                )
    id_now = understood.id_name if understood is not None else ""
    id_options = [_NOT_THERE, *columns]
    st.selectbox(
        "Catalogue number",
        id_options,
        index=id_options.index(id_now) if id_now in id_options else 0,
        key=f"id.{id_now}",
        on_change=_number_in,
        args=(work, f"id.{id_now}"),
    )


def _match(work: BatchSession, measurement: str, before: str, key: str) -> None:
    chosen = st.session_state[key]
    columns = dict(work.request.columns)
    if work.understood is not None:
        # What was guessed or remembered stays as it is, but for what is said now.
        columns = {**work.understood.mapping, **columns}
    if before != _NOT_THERE:
        columns[before] = ""
    for column, name in list(columns.items()):
        if name == measurement:
            columns[column] = ""
    if chosen != _NOT_THERE:
        columns[chosen] = measurement
    work.say(columns=columns)


def _in_unit(work: BatchSession, column: str, key: str) -> None:
    work.say(units={**work.request.units, column: st.session_state[key]})


def _number_in(work: BatchSession, key: str) -> None:
    chosen = st.session_state[key]
    work.say(id_column="" if chosen == _NOT_THERE else chosen)


def _ask_signs(work: BatchSession) -> None:
    layout = work.layout
    if layout is None:
        return
    with st.container(horizontal=True):
        if len(layout.sheets) > 1:
            st.selectbox(
                "Sheet",
                layout.sheets,
                index=layout.sheets.index(layout.sheet),
                key="batch.sheet",
                on_change=lambda: work.say(sheet=st.session_state["batch.sheet"]),
            )
        signs = {_AS_FOUND: "", "point (3.5)": ".", "comma (3,5)": ","}
        st.selectbox(
            "Decimal sign",
            list(signs),
            index=list(signs.values()).index(work.request.decimal),
            key="batch.decimal",
            on_change=lambda: work.say(decimal=signs[st.session_state["batch.decimal"]]),
        )
        if layout.kind == "text":
            parts = {_AS_FOUND: "", "comma": ",", "semicolon": ";", "tab": "\t", "spaces": " "}
            st.selectbox(
                "Columns are separated by",
                list(parts),
                index=list(parts.values()).index(work.request.separator),
                key="batch.separator",
                on_change=lambda: work.say(separator=parts[st.session_state["batch.separator"]]),
            )
    if work.request.arrangement:
        st.button(BACK, key="batch.as-it-stands", on_click=work.say, kwargs={"arrangement": ""})
    st.checkbox(
        "Read a range by its middle (2.0-2.5 as 2.25)",
        value=work.request.middle_of_ranges,
        key="batch.ranges",
        on_change=lambda: work.say(middle_of_ranges=st.session_state["batch.ranges"]),
    )
    if work.understood is not None and work.understood.id_name:
        st.selectbox(
            "Rows with one catalogue number",
            list(_DUPLICATES),
            index=list(_DUPLICATES).index(work.request.duplicates),
            format_func=_DUPLICATES.__getitem__,
            key="batch.duplicates",
            on_change=lambda: work.say(duplicates=st.session_state["batch.duplicates"]),
        )


def show_start(work: BatchSession, study: Study) -> None:
    """Who records, and the button that begins."""
    before = work.recorded_before()
    understood = work.understood
    with st.form("batch.start", border=True):
        st.markdown(
            f"**Name every row.** The {escape_markdown(study.plural)} are recorded with the file's name and checksum."
        )
        who, collector, site = st.columns(3)
        with who:
            by = show_signing_name(work.context, "person", "Identified by")
        gathered = collector.text_input(
            "Collected by", key="batch.collector", placeholder=_unless_said(understood, "collector"), max_chars=200
        )
        where = site.text_input("Site", key="batch.site", placeholder=_unless_said(understood, "site"), max_chars=200)
        record = st.checkbox("Record the identifications", value=True, key="batch.record")
        again = False
        if before:
            st.info(
                f"This file was recorded on {escape_markdown(before)}. It is not recorded twice.",
                icon=":material/content_copy:",
            )
            again = st.checkbox("Record it again anyway", value=False, key="batch.again")
        pressed = st.form_submit_button("Name the rows", type="primary", icon=":material/play_arrow:")
    if not pressed:
        return
    try:
        work.start(record=record, again=again, by=by, collector=gathered, site=where)
    except FloraError as refused:
        st.error(escape_markdown(refused.message), icon=":material/error:")
        return
    # A small table is done before anybody could watch it.
    work.wait(0.4)
    st.rerun()


def _unless_said(understood: BatchPlan | None, kind: str) -> str:
    """What stands in an empty field: where the file says it row by row, that it does."""
    column = getattr(understood.provenance, kind) if understood is not None else None
    return "if it is known" if understood is None or column is None else f"as '{understood.layout.header[column]}' says"


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
    """What came of the table: in words, in pictures, row by row, and to take home."""
    summary = work.summary
    if work.failed:
        st.error(escape_markdown(work.failed), icon=":material/error:")
    if summary is None:
        return
    study = model.study
    st.header("What came of it")
    st.html(f"<p class='flora-says'>{italicised(summary.sentence(study), study)}</p>")
    _show_notes(summary)
    _show_downloads(context, work, summary, study)
    _show_pictures(work, summary, model)
    _show_rows(context, work)


def _show_notes(summary: Summary) -> None:
    if summary.recorded:
        said = "1 identification was" if summary.recorded == 1 else f"{summary.recorded:,} identifications were"
        st.success(f"{said} recorded.", icon=":material/check_circle:")
    lines = [_for_a_page(note) for note in summary.notes]
    if summary.issue_count:
        issues = "1 issue; it stands" if summary.issue_count == 1 else f"{summary.issue_count:,} issues; each stands"
        lines.insert(0, f"{issues} in its row, and in a list to download.")
    if lines:
        st.markdown("\n".join(f"- {escape_markdown(line)}" for line in lines))


def _show_downloads(context: AppContext, work: BatchSession, summary: Summary, study: Study) -> None:
    stem = "".join(c if c.isalnum() or c in "-_" else "-" for c in work.request.name.rsplit(".", 1)[0])[:80] or "table"
    kinds: tuple[tuple[str, str, str, str], ...] = (
        ("csv", "Table (.csv)", f"{stem}-identified.csv", "text/csv"),
        ("xlsx", "Table (.xlsx)", f"{stem}-identified.xlsx", _XLSX),
        ("parquet", "Table (.parquet)", f"{stem}-identified.parquet", "application/vnd.apache.parquet"),
        ("issues", "Issues", f"{stem}-issues.csv", "text/csv"),
        ("darwin core", "Darwin Core archive", f"{stem}-darwin-core.zip", "application/zip"),
    )
    with st.container(horizontal=True):
        for kind, label, name, mime in kinds:
            if kind != "issues" or summary.issue_count:
                st.download_button(
                    label,
                    data=_maker(work, kind),
                    file_name=name,
                    mime=mime,
                    on_click="ignore",
                    key=f"get-{kind}",
                    type="primary" if kind == "csv" else "secondary",
                    icon=":material/download:",
                )
        if summary.recorded or summary.recorded_before:
            most = min(_SLIPS, summary.identified)
            label = "Slips" if summary.identified <= _SLIPS else f"Slips of the first {most}"
            st.download_button(
                label,
                data=lambda: _slips(context, work),
                file_name=f"{stem}-slips.html",
                mime="text/html",
                on_click="ignore",
                key="get-slips",
                icon=":material/print:",
            )


_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _maker(work: BatchSession, kind: str) -> Any:
    return lambda: work.result(kind)


def _slips(context: AppContext, work: BatchSession) -> str:
    identifiers = first_identifiers(work.rows(), _SLIPS)
    return slip_page(context, tuple(context.records.get(identifier) for identifier in identifiers))


def _show_pictures(work: BatchSession, summary: Summary, model: Model) -> None:
    screen, ink = work.screen, theme().ink
    if screen is None or not summary.identified:
        return
    study = model.study
    left, right = st.columns(2, gap="large")
    with left:
        counted = species_counts(study, summary.species, summary.fit_nothing, summary.identified, ink)
        show_picture(counted, study, "batch.species")
    if screen.certainty.any():
        with right:
            show_picture(certainties(screen.certainty, ink), study, "batch.certainty")
    if best_pair(model)[0] < 0:
        return
    x, y = best_pair(model, tuple(np.flatnonzero(~np.isnan(screen.drawn).all(axis=0)).tolist()))
    among = plants_among_training(model, screen.drawn, screen.drawn_species, x, y, ink, summary.identified)
    show_picture(among, study, "batch.among")


def _show_rows(context: AppContext, work: BatchSession) -> None:
    st.header("Row by row")
    chosen = st.segmented_control("Show", FILTERS, default=FILTERS[0], required=True, key="batch.filter")
    _, total = page_of_rows(work.rows(), chosen, 0, 0)
    if not total:
        st.markdown("There are none.")
        return
    pages = -(-total // _PAGE)
    number = st.pagination(pages, key=f"batch.page.{chosen}") if pages > 1 else 1
    table, _ = page_of_rows(work.rows(), chosen, (number - 1) * _PAGE, _PAGE)
    first = (number - 1) * _PAGE + 1
    st.caption(
        f"{first:,} to {min(total, first + _PAGE - 1):,} of {total:,} rows; row numbers are those of the spreadsheet."
    )
    picked: Any = st.dataframe(
        table,
        hide_index=True,
        column_order=_answer_first(table.column_names, work.number_column, chosen),
        column_config={"flora_issues": st.column_config.TextColumn(width="large")},
        selection_mode="multi-row",
        key=f"batch.rows.{chosen}.{number}",
        on_select="rerun",
        alt=f"The table's rows with what was found: {chosen}.",
    )
    _determine_picked(context, table.take(pa.array(picked.selection.rows, pa.int64())))


def _answer_first(columns: list[str], number: str, chosen: str) -> list[str]:
    """The order of the columns on a screen: what a row is and what was found stand where no scrolling is needed."""
    answer = ["flora_species", "flora_qualifier", "flora_probability"]
    if chosen in FILTERS[3:]:
        answer.insert(0, "flora_issues")
    first = ["row", *([number] if number in columns else []), *answer]
    return [*first, *(name for name in columns if name not in first)]


def _determine_picked(context: AppContext, rows: pa.Table) -> None:
    """Confirm or correct the rows that were picked, all at once."""
    found = [
        (i, name) for i, name in zip(rows["flora_id"].to_pylist(), rows["flora_species"].to_pylist(), strict=True) if i
    ]
    names = {name for _, name in found}
    if not len(rows):
        st.caption("Pick rows at their left edge to confirm or correct their names.")
        return
    if not found:
        st.info("Only recorded plants can be determined: name the rows again, and record them.", icon=":material/info:")
        return
    with st.container(border=True):
        st.markdown(
            f"**{len(found):,} picked row{'s' if len(found) > 1 else ''}: what {'are they' if len(found) > 1 else 'is it'}?**"
        )
        determine_here(
            context, [i for i, _ in found], names.pop() if len(names) == 1 else "", where="batch", asked_elsewhere=True
        )


def _for_a_page(text: str) -> str:
    """A sentence of the workflow without the command's options: here there are boxes for them."""
    head, found, _ = text.partition(" If so, say --")
    if found:
        return f"{head} If so, choose the unit below."
    head, found, rest = text.partition(" Say which is which, for example --map")
    if found:
        _, _, columns = rest.partition(". The columns are:")
        return f"{head} Match them below. The columns are:{columns}"
    text = without_options(text)
    head, found, rest = text.partition("; if it holds them, say so (--id")
    return f"{head}; if it holds them, choose it below." if found else text


def _size(n: int) -> str:
    return f"{n / 1_000_000:.1f} MB" if n >= 100_000 else f"{n / 1000:.1f} kB"
