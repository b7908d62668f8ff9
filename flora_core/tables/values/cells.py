"""One cell, as somebody typed it -> a number, nothing, or what is wrong with it.

Tables of plants hold "5,1", "5.1 cm", "ca. 5", "---", "<5", "2.0-2.5", "(3-)4-6(-8)" and "3-May". Python's `float` would
also take "nan", "1_000" and "infinity", so it is called only on text that is known to be digits.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from flora_core.errors import Unknown
from flora_core.tables.values.text import normalize_number
from flora_core.units import parse_unit

#: What people write for "not measured" (case is ignored).
MISSING: Final = frozenset(
    {
        *("", "na", "n/a", "n.a.", "#n/a", "#na", "nan", "null", "none", "nil", "nd", "n.d.", "no data", "missing"),
        *("not measured", "-", "--", "---", "----", "–", "—", "−", "*", "**", "***", ".", "..", "...", "?", "??"),
    }
)


def codes_like_missing(texts: Iterable[str]) -> frozenset[str]:
    """The words for "not measured" that a column uses as codes of something: "NA" where "NB" and "NC" stand too.

    Such a word has a neighbour in the column that is as long, written in the same case, and differs in one letter only.
    """
    words = {text.strip() for text in texts} - {""}
    suspects = {word for word in words if word.isalpha() and word.lower() in MISSING}
    others = [word for word in words - suspects if word.isalpha()]
    return frozenset(
        word
        for word in suspects
        if any(
            len(other) == len(word)
            and (other.isupper(), other.islower()) == (word.isupper(), word.islower())
            and sum(a != b for a, b in zip(word, other, strict=True)) == 1
            for other in others
        )
    )


_SPACES: Final = re.compile(r"[\s\u00a0\u2007\u2009\u202f\u200b\ufeff]+")
_ABOUT: Final = re.compile(r"^(?:ca?\.?|circa|approx\.?|about|~|≈|±)\s*(?=[\d.,(-])", re.IGNORECASE)
#: How spreadsheet programs are made to keep a number as it was typed: ="0042", '5.1.
_FORCED_TEXT: Final = re.compile(r"^(=\"|')([^\"']*)\"?$")
_BOUND: Final = re.compile(r"^(?:<|>|≤|≥|=<|=>|<=|>=)\s*\d")
# Every run is taken whole (possessive): what follows it can't be part of it, so that no pattern tries one text in many ways.
_PLAIN: Final = re.compile(r"^[+-]?(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][+-]?\d{1,3})?$")
_NUMBER_AND_UNIT: Final = re.compile(r"^([+-]?[\d.,' ]++(?:(?<! )[eE][+-]?\d{1,3}(?=[\s\D]))?)\s*+([^\d\s.,'()+-].*+)$")
_ENDS_AS_NUMBER: Final = re.compile(r"\d[.,]?(?:[eE][+-]?\d{1,3})?$")
_ONE: Final = r"\d++(?:[.,]\d++)?"
_RANGE: Final = re.compile(
    rf"^(?:\(\s*+{_ONE}\s*+[-–—]\s*+\)\s*+)?({_ONE})\s*+(?:[-–—]|to|bis)\s*+({_ONE})"
    rf"(?:\s*+\(\s*+[-–—]\s*+{_ONE}\s*+\))?\s*+([^\d\s(][^\d(]*+)?$"
)
_MONTH: Final = r"(?:jan|feb|mar|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)[a-z]*"
_DATE: Final = re.compile(
    rf"^(?:\d{{1,4}}[-/. ]?{_MONTH}(?:[-/. ]\d{{2,4}})?|{_MONTH}[-/. ]\d{{1,4}}"
    r"|\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}.*)?|\d{1,2}/\d{1,2}/\d{2,4})$",
    re.IGNORECASE,
)
#: "1/2", "5 1/2", "½" and "5½", with a unit or without.
_VULGAR: Final = "¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"
_FRACTION: Final = re.compile(
    rf"^(?:(?P<whole>\d{{1,6}}) ?)?(?:(?P<sign>[{_VULGAR}])|(?<!\d)(?P<over>\d{{1,6}}) ?[/⁄∕] ?(?P<under>\d{{1,6}}))"
    r"(?P<unit> ?[^\d\s/⁄∕].*)?$"
)
_INFINITE: Final = re.compile(r"^[+-]?(?:inf|infinity|∞)$", re.IGNORECASE)

Kind = Literal["number", "missing", "bad"]


@dataclass(frozen=True, slots=True)
class Cell:
    """What one cell holds.

    Attributes
    ----------
    kind : {"number", "missing", "bad"}
    value : float
        NaN unless `kind` is "number".
    unit : str or None
        The unit that stood in the cell itself.
    problem, suggestion : str
        For a bad cell: what is wrong, and what would be right.
    note : str
        For a number: what was read past ("ca."), or how a range became one number.
    """

    kind: Kind
    value: float = float("nan")
    unit: str | None = None
    problem: str = ""
    suggestion: str = ""
    note: str = ""


_NOTHING: Final = Cell("missing")
#: Beyond it nothing was ever measured, and squares of squares are no numbers any more.
LARGEST: Final = 1e50
_TOO_LARGE: Final = Cell(
    "bad", problem="it is too large for a measurement", suggestion="Write the value, or leave the cell empty."
)
#: Characters of the longest text that is looked at for a number.
LONGEST_CELL: Final = 1000
_TOO_LONG: Final = Cell(
    "bad",
    problem=f"it is too long for a number: more than {LONGEST_CELL} characters",
    suggestion="Write a number like 5.1, or leave the cell empty.",
)
_NO_NUMBER: Final = Cell(
    "bad", problem="it is not a number", suggestion="Write a number like 5.1, or leave the cell empty."
)


def read_cell(text: str, *, decimal: Literal[".", ",", ""] = "", middle_of_ranges: bool = False) -> Cell:
    """What the cell holds: a number, nothing, or what is wrong with it. Never raises.

    Parameters
    ----------
    text : str
        As typed.
    decimal : {".", ",", ""}
        The decimal sign where the file has told; "" where each cell must speak for itself.
    middle_of_ranges : bool
        Whether "2.0-2.5" becomes 2.25; otherwise a range is a bad cell.
    """
    bare = text.strip()
    if len(bare) > LONGEST_CELL:
        return _TOO_LONG
    cleaned = _SPACES.sub(" ", normalize_number(bare)).strip().replace("\u2212", "-")
    if cleaned.lower() in MISSING:
        return _NOTHING
    cell = _read(cleaned, decimal, middle_of_ranges)
    return _TOO_LARGE if cell.kind == "number" and too_large(cell.value) else cell


def _read(cleaned: str, decimal: Literal[".", ",", ""], middle_of_ranges: bool) -> Cell:
    if _PLAIN.match(cleaned) and (decimal != "," or "." not in cleaned):
        return Cell("number", float(cleaned))
    note = ""
    forced = _FORCED_TEXT.match(cleaned)
    if forced and forced[2].strip():
        note, cleaned = 'signs that make a number a text (\' or ="") were read past', forced[2].strip()
        if _PLAIN.match(cleaned) and (decimal != "," or "." not in cleaned):
            return Cell("number", float(cleaned), note=note)
    about = _ABOUT.match(cleaned)
    if about:
        note, cleaned = f"'{about[0].strip()}' was read past", cleaned[about.end() :]
    if _INFINITE.match(cleaned):
        return Cell("bad", problem="it is infinite", suggestion="Leave the cell empty if it was not measured.")
    if _BOUND.match(cleaned):
        return Cell(
            "bad",
            problem="it says less or more than a value, not a value",
            suggestion="Write the value, or leave the cell empty.",
        )
    if _DATE.match(cleaned):
        return Cell(
            "bad",
            problem="it is a date",
            suggestion="Spreadsheet programs turn 3.5 into 3-May; write the number again and format the column as text.",
        )
    fraction = _FRACTION.match(cleaned)
    if fraction:
        return _fraction(fraction)
    span = _RANGE.match(cleaned)
    if span:
        return _range(span, decimal, middle_of_ranges)
    unit: str | None = None
    split = _NUMBER_AND_UNIT.match(cleaned)
    if split and _ENDS_AS_NUMBER.search(split[1].rstrip()[-8:]):
        try:
            unit = parse_unit(split[2])
        except Unknown:
            return _NO_NUMBER
        cleaned = split[1].strip()
    read = _number(cleaned, decimal)
    if read.kind != "number":
        return read
    return Cell("number", read.value, unit=unit, note=note or read.note)


def _fraction(found: re.Match[str]) -> Cell:
    """A fraction is sent back with its decimal number: "1/2" may as well be a slip of the finger, or a date."""
    if found["sign"]:
        part = unicodedata.numeric(found["sign"])
    elif int(found["under"]) == 0:
        return _NO_NUMBER
    else:
        part = int(found["over"]) / int(found["under"])
    if found["unit"]:
        try:
            parse_unit(found["unit"])
        except Unknown:
            return _NO_NUMBER
    value = f"{int(found['whole'] or 0) + part:.4g}{found['unit'] or ''}"
    return Cell("bad", problem="it is a fraction", suggestion=f"Write {value}, if that is what was measured.")


def too_large(value: float) -> bool:
    """Whether a number is beyond everything that is measured, infinity included."""
    return abs(value) > LARGEST


def _range(span: re.Match[str], decimal: Literal[".", ",", ""], middle: bool) -> Cell:
    """What "2.0-2.5" and "(3-)4-6(-8)" come to: the middle of the inner two values, where that was asked for."""
    low, high = _number(span[1], decimal), _number(span[2], decimal)
    if low.kind != "number" or high.kind != "number" or high.value < low.value:
        return _NO_NUMBER
    if too_large(low.value) or too_large(high.value):
        return _TOO_LARGE
    unit: str | None = None
    if span[3]:
        try:
            unit = parse_unit(span[3])
        except Unknown:
            return _NO_NUMBER
    # Twelve digits, so that the middle of 0.1 and 0.2 is 0.15 and not 0.15000000000000002.
    value = float(f"{(low.value + high.value) / 2:.12g}")
    if not middle:
        return Cell(
            "bad",
            problem="it is a range",
            suggestion=f"Write one number, or ask for the middle of ranges (here {value:g}).",
        )
    return Cell("number", value, unit=unit, note=f"the middle of {span[0]}")


_WHOLE: Final = re.compile(r"[+-]?\d++(?:[eE][+-]?\d{1,3})?")
_SPACED: Final = re.compile(r"[+-]?\d{1,3}(?:[ ']\d{3})++(?:[.,]\d++)?")
_BOTH_SIGNS: Final = re.compile(r"[+-]?\d{1,3}(?:(?:,\d{3})++\.\d*+|(?:\.\d{3})++,\d*+)")
_MANY_GROUPS: Final = re.compile(r"[+-]?[1-9]\d{0,2}(?:(?:,\d{3}){2,}|(?:\.\d{3}){2,})")
_ONE_GROUP: Final = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")
_ONE_SIGN: Final = re.compile(r"[+-]?(?:\d++[.,]\d*+|[.,]\d++)(?:[eE][+-]?\d{1,3})?")


def _number(text: str, decimal: Literal[".", ",", ""]) -> Cell:
    """A number with its thousands separators taken out and its decimal comma made a point.

    "1,234" may be 1234 or 1.234. Only a table whose decimal sign is known to be the comma decides it; everywhere else
    the cell is sent back with both readings.
    """
    if _SPACED.fullmatch(text):
        text = text.replace(" ", "").replace("'", "")
        if not _ONE_SIGN.fullmatch(text):
            return Cell("number", float(text))
        return Cell("number", float(text.replace(",", ".")))
    if _WHOLE.fullmatch(text):
        return Cell("number", float(text))
    if _BOTH_SIGNS.fullmatch(text):
        mark = max(".", ",", key=text.rfind)
        if decimal and mark != decimal:
            return Cell(
                "bad",
                problem=f"its decimal sign is '{mark}', the table's is '{decimal}'",
                suggestion=f"Write it with '{decimal}'.",
            )
        return Cell("number", float(text.replace("," if mark == "." else ".", "").replace(",", ".")))
    if _MANY_GROUPS.fullmatch(text):
        return Cell("number", float(text.replace(",", "").replace(".", "")))
    if not _ONE_SIGN.fullmatch(text):
        return _NO_NUMBER
    mark = "," if "," in text else "."
    if mark == decimal or (mark == "." and not decimal):
        return Cell("number", float(text.replace(",", ".")))
    if _ONE_GROUP.fullmatch(text):
        return Cell(
            "bad",
            problem="it can be read in two ways",
            suggestion=f"Write {re.sub('[.,]', '', text)} or {text.replace(',', decimal or '.').replace('.', decimal or '.')}.",
        )
    note = f"'{mark}' was read as its decimal sign" if decimal else ""
    return Cell("number", float(text.replace(",", ".")), note=note)
