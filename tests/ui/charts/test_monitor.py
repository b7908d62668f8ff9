"""Calibration and confusion over time: the counts the pictures show, and the same in words."""

from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest

from flora_core.monitoring.performance.calibration_in_the_large import calibration_in_the_large
from flora_core.monitoring.performance.realised import realised_from_confusion
from flora_core.study import IRIS
from flora_core.workflows.monitor.calendar import DateRange
from flora_core.workflows.monitor.calibration import Certainties, SureWindow
from ui.charts.monitor import certainty_chart, confusion_chart

WEEK = DateRange(date(2026, 6, 1), date(2026, 6, 8))


def test_calibration_says_what_was_said_and_what_came_true():
    one = calibration_in_the_large(np.full(40, 0.9), np.arange(40) < 30)
    picture = certainty_chart(Certainties((SureWindow(WEEK, one, True),), one), "#000")
    assert picture.title == "Names said to be 90 % sure: 75 % came true (n = 40)"
    assert "2026-06-01: 90 % said, 30 of 40 right" in picture.alt
    assert picture.rows[0] | {"said": None, "low": None, "high": None, "p": None} == {
        "window": "2026-06-01",
        "determined": 40,
        "said": None,
        "right": 30,
        "came true": 0.75,
        "low": None,
        "high": None,
        "p": None,
        "alert": True,
    }
    assert list(picture.figure.data[2].x) == ["2026-06-04T12:00"]


@pytest.mark.parametrize(
    ("confusion", "title"),
    [
        ([[5, 0, 0], [0, 4, 1], [0, 3, 9], [0, 0, 2]], "I. virginica taken for I. versicolor: 3 of 6 mistakes"),
        ([[5, 0, 0], [0, 4, 0], [0, 0, 9], [0, 0, 0]], "No mistake among 18 determined plants"),
        ([[0, 0, 0]] * 4, "No plant is determined yet"),
    ],
)
def test_confusion_names_the_commonest_mistake(confusion, title):
    part = SimpleNamespace(realised=realised_from_confusion(40, np.array(confusion)))
    picture = confusion_chart(IRIS, [(WEEK, part)], "#000")
    assert picture.title == title
    assert "<i>" not in picture.alt
    wrong = sum(map(sum, confusion)) - sum(confusion[j][j] for j in range(3))
    assert sum(row["plants"] for row in picture.rows) == sum(sum(trace.y) for trace in picture.figure.data) == wrong
