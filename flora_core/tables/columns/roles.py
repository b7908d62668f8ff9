"""Which column of a labelled table is what: the species' names, catalogue numbers, groups, and the measurements.

All of it is a proposal that a person corrects. A column of numbers is not yet a measurement: catalogue numbers, years,
coordinates, running numbers and codes of the names are numbers too, and a model that learns from them learns nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flora_core.model import Floats, Ints
from flora_core.study import is_binomial
from flora_core.tables.columns.header_words import LOOSE_ID_NAMES, fold_accents, letters_of, names_catalogue_numbers
from flora_core.tables.columns.place_words import names_group_number, names_place_or_time
from flora_core.tables.layout import Decimal, RowChunk
from flora_core.tables.names.labels import read_label
from flora_core.tables.values.cells import MISSING, codes_like_missing
from flora_core.tables.values.numbers import Numbers, read_numbers
from flora_core.tables.values.text import word_set

Fault = Literal["", "empty", "constant", "number", "running", "place or time", "code", "copy", "text", "own"]

#: Headers of species' names, letters only, likeliest first.
_LABELS: Final = tuple(
    """species scientificname taxon taxonname speciesname acceptedname currentname taxa name variety varieties cultivar sort
    sorte art espece especie spezies specie druh gatunek variete variedad varieta classification class klasse classe clase label
    labels target genotype determination identification currentid identifiedas type""".split()  # noqa: SIM905
)
#: Words that stand beside one of those.
_BESIDE_A_LABEL: Final = word_set(
    "name names latin scientific botanical full accepted current original true final my id the of nom nome nombre nazwa "
    "wissenschaftlicher lateinischer botanischer wiss lat plant code"
)
_GENERA: Final = word_set("genus genusname gattung genre genero generic rod rodzaj")
#: Headers of populations, sites and plants, likeliest first.
_GROUPS: Final = tuple(
    """population pop populations populacion populacao populace plantid plant individual individuum tree site sitename siteid
    locality location lokalitaet lokalitat standort localidad localite colony kolonie stand plot plotid field farm garden
    station transect quadrat provenance habitat""".split()  # noqa: SIM905  easier to read than a list
)
_ROW_NUMBERS: Final = word_set(
    "unnamed objectid fid gid oid lfdnr lfdno laufendenummer taxonkey gbifid recordid rownum rowno poradi"
)
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
    named = [(rank, j) for j in range(len(header)) if (rank := _label_rank(header[j])) is not None]
    for _, j in sorted(named):
        if j in repeating:
            return j
    if named:
        return min(named)[1]
    groups = [j for j in repeating if letters_of(header[j]) in _GROUPS or letters_of(header[j]) in _GENERA]
    left = [j for j in repeating if j not in groups]
    return left[0] if len(left) == 1 else None


def _label_rank(name: str) -> int | None:
    """How likely a header is that of species' names, the likeliest first; None for any other: "species.label", "Latin name"."""
    letters = letters_of(name)
    if letters in _LABELS:
        return _LABELS.index(letters)
    words = [word for word in re.split(r"[^a-z]+", fold_accents(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name))) if word]
    ranks = [_LABELS.index(word) for word in words if word in _LABELS]
    other = set(words) - set(_LABELS) - _BESIDE_A_LABEL
    return len(_LABELS) + min(ranks) if ranks and not other else None


def _is_like_a_name(name: str) -> bool:
    return is_binomial(name) or re.match(r"[A-Z][a-z]{0,3}\. ?[a-zà-ÿ]{3,}", name) is not None


def other_labels(header: Sequence[str], part: RowChunk, label: int) -> tuple[str, ...]:
    """The headers of other columns that could hold the names: called so, or full of binomials, and with texts that repeat."""
    found = []
    for j, name in enumerate(header):
        if (
            j == label
            or not name
            or is_own(name)
            or letters_of(name) in {*_GENERA, *_GROUPS}
            or not _repeats(part.columns[j])
        ):
            continue
        names = [read for text in list(texts_of(part.columns[j]))[:200] if (read := read_label(text).name)]
        if _label_rank(name) is not None or (names and sum(map(_is_like_a_name, names)) > 0.8 * len(names)):
            found.append(name)
    return tuple(found)


def guess_genus(header: Sequence[str], part: RowChunk, label: int) -> int | None:
    """The column of genera beside a label column of epithets; None where the names stand in full."""
    texts = [text for text in texts_of(part.columns[label]) if read_label(text).name]
    alone = [text for text in texts if re.match(r"^[a-zà-ÿ-]{3,}$", text.strip())]
    if not texts or len(alone) < 0.8 * len(texts):
        return None
    return next((j for j, name in enumerate(header) if j != label and letters_of(name) in _GENERA), None)


