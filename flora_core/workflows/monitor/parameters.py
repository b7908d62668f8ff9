"""What a person asks of the monitor, as typed at a door."""

from __future__ import annotations

from datetime import date
from typing import Final

from flora_core.errors import Refused
from flora_core.workflows.monitor.calendar import WINDOWS, WindowKind

#: Years that a record can lie in: no computer named a plant before, and no calendar of the monitor is longer.
_FIRST_YEAR: Final = 1900
_LAST_YEAR: Final = 2199


def asked_window(text: str) -> WindowKind:
    """The kind of window of that name.

    Raises
    ------
    Refused
        There is none.
    """
    for kind in WINDOWS:
        if text.strip().lower() == kind:
            return kind
    raise Refused(f"A window can't be '{text[:40]}'; it is a day, a week or a month.")


def asked_days(since: str, until: str) -> tuple[date | None, date | None]:
    """The first and the last day; None where nothing was typed.

    Raises
    ------
    Refused
        One is no day, or the first lies after the last.
    """
    first, last = _day(since), _day(until)
    for day in (first, last):
        if day is not None and not _FIRST_YEAR <= day.year <= _LAST_YEAR:
            raise Refused(f"{day} can't be a day of records: give one between {_FIRST_YEAR} and {_LAST_YEAR}.")
    if first is not None and last is not None and first > last:
        raise Refused(f"The first day, {first}, lies after the last, {last}; change them round.")
    return first, last


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Refused(f"'{text[:40]}' is no day; write it like 2026-06-30.") from None
