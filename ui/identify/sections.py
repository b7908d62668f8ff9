"""The parts of the Identify page below the form: the answer, the record, where the plant lies, and why."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from types import ModuleType
from typing import Final

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from flora_core.access import UseCase
from flora_core.errors import BadValues, FloraError
from flora_core.languages import localised, translate
from flora_core.model import Model
from flora_core.storage.records.identifications import IdentificationRecord
from flora_core.study import Study
from flora_core.tables.rows.typed_value import TypedValue
from flora_core.workflows.context import AppContext
from flora_core.workflows.determine.slips import slip_page
from flora_core.workflows.identify import Identification, identify_with, record
from ui.charts.flower import DrawnFlower, flower_description, flower_over_mean, flowers
from ui.charts.scatter import among_training_plants, axis_title, best_pair, in_unit
from ui.components.guide import guide_link
from ui.components.refusal import show_refusal
from ui.identify import answer_card
from ui.identify.form import clear_values, form_of, set_values, show_example
from ui.site.person import allowed_here, remember_typed
from ui.site.text import escape_markdown, harmless_figure
from ui.site.theme import theme

_RECORDED: Final = "identify.recorded"
_PERSON: Final = "person"
#: What is done with a character of each kind.
_LOOKING: Final = (
    "Looking at the {label} next would tell most: on average it would raise the certainty from {now} to {then} %."
)
_TAKING: Final = {
    "measured": "Measuring the {label} next would tell most: on average it would raise the certainty from {now} to {then} %.",
    "counted": "Counting the {label} next would tell most: on average it would raise the certainty from {now} to {then} %.",
    "unordered": _LOOKING,
    "ordered": _LOOKING,
}
#: A measurement that would raise the certainty by less is not worth asking for.
_WORTH: Final = 0.005


def example_plant(model: Model) -> dict[str, float]:
    """The plant a first visitor sees: the mean plant of the middle species, rounded as it would be measured."""
    j = len(model.study.species) // 2
    return {
        m.name: round(round(float(value) / m.step) * m.step, 9)
        for m, value in zip(model.study.measurements, model.gaussians.means[j], strict=True)
    }


def identified(model: Model, read: Mapping[str, TypedValue], unit: str) -> Identification | None:
    """What the model says of the values that can be used; None where there is none."""
    typed = {name: value.text for name, value in read.items() if value.value is not None}
    return identify_with(model, typed, unit) if typed else None


def show_answer(context: AppContext, model: Model, read: Mapping[str, TypedValue], unit: str) -> Identification | None:
    """The card: name, candidates, drawing and Record; an invitation where nothing was measured yet."""
    study = model.study
    found, example = identified(model, read, unit), form_of(study).example
    drawing = bool(study.drawing)
    left, right = st.columns([1, 0.5], gap="medium") if drawing else (st.container(), None)
    with left.container(key="named", gap="xsmall"):
        if found is None:
            st.html(answer_card.empty_card(study))
            st.button(
                translate("Show an example"),
                on_click=show_example,
                args=(study, example_plant(model)),
                icon=":material/lightbulb:",
                key="show-example",
            )
            st.html(f"<p class='flora-quiet'>{translate('An example can be looked at, never recorded.')}</p>")
        else:
            st.html(answer_card.answer_card(found, example=example))
            show_evidence(found)
        _ask_about_all(model, read, unit)
    if right is not None:
        with right.container(key="drawn"):
            _show_over_mean(model, found)
    show_recording(context, study, found, read)
    return found


def show_evidence(found: Identification) -> None:
    """The candidates; a question where one change would make the plant fit; what to measure next."""
    if found.fits:
        st.html(answer_card.candidate_rows(found))
    suggestion = found.did_you_mean
    if suggestion is not None:
        pairs = zip(found.study.names, suggestion.values, strict=True)
        _ask(found.study, suggestion.question, {name: value for name, value in pairs if not np.isnan(value)})
    missing = found.next_measurement
    lines = [f"<p class='flora-odd'>{escape(note)}</p>" for note in found.plant.unusual]
    if missing is not None and found.fits and missing.certainty_then - missing.certainty_now >= _WORTH:
        m = found.study.measurements[missing.column]
        told = translate(
            _TAKING[m.kind],
            label=f"<b>{escape(translate(m.label))}</b>",
            now=f"{100 * missing.certainty_now:.0f}",
            then=f"{100 * missing.certainty_then:.0f}",
        )
        lines.append(f"<p class='flora-next'>{told}</p>")
    if len(found.answer.prediction_set) == 1:
        lines.append(answer_card.track_record(found))
    if found.unusual or not found.fits:
        lines.append(answer_card.strangers(found))
    if lines:
        st.html("".join(lines))


def _ask_about_all(model: Model, read: Mapping[str, TypedValue], unit: str) -> None:
    """The question of a plant whose values can't be: 51, 35, 14 and 2 cm are millimetres, and one press says so."""
    refused = [value for value in read.values() if value.problem]
    if not refused or any(not value.offers for value in refused):
        return
    try:
        identify_with(model, {name: value.text for name, value in read.items()}, unit)
    except BadValues as bad:
        if bad.correction:
            _ask(model.study, bad.question, bad.correction)


