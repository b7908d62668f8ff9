"""Which column of a labelled table is what: the species' names, catalogue numbers, groups, and the measurements.

All of it is a proposal that a person corrects. A column of numbers is not yet a measurement: catalogue numbers, years,
coordinates, running numbers and codes of the names are numbers too, and a model that learns from them learns nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flora_core.model import Floats, Ints
from flora_core.tables.columns.header_words import ID_NAMES, LOOSE_ID_NAMES, fold_accents, letters_of, word_set
from flora_core.tables.layout import Decimal, RowChunk
from flora_core.tables.names.labels import read_label
from flora_core.tables.values.cells import MISSING
from flora_core.tables.values.numbers import Numbers, read_numbers

Fault = Literal["", "empty", "constant", "number", "running", "place or time", "code", "copy", "text"]

#: Headers of species' names, letters only, likeliest first.
_LABELS: Final = tuple(
    """species scientificname taxon taxonname speciesname acceptedname currentname taxa name variety varieties cultivar sort
    sorte art espece especie spezies specie druh gatunek variete variedad varieta classification class klasse classe clase label
    labels target genotype determination identification currentid identifiedas type""".split()  # noqa: SIM905
)
_GENERA: Final = word_set("genus genusname gattung genre genero generic rod rodzaj")
#: Headers of populations, sites and plants, likeliest first.
_GROUPS: Final = tuple(
    """population pop populations populacion populacao populace plantid plant individual individuum tree site sitename siteid
    locality location lokalitaet lokalitat standort localidad localite colony kolonie stand plot plotid field farm garden
    station transect quadrat provenance habitat""".split()  # noqa: SIM905  easier to read than a list
)
#: Words that make a header one of place or time; and headers that are one only where they stand alone.
_PLACE_OR_TIME: Final = word_set(
    "latitude longitude easting northing utm elev elevation altitude date year jahr annee ano datum fecha doy julian "
    "decimallatitude decimallongitude"
)
_ALONE_PLACE_OR_TIME: Final = word_set("lat lon lng long alt day month week time hour season monat mois mes tag")
_NUMBERED: Final = word_set(
    "id ids code barcode accession voucher catalog catalogue collection idx rowid rowname rownum rownames sheet replicate"
)
_ALONE_NUMBERED: Final = word_set("n no nr num number index row order rep serial x")
_NUMBER_WORDS: Final = word_set("no nr num number")
_NUMBERED_THINGS: Final = word_set(
    "specimen sample catalog catalogue collection accession voucher herbarium plant individual image photo picture record row "
    "class species plot field sheet"
)
#: From so many rows on, a column that rises by the same step from row to row is a running number.
_RUNNING: Final = 10


@dataclass(frozen=True, slots=True, eq=False)
class NumberColumn:
    """A column of numbers, and what keeps it from being a measurement.

    Attributes
    ----------
    column : int
    numbers : Numbers
    filled : int
        Cells that hold anything.
    fault : Fault
        "" for one that looks like a measurement.
    because : str
        The fault in words, without a full stop, or "".
    """

    column: int
    numbers: Numbers
    filled: int
    fault: Fault = ""
    because: str = ""


def texts_of(column: pa.StringArray) -> dict[str, int]:
    """Each different cell of a column with how many rows hold it."""
    return {one["values"]: one["counts"] for one in pc.value_counts(column.fill_null("")).to_pylist()}


def guess_label(header: Sequence[str], part: RowChunk) -> int | None:
    """The likeliest column of species' names: by its header, else the one column of texts that repeat; None where none is."""
    repeating = [j for j in range(len(header)) if header[j] and _repeats(part.columns[j])]
    named = [(_LABELS.index(letters), j) for j in range(len(header)) if (letters := letters_of(header[j])) in _LABELS]
    for _, j in sorted(named):
        if j in repeating:
            return j
    if named:
        return min(named)[1]
    groups = [j for j in repeating if letters_of(header[j]) in _GROUPS or letters_of(header[j]) in _GENERA]
    left = [j for j in repeating if j not in groups]
    return left[0] if len(left) == 1 else None


