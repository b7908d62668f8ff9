"""The parts of the Monitor page: the verdict in words, what is asked, the pictures with their numbers, groups, two tables."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import streamlit as st

from flora_core.study import Study
from flora_core.workflows.context import AppContext
from flora_core.workflows.monitor import (
    GROUPINGS,
    WINDOWS,
    MonitorResult,
    certainties_of,
    groups_of,
    main_part,
    monitor_study,
)
from ui.charts import monitor as charts
from ui.charts.scatter import Picture
from ui.components.picture import show_picture
from ui.site.navigation import page_link
from ui.site.text import escape_markdown
from ui.site.theme import theme

_SHOWN: Final = {
    "green": (st.success, ":material/check_circle:", "Green"),
    "amber": (st.warning, ":material/warning:", "Amber"),
    "red": (st.error, ":material/error:", "Red"),
    "too few": (st.info, ":material/hourglass_empty:", "Too few to say"),
}


def asked(context: AppContext, study: str) -> MonitorResult:
    """What the monitor says of what this visitor asks about."""
    versions = [v.version for v in context.registry.versions(study)]
    left, right = st.columns(2)
    window = left.segmented_control(
        "Windows",
        WINDOWS,
        default="week",
        required=True,
        key="window",
        bind="query-params",
        help="One step of the lines below, and how far back the verdict looks.",
    )
    version = right.selectbox(
        "Version",
        [None, *versions],
        format_func=lambda v: "all versions" if v is None else f"version {v}",
        key="version",
    )
    return monitor_study(context, study, window=window, version=version)


def show_verdict(found: MonitorResult) -> None:
    """The verdict first, in words; then each reason with what to do, and what else should be known."""
    element, icon, word = _SHOWN[found.verdict]
    element(f"**{word}.** {escape_markdown(found.sentence)}", icon=icon)
    for reason in found.reasons:
        st.markdown(f"- {escape_markdown(reason)}")
    if found.last is not None:
        power = main_part(found.last, found.champion).window_verdict.power
        days = found.last.span.written
        st.caption(escape_markdown(f"Plants of {days}. {power}".strip()))
    for note in found.notes:
        st.caption(escape_markdown(note))


def show_empty(found: MonitorResult) -> None:
    """What a page without plants teaches: what will stand here, and how to fill it."""
    st.markdown(
        f"Every {escape_markdown(found.study.organism)} that is **recorded**, one by one or as a table, "
        "is counted here by day. From "
        "twenty on the monitor says whether they still look like the training plants, and how right their names are: "
        "estimated from the model's certainty, and counted from determinations as these come in."
    )
    page_link("identify", "Identify and record a plant")
    page_link("batch", "Identify a table")
    page_link("home", "Or load the simulated season on the first page")


def show_pictures(context: AppContext, found: MonitorResult) -> None:
    """Accuracy, calibration, confusion, each measurement, the mix and the strangers; each with its words and its numbers."""
    ink, points = theme().ink, charts.points_of(found)
    st.header("How right are the names?")
    _show("accuracy", charts.accuracy_chart(points, ink), found.study)
    st.caption(
        "The estimate takes the model's probabilities at their word: it follows plants that are harder or easier than the "
        "training plants, but not a species that no longer looks as it did; only determinations show that. Determined plants "
        "are no random sample: people look at the doubtful ones first. Plants that fit no species were given no name and are "
        "not counted."
    )
    sure = certainties_of(context, found)
    if sure.windows:
        columns = st.columns(2)
        with columns[0]:
            _show("calibration", charts.certainty_chart(sure, ink), found.study)
        with columns[1]:
            _show("confusion", charts.confusion_chart(found.study, points, ink), found.study)
        st.caption(
            "Of determined plants only, by the day they were identified; how sure, of the newest "
            f"{sure.together.plants:,}. A red diamond marks a window in which chance does not explain the difference between "
            "what was said and what came true, corrected for the number of windows."
        )
    st.header("Do the plants measure as they did?")
    columns = st.columns(2)
    for j, measurement in enumerate(found.study.measurements):
        with columns[j % 2]:
            _show(measurement.name, charts.measurement_chart(measurement, points, ink), found.study)
    st.caption(
        "The grey band is where chance leaves the mean of 95 in 100 windows of that size; its middle is the training mean. "
        "A red diamond marks a window in which chance does not explain the change, corrected for all that was asked."
    )
    st.header("Which species, and which none?")
    columns = st.columns(2)
    with columns[0]:
        _show("mix", charts.mix_chart(found.study, points, ink), found.study)
    with columns[1]:
        _show("unfit", charts.unfit_chart(points, ink), found.study)


def show_groups(context: AppContext, study: str, found: MonitorResult) -> None:
    """Whose plants, or from where, are unlike the others."""
    if found.last is None:
        return
    st.header("Where does it come from?")
    by = st.segmented_control("By", GROUPINGS, default="collector", required=True, key="grouping", bind="query-params")
    part = main_part(found.last, found.champion)
    since = min(found.last.span.since, found.last.span.until - timedelta(days=30))
    groups, plants = groups_of(context, study, part.version, by, since, found.last.span.until)
    for group in groups:
        name = escape_markdown(group.name) if group.name else f"{by} not recorded"
        st.markdown(
            f"- **{name}** ({_SHOWN[group.verdict][2].lower()}): {escape_markdown(group.window_verdict.sentence)}"
        )
    st.caption(
        f"{plants:,} plants of version {part.version} since {since:%d %B %Y}, evenly from all of them where they are more than "
        "2,000; corrected for the number of groups."
    )


def show_two_tables(study: Any) -> None:
    """Two tables of a visitor's own against each other: herbarium and field, last year and this year."""
    from flora_core.errors import FloraError
    from flora_core.workflows.monitor.two_tables import drift_of_tables, read_table

    st.header("Compare two tables")
    st.markdown(
        "Herbarium against field, last year against this: columns of the same name are compared. Nothing is recorded."
    )
    left, right = st.columns(2)
    first = left.file_uploader("The one to compare with", type=["csv", "tsv", "txt", "xlsx"], key="reference_table")
    second = right.file_uploader("The one that is compared", type=["csv", "tsv", "txt", "xlsx"], key="current_table")
    if first is None or second is None:
        return
    try:
        found = drift_of_tables(read_table(first, first.name), read_table(second, second.name), study=study)
    except FloraError as error:
        st.error(escape_markdown(error.message), icon=":material/block:")
        return
    for window in found.windows:
        element, icon, word = _SHOWN[window.window_verdict.verdict]
        element(f"**{word}.** {escape_markdown(window.window_verdict.sentence)}", icon=icon)
        for reason in window.window_verdict.reasons:
            st.markdown(f"- {escape_markdown(f'{reason.text} {reason.next_step}'.strip())}")
        if window.window_verdict.power:
            st.caption(escape_markdown(window.window_verdict.power))
    for note in found.notes:
        st.caption(escape_markdown(note))


def _show(name: str, picture: Picture, study: Study) -> None:
    show_picture(picture, study, f"picture_{name}", f"monitor-{name}.csv")
