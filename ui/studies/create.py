"""The parts of the Studies page: the list, the file, which column is what, the preview, and making the study."""

from __future__ import annotations

import io
from collections.abc import Collection
from dataclasses import replace
from html import escape
from typing import Any, Final, Literal, NoReturn

import numpy as np
import streamlit as st

from flora_core.access import UseCase
from flora_core.errors import FloraError, Issue, TooLarge
from flora_core.tables.columns.measurements import slug
from flora_core.tables.layout import Decimal
from flora_core.tables.names.labels import Alike
from flora_core.tables.values.limits import limits_text
from flora_core.workflows.context import AppContext
from flora_core.workflows.jobs.requests import ask_for_training
from flora_core.workflows.models.training import TrainingRequest
from flora_core.workflows.studies import Choices, Proposal, StudyView, create, list_studies, propose
from ui.components.arrangement import offer_arrangement, said_arrangement
from ui.components.refusal import show_refusal
from ui.jobs.queue import show_queue
from ui.jobs.supervisor import SUPERVISOR
from ui.site.navigation import page_link
from ui.site.person import may, show_signing_name
from ui.site.study_picker import choose_study
from ui.site.text import escape_label, escape_markdown, italicised, without_options

_NONE: Final = "(no column)"
_KEPT: Final = "studies.proposals"
_MADE: Final = "studies.made"
_DONE: Final = "studies.done"
_CONDITIONS: Final[tuple[Literal["unknown", "fresh", "pressed"], ...]] = ("unknown", "fresh", "pressed")
#: The decimal signs to choose from; "" for the one that is found.
DECIMALS: Final[tuple[Decimal, ...]] = ("", ".", ",")


def show_made(context: AppContext) -> None:
    """What was made last, how far its first training is, and the way to identify with it."""
    made = st.session_state.get(_MADE)
    if not made or made[0] not in context.studies.names():
        return
    name, title, plants = made
    study = context.studies.get(name)
    with st.container(border=True):
        st.success(
            f"**{escape_markdown(title)}** was made of {plants:,} plants. Every page works on it now.",
            icon=":material/check_circle:",
        )
        champion = context.registry.champion_version(name)
        if champion is not None:
            s = context.registry.card(name, champion).scores
            st.markdown(
                f"Version {champion:d} identifies: {s.right:,} of {s.plants:,} unseen {escape_markdown(study.plural)} named "
                f"right, {100 * s.accuracy:.1f} % (95 % interval {100 * s.low:.1f} to {100 * s.high:.1f})."
            )
            page_link("identify", f"Identify {escape_label(study.one)}", study=name)
        elif any(job.study == name for job in context.jobs.active()):
            st.markdown("Its first model is being trained; it identifies as soon as that is done.")
            show_queue(context, name, empty="")
        else:
            show_queue(context, name, empty="")
            st.markdown("Next: train a first model.")
            page_link("train", "Train a first model")


def show_list(context: AppContext, chosen: str) -> None:
    """All studies as a table; a click on a row opens what it is made of."""
    views = list_studies(context)
    rows = [
        {
            "Study": view.study.title,
            "Chosen": "chosen" if view.study.name == chosen else "",
            "Name": view.study.name,
            "Plants": sum(view.plants.values()),
            "Species": len(view.plants),
            "Measurements": len(view.study.measurements),
            "Identifies": f"v{view.champion}" if view.champion is not None else "no model yet",
            "Training tables": len(view.tables),
        }
        for view in views
    ]
    clicked: Any = st.dataframe(
        rows,
        hide_index=True,
        width="stretch",
        on_select="rerun",
        selection_mode="single-cell",
        key="studies.table",
        alt=f"{len(rows)} studies: {', '.join(view.study.title for view in views[:20])}.",
    )
    st.caption("A click on a row opens the study.")
    selected = [row for row, _ in clicked["selection"]["cells"]] if clicked else []
    if selected and selected[0] < len(views):
        _show_study(views[selected[0]], chosen)


