"""A column of numbers nobody has described -> a measurement: its name, label and unit from the header, limits and step from
the training plants.

The rules stand in docs/decisions/0014-studies-from-tables.md.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from flora_core.errors import Unknown
from flora_core.model import Bools, Floats, Ints
from flora_core.ontology import without_term
from flora_core.study import Measurement
from flora_core.tables.columns.header_words import fold_accents, parse_header
from flora_core.units import AREAS, LENGTHS, parse_unit

#: Values so many interquartile ranges beyond the quartiles are set aside before limits are taken (Tukey's far-out fence).
_FAR: Final = 3.0
#: ... and at least this factor beyond them.
_FACTOR: Final = 2.0
#: A species with fewer plants has no quartiles worth the name; its plants are judged among all others only.
_QUARTILES: Final = 8
#: Limits lie this share of the plants' range beyond their smallest and largest value.
_MARGIN: Final = 0.25
#: Above so many times the upper limit a value is refused: a length in millimetres read as centimetres is ten times as large.
_REFUSED: Final = 5.0
#: A slider has about so many steps at most.
_STEPS: Final = 1000

_SIZES: Final = frozenset({*LENGTHS, *AREAS, "px", "g", "mg"})
_BRACKETS: Final = re.compile(r"[\(\[\{]\s*([^\)\]\}]{1,14}?)\s*[\)\]\}]")
_METRES: Final = re.compile(r"(?:height|length|width|diameter|depth|hoehe|höhe|altura|hauteur)[\s_.]m$", re.IGNORECASE)
#: A unit as the last word: "flipper length in mm", "body_mass_g", "length_millimetres".
_LAST_WORD: Final = re.compile(r"[\s_.\-]+(?:in[\s_.\-]+)?([^\s_.\-]{1,14})\.?$", re.IGNORECASE)
_MASS: Final = re.compile(r"mass|weight|gewicht|masse|peso|poids", re.IGNORECASE)
_FIGURE: Final = re.compile(r"[\s_.\-]+(?:mid|mean|avg)$", re.IGNORECASE)


def header_unit(header: str) -> str:
    """The unit that a column's name carries, "" where none: "mm" of "petal length (mm)", "g" of "seed mass [g]"."""
    header = without_term(header)
    unit = parse_header(header).unit
    if not unit and _METRES.search(header):
        return "m"
    bracketed = _BRACKETS.search(header)
    if not unit and bracketed and bracketed.start() > 0:
        try:
            unit = parse_unit(bracketed[1])
        except Unknown:
            return ""
    return unit or _last_word(header)[0]


def _last_word(header: str) -> tuple[str, str]:
    """The unit that the last word is, and what stands before it; ("", "") where it is none.

    One letter alone may be anything: "g" counts behind a mass, and "in" needs brackets.
    """
    found = _LAST_WORD.search(header)
    if found is None or not found.start() or found[1].casefold() == "in":
        return "", ""
    before = header[: found.start()]
    if len(found[1]) == 1 and not (found[1] == "g" and _MASS.search(before)):
        return "", ""
    try:
        unit = parse_unit(found[1])
    except Unknown:
        return "", ""
    return (unit, before) if unit in _SIZES else ("", "")


def header_label(header: str) -> str:
    """What people call the measurement: the column's name without its unit, as words: "petal length"."""
    header = without_term(header)
    unit = header_unit(header)
    rest = header
    if unit:
        bare = header[:-2] if _METRES.search(header) else _BRACKETS.sub(" ", header)
        rest = parse_header(header).rest if parse_header(header).unit else _last_word(header)[1] or bare
        rest = re.sub(r"[\s_.\-]+in[\s_.\-]*$", "", rest, flags=re.IGNORECASE)
    rest = _FIGURE.sub("", rest.strip())
    spaced = re.sub(r"(?<=[a-zà-ÿ])(?=[A-Z][a-zà-ÿ])", " ", rest)
    words = [word for word in re.split(r"[\s_.\-/,:;]+", spaced) if word]
    # Short capitals are abbreviations: "LL", "PW3" and "EFD102" stay as they are.
    kept = [word if word.isupper() and len(word.rstrip("0123456789")) <= 5 else word.lower() for word in words]
    return " ".join(kept) or header.strip()