def guess_genus(header: Sequence[str], part: RowChunk, label: int) -> int | None:
    """The column of genera beside a label column of epithets; None where the names stand in full."""
    texts = [text for text in texts_of(part.columns[label]) if read_label(text).name]
    alone = [text for text in texts if re.match(r"^[a-zà-ÿ-]{3,}$", text.strip())]
    if not texts or len(alone) < 0.8 * len(texts):
        return None
    return next((j for j, name in enumerate(header) if j != label and letters_of(name) in _GENERA), None)


def guess_group(header: Sequence[str], part: RowChunk, taken: set[int]) -> int | None:
    """The column of populations, sites or plants; None where no header says so or every row is a group of its own."""
    named = [
        (_GROUPS.index(letters), j)
        for j, name in enumerate(header)
        if j not in taken and (letters := letters_of(name)) in _GROUPS
    ]
    for _, j in sorted(named):
        distinct = len([text for text in texts_of(part.columns[j]) if text.strip().lower() not in MISSING])
        if 2 <= distinct <= 0.8 * len(part):
            return j
    return None


def guess_id(header: Sequence[str], part: RowChunk, taken: set[int]) -> int | None:
    """The column of catalogue numbers: named so, and hardly any of them in two rows."""
    for names, least in ((ID_NAMES, 0.5), (LOOSE_ID_NAMES, 0.9)):
        for j, name in enumerate(header):
            if j in taken or letters_of(name) not in names:
                continue
            texts = texts_of(part.columns[j])
            filled = {text: n for text, n in texts.items() if text.strip().lower() not in MISSING}
            if len(filled) > 1 and len(filled) > least * sum(filled.values()):
                return j
    return None


def number_columns(
    header: Sequence[str],
    part: RowChunk,
    decimal: Decimal,
    species: Ints,
    taken: set[int],
    *,
    middle_of_ranges: bool = False,
) -> tuple[NumberColumn, ...]:
    """The columns that hold numbers, with what keeps each from being a measurement.

    Parameters
    ----------
    species : (n,) int
        The species of each row; -1 where it has none.
    taken : set of int
        Columns that are something else.
    """
    found: list[NumberColumn] = []
    for j, name in enumerate(header):
        if j in taken or not name:
            continue
        numbers = read_numbers(part.columns[j], decimal, middle_of_ranges=middle_of_ranges)
        filled, good = _filled(part.columns[j]), int(np.isfinite(numbers.values).sum())
        if not filled or good < 0.5 * filled:
            continue
        fault, because = _fault(name, numbers, filled, good, species)
        if not fault:
            fault, because = _copy(name, header, numbers.values, found)
        found.append(NumberColumn(j, numbers, filled, fault, because))
    return tuple(found)


def range_columns(header: Sequence[str], part: RowChunk, decimal: Decimal, taken: set[int]) -> tuple[str, ...]:
    """The headers of columns that mostly hold ranges, like 2.0-2.5."""
    found = []
    for j, name in enumerate(header):
        if name and j not in taken:
            odd = read_numbers(part.columns[j], decimal).odd.values()
            if 2 * sum(cell.problem == "it is a range" for cell in odd) > _filled(part.columns[j]) > 0:
                found.append(name)
    return tuple(found)


def _repeats(column: pa.StringArray) -> bool:
    texts = {text: n for text, n in texts_of(column).items() if text.strip().lower() not in MISSING}
    rows = sum(texts.values())
    words = sum(
        n for text, n in texts.items() if re.search(r"[^\W\d_]", text) and not re.fullmatch(r"[\d.,eE+-]+", text)
    )
    return 2 <= len(texts) <= rows / 2 and words > 0.9 * rows


def _filled(column: pa.StringArray) -> int:
    return sum(n for text, n in texts_of(column).items() if text.strip().lower() not in MISSING)