def _show_study(view: StudyView, chosen: str) -> None:
    """Species with their plants, measurements with their units, and the ways on."""
    study = view.study
    with st.container(border=True):
        st.subheader(escape_markdown(study.title))
        counts = ", ".join(f"{italicised(name, study)} {n:,}" for name, n in view.plants.items())
        measured = ", ".join(escape(m.heading) for m in study.measurements)
        st.html(f"<p><b>Species</b>: {counts}</p><p><b>Measurements</b>: {measured}</p>")
        for warning in view.warnings:
            st.warning(escape_markdown(warning), icon=":material/warning:")
        with st.container(horizontal=True):
            if study.name != chosen:
                st.button("Work on this study", key="studies.open", on_click=choose_study, args=(study.name,))
            if view.champion is not None:
                page_link("identify", f"Identify {escape_label(study.one)}", study=study.name)
            page_link("models", "Its models", study=study.name)


def uploaded_table(context: AppContext, key: str = "studies.file") -> Any:
    """The file a visitor gave, or None with a word on what a table should look like."""
    # After a study was made the box is a new one: the table that made it is done with.
    again = st.session_state.get(_DONE, 0) if key == "studies.file" else 0
    file = st.file_uploader(
        "A table: one row a plant, one column with the names of the species, the others measured",
        type=["csv", "tsv", "txt", "xlsx"],
        key=f"{key}.{again}" if again else key,
    )
    if file is None:
        st.markdown(
            "The first row names the columns, with their units: `species`, `population`, `petal length (mm)`. Spelling of "
            "names is mended with you, columns that would give the name away are left out, and nothing is kept before you "
            "say so."
        )
        return None
    most = context.settings.max_upload_mb
    if file.size > most * 1_000_000:
        raise TooLarge(f"The file has {file.size / 1_000_000:.0f} MB; the limit is {most} MB (FLORA_MAX_UPLOAD_MB).")
    return file


def proposed(context: AppContext, file: Any, choices: Choices) -> Proposal:
    """What the table comes to; the page stops with a sentence where it is no table. The last few answers are kept."""
    kept: dict[str, Proposal] = st.session_state.setdefault(_KEPT, {})
    key = f"{file.file_id} {choices!r}"
    if key not in kept:
        try:
            kept[key] = propose(context, io.BytesIO(file.getvalue()), file.name, choices)
        except FloraError as refused:
            show_unreadable(file, refused.message, getattr(refused, "arrangement", ""))
        while len(kept) > 4:
            kept.pop(next(iter(kept)))
    return kept[key]


def show_unreadable(file: Any, message: str, arrangement: str = "") -> NoReturn:
    """Why a table can't be read, with the offer to read it in another arrangement; the page ends there."""
    show_refusal(without_options(message))
    offer_arrangement(file.file_id, arrangement)
    st.stop()


def columns_chosen(context: AppContext, file: Any) -> Choices:
    """How the file is read, and which columns hold names, numbers and groups: guessed, and corrected by hand."""
    choices = _reading(file)
    first = proposed(context, file, choices)
    if first.arrangement_offered:
        show_unreadable(file, first.refusals[-1], first.arrangement_offered)
    header = [name for name in first.layout.header if name]
    label, number, group = st.columns(3)
    chosen = label.selectbox(
        "Names of the species",
        header,
        index=header.index(first.label) if first.label in header else None,
        placeholder="Choose a column",
        key=f"label.{file.file_id}",
    )
    id_column = number.selectbox(
        "Catalogue numbers", [_NONE, *header], index=_place(header, first.id_column), key=f"id.{file.file_id}"
    )
    group_column = group.selectbox(
        "Population, site or plant",
        [_NONE, *header],
        index=_place(header, first.group),
        key=f"group.{file.file_id}",
        help="Plants that belong together. A model is then also scored on groups that it has not seen.",
    )
    if chosen is None:
        st.error("Which column holds the species’ names? Choose it above.", icon=":material/error:")
        st.stop()
    return replace(
        choices,
        label=chosen,
        id_column="" if id_column == _NONE else id_column,
        group="" if group_column == _NONE else group_column,
    )


