"""The parts of the Train page: what is learned from, how, the queue, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

import numpy as np
import streamlit as st

from flora_core.access import UseCase
from flora_core.errors import FloraError
from flora_core.learning.algorithms.candidates import MOST
from flora_core.learning.algorithms.catalogue import ALGORITHMS, AUTO, families_named
from flora_core.learning.algorithms.hyperparameters import Algorithm, Hyperparameter, Value
from flora_core.model import Ints, TrainingPlants
from flora_core.storage.job_queue import Job
from flora_core.study import Study
from flora_core.wording import listed
from flora_core.workflows.context import AppContext
from flora_core.workflows.jobs.requests import TrainingResult, ask_for_training, candidates_so_far, newest_jobs
from flora_core.workflows.models.determined_plants import determined_plants
from flora_core.workflows.models.lifecycle import FIRST_OF_STUDY, promote
from flora_core.workflows.models.planning import plan_training, tried_before
from flora_core.workflows.models.training import TrainingRequest
from ui.charts.candidates import best_sentence, setting_effect
from ui.components.refusal import show_refusal
from ui.jobs.queue import show_queue
from ui.jobs.supervisor import SUPERVISOR
from ui.models.card import show_card
from ui.models.leaderboard import show_leaderboard
from ui.site.navigation import page_link
from ui.site.person import may, show_signing_name
from ui.site.text import escape_label, escape_markdown, italicised

_PERSON: Final = "person"
#: Species whose plants are counted one by one.
_NAMED: Final = 12
_LDA: Final = ALGORITHMS["lda"]
#: Choices among the algorithms that stand for more than one.
_SEVERAL: Final = "several"
_BEST: Final = {"auto": "the best of four", _SEVERAL: "the best of those you choose"}


def show_table(study: Study, plants: TrainingPlants) -> None:
    """What is learned from: plants a species, as words."""
    counts = np.bincount(plants.species, minlength=len(study.species))
    cells = plants.table.missing_cells
    gaps = f" {cells:,} of {plants.values.size:,} cells are missing; every algorithm can do with that." if cells else ""
    groups = f" In {len(np.unique(plants.groups))} groups." if plants.groups is not None else ""
    st.html(
        f"<p><b>{len(plants.species):,} {escape(study.plural)}</b> of {len(study.species)} species, "
        f"{len(study.measurements)} measurements each: {_counts_text(study, counts)}.{groups}{gaps}</p>"
    )


def _counts_text(study: Study, counts: Ints) -> str:
    """The plants of each species; of many species the range, with the rarest by name."""
    if len(set(counts.tolist())) == 1:
        return f"{counts[0]} of each"
    if len(counts) <= _NAMED:
        return ", ".join(f"{italicised(name, study)} {n}" for name, n in zip(study.species_names, counts, strict=True))
    rarest = int(counts.argmin())
    return f"from {counts.min()} ({italicised(study.species_names[rarest], study)}) to {counts.max()} of a species"


def ask_settings(context: AppContext, study: Study) -> tuple[TrainingRequest, str]:
    """Algorithm, hyperparameters, search and extras, as a request; and who asks."""
    names = ["auto", _SEVERAL, *ALGORITHMS]
    algorithm = st.selectbox(
        "Algorithm",
        names,
        format_func=lambda name: _BEST.get(name) or ALGORITHMS[name].title,
        key=f"train.{study.name}.algorithm",
    )
    if algorithm == _SEVERAL:
        chosen = st.pills(
            "Families",
            list(ALGORITHMS),
            selection_mode="multi",
            default=list(AUTO),
            format_func=lambda name: ALGORITHMS[name].title,
            key=f"train.{study.name}.families",
        )
        # In the order of the catalogue; none chosen is as good as the usual ones.
        algorithm = ",".join(name for name in ALGORITHMS if name in chosen) or "auto"
    families = families_named(algorithm)
    st.caption(escape_markdown(families[0].sentence if len(families) == 1 else _tried_sentence(families)))
    given: dict[str, Value] = {}
    if len(families) == 1:
        knobs = ALGORITHMS[algorithm].hyperparameters
        before = [c for c in tried_before(context, study.name) if c.algorithm == algorithm]
        for place, column in zip(knobs, _columns(len(knobs)), strict=False):
            with column:
                value = _ask(place, f"train.{study.name}.{algorithm}.{place.name}")
                if effect := setting_effect(before, place.name):
                    st.caption(f"In this study: {escape_markdown(effect)}")
                if value != place.default:
                    given[place.name] = value
    search = _ask_search(len(families) > 1, f"train.{study.name}")
    with st.expander("Extras", icon=":material/tune:"):
        ratios = st.toggle("Shape ratios", key=f"train.{study.name}.ratios")
        st.caption(
            "Each length over the mean of all lengths, on a log scale: shape without size, beside the measurements."
        )
        found = determined_plants(context, study)
        known, drawn = len(found.to_learn_from()), len(found.to_test_on())
        determined = st.toggle(
            f"Learn from {known} determined {escape_markdown(study.plural)} too"
            if known
            else "Learn from determined plants too",
            key=f"train.{study.name}.determined",
            disabled=not known,
        )
        st.caption(
            "Those that a competent person gave a plain species name. They are learned from and not asked about."
            + (f" {drawn} more, which chance chose, are kept apart as a test set." if drawn else "")
            if known
            else "None of the recorded plants has been determined by a competent person yet."
        )
        seed = st.number_input("Seed", 0, 2**31 - 1, 0, key=f"train.{study.name}.seed")
        st.caption("The same plants, settings and seed give the same scores.")
    by = show_signing_name(context, _PERSON, "Trained by")
    request = TrainingRequest(
        algorithm=algorithm,
        hyperparameters=given,
        search=int(search),
        shape_ratios=ratios,
        with_determinations=determined,
        seed=int(seed),
    )
    return request, by


def _tried_sentence(families: Sequence[Algorithm]) -> str:
    plain = (
        " A plain linear discriminant analysis stays unless another is shown to be better." if _LDA in families else ""
    )
    return (
        f"Tries {listed([family.title for family in families])} on the same plants, and keeps the one that was best on plants "
        f"it had not seen.{plain}"
    )


def show_training_start(context: AppContext, study: Study, request: TrainingRequest, by: str) -> None:
    """The button that puts the training into the queue, and a refusal where it can't be."""
    if not st.button("Train", type="primary", icon=":material/school:", key="train.start"):
        return
    try:
        ask_for_training(context, study.name, request, by)
    except FloraError as refused:
        show_refusal(refused)
        return
    SUPERVISOR.wake()
    st.rerun()


