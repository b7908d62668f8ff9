"""The parts of the Train page: what is learned from, how, the queue, and what came of it."""

from __future__ import annotations

from typing import Final

import numpy as np
import streamlit as st

from flora_core.errors import FloraError
from flora_core.learning.algorithms.candidates import MOST
from flora_core.learning.algorithms.catalogue import ALGORITHMS, AUTO
from flora_core.learning.algorithms.hyperparameters import Hyperparameter, Value
from flora_core.model import TrainingPlants
from flora_core.study import Study
from flora_core.workflows.context import AppContext
from flora_core.workflows.jobs.requests import TrainingResult, ask_for_training, newest_jobs
from flora_core.workflows.models.determined_plants import determined_plants
from flora_core.workflows.models.training import TrainingRequest
from ui.jobs.queue import show_queue
from ui.jobs.supervisor import SUPERVISOR
from ui.models.card import show_card
from ui.site.navigation import page_link
from ui.site.person import show_signing_name
from ui.site.text import escape_markdown, italicised

_PERSON: Final = "person"
_AUTO_SENTENCE: Final = (
    f"Tries {', '.join(ALGORITHMS[name].title for name in AUTO[:-1])} and {ALGORITHMS[AUTO[-1]].title} on the same plants, "
    "and keeps the one whose probabilities were best on plants it had not seen."
)


def show_table(study: Study, plants: TrainingPlants) -> None:
    """What is learned from: plants a species, as words."""
    counts = np.bincount(plants.species, minlength=len(study.species))
    named = ", ".join(f"{italicised(name, study)} {n}" for name, n in zip(study.species_names, counts, strict=True))
    cells = plants.table.missing_cells
    gaps = f" {cells:,} of {plants.values.size:,} cells are missing; every algorithm can do with that." if cells else ""
    groups = f" In {len(np.unique(plants.groups))} groups." if plants.groups is not None else ""
    st.html(
        f"<p><b>{len(plants.species):,} {study.plural}</b> of {len(study.species)} species, "
        f"{len(study.measurements)} measurements each: {named}.{groups}{gaps}</p>"
    )


def ask_settings(context: AppContext, study: Study) -> tuple[TrainingRequest, str]:
    """Algorithm, hyperparameters, search and extras, as a request; and who asks."""
    names = ["auto", *ALGORITHMS]
    algorithm = st.selectbox(
        "Algorithm",
        names,
        format_func=lambda name: "the best of four" if name == "auto" else ALGORITHMS[name].title,
        key=f"train.{study.name}.algorithm",
    )
    st.caption(escape_markdown(_AUTO_SENTENCE if algorithm == "auto" else ALGORITHMS[algorithm].sentence))
    given: dict[str, Value] = {}
    if algorithm != "auto":
        knobs = ALGORITHMS[algorithm].hyperparameters
        for place, column in zip(knobs, _columns(len(knobs)), strict=False):
            with column:
                value = _ask(place, f"train.{study.name}.{algorithm}.{place.name}")
                if value != place.default:
                    given[place.name] = value
    search = st.number_input(
        "Settings to try",
        0,
        MOST,
        0,
        key=f"train.{study.name}.search",
        help="A search tries so many settings on the same plants and keeps the best. 0: only the settings above.",
    )
    st.caption("0 trains with the settings as they stand. A search tries more, holding fixed what you changed.")
    with st.expander("Extras", icon=":material/tune:"):
        ratios = st.toggle("Shape ratios", key=f"train.{study.name}.ratios")
        st.caption(
            "Each length over the mean of all lengths, on a log scale: shape without size, beside the measurements."
        )
        known = len(determined_plants(context, study))
        determined = st.toggle(
            f"Learn from {known} determined {study.plural} too" if known else "Learn from determined plants too",
            key=f"train.{study.name}.determined",
            disabled=not known,
        )
        st.caption(
            "Those that a competent person gave a plain species name."
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


def show_training_start(context: AppContext, study: Study, request: TrainingRequest, by: str) -> None:
    """The button that puts the training into the queue, and a refusal where it can't be."""
    if not st.button("Train", type="primary", icon=":material/school:", key="train.start"):
        return
    try:
        ask_for_training(context, study.name, request, by)
    except FloraError as refused:
        st.error(escape_markdown(refused.message), icon=":material/error:")
        return
    SUPERVISOR.wake()
    st.rerun()


def show_jobs(context: AppContext, study: Study) -> None:
    """The queue of the whole context, while anything is in it; and what became of this study's last trainings."""
    st.header("Being worked on")
    show_queue(context, study.name)


def show_training_result(context: AppContext, study: Study) -> None:
    """The newest version that was trained here, and what to do with it."""
    done = [q.job for q in newest_jobs(context, study.name) if q.job.kind == "train" and q.job.state == "done"]
    if not done:
        st.info(
            "What a training comes to is shown here: how many plants it named right that it had not seen, which species it "
            "takes for which, whether its certainties can be believed, and whether more plants would help.",
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
    st.header(f"Version {version}: {card.algorithm_title}")
    show_card(card, "train")
    champion = context.registry.champion_version(study.name)
    if champion == version:
        st.success("This version is now in use.", icon=":material/check_circle:")
    else:
        label = (
            "Next: let it identify" if champion is None else f"Next: compare it with the champion, version {champion}"
        )
        page_link("models", label, view="Compare", challenger=str(version))


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
        value = st.selectbox(knob.label, list(knob.choices), index=knob.choices.index(knob.default), key=key)
    elif knob.kind == "int":
        value = st.number_input(knob.label, int(knob.low), int(knob.high), int(str(knob.default)), step=1, key=key)
    else:
        default = float(str(knob.default))
        value = st.number_input(
            knob.label,
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