def _reading(file: Any) -> Choices:
    with st.expander("How the file is read", icon=":material/tune:"):
        one, two, three = st.columns(3)
        decimal = one.selectbox("Decimal sign", DECIMALS, format_func=_or_found, key=f"decimal.{file.file_id}")
        sheet = two.text_input("Sheet of a workbook", key=f"sheet.{file.file_id}", placeholder="the first")
        genus = three.text_input("Genus of names that stand alone", key=f"genus.{file.file_id}", placeholder="Iris")
        middle = st.checkbox("Read ranges like 2.0-2.5 as their middle", key=f"middle.{file.file_id}")
        codes = st.checkbox("The names are numbers: codes of species", key=f"codes.{file.file_id}")
        keep = st.checkbox("Keep names with cf., aff., ?, sp. and hybrids as species", key=f"keep.{file.file_id}")
    return Choices(
        study="new_study",
        decimal=decimal,
        sheet=sheet.strip(),
        genus=genus.strip(),
        middle_of_ranges=middle,
        codes=codes,
        keep_qualified=keep,
        arrangement=said_arrangement(file.file_id),
    )


def _or_found(sign: str) -> str:
    return sign or "as found"


def _place(header: list[str], name: str) -> int:
    return header.index(name) + 1 if name in header else 0


def describe_proposal(context: AppContext, file: Any, choices: Choices) -> Choices:
    """What the study is called and what is known of its plants; a name that is taken gets a number behind it."""
    st.subheader("What it is called")
    stem = _free_name(slug(file.name.rsplit(".", 1)[0]), context.studies.names())
    one, two, three = st.columns([4, 3, 3])
    title = one.text_input(
        "Title", value=stem.replace("_", " ").capitalize(), key=f"title.{file.file_id}", max_chars=200
    )
    name = two.text_input(
        "Name for addresses", value=stem, key=f"name.{file.file_id}", max_chars=64, help="Small letters, digits and _."
    )
    organism = three.text_input(
        "What is measured, one of them",
        key=f"organism.{file.file_id}",
        placeholder="found from the columns",
        max_chars=60,
    )
    with st.expander("More about the plants", icon=":material/description:"):
        condition = st.segmented_control(
            "Measured",
            _CONDITIONS,
            default="unknown",
            required=True,
            key=f"condition.{file.file_id}",
            help="Pressed flowers are smaller than fresh ones.",
        )
        region = st.text_input("Where they grew", key=f"region.{file.file_id}", max_chars=400)
        source = st.text_input("Where the data come from", key=f"source.{file.file_id}", max_chars=400)
        licence = st.text_input("Licence of the data", key=f"licence.{file.file_id}", max_chars=200)
    return replace(
        choices,
        study=name.strip(),
        title=title,
        organism=organism,
        condition=condition,
        region=region,
        source=source,
        licence=licence,
    )


def _free_name(stem: str, taken: Collection[str]) -> str:
    """The name itself, or with the first number behind it that makes it another."""
    name, number = stem, 2
    while name in taken:
        name, number = f"{stem}_{number}", number + 1
    return name


