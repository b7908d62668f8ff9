"""Which column is which measurement, and in which unit: guessed from names, units in headers, and the values themselves.

Names come in any case, with any sign between the words, abbreviated, and in other languages. A guess is a proposal: it is
shown with the numbers as read, corrected by hand, and remembered for the next file with the same header.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from flora_core.errors import BadTable, Unknown
from flora_core.study import Measurement, Study
from flora_core.tables.cells import MISSING, read_cell
from flora_core.tables.reading import Decimal
from flora_core.units import AREAS, LENGTHS, factor, parse_unit

#: Common words of other languages for parts and dimensions, as they stand in headers (without accents).
_WORDS: Final = {
    "sepal": "sepals sepale sepalo kelchblatt kelchblaetter kelch sepalum kalich kalisni kalisniho kelkblad kielich dzialki",
    "petal": "petals petale petalo kronblatt kronblaetter blutenblatt bluetenblatt petalum korunni korunniho platka kroonblad",
    "leaf": "leaves blatt laub feuille hoja foglia folha list lisc blad blade lamina folium",
    "stem": "stengel tige tallo fusto caule stonek lodyga",
    "flower": "blute bluete fleur flor fiore kvet kwiat bloem blomma",
    "fruit": "frucht fruto frutto plod owoc vrucht",
    "seed": "samen graine semilla seme semente semeno nasiono zaad",
    "kernel": "korn grain zrno",
    "style": "griffel estilo stilo cnelka",
    "length": "len lg long longueur laenge lange longitud largo lunghezza comprimento delka dlugosc lengte langd longitudo",
    "width": "wid wd w larg largeur breite ancho anchura larghezza largura sirka szerokosc breedte bredd breadth",
    "height": "ht hoehe hohe hauteur altura altezza vyska wysokosc hoogte hojd",
    "area": "flaeche flache surface superficie plocha powierzchnia oppervlakte",
    "perimeter": "umfang perimetre perimetro obvod obwod omtrek",
    "diameter": "durchmesser diametre diametro prumer srednica",
    "number": "num nr no anzahl nombre numero pocet liczba count aantal",
    "axis": "achse axe eje asse osa",
}
_ENGLISH: Final = {other: word for word, others in _WORDS.items() for other in others.split()}
_FILLERS: Final = frozenset(
    {"of", "the", "de", "du", "la", "le", "der", "die", "das", "mean", "avg", "average", "measured", "value"}
)

#: Headers of catalogue numbers, letters only; and those that may be anything, and are believed only where hardly any repeats.
_ID_NAMES: Final = frozenset(
    {
        *(
            "catalognumber",
            "cataloguenumber",
            "catalogno",
            "catalogueno",
            "catalog",
            "catalogue",
            "occurrenceid",
            "barcode",
        ),
        *(
            "accession",
            "accessionnumber",
            "accessionno",
            "voucher",
            "vouchernumber",
            "specimen",
            "specimenid",
            "herbariumno",
        ),
        *(
            "specimennumber",
            "specimenno",
            "plantid",
            "plantno",
            "flowerid",
            "flowerno",
            "beanid",
            "kernelid",
            "individualid",
        ),
        *("sampleid", "samplenum", "samplenumber", "sampleno", "belegnummer", "katalognummer", "inventarnummer"),
    }
)
_LOOSE_ID_NAMES: Final = frozenset({"id", "number", "nr", "no", "num", "code", "label", "sample", "individual", "key"})


@dataclass(frozen=True, slots=True)
class Assigned:
    """One column of a file that holds a measurement.

    Attributes
    ----------
    column : int
        Its place in the file.
    measurement : str
    unit : str
        The unit of its numbers; the measurement's own where the header says nothing.
    because : str
        Why, in words.
    sure : float
        From 0 to 1.
    """

    column: int
    measurement: str
    unit: str
    because: str
    sure: float


@dataclass(frozen=True, slots=True)
class Assignment:
    """Which columns hold what.

    Attributes
    ----------
    assigned : tuple of Assigned
        At most one column for each measurement.
    id_column : int or None
        The column of catalogue numbers.
    """

    assigned: tuple[Assigned, ...]
    id_column: int | None

    def of(self, measurement: str) -> Assigned | None:
        """The column that holds this measurement, or None."""
        return next((a for a in self.assigned if a.measurement == measurement), None)


def guess_columns(
    study: Study, header: Sequence[str], preview: Sequence[Sequence[str]], decimal: Decimal = ""
) -> Assignment:
    """The likeliest assignment of columns to the study's measurements.

    Parameters
    ----------
    header : sequence of str
        Names as they stand in the file.
    preview : sequence of sequence of str
        Some rows, to see whether a column holds numbers at all.
    """
    numeric = [_is_numeric([row[j] for row in preview if j < len(row)], decimal) for j in range(len(header))]
    found: list[tuple[float, int, int, str, str]] = []
    for j, name in enumerate(header):
        if not name or not numeric[j]:
            continue
        taken_apart = _taken_apart(name)
        for i, measurement in enumerate(study.measurements):
            score, because = _likeness(measurement, taken_apart.words, name)
            if score > 0 and _compatible(taken_apart.unit, measurement):
                found.append((score, -j, i, taken_apart.unit, because))
    initials = _initials(study)
    for j, name in enumerate(header):
        taken_apart = _taken_apart(name)
        letters = re.sub(r"[^a-z]", "", _plain(taken_apart.rest))
        if numeric[j] and letters in initials:
            measurement = study.measurements[initials[letters]]
            if _compatible(taken_apart.unit, measurement):
                because = f"'{name}' abbreviates {measurement.label}"
                found.append((0.7, -j, initials[letters], taken_apart.unit, because))
    taken_columns: set[int] = set()
    taken: dict[int, Assigned] = {}
    for score, minus_j, i, unit, because in sorted(found, key=lambda f: (-f[0], -f[1])):
        j = -minus_j
        if i in taken or j in taken_columns:
            continue
        measurement = study.measurements[i]
        taken[i] = Assigned(j, measurement.name, unit or measurement.unit, because, score)
        taken_columns.add(j)
    return Assignment(tuple(taken[i] for i in sorted(taken)), _guess_id(header, taken_columns, preview))


def correct_columns(
    study: Study,
    header: Sequence[str],
    guessed: Assignment,
    *,
    columns: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    id_column: str | None = None,
) -> Assignment:
    """The mapping with what a person said.

    Parameters
    ----------
    columns : mapping of str to str
        {column: measurement}; an empty measurement takes the column out.
    units : mapping of str to str
        {column or measurement: unit} of its numbers.
    id_column : str
        The column of catalogue numbers; "" for none; None leaves the guess.

    Raises
    ------
    BadTable, Unknown
        A column or measurement that is not there; the message lists those there are.
    """
    assigned = {a.measurement: a for a in guessed.assigned}
    for column, wanted in (columns or {}).items():
        j = _place(header, column)
        assigned = {name: a for name, a in assigned.items() if a.column != j}
        if wanted:
            m = study.measurement(wanted)
            unit = _taken_apart(header[j]).unit
            unit = unit if unit and _compatible(unit, m) else m.unit
            assigned[m.name] = Assigned(j, m.name, unit, "so it was said", 1.0)
    for name, text in (units or {}).items():
        unit = parse_unit(text)
        target = _measurement_of(study, header, assigned, name)
        m = study.measurement(target.measurement)
        factor(unit, m.unit)
        assigned[target.measurement] = replace(target, unit=unit)
    place = guessed.id_column
    if id_column is not None:
        place = _place(header, id_column) if id_column else None
    ordered = tuple(assigned[name] for name in study.names if name in assigned)
    return Assignment(ordered, place)


def header_checksum(study: Study, header: Sequence[str]) -> str:
    """What a header is remembered by: SHA-256 of the study's name and the columns' names."""
    return hashlib.sha256(json.dumps([study.name, *header], ensure_ascii=False).encode()).hexdigest()


def _measurement_of(study: Study, header: Sequence[str], assigned: Mapping[str, Assigned], name: str) -> Assigned:
    for a in assigned.values():
        if header[a.column] == name:
            return a
    try:
        m = study.measurement(name)
    except Unknown:
        there = ", ".join(header[a.column] for a in assigned.values())
        raise Unknown(
            f"'{name}' is neither a column that is read ({there}) nor a measurement ({', '.join(study.names)})."
        ) from None
    if m.name not in assigned:
        raise BadTable(f"No column holds {m.label}; say which one does, with COLUMN={m.name}.")
    return assigned[m.name]


def _place(header: Sequence[str], column: str) -> int:
    exact = [j for j, name in enumerate(header) if name == column.strip()]
    loose = [j for j, name in enumerate(header) if name.lower() == column.strip().lower()]
    if exact or len(loose) == 1:
        return (exact or loose)[0]
    near = difflib.get_close_matches(column, [name for name in header if name], n=1, cutoff=0.6)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    raise Unknown(
        f"There is no column '{column}'.{hint} There are: {', '.join(name for name in header if name)[:400]}."
    )


def _plain(text: str) -> str:
    """Lower case, without accents: "Länge" becomes "lange"."""
    decomposed = unicodedata.normalize(
        "NFKD", text.replace("ß", "ss").replace("ł", "l").replace("Ł", "L").replace("ø", "o")
    )
    return "".join(c for c in decomposed if not unicodedata.combining(c)).lower()


class _Name(NamedTuple):
    """A header taken apart: its words in English, the unit it carries ("" where none), and the rest without the unit."""

    words: tuple[str, ...]
    unit: str
    rest: str


@lru_cache(maxsize=4096)
def _taken_apart(name: str) -> _Name:
    unit, rest = "", name
    bracketed = re.search(r"[\(\[\{]\s*([^\)\]\}]{1,14}?)\s*[\)\]\}]", name)
    if bracketed:
        unit = _unit(bracketed[1])
        if unit:
            rest = name[: bracketed.start()] + " " + name[bracketed.end() :]
    if not unit:
        trailing = re.search(
            r"(?:^|[\s_.\-/,]|in[\s_]|(?<=[a-z]))(µm|μm|[umcd]m2?|mm²|cm²|MM|CM|Mm|Cm|px|Px|inch)(?:_mid|_mean|_avg)?\.?$",
            name,
        )
        if trailing and trailing.start() > 0:
            unit = _unit(trailing[1])
            if unit:
                rest = name[: trailing.start()]
    spaced = re.sub(r"(?<=[a-zà-ÿ])(?=[A-Z])", " ", rest)
    words = [w for w in re.split(r"[^a-z0-9]+", _plain(spaced)) if w]
    joined: list[str] = []
    for word in words:
        joined.extend(_parted(word))
    english = tuple(_english(w) for w in joined if w not in _FILLERS)
    return _Name(english, unit, rest)


def _unit(text: str) -> str:
    try:
        found = parse_unit(text)
    except Unknown:
        return ""
    return found if found in LENGTHS or found in AREAS or found == "px" else ""


def _english(word: str) -> str:
    if word in _WORDS:
        return word
    return _ENGLISH.get(word, word)


def _parted(word: str) -> list[str]:
    """The words "sepallength" and "kelchblattlange" are made of, where both halves are known."""
    known = _WORDS.keys() | _ENGLISH.keys()
    if word in known:
        return [word]
    for cut in range(3, len(word) - 1):
        if word[:cut] in known and word[cut:] in known and len(word[cut:]) > 1:
            return [word[:cut], word[cut:]]
    # LSEP, PETW: a letter for the dimension before or behind the beginning of a part's name.
    for letter, rest in ((word[:1], word[1:]), (word[-1:], word[:-1])):
        if letter in {"l", "w"} and len(rest) >= 3 and any(full.startswith(rest) for full in _WORDS):
            return [rest, letter]
    return [word]


def _likeness(measurement: Measurement, words: tuple[str, ...], name: str) -> tuple[float, str]:
    """How much a header's words are a measurement's, from 0 to 1, and why."""
    wanted = _taken_apart(measurement.label).words or tuple(measurement.name.split("_"))
    if _plain(name) in (measurement.name, measurement.label.lower()):
        return 1.0, f"'{name}' is its name"
    if words == wanted:
        return 0.95, f"'{name}' says so"
    if sorted(words) == sorted(wanted):
        return 0.9, f"'{name}' says so"
    short = _prefixes(words, wanted)
    if short:
        return 0.8, f"'{name}' abbreviates {measurement.label}"
    if set(wanted) < set(words) and len(words) <= len(wanted) + 2:
        return 0.75, f"'{name}' holds the words {measurement.label}"
    a, b = " ".join(words), " ".join(wanted)
    likeness = difflib.SequenceMatcher(None, a, b).ratio()
    if likeness > 0.87 and len(words) == len(wanted):
        return 0.6, f"'{name}' reads like {measurement.label}"
    return 0.0, ""


def _prefixes(words: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """Whether each word begins the wanted one: "sep len", "pet.l"."""
    return (
        len(words) == len(wanted)
        and all(w == full or (full.startswith(w) and len(w) >= 1) for w, full in zip(words, wanted, strict=True))
        and any(len(w) >= 2 for w in words)
    )


def _initials(study: Study) -> dict[str, int]:
    """Initials that stand for one measurement only: SL, SW, PL, PW."""
    letters: dict[str, list[int]] = {}
    for i, m in enumerate(study.measurements):
        words = _plain(m.label).split()
        if len(words) > 1:
            letters.setdefault("".join(w[0] for w in words), []).append(i)
    return {key: places[0] for key, places in letters.items() if len(places) == 1}


def _compatible(unit: str, measurement: Measurement) -> bool:
    if not unit or unit == measurement.unit:
        return True
    try:
        factor(unit, measurement.unit)
    except Unknown:
        return False
    return True


def _is_numeric(cells: Sequence[str], decimal: Decimal) -> bool:
    """Whether a column holds numbers: at least as many cells are numbers as are words. An empty column may."""
    kinds = [read_cell(cell, decimal=decimal) for cell in cells]
    numbers = sum(c.kind == "number" or c.problem in ("it is a range", "it can be read in two ways") for c in kinds)
    bad = sum(c.kind == "bad" for c in kinds) - sum(
        c.problem in ("it is a range", "it can be read in two ways") for c in kinds
    )
    return numbers >= bad and (numbers > 0 or bad == 0)


def _guess_id(header: Sequence[str], taken: set[int], preview: Sequence[Sequence[str]]) -> int | None:
    """The first column that is named like a catalogue number, and whose cells do not say the same again and again."""
    for names, distinct in ((_ID_NAMES, 0.5), (_LOOSE_ID_NAMES, 0.9)):
        for j, name in enumerate(header):
            if j in taken or re.sub(r"[^a-z]", "", _plain(name)) not in names:
                continue
            cells = [row[j].strip() for row in preview if j < len(row) and row[j].strip()]
            filled = [cell for cell in cells if cell.lower() not in MISSING]
            if len(filled) > 1 and len(set(filled)) > distinct * len(filled):
                return j
    return None


def unit_by_values(measurement: Measurement, values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> str:
    """The one other unit in which nearly all values would be plausible, where they are not in the present one; else "".

    Parameters
    ----------
    values : (n,) float
        In the measurement's own unit as they were read; NaN where missing.
    """
    known = values[~np.isnan(values)]
    if len(known) < 5 or measurement.unit not in LENGTHS:
        return ""
    inside = (known >= measurement.low) & (known <= measurement.high)
    if inside.mean() > 0.5:
        return ""
    fits = []
    for unit in LENGTHS:
        if unit != measurement.unit:
            converted = known * factor(unit, measurement.unit)
            if ((converted >= measurement.low) & (converted <= measurement.high)).mean() >= 0.9:
                fits.append(unit)
    return fits[0] if len(fits) == 1 else ""
