"""The pictures of the Monitor page: their numbers to take away, and points that open their plants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Final

import streamlit as st

from flora_core.access import UseCase
from flora_core.storage.records.undetermined import Which
from flora_core.study import Study
from flora_core.workflows.context import AppContext
from flora_core.workflows.monitor import Certainties, MonitorResult
from flora_core.workflows.monitor.calendar import DateRange
from flora_core.workflows.monitor.plants import plants_of_window
from ui.charts import monitor as charts
from ui.charts.scatter import Picture
from ui.components.picture import show_picture
from ui.monitor.verdict import open_plants, words_of
from ui.site.handed_plants import HandedPlants
from ui.site.person import may, who_may
from ui.site.text import escape_markdown, italicised
from ui.site.theme import theme

_CLICKED: Final = "monitor.clicked"


@dataclass(frozen=True, slots=True)
class _Clicked:
    """A point that was clicked: its window, which of its plants, and the name they were given."""

    span: DateRange
    which: Which
    species: int | None = None


def show_mix(found: MonitorResult) -> None:
    """Which names were given, window by window."""
    points = charts.points_of(found)
    _title("Which species?", "mix", f"share of names given, per {found.kind}", found.study)
    picture = charts.mix_chart(found.study, points, theme().ink)
    show_clickable("mix", picture, found.study, points, "all", by_species=True, titled=False)


def show_unfit(found: MonitorResult) -> None:
    """How many fit none."""
    points = charts.points_of(found)
    picture = charts.unfit_chart(points, theme().ink)
    _title("Which fit none?", "unusual plants", picture.title, found.study)
    show_clickable("unfit", picture, found.study, points, "unfit", titled=False)
    newest = found.models.get(max(found.models, default=0))
    if newest is not None and newest.card.unknown_species is not None:
        st.caption(escape_markdown(newest.card.unknown_species.sentence))


def show_accuracy(found: MonitorResult) -> None:
    """How right the names are: estimated, and as persons found."""
    points = charts.points_of(found)
    picture = charts.accuracy_chart(points, theme().ink)
    _title("How right are the names?", "accuracy", picture.title, found.study)
    show_clickable("accuracy", picture, found.study, points, "determined", titled=False)


def show_calibration(found: MonitorResult, sure: Certainties) -> None:
    """How sure the names of determined plants were and how many came true; which were taken for which."""
    points, columns = charts.points_of(found), st.columns(2)
    with columns[0]:
        show_picture(
            charts.certainty_chart(sure, theme().ink), found.study, "picture_calibration", "monitor-calibration.csv"
        )
    with columns[1]:
        confusion = charts.confusion_chart(found.study, points, theme().ink)
        show_clickable("confusion", confusion, found.study, points, "determined")


def show_clickable(
    name: str,
    picture: Picture,
    study: Study,
    points: Sequence[charts.Point],
    which: Which,
    *,
    by_species: bool = False,
    titled: bool = True,
) -> None:
    """A picture of windows whose points open their plants.

    Parameters
    ----------
    which : Which
        The plants that a point stands for.
    by_species : bool
        Whether each of its lines is a species of the study, and the last one those that fit none.
    titled : bool
        False where its title stands in the heading above.
    """
    key = f"picture_{name}"
    species = len(study.species) if by_species else None
    clicked = partial(_clicked, key, tuple(span for span, _ in points), which, species)
    show_picture(picture, study, key, f"monitor-{name}.csv", on_select=clicked, titled=titled)


def _clicked(key: str, spans: tuple[DateRange, ...], which: Which, species: int | None) -> None:
    """Keep what was clicked until the page is run."""
    state: Any = st.session_state.get(key)
    points = state["selection"]["points"] if state else []
    if not points:
        return
    day = date.fromisoformat(str(points[0]["x"])[:10])
    span = next((one for one in spans if one.since <= day < one.until), None)
    if span is None:
        return
    curve = int(points[0].get("curve_number", 0))
    if species is not None:
        asked = _Clicked(span, "unfit") if curve >= species else _Clicked(span, which, curve)
    else:
        asked = _Clicked(span, which)
    st.session_state[_CLICKED] = asked


def turn_to_clicked(context: AppContext, found: MonitorResult) -> None:
    """Turn to the plants of the point that was clicked, where one was."""
    asked: _Clicked | None = st.session_state.pop(_CLICKED, None)
    if asked is None:
        return
    if not may(context, UseCase.READ_RECORDS):
        st.toast(escape_markdown(who_may(UseCase.READ_RECORDS)), icon=":material/lock:")
        return
    version = st.session_state.get("version")
    study = found.study.name
    plants = plants_of_window(context, study, asked.span, version, asked.which, asked.species)
    which = asked.which
    if not plants and which != "all":
        # Where none is of that kind the point still stands for plants.
        which = "all"
        plants = plants_of_window(context, study, asked.span, version, which, asked.species)
    words = words_of(which, asked.span)
    if asked.species is not None:
        words = f"named {found.study.short(found.study.species_names[asked.species])}, {words}"
    open_plants(HandedPlants(study, words, plants))


def _title(plain: str, term: str, right: str, study: Study) -> None:
    st.html(
        f"<h2 class='flora-h2'>{plain}<small>{term}</small><span class='flora-right'>{italicised(right, study)}</span></h2>"
    )
