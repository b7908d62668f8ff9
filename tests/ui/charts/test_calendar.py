"""Windows on an axis of days: each as wide as its days, joined where they follow each other, broken where nothing is known."""

from datetime import date, timedelta

import plotly.graph_objects as go
from hypothesis import given
from hypothesis import strategies as st

from flora_core.workflows.monitor.calendar import DateRange
from ui.charts.calendar import alerts, band, bars, figure, marks, step

FIRST, SECOND, FOURTH = (
    DateRange(date(2026, 6, 1), date(2026, 6, 8)),
    DateRange(date(2026, 6, 8), date(2026, 6, 15)),
    DateRange(date(2026, 6, 22), date(2026, 6, 29)),
)


def test_a_single_day_is_a_line_of_one_day_on_an_axis_of_seven():
    day = DateRange(date(2026, 6, 5), date(2026, 6, 6))
    line = step([day], [0.9], "estimated")
    assert (line["x"], line["y"]) == (["2026-06-05", "2026-06-06"], [0.9, 0.9])
    picture = figure([line], [day], "Share", "#000", share=True)
    go.Figure(picture.to_dict())  # plotly itself finds nothing wrong with it
    assert list(picture.layout.xaxis.range) == ["2026-05-30", "2026-06-06"]
    assert picture.layout.xaxis.dtick == 2 * 24 * 3600 * 1000


def test_windows_that_follow_each_other_are_joined_and_a_gap_is_a_gap():
    line = step([FIRST, SECOND, FOURTH], [1, 2, 3], "mean")
    assert line["x"] == ["2026-06-01", "2026-06-08", "2026-06-08", "2026-06-15", None, "2026-06-22", "2026-06-29"]
    assert line["y"] == [1, 1, 2, 2, None, 3, 3]
    assert step([FIRST, SECOND], [None, 2], "mean")["y"] == [2, 2]


def test_a_band_is_one_outline_for_each_run_of_windows():
    both = band([FIRST, SECOND, FOURTH], [1, 2, None], [3, 4, 5], "95 %")
    assert both["x"] == [
        "2026-06-01",
        "2026-06-08",
        "2026-06-08",
        "2026-06-15",
        "2026-06-15",
        "2026-06-08",
        "2026-06-08",
        "2026-06-01",
    ]
    assert both["y"] == [1, 1, 2, 2, 4, 4, 3, 3]


def test_marks_and_bars_stand_in_the_middle_of_their_days():
    dot = marks([FIRST], [0.5], "came true", "#000", [0.25], [0.75])
    assert dot["x"] == alerts([FIRST], [0.5])["x"] == bars([FIRST], [4], "named")["x"] == ["2026-06-04T12:00"]
    assert (dot["error_y"]["array"], dot["error_y"]["arrayminus"]) == ([0.25], [0.25])
    assert bars([FIRST], [4], "named")["width"] == [0.9 * 7 * 24 * 3600 * 1000]


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 9), st.none() | st.floats(0, 1)), max_size=12))
def test_every_level_is_drawn_over_the_days_of_its_window(windows):
    spans, values, day = [], [], date(2026, 1, 1)
    for length, pause, value in windows:
        day += timedelta(days=pause)
        spans.append(DateRange(day, day + timedelta(days=length)))
        values.append(value)
        day = spans[-1].until
    line = step(spans, values, "mean")
    drawn = [x for x, y in zip(line["x"], line["y"], strict=True) if y is not None]
    assert drawn == [
        end.isoformat() for s, v in zip(spans, values, strict=True) if v is not None for end in (s.since, s.until)
    ]
    figure([line], spans, "", "#000")