def _filled_texts(column: pa.StringArray) -> dict[str, int]:
    """The texts of a column that stand for something, with how many rows hold each; codes like "NA" beside "NB" do."""
    texts = texts_of(column)
    codes = codes_like_missing(texts)
    return {text: n for text, n in texts.items() if text.strip().lower() not in MISSING or text.strip() in codes}


def guess_group(header: Sequence[str], part: RowChunk, taken: set[int]) -> int | None:
    """The column of populations, sites or plants; None where no header says so or every row is a group of its own."""
    named = [
        (_GROUPS.index(letters), j)
        for j, name in enumerate(header)
        if j not in taken and (letters := letters_of(name)) in _GROUPS
    ]
    for _, j in sorted(named):
        distinct = len(_filled_texts(part.columns[j]))
        if 2 <= distinct <= 0.8 * len(part):
            return j
    return None


def guess_id(header: Sequence[str], part: RowChunk, taken: set[int]) -> int | None:
    """The column of catalogue numbers: named so, and hardly any of them in two rows."""
    for is_named, least in ((names_catalogue_numbers, 0.5), (lambda name: letters_of(name) in LOOSE_ID_NAMES, 0.9)):
        for j, name in enumerate(header):
            if j in taken or not is_named(name):
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
    series = numbered_series(header)
    for j, name in enumerate(header):
        if j in taken or not name:
            continue
        if is_own(name):
            # Answers of this program are no characters of plants, whatever they hold.
            found.append(_own_column(j, name, part, decimal))
            continue
        numbers = read_numbers(part.columns[j], decimal, middle_of_ranges=middle_of_ranges)
        filled, good = _filled(part.columns[j]), int(np.isfinite(numbers.values).sum())
        if not filled or good < 0.5 * filled:
            continue
        fault, because = _fault(name, numbers, filled, good, species, in_series=name in series)
        if not fault:
            fault, because = _copy(name, header, numbers.values, found)
        found.append(NumberColumn(j, numbers, filled, fault, because))
    found = _without_one_hot(found, header, species)
    return tuple(_without_places(found, header, part, series))


def is_own(header: str) -> bool:
    """Whether a column was added by an earlier batch: "flora_species", "flora_probability"."""
    return header.strip().casefold().startswith("flora_")


def _own_column(column: int, name: str, part: RowChunk, decimal: Decimal) -> NumberColumn:
    because = f"'{name}' holds this program's own answers, and a model can't learn from them"
    return NumberColumn(
        column, read_numbers(part.columns[column], decimal), _filled(part.columns[column]), "own", because
    )


def numbered_series(header: Sequence[str]) -> frozenset[str]:
    """The headers of numbered series, such as landmarks x1 to x15 and y1 to y15: three numbers behind one name at least."""
    found: dict[tuple[str, str], dict[int, str]] = {}
    for name in header:
        match = re.fullmatch(r"(.*?)0*(\d{1,4})(\D*)", name.strip())
        if match and re.search(r"[^\W\d_]", match[1]):
            found.setdefault((match[1].casefold(), match[3].casefold()), {})[int(match[2])] = name
    return frozenset(name for one in found.values() if len(one) >= 3 for name in one.values())


def _without_one_hot(found: list[NumberColumn], header: Sequence[str], species: Ints) -> list[NumberColumn]:
    """Columns of two values that each mark the plants of one species, where there are several of them or the name says so."""
    kinds = len(np.unique(species[species >= 0]))
    marks = {
        c.column: j for c in found if not c.fault and (j := _marked_species(c.numbers.values, species)) is not None
    }
    if len(set(marks.values())) < max(2, kinds - 1):
        return found
    return [
        replace(
            c, fault="code", because=f"'{header[c.column]}' marks the plants of one species: it is made of the names"
        )
        if c.column in marks
        else c
        for c in found
    ]


def _marked_species(values: Floats, species: Ints) -> int | None:
    """The one species whose plants have one value, where all other plants have one other value; None where none is."""
    known = np.isfinite(values) & (species >= 0)
    if len(np.unique(values[known])) != 2:
        return None
    kinds = {j: set(values[known & (species == j)].tolist()) for j in np.unique(species[known])}
    if any(len(found) != 1 for found in kinds.values()):
        return None
    for value in np.unique(values[known]):
        of = [j for j, found in kinds.items() if value in found]
        if len(of) == 1:
            return int(of[0])
    return None