def show_jobs(context: AppContext, study: Study) -> None:
    """The queue of the whole context, while anything is in it, with what this study's training has tried so far."""

    def so_far(job: Job) -> None:
        if job.kind != "train" or job.study != study.name:
            return
        tried = candidates_so_far(job)
        if not tried:
            st.caption("The first candidate is being tried; the leaderboard grows as each one is done.")
            return
        with st.container(border=True, key="verdict-green"):
            st.markdown(f"Best so far: {escape_markdown(best_sentence(tried, study.plural))}")
        show_leaderboard(tried, study, "running")

    show_queue(context, study.name, empty="", beside=so_far)


def show_training_result(context: AppContext, study: Study, by: str) -> None:
    """The newest version that was trained here, and what to do with it."""
    if any(job.study == study.name and job.kind == "train" for job in context.jobs.active()):
        # One leaderboard at a time: that of the training that runs.
        return
    done = [q.job for q in newest_jobs(context, study.name) if q.job.kind == "train" and q.job.state == "done"]
    if not done:
        st.info(
            "What a training comes to is shown here: every candidate on a leaderboard, how many plants it named right that it "
            "had not seen, which species it takes for which, whether its certainties can be believed, and whether more plants "
            "would help.",
            icon=":material/lightbulb:",
        )
        return
    versions = {TrainingResult.model_validate_json(job.result).version: job for job in done}
    # A new version is shown at once, whichever was looked at before.
    chosen = st.selectbox(
        "Trained versions",
        list(versions),
        format_func=lambda v: f"version {v}, by {versions[v].by}",
        key=f"train.{study.name}.result.{max(versions)}",
    )
    version = int(chosen or next(iter(versions)))
    card = context.registry.card(study.name, version)
    st.header(f"Version {version}: {escape_markdown(card.algorithm_title)}")
    champion = context.registry.champion_version(study.name)
    if champion == version:
        st.success("This version is now in use.", icon=":material/check_circle:")
        page_link("identify", f"Identify {escape_markdown(study.one)}")
    elif champion is not None:
        label = f"Next: compare it with the champion, version {champion}"
        page_link("models", label, view="Compare", challenger=str(version))
    elif may(context, UseCase.PROMOTE):
        st.button(
            f"Use version {version}",
            type="primary",
            icon=":material/workspace_premium:",
            key="use.first",
            on_click=_use_first,
            args=(context, study.name, version, by),
            help="There is no other version to compare it with: it identifies from now on.",
        )
    show_card(card, "train")