def _fault(header: str, numbers: Numbers, filled: int, good: int, species: Ints) -> tuple[Fault, str]:
    """What keeps a column of numbers from being a measurement, and the sentence that says so; ("", "") for nothing."""
    known = np.isfinite(numbers.values)
    values = numbers.values[known]
    words = [word for word in re.split(r"[^a-z]+", fold_accents(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header))) if word]
    if (values == values[0]).all():
        return "constant", f"'{header}' is {values[0]:g} in every row, so it tells nothing"
    if _is_code(numbers.values, species):
        return "code", f"'{header}' has one value for each species: it is a code of the name, and would give it away"
    if _PLACE_OR_TIME & set(words) or letters_of(header) in _ALONE_PLACE_OR_TIME:
        return "place or time", f"'{header}' says where or when a plant grew, not what it is like"
    if _is_numbered(header, words):
        return "number", f"'{header}' is a number that names things, not a measurement"
    if _is_running(values):
        return "running", f"'{header}' rises by the same step from row to row: a running number, not a measurement"
    if good < 0.8 * filled:
        return "text", f"Only {good:,} of the {filled:,} filled cells of '{header}' are numbers"
    return "", ""


def _is_numbered(header: str, words: Sequence[str]) -> bool:
    letters = letters_of(header)
    if letters in ID_NAMES or letters in _ALONE_NUMBERED:
        return True
    numbered = bool(_NUMBER_WORDS & set(words)) and bool(_NUMBERED_THINGS & set(words))
    return numbered or bool(_NUMBERED & {*words[:1], *words[-1:]})


def _is_running(values: Floats) -> bool:
    steps = np.diff(values)
    return len(values) >= _RUNNING and bool((steps == steps[0]).all()) and steps[0] != 0


def _is_code(values: Floats, species: Ints) -> bool:
    """Whether all plants of a species have one value, and each species its own."""
    labelled = np.isfinite(values) & (species >= 0)
    pairs = {(int(j), float(v)) for j, v in zip(species[labelled], values[labelled], strict=True)}
    names = {j for j, _ in pairs}
    return len(names) > 1 and labelled.sum() > 2 * len(names) and len(pairs) == len(names) == len({v for _, v in pairs})


def _copy(name: str, header: Sequence[str], values: Floats, before: Sequence[NumberColumn]) -> tuple[Fault, str]:
    """Whether a column repeats an earlier one, as it stands or times a constant (mm beside cm)."""
    known = np.isfinite(values)
    for other in before:
        if other.fault or not (np.isfinite(other.numbers.values) == known).all():
            continue
        theirs, ours = other.numbers.values[known], values[known]
        if len(ours) < _RUNNING or not (theirs != 0).all():
            continue
        ratios = ours / theirs
        if np.ptp(ratios) <= 1e-9 * abs(ratios[0]):
            times = "" if abs(ratios[0] - 1) < 1e-9 else f" times {ratios[0]:g}"
            return "copy", f"'{name}' repeats '{header[other.column]}'{times}; one of them is enough"
    return "", ""


def codes_of(texts: Mapping[str, int]) -> bool:
    """Whether the labels of a column are numbers."""
    filled = [text for text in texts if read_label(text).name]
    return bool(filled) and all(re.fullmatch(r"[+-]?[\d.,]+(?:[eE][+-]?\d+)?", text.strip()) for text in filled)


def separates(values: Floats, species: Ints) -> bool:
    """Whether the column alone tells all species apart: their ranges have nothing in common.

    Parameters
    ----------
    values : (n,) float
        NaN where not measured.
    species : (n,) int
    """
    known = np.isfinite(values)
    order = np.argsort(values[known], kind="stable")
    named, sorted_values = species[known][order], values[known][order]
    changes = np.flatnonzero(np.diff(named))
    kinds = len(np.unique(named))
    return kinds > 1 and len(changes) == kinds - 1 and bool((sorted_values[changes] < sorted_values[changes + 1]).all())
