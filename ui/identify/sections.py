"""The parts of the Identify page below the form: the answer, the record, where the plant lies, and why."""

from __future__ import annotations

from typing import Final

import numpy as np
import streamlit as st

from flora_core.errors import BadValues, FloraError
from flora_core.model import Model
from flora_core.storage.records.identifications import IdentificationRecord
from flora_core.study import Study
from flora_core.workflows.context import AppContext
from flora_core.workflows.determine.slips import slip_page
from flora_core.workflows.identify import Identification, record
from ui.charts.flower import DrawnFlower, flower_description, flowers
from ui.charts.scatter import among_training_plants, axis_title, best_pair
from ui.components.guide import guide_link
from ui.identify import answer_card
from ui.identify.form import clear_values, set_values
from ui.site.text import escape_markdown
from ui.site.theme import theme

_RECORDED: Final = "identify.recorded"
_PERSON: Final = "person"


def example_plant(model: Model) -> dict[str, float]:
    """The plant a first visitor sees: the mean plant of the middle species, rounded as it would be measured."""
    j = len(model.study.species) // 2
    return {
        m.name: round(round(float(value) / m.step) * m.step, 9)
        for m, value in zip(model.study.measurements, model.gaussians.means[j], strict=True)
    }


def show_refusal(study: Study, refused: BadValues) -> None:
    """What can't be used and what would be right; with a button where one change would mend it."""
    for issue in refused.issues:
        st.error(escape_markdown(issue.sentence()), icon=":material/error:")
    if refused.correction:
        _ask(study, refused.question, refused.correction)
    st.caption("Nothing is recorded while a value can't be used.")


def show_answer(found: Identification) -> None:
    """The name and the sentence."""
    st.html(answer_card.answer_card(found))


def show_evidence(found: Identification) -> None:
    """The candidates; a question where one change would make the plant fit; what to measure next."""
    if found.fits:
        st.html(answer_card.candidate_rows(found))
    for note in found.plant.unusual if found.fits else ():
        st.warning(escape_markdown(note), icon=":material/straighten:")
    suggestion = found.did_you_mean
    if suggestion is not None:
        pairs = zip(found.study.names, suggestion.values, strict=True)
        _ask(found.study, suggestion.question, {name: value for name, value in pairs if not np.isnan(value)})
    missing = found.next_measurement
    if missing is not None and found.fits:
        m = found.study.measurements[missing.column]
        st.info(
            f"Measuring the **{escape_markdown(m.label)}** next would tell most: on average it would raise the certainty from "
            f"{100 * missing.certainty_now:.0f} to {100 * missing.certainty_then:.0f} %.",
            icon=":material/straighten:",
        )


def _ask(study: Study, question: str, correction: dict[str, float]) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(escape_markdown(question))
        st.button("Yes, use these values", on_click=set_values, args=(study, correction), key="use-correction")


def show_recording(context: AppContext, found: Identification) -> None:
    """Record the identification, or show what was recorded, with its slip. Exploring records nothing."""
    state = (found.study.name, found.model.card.version, found.plant.typed, found.plant.unit)
    done: tuple[object, IdentificationRecord] | None = st.session_state.get(_RECORDED)
    if done is not None and done[0] == state:
        _show_recorded(context, found, done[1])
        return
    with st.form("record", border=True):
        who, number, press = st.columns([3, 3, 2], vertical_alignment="bottom")
        by = who.text_input(
            "Identified by",
            key=_PERSON,
            placeholder="your name",
            max_chars=200,
            autocomplete="name",
            persist_state="session",
        )
        catalogue = number.text_input("Catalogue number", key="catalogue", placeholder="if there is one", max_chars=200)
        pressed = press.form_submit_button("Record", type="primary", width="stretch", icon=":material/edit_note:")
        with st.expander("Collector and site"):
            collector = st.text_input(
                "Collector", key="collector", placeholder="who gathered it", max_chars=200, persist_state="session"
            )
            site = st.text_input(
                "Site", key="site", placeholder="where it grew", max_chars=200, persist_state="session"
            )
    if not pressed:
        return
    try:
        (recorded,) = record(
            context, [found], by=by, door="page", catalogue_number=catalogue, collector=collector, site=site
        )
    except FloraError as refused:
        st.error(f"Not recorded. {escape_markdown(refused.message)}", icon=":material/error:")
        return
    st.session_state[_RECORDED] = (state, recorded)
    st.rerun()


def _show_recorded(context: AppContext, found: Identification, recorded: IdentificationRecord) -> None:
    with st.container(border=True):
        st.success(
            f"Recorded as **{recorded.id}** by {escape_markdown(recorded.recording.by)}, "
            f"{recorded.recording.at:%Y-%m-%d %H:%M} UTC.",
            icon=":material/check_circle:",
        )
        with st.container(horizontal=True):
            st.download_button(
                "Determination slip",
                data=lambda: slip_page(context, (recorded,)),
                file_name=f"slip-{recorded.id}.html",
                mime="text/html",
                on_click="ignore",
                icon=":material/print:",
            )
            st.button(
                f"Next {found.study.organism}",
                on_click=clear_values,
                args=(found.study,),
                type="primary",
                icon=":material/arrow_forward:",
            )
        # Most visitors look and go; what determining takes is loaded for those who record.
        from ui.components.determination import determine_here

        with st.expander("Confirm or correct", icon=":material/how_to_reg:"):
            determine_here(context, [recorded.id], found.answer.species, where="recorded")