def _use_first(context: AppContext, study: str, version: int, by: str) -> None:
    """Let a study's first version identify; the name is that of the page, and the reason is known."""
    try:
        promote(context, study, version, by=by or "a visitor", why=FIRST_OF_STUDY)
    except FloraError as refused:
        st.toast(escape_markdown(refused.message), icon=":material/error:")


def _ask_search(several: bool, key: str) -> int:
    """How many settings are tried, in words; 0 for those that stand above, or the usual ones of several families."""
    usual = "the usual ones" if several else "only those above"
    words = {usual: 0, "a few: 12": 12, "many: 40": 40, "another number": -1}
    chosen = st.segmented_control(
        "Settings to try", list(words), default=usual, required=True, key=f"{key}.{'auto' if several else 'one'}.amount"
    )
    found = words.get(str(chosen), 0)
    if found >= 0:
        return found
    return int(st.number_input("Settings in all", 1, MOST, 20, key=f"{key}.search"))


def show_training_plan(context: AppContext, study: Study, request: TrainingRequest) -> None:
    """How much would be tried, and about how long it takes here."""
    plan = plan_training(context, study.name, request)
    if plan is None:
        return
    said = f"{plan.settings} candidate{'s' if plan.settings > 1 else ''}"
    if plan.first_on_a_part:
        said += f", and {plan.first_on_a_part} more settings on a part of the {study.plural}, of which the best go on"
    if plan.seconds is not None:
        said += f"; about {_duration(plan.seconds)} here, going by earlier trainings"
    st.caption(escape_markdown(f"{said}."))


def _duration(seconds: float) -> str:
    if seconds < 10:
        return f"{max(1, round(seconds))} second{'s' if seconds >= 1.5 else ''}"
    return f"{5 * round(seconds / 5)} seconds" if seconds < 90 else f"{round(seconds / 60)} minutes"


def _columns(count: int) -> list[st.delta_generator.DeltaGenerator]:
    """Places for so many knobs, two beside each other."""
    places: list[st.delta_generator.DeltaGenerator] = []
    while len(places) < count:
        places.extend(st.columns(2))
    return places[:count]


def _ask(knob: Hyperparameter, key: str) -> Value:
    """One hyperparameter as a widget, with its sentence below."""
    value: Value
    if knob.kind == "choice":
        value = st.selectbox(
            escape_label(knob.label), list(knob.choices), index=knob.choices.index(knob.default), key=key
        )
    elif knob.kind == "int":
        value = st.number_input(
            escape_label(knob.label), int(knob.low), int(knob.high), int(str(knob.default)), step=1, key=key
        )
    else:
        default = float(str(knob.default))
        value = st.number_input(
            escape_label(knob.label),
            float(knob.low),
            float(knob.high),
            default,
            step=max(float(knob.low), default / 10),
            format="%.3g",
            key=key,
        )
    span = "" if knob.kind == "choice" else f" From {knob.low:g} to {knob.high:g}."
    st.caption(escape_markdown(f"{knob.sentence}{span}"))
    return value
