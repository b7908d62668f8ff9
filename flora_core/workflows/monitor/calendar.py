"""Days, weeks and months, as windows of a calendar in UTC; and days as people write them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

WindowKind = Literal["day", "week", "month"]
WINDOWS: Final[tuple[WindowKind, ...]] = ("day", "week", "month")

#: How many days a window of each kind looks back.
LENGTH: Final[dict[WindowKind, int]] = {"day": 1, "week": 7, "month": 30}


@dataclass(frozen=True, slots=True, order=True)
class DateRange:
    """Some successive days: from `since` on and before `until`."""

    since: date
    until: date

    @property
    def last(self) -> date:
        """The last day of it."""
        return self.until - timedelta(days=1)

    @property
    def written(self) -> str:
        """The days in words: "3 June 2026", "3 to 9 June 2026", "28 May to 3 June 2026"."""
        return date_range_text(self.since, self.last)


def window_of(day: date, kind: WindowKind) -> DateRange:
    """The window of the calendar that a day lies in; weeks begin on Monday."""
    if kind == "day":
        return DateRange(day, day + timedelta(days=1))
    if kind == "week":
        monday = day - timedelta(days=day.weekday())
        return DateRange(monday, monday + timedelta(days=7))
    first = day.replace(day=1)
    return DateRange(first, (first + timedelta(days=31)).replace(day=1))


def windows_between(since: date, until: date, kind: WindowKind) -> tuple[DateRange, ...]:
    """The windows that these days lie in, cut off where they begin and end."""
    found, day = [], since
    while day < until:
        window = window_of(day, kind)
        found.append(DateRange(max(window.since, since), min(window.until, until)))
        day = window.until
    return tuple(found)


def date_range_text(first: date, last: date) -> str:
    """Two days and those between them."""
    if first == last:
        return f"{first.day} {first:%B %Y}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {last.day} {last:%B %Y}"
    if first.year == last.year:
        return f"{first.day} {first:%B} to {last.day} {last:%B %Y}"
    return f"{first.day} {first:%B %Y} to {last.day} {last:%B %Y}"