def slug(text: str) -> str:
    """A name for commands and addresses: lower case, letters, digits and underscores; "" where nothing of it remains."""
    return re.sub(r"[^a-z0-9]+", "_", fold_accents(text)).strip("_")[:60].strip("_")


def unique_names(headers: Sequence[str]) -> tuple[str, ...]:
    """One name for each column, each different: by label, with the unit behind it or a number where two would be the same."""
    found: list[str] = []
    for j, header in enumerate(headers):
        name = slug(header_label(header)) or f"measurement_{j + 1}"
        if name in found and header_unit(header):
            name = (
                f"{name}_{slug(header_unit(header).replace('²', '2').replace('°', 'degree').replace('%', 'percent'))}"
            )
        base, number = name, 2
        while name in found:
            name, number = f"{base}_{number}", number + 1
        found.append(name)
    return tuple(found)


def describe(
    name: str, label: str, unit: str, values: Floats, species: Ints, cells: pa.StringArray | None = None
) -> Measurement:
    """The measurement that a column holds, with limits and step taken from the training plants.

    Parameters
    ----------
    values : (n,) float
        NaN where not measured.
    species : (n,) int
        The species of each plant, so that an outlier is judged among its own.
    cells : pyarrow.StringArray, optional
        The values as typed, to see how finely they were read off.

    References
    ----------
    Tukey, J. W. (1977), Exploratory Data Analysis, for the fence beyond which values are set aside.
    """
    known = values[np.isfinite(values)]
    whole = bool(len(known)) and bool((known == np.floor(known)).all())
    positive = unit in _SIZES
    if not len(known):
        return Measurement(name=name, label=label, unit=unit, low=0.0, high=1.0, positive=positive)
    low, high = _limits(values, species, positive=positive)
    step = _step(high - low, cells, whole=whole)
    low, high = _outward(low, high, step, positive=positive)
    decimals = 0 if whole else min(9, max(0, round(-math.log10(step))) + 1)
    refuse = _rounded_up(_REFUSED * high) if positive else None
    return Measurement(
        name=name,
        label=label,
        unit=unit,
        low=low,
        high=high,
        refuse_above=refuse,
        positive=positive,
        step=step,
        decimals=decimals,
    )


#: How many times its species' median a value is at least, or at most the same part of it, that is taken for a slip.
_TIMES: Final = 30.0
#: Days since 1900 as spreadsheet programs count them: 1955 to 2064.
_DAY_NUMBERS: Final = (20_000.0, 60_000.0)
#: Where more of a column's values than this are far from the others, something else is wrong with it: another unit.
_MOST_SLIPS: Final = 0.1


def slips(values: Floats, species: Ints) -> dict[int, str]:
    """{place: what it looks like} of values that can't be their column's: numbers of days, lost decimal points.

    Only values count that lie beyond the far-out fences of all plants and of their species, and are thirty times their
    species' median or a thirtieth of it; a tall plant is neither.
    """
    known = np.isfinite(values)
    if known.sum() < _FEWEST or (values[known] < 0).any():
        return {}
    found: dict[int, str] = {}
    for j in np.unique(species[known]):
        of = known & (species == j)
        middle = float(np.median(values[of]))
        middle = middle if middle > 0 else float(np.median(values[known]))
        if middle <= 0:
            continue
        far = of & ((values > _TIMES * middle) | (values < middle / _TIMES)) & far_out(values, species)
        for place in map(int, np.flatnonzero(far)):
            found[place] = _looks_like(float(values[place]), middle)
    return found if len(found) <= max(3, _MOST_SLIPS * known.sum()) else {}


#: From so many values on it can be said which are far from the others.
_FEWEST: Final = 12