def _ask(study: Study, question: str, correction: dict[str, float]) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="question"):
        st.markdown(escape_markdown(question))
        st.button(
            translate("Yes, use these values"), on_click=set_values, args=(study, correction), key="use-correction"
        )


def _show_over_mean(model: Model, found: Identification | None) -> None:
    """Show the flower to scale, the mean flower of its species dashed over it."""
    study = model.study
    shown = len(study.species) // 2 if found is None else found.best if found.fits else found.nearest
    mean = model.gaussians.means[shown]
    name, n = study.short(study.species[shown].name), int(model.gaussians.counts[shown])
    flower = (
        None
        if found is None
        else DrawnFlower(translate("this {organism}", organism=translate(study.organism)), found.plant.values, mean)
    )
    drawn = [one for one in (flower, DrawnFlower(translate("mean {name}", name=name), mean, mean)) if one is not None]
    st.image(flower_over_mean(study, flower, mean, theme().ink), width="stretch", alt=flower_description(study, drawn))
    name = f"<i>{escape(name)}</i>"
    text = translate("Shown: the mean {name}, n = {n}.", name=name, n=n)
    if found is not None:
        drawn_as = (
            "This {organism}, to scale. Dashed: the mean {name}, n = {n}."
            if found.fits
            else "This {organism}, to scale. Dashed: the mean {name}, n = {n}, the nearest."
        )
        text = translate(drawn_as, organism=escape(translate(study.organism)), name=name, n=n)
    st.html(f"<p class='flora-quiet flora-centred'>{text}</p>")


def show_recording(
    context: AppContext, study: Study, found: Identification | None, read: Mapping[str, TypedValue]
) -> None:
    """Record the identification, or show what was recorded, with its slip. Exploring records nothing."""
    done: tuple[object, IdentificationRecord] | None = st.session_state.get(_RECORDED)
    if found is not None and done is not None and done[0] == _state(found):
        _show_recorded(context, found, done[1])
        return
    if not allowed_here(context, UseCase.RECORD):
        return
    why_not = _why_not(found, read, form_of(study).example)
    with st.form("record", border=False):
        named = bool(str(st.session_state.get(_PERSON) or "").strip())
        row = st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="record-row")
        if not named:
            _ask_person(row)
        catalogue = row.text_input(
            translate("Catalogue number"), key="catalogue", placeholder=translate("if there is one"), max_chars=200
        )
        with row.popover(translate("Collector and site"), icon=":material/location_on:"):
            collector = st.text_input(
                translate("Collector"),
                key="collector",
                placeholder=translate("who gathered it"),
                max_chars=200,
                persist_state="session",
            )
            site = st.text_input(
                translate("Site"),
                key="site",
                placeholder=translate("where it grew"),
                max_chars=200,
                persist_state="session",
            )
        by = str(st.session_state.get(_PERSON) or "")
        signed = translate("Kept only when recorded.")
        if named:
            signed = translate("Signed {by}, today.", by=f"<b>{escape(by)}</b>") + " " + signed
        row.html(f"<p class='flora-quiet flora-signed'>{escape(why_not) or signed}</p>")
        pressed = row.form_submit_button(
            translate("Record"),
            type="primary",
            icon=":material/edit_note:",
            disabled=bool(why_not),
            key="record-button",
        )
    if not pressed or found is None or why_not:
        return
    try:
        (recorded,) = record(
            context, [found], by=by, door="page", catalogue_number=catalogue, collector=collector, site=site
        )
    except FloraError as refused:
        show_refusal(refused, translate("Not recorded."))
        return
    remember_typed(_PERSON)
    st.session_state[_RECORDED] = (_state(found), recorded)
    st.rerun()


