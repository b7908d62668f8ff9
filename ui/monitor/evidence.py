"""How the verdict is known: the tests and their p values, by collector, site and file, and the numbers to take away."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Final

import pandas as pd
import streamlit as st

from flora_core.monitoring.decision import MIN_PLANTS
from flora_core.monitoring.verdicts.evidence import evidence_of
from flora_core.monitoring.verdicts.wording import written_p
from flora_core.workflows.context import AppContext
from flora_core.workflows.monitor import (
    GROUPINGS,
    MonitorResult,
    certainties_of,
    groups_of,
    main_part,
    monitor_document,
)
from flora_core.workflows.monitor.reference import wording_of
from ui.monitor.pictures import show_calibration
from ui.site.text import escape_markdown

#: The share of windows that are amber or red though nothing changed: counted by simulation, 0.5 to 4 % (docs/statistics.md).
HEALTHY: Final = 0.02
YEAR: Final = {"day": 365, "week": 52, "month": 12}
ANSWERS: Final = {"green": "✓ as before", "amber": "△ perhaps", "red": "▲ changed", "too few": "… too few"}


def show_how_we_know(context: AppContext, found: MonitorResult) -> None:
    """Everything behind the verdict, for whoever asks."""
    with st.expander("How do we know?", icon=":material/query_stats:"):
        if found.last is not None:
            left, right = st.columns([2.2, 1], gap="large")
            with left:
                _show_tests(found)
            with right:
                _show_groups(context, found)
        sure = certainties_of(context, found)
        if sure.windows:
            show_calibration(found, sure)
            st.caption(
                "Of determined plants only, by the day they were identified; how sure, of the newest "
                f"{sure.together.plants:,}. A red diamond marks a window in which chance does not explain the difference "
                "between what was said and what came true, corrected for the number of windows."
            )
        st.caption(
            "The estimate of accuracy takes the model's probabilities at their word: it follows plants that are harder or "
            "easier than the training plants, but not a species that no longer looks as it did; only determinations show that. "
            "Determined plants are no random sample: people look at the doubtful ones first; those drawn at random are counted "
            "apart. Plants that fit no species were given no name and are not counted."
        )
        st.download_button(
            "Everything as numbers (.json)",
            data=lambda: json.dumps(monitor_document(found), ensure_ascii=False, indent=1),
            file_name="monitor.json",
            mime="application/json",
            on_click="ignore",
            icon=":material/download:",
        )


def _show_tests(found: MonitorResult) -> None:
    assert found.last is not None  # noqa: S101  asked before
    part = main_part(found.last, found.champion)
    rows = evidence_of(part.findings, wording_of(found.study))
    table = pd.DataFrame(
        {
            f"Asked of the {part.findings.m:,} {found.study.plural}": [row.question for row in rows],
            "Test": [row.test for row in rows],
            "Statistic": [row.statistic for row in rows],
            "p": [written_p(row.p_value) if row.p_value is not None else "–" for row in rows],
            "p, corrected (Holm)": [written_p(row.p_adjusted) if row.p_adjusted is not None else "–" for row in rows],
            "Seen half of the time": [row.detectable or "–" for row in rows],
            "Answer": [ANSWERS[row.verdict] for row in rows],
        }
    )
    st.dataframe(table, hide_index=True, key="monitor.tests", height="content")
    windows = sum(window.plants >= MIN_PLANTS for window in found.windows)
    if windows:
        st.caption(
            f"Where nothing changes, chance alone still turns about {100 * HEALTHY:.0f} windows in 100 amber or red: of the "
            f"{windows:,} shown here with {MIN_PLANTS} plants or more about {HEALTHY * windows:.1f}, of the {YEAR[found.kind]} "
            f"of a whole year about {HEALTHY * YEAR[found.kind]:.1f}."
        )
    asked = sum(row.p_adjusted is not None for row in rows)
    power = part.window_verdict.power
    st.caption(
        escape_markdown(
            f"Corrected so that among all {asked} questions a false “changed” comes up in at most 1 window of 20. "
            f"{power}".strip()
        )
    )


def _show_groups(context: AppContext, found: MonitorResult) -> None:
    """Whose plants, or from where, are unlike the others."""
    assert found.last is not None  # noqa: S101  asked before
    by = st.segmented_control("By", GROUPINGS, default="collector", required=True, key="grouping", bind="query-params")
    part = main_part(found.last, found.champion)
    since = min(found.last.span.since, found.last.span.until - timedelta(days=30))
    groups, plants = groups_of(context, found.study.name, part.version, by, since, found.last.span.until)
    table = pd.DataFrame(
        {
            by.capitalize(): [group.name or f"{by} not recorded" for group in groups],
            "n": [group.plants for group in groups],
            "fit none": [group.unfit for group in groups],
            "Answer": [ANSWERS[group.verdict] for group in groups],
        }
    )
    st.dataframe(table, hide_index=True, key=f"monitor.groups.{by}", height="content")
    for group in groups:
        if group.verdict in ("amber", "red"):
            name = escape_markdown(group.name) if group.name else f"{by} not recorded"
            st.markdown(f"**{name}**: {escape_markdown(group.window_verdict.sentence)}")
    st.caption(
        f"{plants:,} plants of version {part.version} since {since:%d %B %Y}, evenly from all of them where they are more than "
        "2,000; corrected for the number of groups."
    )