def show_preview(proposal: Proposal) -> None:
    """What would be kept: plants and limits; then what a careful colleague would say."""
    study, plants = proposal.study, proposal.plants
    for refused in proposal.refusals:
        show_refusal(without_options(refused))
    if study is not None and plants is not None:
        st.header(f"{len(plants.species):,} plants of {len(study.species)} species")
        gone = "; ".join(f"{n:,} for {why}" for why, n in proposal.left_out.items())
        st.markdown(f"Rows left out: {escape_markdown(gone)}." if gone else "No row is left out.")
        known = ~np.isnan(plants.values)
        numbers = [None if m.has_states else plants.values[:, i] for i, m in enumerate(study.measurements)]
        kinds = (
            {} if not any(m.has_states for m in study.measurements) else {"Kind": [m.kind for m in study.measurements]}
        )
        st.dataframe(
            {
                "Measurement": [m.heading for m in study.measurements],
                **kinds,
                "Unit": [m.unit for m in study.measurements],
                "Plants measured": known.sum(axis=0).tolist(),
                "Smallest": [None if v is None else float(np.nanmin(v)) for v in numbers],
                "Median": [None if v is None else float(np.nanmedian(v)) for v in numbers],
                "Largest": [None if v is None else float(np.nanmax(v)) for v in numbers],
                "Plausible": [limits_text(m) for m in study.measurements],
            },
            hide_index=True,
            width="stretch",
            key="studies.preview",
        )
    show_findings(proposal.warnings, proposal.notes, proposal.issues)


def show_findings(
    warnings: tuple[str, ...], notes: tuple[str, ...], issues: tuple[Issue, ...], *, unfolded: bool = False
) -> None:
    """What a careful colleague would say of a labelled table, how it was read, and which cells are wrong or unusual."""
    for text in map(without_options, warnings):
        st.warning(escape_markdown(text), icon=":material/warning:")
    if notes:
        with st.expander(f"What was understood ({len(notes)})", icon=":material/info:", expanded=unfolded):
            st.markdown("\n".join(f"- {escape_markdown(note)}" for note in notes))
    if issues:
        with st.expander(f"Cells that are wrong or unusual ({len(issues):,})", icon=":material/error:"):
            shown = issues[:1000]
            st.dataframe(
                {
                    "Row": [issue.row for issue in shown],
                    "Column": [issue.column for issue in shown],
                    "Value": [issue.value for issue in shown],
                    "What is wrong": [issue.problem for issue in shown],
                    "What would be right": [issue.suggestion for issue in shown],
                },
                hide_index=True,
                width="stretch",
            )


def show_merges(alike: tuple[Alike, ...], place: str, merged: dict[str, str]) -> None:
    """Names that may be one, each with a button that merges the rarer into the commoner."""
    for one in alike[:8]:
        with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(
                f"**{escape_markdown(one.rarer)}** and **{escape_markdown(one.commoner)}**: {escape_markdown(one.because)}."
            )
            st.button(
                f"Count as {escape_markdown(one.commoner)}",
                key=f"{place}.merge.{one.rarer}.{one.commoner}",
                on_click=merged.__setitem__,
                args=(one.rarer, one.commoner),
            )


def show_creation(context: AppContext, proposal: Proposal) -> None:
    """Make the study in somebody's name, and with one click train its first model and let it identify."""
    st.header("3. Make, train and use")
    whole = may(context, UseCase.TRAIN) and may(context, UseCase.PROMOTE)
    with st.form("make-study", border=True):
        by = show_signing_name(context, "person", "Made by")
        if whole:
            st.caption(
                "The best of four ways of learning is trained on these plants, and identifies as soon as it is done. Its "
                "scores are shown with it; another version can take its place at any time."
            )
        with st.container(horizontal=True):
            used = whole and st.form_submit_button(
                "Make, train and use", type="primary", icon=":material/local_florist:", disabled=bool(proposal.refusals)
            )
            made = st.form_submit_button(
                "Make the study", type="secondary" if whole else "primary", disabled=bool(proposal.refusals)
            )
    if not used and not made:
        return
    try:
        view = create(context, proposal, by)
        if used:
            ask_for_training(context, view.study.name, TrainingRequest(use_if_first=True), by)
            SUPERVISOR.wake()
    except FloraError as refused:
        show_refusal(refused, "Not made.")
        return
    st.session_state[_MADE] = (view.study.name, view.study.title, sum(view.plants.values()))
    st.session_state[_DONE] = st.session_state.get(_DONE, 0) + 1
    st.session_state.pop(_KEPT, None)
    choose_study(view.study.name)
    st.rerun()