def _looks_like(value: float, middle: float) -> str:
    low, high = _DAY_NUMBERS
    if low <= value <= high and value == round(value) and value > 20 * middle:
        day = datetime.date(1899, 12, 30) + datetime.timedelta(days=int(value))
        return f"it looks like a date that a spreadsheet program made a number of ({day.isoformat()})"
    for times in (10, 100, 1000, 10_000, 100_000, 1_000_000):
        if 1 / 3 < value / times / middle < 3:
            return f"divided by {times:,} it would be like the others"
        if 1 / 3 < value * times / middle < 3:
            return f"times {times:,} it would be like the others"
    return "it is far from all others of its species"


def far_out(values: Floats, species: Ints) -> Bools:
    """Which values lie beyond the far-out fence of all plants together and of their own species: slips, most likely.

    Parameters
    ----------
    values : (n,) float
    species : (n,) int
    """
    known = np.isfinite(values)
    # Sizes of plants spread by factors; on the logarithm a large species is not an outlier beside a small one. A slip is far
    # off by a factor too: a value merely beyond the fence, as in a narrow column of ratios, is a plant like others.
    logarithmic = bool((values[known] > 0).all())
    scale = np.full(len(values), np.nan)
    scale[known] = np.log(values[known]) if logarithmic else values[known]
    least = math.log(_FACTOR) if logarithmic else 0.0
    beyond = known & _beyond_fence(scale, scale[known], least)
    for j in np.unique(species[beyond]):
        own = species == j
        among = scale[own & known]
        if len(among) >= _QUARTILES:
            beyond[own] &= _beyond_fence(scale[own], among, least)
    return beyond


def _beyond_fence(values: Floats, among: Floats, least: float) -> Bools:
    if not len(among):
        return np.zeros(len(values), dtype=bool)
    first, third = np.quantile(among, [0.25, 0.75])
    width = third - first
    if width <= 0:
        return np.zeros(len(values), dtype=bool)
    with np.errstate(invalid="ignore"):
        return np.asarray((values < first - max(_FAR * width, least)) | (values > third + max(_FAR * width, least)))


def _limits(values: Floats, species: Ints, *, positive: bool) -> tuple[float, float]:
    inside = np.isfinite(values) & ~far_out(values, species)
    if positive:
        inside &= values > 0
    kept = values[inside] if inside.any() else values[np.isfinite(values)]
    smallest, largest = float(kept.min()), float(kept.max())
    margin = _MARGIN * (largest - smallest) or 0.5 * abs(largest) or 1.0
    low = smallest - margin
    if smallest >= 0:
        # Half of the smallest plant is still a plant; what is never below zero stays so.
        low = max(low, smallest / 2 if smallest > 0 else 0.0)
    return low, largest + margin


def _step(span: float, cells: pa.StringArray | None, *, whole: bool) -> float:
    """The step of ruler or counting: as fine as the cells were typed, but no finer than a thousandth of the span."""
    finest = 10.0 ** math.ceil(math.log10(span / _STEPS)) if span > 0 else 0.1
    typed = 1.0 if whole else 10.0 ** -_typed_decimals(cells)
    return float(f"{max(finest, typed, 1e-9):.1g}")


def _typed_decimals(cells: pa.StringArray | None, most: int = 2000) -> int:
    """Digits behind the decimal sign that nearly all cells do with."""
    if cells is None:
        return 9
    found = []
    for cell in cells[:most].to_pylist():
        match = re.search(r"[.,](\d+)\s*\D*$", cell.strip()) if cell else None
        if match and "e" not in cell.lower():
            found.append(len(match[1]))
        elif match:
            found.append(9)
    return min(9, int(np.quantile(found, 0.9))) if found else 0


def _outward(low: float, high: float, step: float, *, positive: bool) -> tuple[float, float]:
    """The limits on steps, so that a slider can stand on them."""
    first = math.floor(low / step + 1e-9) * step
    if positive and first <= 0:
        first = min(step, low) if low > 0 else step
    last = math.ceil(high / step - 1e-9) * step
    return float(f"{first:.12g}"), float(f"{max(last, first + step):.12g}")


def _rounded_up(value: float) -> float:
    """To one digit, upwards: 43.2 becomes 50."""
    if value <= 0:
        return 1.0
    magnitude = 10.0 ** math.floor(math.log10(value))
    return float(f"{math.ceil(value / magnitude) * magnitude:.12g}")
