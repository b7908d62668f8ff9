"""The day a slip bears, as people write it -> ISO 8601, no more precise than it was written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from flora_core.wording import shortened

#: Nothing was determined before Linnaeus (Species Plantarum, 1753) in names that are still names.
EARLIEST: Final = 1753

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janvier enero i",
            "feb february februar février fevrier febrero ii",
            "mar march märz maerz mrz mars marzo iii",
            "apr april avril abril iv",
            "may mai mayo v",
            "jun june juni juin junio vi",
            "jul july juli juillet julio vii",
            "aug august août aout agosto viii",
            "sep sept september septembre septiembre ix",
            "oct october okt oktober octobre octubre x",
            "nov november novembre noviembre xi",
            "dec december dez dezember décembre decembre diciembre xii",
        ),
        start=1,
    )
    for name in names.split()
}
#: Characters of the longest text that is looked at for a date.
_LONGEST: Final = 100
_ISO: Final = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_WITH_TIME: Final = re.compile(r"(\d{4}-\d{2}-\d{2})[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:Z|[+-]\d{2}:?\d{2})?")
_NUMBERS: Final = re.compile(r"(\d{1,2})\s*([./-])\s*(\d{1,2})\s*\2\s*(\d{4})")
_YEAR_FIRST: Final = re.compile(r"(\d{4})[./](\d{1,2})[./](\d{1,2})")
_DAY_AND_WORD: Final = re.compile(r"(?:(\d{1,2})(?:st|nd|rd|th)?[\s./-]*)?([^\W\d_]+)[\s./,-]*(\d{4})")
_WORD_AND_DAY: Final = re.compile(r"([^\W\d_]+)[\s./-]*(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")


@dataclass(frozen=True, slots=True)
class ParsedDate:
    """What a date says.

    Attributes
    ----------
    at : str
        "2026-06-03", or "2026-06" or "2026" where it says no more; "" where it can't be used.
    problem, suggestion : str
        What is wrong, and what would be right.
    """

    at: str = ""
    problem: str = ""
    suggestion: str = ""


def latest_today() -> date:
    """The latest day that it is anywhere on earth now: nobody's today is refused as the future."""
    return (datetime.now(UTC) + timedelta(hours=14)).date()


def parse_date(text: str) -> ParsedDate:
    """The day, month or year that somebody wrote. Never raises.

    Parameters
    ----------
    text : str
        "2026-06-03", "3 June 2026", "3.VI.2026" as on older slips, "June 2026", "1928". "3/6/2026" can be read in two ways and
        is sent back.
    """
    bare = text.strip()
    if len(bare) > _LONGEST:
        return ParsedDate(
            problem=f"'{shortened(bare)}' is not a date", suggestion="Write it like 2026-06-03, 2026-06 or 2026."
        )
    cleaned = re.sub(r"\s+", " ", bare).strip().rstrip(".")
    with_time = _WITH_TIME.fullmatch(cleaned)
    cleaned = with_time[1] if with_time else cleaned
    iso = _ISO.fullmatch(cleaned) or _YEAR_FIRST.fullmatch(cleaned)
    if iso:
        return _checked(text, int(iso[1]), int(iso[2]) if iso[2] else 0, int(iso[3]) if iso[3] else 0)
    numbers = _NUMBERS.fullmatch(cleaned)
    if numbers:
        return _of_numbers(text, int(numbers[1]), numbers[2], int(numbers[3]), int(numbers[4]))
    words = _DAY_AND_WORD.fullmatch(cleaned)
    if words and words[2].lower() in _MONTHS:
        return _checked(text, int(words[3]), _MONTHS[words[2].lower()], int(words[1]) if words[1] else 0)
    words = _WORD_AND_DAY.fullmatch(cleaned)
    if words and words[1].lower() in _MONTHS:
        return _checked(text, int(words[3]), _MONTHS[words[1].lower()], int(words[2]))
    return ParsedDate(
        problem=f"'{shortened(text)}' is not a date", suggestion="Write it like 2026-06-03, 2026-06 or 2026."
    )


def _of_numbers(text: str, first: int, sign: str, second: int, year: int) -> ParsedDate:
    """Day and month in numbers: with points the day stands first; otherwise only where they can't be exchanged."""
    if sign == "." or first > 12 or first == second:
        return _checked(text, year, second, first)
    if second > 12:
        return _checked(text, year, first, second)
    return ParsedDate(
        problem=f"the date '{shortened(text)}' can be read in two ways",
        suggestion=f"Write {year}-{second:02}-{first:02} or {year}-{first:02}-{second:02}.",
    )


def _checked(text: str, year: int, month: int, day: int) -> ParsedDate:
    try:
        date(year, month or 1, day or 1)
    except ValueError:
        return ParsedDate(problem=f"there is no day '{shortened(text)}'", suggestion="Write it like 2026-06-03.")
    at = f"{year:04}" + (f"-{month:02}" if month else "") + (f"-{day:02}" if day else "")
    now = latest_today()
    if at > now.isoformat()[: len(at)]:
        return ParsedDate(
            problem=f"the date {at} lies in the future",
            suggestion=f"Today is {now.isoformat()}; give the day on which it was determined.",
        )
    if year < EARLIEST:
        return ParsedDate(
            problem=f"the date {at} lies before {EARLIEST}", suggestion="Give the day on which it was determined."
        )
    return ParsedDate(at)