def show_where_it_lies(found: Identification) -> None:
    """Among the training plants, in two measurements; and drawn to scale beside the mean plant of its species."""
    study = found.study
    picture = bool(study.drawing)
    left, right = st.columns([3, 2], gap="large") if picture else (st.container(), None)
    with left:
        show_place(found)
    if right is not None:
        with right:
            st.header("Drawn to scale")
            show_drawing(found)


def show_place(found: Identification) -> None:
    """Where it lies among the training plants, in two measurements that the visitor may choose."""
    st.header(f"Where it lies among the {len(found.model.reference.species)} training {found.study.plural}")
    x, y = _axes(found.model)
    st.plotly_chart(
        among_training_plants(found.model, found.plant.values, x, y, theme().ink, _likeliest(found)),
        key="among",
        config={"displayModeBar": False},
        alt=_said_of_place(found, x, y),
    )


def show_drawing(found: Identification) -> None:
    """The plant drawn to scale beside the mean plant of its species; for studies that have a drawing."""
    study, shown = found.study, found.best if found.fits else found.nearest
    mean = found.model.gaussians.means[shown]
    drawn = [
        DrawnFlower(f"this {study.organism}", found.plant.values, mean),
        DrawnFlower(
            f"mean {study.short(study.species[shown].name)}{'' if found.fits else ', the nearest'}", mean, mean
        ),
    ]
    st.image(flowers(study, drawn, theme().ink), width="stretch", alt=flower_description(study, drawn))


def _likeliest(found: Identification) -> tuple[int, ...]:
    """The species to show in colour where there are many: the likeliest, and the nearest where it fits none."""
    order = found.ranking[:5]
    return tuple(dict.fromkeys(order if found.fits else (found.nearest, *order)))


def _axes(model: Model) -> tuple[int, int]:
    measurements = model.study.measurements
    first, second = best_pair(model)
    if len(measurements) < 3:
        return first, second
    titles = [axis_title(m) for m in measurements]
    across, up = st.columns(2)
    indices = range(len(titles))
    x = across.selectbox(
        "Across", indices, index=first, format_func=titles.__getitem__, key=f"across.{model.study.name}"
    )
    y = up.selectbox("Up", indices, index=second, format_func=titles.__getitem__, key=f"up.{model.study.name}")
    return int(x), int(y)


def _said_of_place(found: Identification, x: int, y: int) -> str:
    """The picture in words, for those who can't see it."""
    study, standing = found.study, found.explanation.standing
    parts = []
    for i in dict.fromkeys((x, y)):
        m, value = study.measurements[i], found.plant.values[i]
        if np.isnan(value):
            parts.append(f"{m.label} not measured")
            continue
        shares = ", ".join(
            f"{100 * standing[j, i]:.0f} % of {study.species_names[j]}"
            for j in _likeliest(found)
            if not np.isnan(standing[j, i])
        )
        parts.append(f"{m.label} {m.written(float(value))}, larger than in {shares}")
    return f"Scatter plot of the training {study.plural} with this {study.organism} marked: {'; '.join(parts)}."


def show_why(found: Identification) -> None:
    """Which measurement speaks for and against each candidate."""
    st.header("Why this name" if found.fits else "How it compares")
    st.html(answer_card.why(found))


def show_limits(study: Study, model: Model) -> None:
    """What the model can't know, how well it does, and where its plants come from."""
    scores = model.card.scores
    with st.expander("How far to trust it", icon=":material/info:"):
        st.markdown(
            f"Out of **{scores.plants}** training {study.plural}, none of them seen while learning, **{scores.right}** were "
            f"named right: {100 * scores.accuracy:.1f} % (95 % interval {100 * scores.low:.1f} to {100 * scores.high:.1f} %), "
            f"by {escape_markdown(scores.method)}. "
            f"Always naming the commonest species would reach {100 * model.card.baseline:.0f} %. "
            f"Model: {escape_markdown(model.card.label)}, {escape_markdown(model.card.algorithm_title)}."
        )
        if study.caveat:
            st.markdown(escape_markdown(study.caveat))
        notes = [
            f"**{escape_markdown(s.name)}** {escape_markdown(s.author)}: {escape_markdown(s.note)}"
            for s in study.species
            if s.note
        ]
        st.markdown("\n".join(f"- {line}" for line in (*notes, *map(escape_markdown, study.sources))))
        with st.container(horizontal=True):
            guide_link("reading-an-answer", "How to read an answer")
            guide_link("what-it-cannot-know", "What the program cannot know")