def _state(found: Identification) -> tuple[object, ...]:
    return (found.study.name, found.model.card.version, found.plant.typed, found.plant.unit)


def _why_not(found: Identification | None, read: Mapping[str, TypedValue], example: bool) -> str:
    """Why nothing can be recorded now; "" where it can."""
    if any(value.problem for value in read.values()):
        return translate("Not while a value is left out: mend it, or empty its box.")
    if found is None:
        return translate("Nothing to record yet.")
    return translate("An example can’t be recorded.") if example else ""


def _ask_person(place: DeltaGenerator | ModuleType) -> None:
    place.text_input(
        translate("Identified by"),
        key=_PERSON,
        placeholder=translate("your name"),
        max_chars=200,
        autocomplete="name",
        persist_state="session",
    )


def _show_recorded(context: AppContext, found: Identification, recorded: IdentificationRecord) -> None:
    with st.container(key="recorded"):
        st.success(
            translate(
                "Recorded as {id} by {by}, {at} UTC.",
                id=f"**{recorded.id}**",
                by=escape_markdown(recorded.recording.by),
                at=f"{recorded.recording.at:%Y-%m-%d %H:%M}",
            ),
            icon=":material/check_circle:",
        )
        with st.container(horizontal=True):
            st.download_button(
                translate("Determination slip"),
                data=lambda: slip_page(context, (recorded,)),
                file_name=f"slip-{recorded.id}.html",
                mime="text/html",
                on_click="ignore",
                icon=":material/print:",
            )
            st.button(
                translate("Next {organism}", organism=escape_markdown(translate(found.study.organism))),
                on_click=clear_values,
                args=(found.study,),
                type="primary",
                icon=":material/arrow_forward:",
            )
        # Most visitors look and go; what determining takes is loaded for those who record.
        from ui.components.determination import determine_here

        with st.expander(translate("Confirm or correct"), icon=":material/how_to_reg:"):
            determine_here(context, [recorded.id], found.answer.species, where="recorded")


def show_below(model: Model, found: Identification | None, unit: str) -> None:
    """Below the card, side by side: where it lies, and why this name; both keep their place whatever the card says."""
    study = model.study
    left, right = st.columns([1, 1.1], gap="large")
    with left:
        _show_chart(model, found, unit)
    with right:
        if found is None:
            st.html(_heading(translate("What tells them apart"), translate("bars: middle 90 % of each species")))
            st.html(answer_card.tells_apart(model, unit))
        else:
            title = translate("Why this name" if found.fits else "How it compares")
            st.html(_heading(title, translate("bars: middle 90 % of each species")))
            st.html(answer_card.why(found, unit=unit))
    show_limits(study, model)


def _heading(title: str, small: str) -> str:
    return f"<h2 class='flora-h2'>{title} <small>{small}</small></h2>"


def _show_chart(model: Model, found: Identification | None, unit: str) -> None:
    study, n = model.study, len(model.reference.species)
    if best_pair(model)[0] < 0:
        # Nothing is a number, so nothing lies anywhere.
        return
    title = translate("Where it will lie" if found is None else "Where it lies")
    st.html(_heading(title, translate("among {n} training {plural}", n=n, plural=escape(translate(study.plural)))))
    x, y = _axes(model, unit)
    values = np.full(len(study.measurements), np.nan) if found is None else found.plant.values
    st.plotly_chart(
        harmless_figure(
            among_training_plants(model, values, x, y, theme().ink, _likeliest(found) if found else (), unit)
        ),
        key="among",
        config={"displayModeBar": False},
        alt=_said_of_place(found, x, y)
        if found
        else translate("Scatter plot of the training {plural}.", plural=translate(study.plural)),
    )


def show_place(found: Identification) -> None:
    """Where it lies among the training plants, in two measurements that the visitor may choose."""
    st.header(
        translate(
            "Where it lies among the {n} training {plural}",
            n=len(found.model.reference.species),
            plural=escape_markdown(translate(found.study.plural)),
        )
    )
    x, y = _axes(found.model)
    st.plotly_chart(
        harmless_figure(among_training_plants(found.model, found.plant.values, x, y, theme().ink, _likeliest(found))),
        key="among",
        config={"displayModeBar": False},
        alt=_said_of_place(found, x, y),
    )


