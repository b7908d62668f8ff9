"""Calibration over time: how sure the names of determined plants were, window by window, and how many were right."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Final

import numpy as np

from flora_core.access import UseCase
from flora_core.monitoring.decision import ALPHA_AMBER, holm
from flora_core.monitoring.performance.calibration_in_the_large import CalibrationInTheLarge, calibration_in_the_large
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext
from flora_core.workflows.monitor.calendar import DateRange, windows_between
from flora_core.workflows.monitor.ground_truth import LEVEL, true_species
from flora_core.workflows.monitor.run import MonitorResult

#: The determined plants that are looked at, newest first: enough for a season, and no more work after ten.
MOST: Final = 2_000


@dataclass(frozen=True, slots=True)
class SureWindow:
    """A window with determined plants; `found.p_value` is corrected for the number of windows.

    Attributes
    ----------
    span : Span
    found : CalibrationInTheLarge
    alert : bool
        Whether chance does not explain the difference.
    """

    span: DateRange
    found: CalibrationInTheLarge
    alert: bool


@dataclass(frozen=True, slots=True)
class Certainties:
    """Windows with determined plants, oldest first, and all of them together."""

    windows: tuple[SureWindow, ...]
    together: CalibrationInTheLarge


@use_case(UseCase.READ_MONITOR)
def certainties_of(context: AppContext, watched: MonitorResult) -> Certainties:
    """How sure the names were that persons checked, against how many were right; bounded, whatever is kept.

    Raises
    ------
    DatabaseUnavailable
    """
    span = watched.span
    start, end = (datetime.combine(day, time(), tzinfo=UTC) for day in (span.since, span.until))
    days, sure, right = [], [], []
    for one in context.determinations.newest_certainties(watched.study.name, start, end, level=LEVEL, most=MOST):
        model = watched.models.get(one.version)
        true = true_species(model.study, one.given) if model is not None else None
        if true is not None:
            days.append(date.fromisoformat(one.day))
            sure.append(one.certainty)
            right.append(true == one.species)
    certain, hits, ordinal = np.array(sure, float), np.array(right, bool), np.array([d.toordinal() for d in days], int)
    found = []
    for window in windows_between(span.since, span.until, watched.kind):
        rows = (ordinal >= window.since.toordinal()) & (ordinal < window.until.toordinal())
        if rows.any():
            found.append((window, calibration_in_the_large(certain[rows], hits[rows])))
    tested = [said.p_value for _, said in found if said.p_value is not None]
    corrected = iter(holm(tested))
    windows = []
    for window, said in found:
        p = next(corrected) if said.p_value is not None else None
        windows.append(SureWindow(window, replace(said, p_value=p), p is not None and p < ALPHA_AMBER))
    return Certainties(tuple(windows), calibration_in_the_large(certain, hits))