def _without_places(
    found: list[NumberColumn], header: Sequence[str], part: RowChunk, series: frozenset[str]
) -> list[NumberColumn]:
    """Columns that have one value for each place: the rows that share a value are those that share it in another such column.

    Coordinates, altitudes and distances do so wherever several plants of one population were measured, under any header.
    """
    patterns: dict[bytes, list[int]] = {}
    for j in range(len(header)):
        if header[j] and header[j] not in series and (pattern := _pattern(part.columns[j])):
            patterns.setdefault(pattern, []).append(j)
    shared = {j: [k for k in columns if k != j] for columns in patterns.values() if len(columns) > 1 for j in columns}
    numbers = {c.column: c.numbers.values for c in found}
    out = []
    for c in found:
        others = [
            k
            for k in shared.get(c.column, [])
            if k not in numbers or not _are_proportional(c.numbers.values, numbers[k])
        ]
        if c.fault or not others:
            out.append(c)
            continue
        beside = header[others[0]]
        because = (
            f"'{header[c.column]}' has one value for each '{beside}': it says where a plant grew, not what it is like"
        )
        out.append(replace(c, fault="place or time", because=because))
    return out


def _pattern(column: pa.StringArray) -> bytes:
    """Which rows share a text, where there are several rows to each of several texts; else nothing."""
    texts = column.fill_null("").to_numpy(zero_copy_only=False)
    _, first, codes = np.unique(texts.astype(str), return_index=True, return_inverse=True)
    kinds = len(first)
    if not 4 <= kinds <= len(texts) / 3:
        return b""
    order = np.argsort(np.argsort(first))
    return np.asarray(order[codes], dtype=np.int32).tobytes()


def _are_proportional(values: Floats, others: Floats) -> bool:
    """Whether one column is the other times a constant, or plus one: such a column is a copy and no place."""
    known = np.isfinite(values) & np.isfinite(others)
    if known.sum() < 3 or np.ptp(values[known]) == 0 or np.ptp(others[known]) == 0:
        return True
    return bool(abs(np.corrcoef(values[known], others[known])[0, 1]) > 1 - 1e-9)


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
    texts = _filled_texts(column)
    rows = sum(texts.values())
    words = sum(
        n for text, n in texts.items() if re.search(r"[^\W\d_]", text) and not re.fullmatch(r"[\d.,eE+-]+", text)
    )
    return 2 <= len(texts) <= rows / 2 and words > 0.9 * rows


def _filled(column: pa.StringArray) -> int:
    return sum(n for text, n in texts_of(column).items() if text.strip().lower() not in MISSING)


def _fault(
    header: str, numbers: Numbers, filled: int, good: int, species: Ints, *, in_series: bool
) -> tuple[Fault, str]:
    """What keeps a column of numbers from being a measurement, and the sentence that says so; ("", "") for nothing."""
    known = np.isfinite(numbers.values)
    values = numbers.values[known]
    words = [word for word in re.split(r"[^a-z]+", fold_accents(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header))) if word]
    if (values == values[0]).all():
        return "constant", f"'{header}' is {values[0]:g} in every row, so it tells nothing"
    if _is_code(numbers.values, species):
        return "code", f"'{header}' has one value for each species: it is a code of the name, and would give it away"
    if in_series:
        return ("text", _few_numbers(header, filled, good)) if good < 0.8 * filled else ("", "")
    if names_place_or_time(header, values):
        return "place or time", f"'{header}' says where or when a plant grew, not what it is like"
    if _is_numbered(header, words):
        return "number", f"'{header}' is a number that names things, not a measurement"
    if names_group_number(header, values):
        return "code", f"'{header}' is a number that a program gave the plants after they were named or measured"
    if _is_running(values):
        return "running", f"'{header}' rises by the same step from row to row: a running number, not a measurement"
    if _fills_a_range(values):
        return "running", f"'{header}' holds each whole number of a range once: numbers of rows, not a measurement"
    if good < 0.8 * filled:
        return "text", _few_numbers(header, filled, good)
    return "", ""


def _few_numbers(header: str, filled: int, good: int) -> str:
    return f"Only {good:,} of the {filled:,} filled cells of '{header}' are numbers"


def _fills_a_range(values: Floats) -> bool:
    """Whether the values are different whole numbers that nearly fill the range between the least and the greatest."""
    if len(values) < _RUNNING or (values != np.round(values)).any() or np.ptp(values) == 0:
        return False
    distinct = len(np.unique(values))
    least = 0.6 if len(values) >= 2 * _RUNNING else 0.9
    return bool(distinct >= 0.99 * len(values) and distinct >= least * (np.ptp(values) + 1))


def _is_numbered(header: str, words: Sequence[str]) -> bool:
    letters = letters_of(header)
    if (
        names_catalogue_numbers(header)
        or letters in _ALONE_NUMBERED
        or letters in _ROW_NUMBERS
        or words[:1] == ["unnamed"]
    ):
        return True
    numbered = bool(_NUMBER_WORDS & set(words)) and bool(_NUMBERED_THINGS & set(words))
    return numbered or bool(_NUMBERED & {*words[:1], *words[-1:]})


def _is_running(values: Floats) -> bool:
    steps = np.diff(values)
    return len(values) >= _RUNNING and bool((steps == steps[0]).all()) and bool(steps[0] != 0)


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
