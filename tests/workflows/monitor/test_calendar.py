"""Windows of the calendar."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from flora_core.workflows.monitor.calendar import WINDOWS, DateRange, date_range_text, window_of, windows_between

WEDNESDAY = date(2026, 6, 3)


def test_a_week_begins_on_monday_and_a_month_on_its_first() -> None:
    assert window_of(WEDNESDAY, "day") == DateRange(WEDNESDAY, date(2026, 6, 4))
    assert window_of(WEDNESDAY, "week") == DateRange(date(2026, 6, 1), date(2026, 6, 8))
    assert window_of(WEDNESDAY, "month") == DateRange(date(2026, 6, 1), date(2026, 7, 1))
    assert window_of(date(2026, 12, 31), "month").until == date(2027, 1, 1)


@given(st.dates(date(2000, 1, 1), date(2030, 1, 1)), st.integers(1, 400), st.sampled_from(WINDOWS))
def test_windows_leave_no_day_out_and_count_none_twice(since: date, days: int, kind: str) -> None:
    until = since + timedelta(days=days)
    found = windows_between(since, until, kind)
    assert found[0].since == since
    assert found[-1].until == until
    assert all(a.until == b.since for a, b in pairwise(found))


def test_days_are_written_as_people_do() -> None:
    assert date_range_text(WEDNESDAY, WEDNESDAY) == "3 June 2026"
    assert date_range_text(WEDNESDAY, date(2026, 6, 9)) == "3 to 9 June 2026"
    assert date_range_text(date(2026, 5, 28), WEDNESDAY) == "28 May to 3 June 2026"
    assert date_range_text(date(2025, 12, 29), date(2026, 1, 4)) == "29 December 2025 to 4 January 2026"
