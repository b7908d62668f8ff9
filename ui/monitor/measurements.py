"""The table of measurements on the Monitor page: changed ones first, each with its line; a row opens its chart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

import pandas as pd
import streamlit as st

from flora_core.monitoring.decision import worst
from flora_core.monitoring.drift.univariate import UnivariateDrift
from flora_core.monitoring.verdicts.wording import first_upper
from flora_core.study import Measurement
from flora_core.workflows.context import AppContext
from flora_core.workflows.monitor import MonitorResult, VersionWindow, main_part
from ui.charts import monitor as charts
from ui.charts.sparkline import sparkline
from ui.monitor.pictures import show_clickable, turn_to_clicked
from ui.site.text import escape_markdown
from ui.site.theme import theme

#: Windows that a line goes back, and rows that a phone shows.
_BACK: Final = 14
_ON_A_PHONE: Final = 12
_WORDS: Final = {"green": "✓ as before", "amber": "△ perhaps", "red": "▲ changed", "too few": "… too few"}
_COLOURS: Final = {"✓ as before": "green", "△ perhaps": "orange", "▲ changed": "red", "… too few": "gray"}


@dataclass(frozen=True, slots=True)
class MeasurementRow:
    """One row: a measurement as it is among the last plants, or a pair that no longer goes together.

    Attributes
    ----------
    measurement : Measurement or None
        None for a pair.
    title, unit, line, now, before, shift, chance, without, verdict : str
        As they are written; `line` is an image.
    """

    measurement: Measurement | None
    title: str
    unit: str
    line: str
    now: str
    before: str
    shift: str
    chance: str
    without: str
    verdict: str


def show_measurements(context: AppContext, found: MonitorResult) -> None:
    """The table, below it what its columns mean; the chart of the row that was picked."""
    rows = measurement_rows(found)
    changed = sum(row.verdict == _WORDS["red"] for row in rows)
    st.html(
        "<h2 class='flora-h2'>Do the plants measure as they did?<small>drift</small>"
        f"<span class='flora-right'>{changed} of {len(rows)} changed</span></h2>"
    )
    if not rows or found.last is None:
        st.markdown("Nothing was recorded lately: the lines of earlier plants are behind each measurement below.")
        _show_choice(context, found)
        return
    part = main_part(found.last, found.champion)
    unfit = part.profile.unfit
    without = any(row.without for row in rows)
    table = pd.DataFrame(
        {
            "Measurement": [f"{row.title} {row.unit}".strip() for row in rows],
            "line": [row.line for row in rows],
            "now": [row.now for row in rows],
            "Training": [row.before for row in rows],
            "Shift": [row.shift for row in rows],
            "Chance leaves": [row.chance for row in rows],
            **({"without": [row.without for row in rows]} if without else {}),
            "Verdict": [[row.verdict] for row in rows],
        }
    )
    right = {
        name: st.column_config.TextColumn(alignment="right", width=width)
        for name, width in (("Training", 66), ("Shift", 66), ("Chance leaves", 102))
    }
    with st.container(key="monitor-table"):
        event = st.dataframe(
            table,
            hide_index=True,
            key="monitor.table",
            on_select="rerun",
            selection_mode="single-row",
            row_height=42,
            height=min(42 * len(rows) + 40, 460),
            column_config={
                "line": st.column_config.ImageColumn(f"{_BACK} {found.kind}s, band of chance", width=160),
                "now": st.column_config.TextColumn(f"These {part.profile.plants:,}", alignment="right", width=70),
                "Measurement": st.column_config.TextColumn(width=176),
                **right,
                "without": st.column_config.TextColumn(f"Without the {unfit:,}", alignment="right", width=100),
                "Verdict": st.column_config.MultiselectColumn(
                    options=list(_COLOURS), color=list(_COLOURS.values()), width=112
                ),
            },
        )
        picked = event.selection.rows if hasattr(event, "selection") else []
    phone = _show_rows_for_phone(rows)
    n = part.profile.plants
    st.caption(
        "Pick a row for its chart. Band: where chance leaves the mean of 95 in 100 windows; “Chance leaves”: for these "
        f"{n:,} plants."
    )
    chosen = rows[picked[0]] if picked and picked[0] < len(rows) else phone
    if chosen is not None and chosen.measurement is not None:
        _show_chart(context, found, chosen.measurement)


def measurement_rows(found: MonitorResult) -> list[MeasurementRow]:
    """The rows, changed ones first, the largest shift first."""
    if found.last is None:
        return []
    part, points = main_part(found.last, found.champion), charts.points_of(found)
    sources = {one.name: one.source for one in part.decompositions}
    graded = []
    for measurement in found.study.measurements:
        if measurement.has_states:
            graded.append(_state_row(measurement, part, points))
            continue
        shift = charts.shift_in(part, measurement.name)
        through = sources.get(measurement.name) == "strangers" and shift.verdict in ("amber", "red")
        row = _row(measurement, shift, points, part if through else None)
        graded.append((_rank(shift), row))
    pair = part.findings.multivariate_drift
    if pair is not None and pair.correlation_changed and pair.pair is not None and pair.verdict in ("amber", "red"):
        graded.append(((0 if pair.verdict == "red" else 1, 0.0), _pair_row(found, part)))
    return [row for _, row in sorted(graded, key=lambda one: one[0])]


def _rank(shift: UnivariateDrift) -> tuple[int, float]:
    order = {"red": 0, "amber": 1, "green": 2, "too few": 3}
    return order[shift.verdict], -abs(shift.effect or 0.0)


def _row(
    measurement: Measurement, shift: UnivariateDrift, points: Sequence[charts.Point], strangers: VersionWindow | None
) -> MeasurementRow:
    values, low, high, changed = charts.course_of(measurement.name, points[-_BACK:])

    decimals = max(0, 2 - math.floor(math.log10(abs(shift.reference) or 1.0))) if shift.reference else 2

    def number(value: float | None) -> str:
        return "–" if value is None else f"{value:,.{decimals}f}".replace("-", "−")

    moved = None if shift.current is None or shift.reference is None else shift.current - shift.reference
    sign = "" if moved is None else "+" if moved >= 0 else "−"
    ends = charts.bounds_of(shift) if shift.current is not None else None
    return MeasurementRow(
        measurement,
        first_upper(measurement.label),
        measurement.unit,
        sparkline(values, low, high, changed, theme().ink),
        number(shift.current),
        number(shift.reference),
        "–" if moved is None else f"{sign}{number(abs(moved))}",
        "–" if ends is None else f"{number(ends[0])} to {number(ends[1])}",
        number(charts.mean_of_named(strangers, measurement.name)) if strangers is not None else "",
        _WORDS[shift.verdict],
    )


def _state_row(
    measurement: Measurement, part: VersionWindow, points: Sequence[charts.Point]
) -> tuple[tuple[int, float], MeasurementRow]:
    """A character with states: the state whose share moved most, and the graver verdict of all plants and within species."""
    drift = charts.states_in(part, measurement.name)
    title = first_upper(measurement.label)
    if drift is None or not drift.n or not drift.m:
        return (3, 0.0), MeasurementRow(measurement, title, "", "", "–", "–", "–", "–", "", _WORDS["too few"])
    within = next((one for name, one in part.findings.states_within if name == measurement.name), drift)
    verdict = worst([drift.verdict, within.verdict])
    before = [count / drift.n for count in drift.reference]
    now = [count / drift.m for count in drift.current]
    most = max(range(len(now)), key=lambda j: abs(now[j] - before[j]))
    seen = [one for _, other in points[-_BACK:] if (one := charts.states_in(other, measurement.name)) is not None]
    ends = [1.96 * math.sqrt(before[most] * (1.0 - before[most]) / max(one.m, 1)) for one in seen]
    moved = 100.0 * (now[most] - before[most])
    row = MeasurementRow(
        measurement,
        title,
        f"({drift.labels[most]})",
        sparkline(
            [one.current[most] / max(one.m, 1) for one in seen],
            [before[most] - end for end in ends],
            [before[most] + end for end in ends],
            [one.verdict in ("amber", "red") for one in seen],
            theme().ink,
        ),
        f"{100 * now[most]:.0f} %",
        f"{100 * before[most]:.0f} %",
        f"{'+' if moved >= 0 else '−'}{abs(moved):.0f} points",
        "–",
        "",
        _WORDS[verdict],
    )
    order = {"red": 0, "amber": 1, "green": 2, "too few": 3}
    return (order[verdict], -abs(moved) / 100.0), row


def _pair_row(found: MonitorResult, part: VersionWindow) -> MeasurementRow:
    pair = part.findings.multivariate_drift
    assert pair is not None  # noqa: S101  asked before
    assert pair.pair is not None  # noqa: S101
    one, other = (found.study.measurement(name).label for name in pair.pair)
    now, before = pair.correlation_now or 0.0, pair.correlation_before or 0.0

    def signed(value: float) -> str:
        return f"{value:.2f}".replace("-", "−")

    shift = f"{'+' if now >= before else ''}{signed(now - before)}"
    title = f"{first_upper(one)}, {other}"
    return MeasurementRow(
        None, title, "correlation", "", signed(now), signed(before), shift, "–", "", _WORDS[pair.verdict]
    )


def _show_rows_for_phone(rows: list[MeasurementRow]) -> MeasurementRow | None:
    """The same rows where the screen is narrow: name, line, value and shift; a button opens the chart."""
    picked = None
    with st.container(key="monitor-rows", gap="xsmall"):
        for i, row in enumerate(rows[:_ON_A_PHONE]):
            with st.container(horizontal=True, vertical_alignment="center", key=f"monitor-row-{i}"):
                line = f"<img src='{row.line}' alt=''>" if row.line else ""
                st.html(
                    f"<div class='flora-measure'><span><b>{escape(row.title)}</b><small>was {escape(row.before)} "
                    f"{escape(row.unit)}</small></span>{line}<span class='r'><b>{escape(row.now)}</b>"
                    f"<small>{escape(row.shift)} · {escape(row.verdict)}</small></span></div>"
                )
                if row.measurement is not None and st.button(
                    "Chart",
                    key=f"monitor-chart-{i}",
                    type="tertiary",
                    help=f"The chart of {escape_markdown(row.title)}",
                ):
                    picked = row
        if len(rows) > _ON_A_PHONE:
            st.caption(f"And {len(rows) - _ON_A_PHONE} more.")
    return picked


def _show_choice(context: AppContext, found: MonitorResult) -> None:
    names = {first_upper(m.label): m for m in found.study.measurements}
    chosen = st.selectbox("Its chart", list(names), index=None, key="monitor.measurement", placeholder="A measurement")
    if chosen is not None:
        _show_chart(context, found, names[str(chosen)])


def _show_chart(context: AppContext, found: MonitorResult, measurement: Measurement) -> None:
    @st.dialog(first_upper(measurement.label), width="large", on_dismiss=_close)
    def chart() -> None:
        points = charts.points_of(found)
        chart_of = charts.states_chart if measurement.has_states else charts.measurement_chart
        picture = chart_of(measurement, points, theme().ink)
        show_clickable(f"measurement-{measurement.name}", picture, found.study, points, "all")
        turn_to_clicked(context, found)
        if measurement.has_states:
            st.caption(
                "The share of each state in every window; a red diamond where chance does not explain the change."
            )
            return
        st.caption(
            escape_markdown(
                "The grey band is where chance leaves the mean of 95 in 100 windows of that size; its middle is the training "
                "mean. A red diamond marks a window in which chance does not explain the change, corrected for all that was "
                "asked. A point opens its plants."
            )
        )

    chart()


def _close() -> None:
    """The row is no longer picked: the same one can be picked again."""
    st.session_state.pop("monitor.table", None)