def show_drawing(found: Identification) -> None:
    """The plant drawn to scale beside the mean plant of its species; for studies that have a drawing."""
    study, shown = found.study, found.best if found.fits else found.nearest
    mean = found.model.gaussians.means[shown]
    drawn = [
        DrawnFlower(translate("this {organism}", organism=translate(study.organism)), found.plant.values, mean),
        DrawnFlower(
            translate(
                "mean {name}" if found.fits else "mean {name}, the nearest", name=study.short(study.species[shown].name)
            ),
            mean,
            mean,
        ),
    ]
    st.image(flowers(study, drawn, theme().ink), width="stretch", alt=flower_description(study, drawn))


def _likeliest(found: Identification) -> tuple[int, ...]:
    """The species to show in colour where there are many: the likeliest, and the nearest where it fits none."""
    order = found.ranking[:5]
    return tuple(dict.fromkeys(order if found.fits else (found.nearest, *order)))


def _axes(model: Model, unit: str = "") -> tuple[int, int]:
    measurements = model.study.measurements
    first, second = best_pair(model)
    if len(measurements) < 3:
        return first, second
    titles = [axis_title(in_unit(m, unit)[0]) for m in measurements]
    indices = [i for i, m in enumerate(measurements) if not m.has_states]
    if len(indices) < 3:
        return first, second
    across, up = st.columns(2)
    x = across.selectbox(
        translate("Across"),
        indices,
        index=indices.index(first),
        format_func=titles.__getitem__,
        key=f"across.{model.study.name}",
    )
    y = up.selectbox(
        translate("Up"),
        indices,
        index=indices.index(second),
        format_func=titles.__getitem__,
        key=f"up.{model.study.name}",
    )
    return int(x), int(y)


def _said_of_place(found: Identification, x: int, y: int) -> str:
    """The picture in words, for those who can't see it."""
    study, standing = found.study, found.explanation.standing
    parts = []
    for i in dict.fromkeys((x, y)):
        m, value = study.measurements[i], found.plant.values[i]
        if np.isnan(value):
            parts.append(translate("{label} not measured", label=translate(m.label)))
            continue
        shares = ", ".join(
            translate("{share} % of {name}", share=f"{100 * standing[j, i]:.0f}", name=study.species_names[j])
            for j in _likeliest(found)
            if not np.isnan(standing[j, i])
        )
        parts.append(
            translate(
                "{label} {value}, larger than in {shares}",
                label=translate(m.label),
                value=localised(m.written(float(value))),
                shares=shares,
            )
        )
    return translate(
        "Scatter plot of the training {plural} with this {organism} marked: {values}.",
        plural=translate(study.plural),
        organism=translate(study.organism),
        values="; ".join(parts),
    )


def show_why(found: Identification) -> None:
    """Which measurement speaks for and against each candidate."""
    st.header(translate("Why this name" if found.fits else "How it compares"))
    st.html(answer_card.why(found))


def show_limits(study: Study, model: Model) -> None:
    """What the model can't know, how well it does, and where its plants come from."""
    scores = model.card.scores
    with st.expander(translate("How far to trust it"), icon=":material/info:"):
        st.markdown(
            translate(
                "Out of {plants} training {plural}, none of them seen while learning, {right} were named right: {share} % "
                "(95 % interval {low} to {high} %), by {method}. Always naming the commonest species would reach {baseline} %. "
                "Model: {label}, {algorithm}.",
                plants=f"**{scores.plants}**",
                plural=escape_markdown(translate(study.plural)),
                right=f"**{scores.right}**",
                share=localised(f"{100 * scores.accuracy:.1f}"),
                low=localised(f"{100 * scores.low:.1f}"),
                high=localised(f"{100 * scores.high:.1f}"),
                method=escape_markdown(translate(scores.method)),
                baseline=f"{100 * model.card.baseline:.0f}",
                label=escape_markdown(model.card.label),
                algorithm=escape_markdown(translate(model.card.algorithm_title)),
            )
        )
        if study.caveat:
            st.markdown(escape_markdown(translate(study.caveat)))
        notes = [
            f"**{escape_markdown(s.name)}** {escape_markdown(s.author)}: {escape_markdown(translate(s.note))}"
            for s in study.species
            if s.note
        ]
        st.markdown("\n".join(f"- {line}" for line in (*notes, *map(escape_markdown, study.sources))))
        with st.container(horizontal=True):
            guide_link("reading-an-answer", translate("How to read an answer"))
            guide_link("what-it-cannot-know", translate("What the program cannot know"))
