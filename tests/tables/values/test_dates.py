from datetime import UTC, date, datetime

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from flora_core.tables.values.dates import latest_today, parse_date

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-06-03", "2026-06-03"),
        ("2026-6-3", "2026-06-03"),
        ("2026/06/03", "2026-06-03"),
        ("2026-06-03T23:59:59Z", "2026-06-03"),
        ("2026-06-03 00:00:00", "2026-06-03"),
        (" 2026-06 ", "2026-06"),
        ("1928", "1928"),
        ("3 June 2026", "2026-06-03"),
        ("3rd June 2026", "2026-06-03"),
        ("June 3, 2026", "2026-06-03"),
        ("03-Jun-2026", "2026-06-03"),
        ("3.VI.1928", "1928-06-03"),
        ("Juin 1928", "1928-06"),
        ("3.6.2026", "2026-06-03"),
        ("13/06/2026", "2026-06-13"),
        ("06/13/2026", "2026-06-13"),
        ("05/05/2026", "2026-05-05"),
    ],
)
@time_machine.travel(NOW)
def test_a_day_is_read_as_people_write_it_and_no_more_precisely(text, at):
    assert parse_date(text).at == at


@pytest.mark.parametrize(
    ("text", "problem", "suggestion"),
    [
        ("3/6/2026", "the date '3/6/2026' can be read in two ways", "Write 2026-06-03 or 2026-03-06."),
        ("2026-06-17", "the date 2026-06-17 lies in the future", "Today is 2026-06-16; give the day"),
        ("2027", "the date 2027 lies in the future", "Today is 2026-06-16"),
        ("2026-07", "the date 2026-07 lies in the future", ""),
        ("2026-02-30", "there is no day '2026-02-30'", ""),
        ("1700", "the date 1700 lies before 1753", ""),
        ("yesterday", "'yesterday' is not a date", "Write it like 2026-06-03, 2026-06 or 2026."),
        ("0000", "there is no day '0000'", ""),
        ("", "'' is not a date", ""),
    ],
)
@time_machine.travel(NOW)
def test_what_is_no_day_is_sent_back_with_the_reason(text, problem, suggestion):
    found = parse_date(text)
    assert (found.at, found.problem) == ("", problem)
    assert suggestion in found.suggestion


@time_machine.travel(NOW)
def test_nobodys_today_is_the_future():
    assert latest_today() == date(2026, 6, 16)
    assert parse_date("2026-06-16").at == "2026-06-16"


@given(st.dates(date(1753, 1, 1), date(2025, 12, 31)))
def test_every_day_comes_back_however_it_is_written(day):
    month = day.strftime("%B")
    for text in (day.isoformat(), f"{day.day}.{day.month}.{day.year}", f"{day.day} {month} {day.year}"):
        assert parse_date(text).at == day.isoformat()


@given(st.text(max_size=30))
def test_any_text_is_a_day_or_says_why_not(text):
    found = parse_date(text)
    assert bool(found.at) != bool(found.problem)
