"""The name of a column taken apart: its words in English, whatever language and abbreviation they are in, and its unit."""

from __future__ import annotations

import difflib
import re
import unicodedata
from functools import lru_cache
from itertools import permutations
from typing import Final, NamedTuple

from flora_core.errors import Unknown
from flora_core.ontology import without_term
from flora_core.study import Measurement
from flora_core.tables.values.text import word_set
from flora_core.units import AREAS, LENGTHS, parse_unit

#: Common words of other languages for parts and dimensions, as they stand in headers (without accents).
_WORDS: Final = {
    "sepal": "sepals sepale sepalo sepala sepali kelchblatt kelchblaetter kelch sepalum kalich kalisni kalisniho kelkblad "
    "kielich dzialki dzialka",
    "petal": "petals petale petalo petala petali kronblatt kronblaetter blutenblatt bluetenblatt petalum korunni korunniho "
    "platka platek kroonblad",
    "tepal": "tepals tepale tepalo tepala perigonblatt",
    "leaf": "leaves blatt laub feuille hoja foglia folha list lisc blad blade lamina folium",
    "stem": "stengel tige tallo fusto caule stonek lodyga",
    "flower": "blute bluete fleur flor fiore kvet kwiat bloem blomma",
    "fruit": "frucht fruto frutto plod owoc vrucht",
    "seed": "samen graine semilla seme semente semeno nasiono zaad",
    "kernel": "korn grain zrno",
    "style": "griffel estilo stilo cnelka",
    "length": "len lg long longueur laenge lange longitud largo lunghezza comprimento delka dlugosc lengte langd longitudo",
    "width": "wid wd w larg largeur breite ancho anchura larghezza largura sirka szerokosc breedte bredd breadth latitudo",
    "height": "ht hoehe hohe hauteur altura altezza vyska wysokosc hoogte hojd altitudo",
    "area": "flaeche flache surface superficie plocha powierzchnia oppervlakte",
    "perimeter": "umfang perimetre perimetro obvod obwod omtrek",
    "diameter": "durchmesser diametre diametro prumer srednica",
    "number": "num nr no anzahl nombre numero pocet liczba count aantal",
    "axis": "achse axe eje asse osa",
}
_ENGLISH: Final = {other: word for word, others in _WORDS.items() for other in others.split()}
_KNOWN: Final = _WORDS.keys() | _ENGLISH.keys()
_FILLERS: Final = word_set(
    "of the de du la le les el il lo los las da do das dos del della delle dei di des der die von vom het in "
    "mean avg average mid middle midpoint measured value values"
)
#: Words of scripts that are written without spaces or in other letters.
_OTHER_SCRIPTS: Final = (
    *(("花萼", "sepal"), ("萼片", "sepal"), ("花瓣", "petal"), ("花弁", "petal"), ("叶", "leaf"), ("葉", "leaf")),
    *(("长度", "length"), ("長さ", "length"), ("宽度", "width"), ("幅", "width"), ("高度", "height"), ("长", "length")),
    *(("宽", "width"), ("чашелистика", "sepal"), ("чашелистик", "sepal"), ("лепестка", "petal"), ("лепесток", "petal")),
    *(("длина", "length"), ("ширина", "width"), ("высота", "height"), ("σεπάλου", "sepal"), ("πετάλου", "petal")),
    *(("μήκος", "length"), ("πλάτος", "width")),
)
#: The same without what they mean: two of them in a file prove how its letters are to be read.
WORDS_OF_OTHER_SCRIPTS: Final = tuple(word for word, _ in _OTHER_SCRIPTS)
#: Words that make another figure of a measurement: its spread, a ratio of two, how it looks.
_OTHER_FIGURES: Final = word_set(
    "sd se sem cv var variance stdev std error ratio index number log ln percent percentage angle color colour shape note "
    "notes remark remarks comment comments by date unit units method rank zscore"
)

#: Headers of catalogue numbers, letters only; and those that may be anything, and are believed only where hardly any repeats.
ID_NAMES: Final = word_set(
    "catalognumber cataloguenumber catalogno catalogueno catalog catalogue occurrenceid barcode accession accessionnumber "
    "accessionno voucher vouchernumber voucherno specimen specimenid herbariumno herbariumnumber specimennumber specimenno "
    "plantid plantno plantnumber flowerid flowerno flowernumber beanid kernelid individualid sampleid samplenum samplenumber "
    "sampleno belegnummer belegnr katalognummer inventarnummer inventarnr numerodecatalogo numerocatalogo numerodecatalogue "
    "numerodespecimen ejemplar exemplar especimen"
)
LOOSE_ID_NAMES: Final = word_set(
    "id ids number nr no num n code label sample individual key plant flower numero numer codigo muestra amostra echantillon "
    "probe pflanze plante individuo individu rowid uid"
)

#: A thing that carries a number in a collection, and the word for that number, in either order: "Herbarium Nr", "N° d'herbier".
_NUMBERED_THING: Final = (
    r"(?:herbari(?:um|o)|herbar|herbier|erbario|herb|beleg|katalog|catalog(?:ue|o)?|inventar(?:io)?|inventaire|inventory|"
    r"accession|accessions|akzession|akzessions|zugangs|voucher|vouchers|specimen|especimen|exsiccata?|exsikkat(?:en)?|sheet|"
    r"bogen|pliego|foglio|planche|museum|museums|sammlungs?|collection|sammel|collectors?|sammler|field|feld|barcode|proben|"
    r"pflanzen|polozky|polozka|okaz)"
)
_NUMBER_WORD: Final = r"(?:nr|no|num|number|nummer|numero|numer|n|id|ids|code|kod|cislo|barcode|signatur)"
_NUMBERED: Final = re.compile(
    rf"(?:{_NUMBERED_THING}{{1,2}}{_NUMBER_WORD}|{_NUMBER_WORD}(?:de|del|di|do|of|d|of the|dela)?{_NUMBERED_THING}{{1,2}})"
)

_UNIT_IN_BRACKETS: Final = re.compile(r"[\(\[\{]\s*([^\)\]\}]{1,14}?)\s*[\)\]\}]")
#: At the end of a name: behind a sign; or where a capital or "th" shows that the word before has ended (PetalLengthCm, PLmm).
_UNITS_AT_THE_END: Final = (
    re.compile(r"[\s_.\-/,:;]((?:[µμucdm]m(?:2|²|\^2)?|MM|CM|Mm|Cm|px|Px|inch|inches))(?:_mid|_mean|_avg)?\.?$"),
    re.compile(r"(?<=[a-z])((?:MM|CM|Mm|Cm)(?:2|²)?|Px)$"),
    re.compile(r"(?:(?<=[A-Z])|(?<=th))((?:mm|cm)(?:2|²)?)$"),
)
#: "Teeth per cm" is not measured in centimetres.
_PER: Final = re.compile(r"(?:^|[\W_])(?:per|pro|par|por)$", re.IGNORECASE)


class HeaderName(NamedTuple):
    """A header taken apart: its words in English, the unit it carries ("" where none), and the rest without the unit."""

    words: tuple[str, ...]
    unit: str
    rest: str


@lru_cache(maxsize=4096)
def parse_header(name: str) -> HeaderName:
    """The words and the unit of a column's name."""
    name = without_term(name)
    unit, rest = "", name
    for pattern in (_UNIT_IN_BRACKETS, *_UNITS_AT_THE_END):
        match = pattern.search(name)
        if match and not unit and match.start() > 0 and not _PER.search(name[: match.start()]):
            unit = _unit(match[1])
            if unit:
                rest = f"{name[: match.start()]} {name[match.end() :]}"
    for foreign, english in _OTHER_SCRIPTS:
        rest = rest.replace(foreign, f" {english} ")
    spaced = re.sub(r"(?<=[a-zà-ÿ])(?=[A-Z])|(?<=[A-Za-zà-ÿ])(?=\d)", " ", rest)
    words: list[str] = []
    for word in re.split(r"[^a-z0-9]+", fold_accents(spaced)):
        words.extend(_parted(word) if word else ())
    return HeaderName(tuple(_english(word) for word in words if word not in _FILLERS), unit, rest)


def is_character_name(text: str) -> bool:
    """Whether a text names a measured character in words that are known: "petal length", "Blattbreite (mm)", "PL" does not."""
    words = parse_header(text).words
    return any(word in _WORDS for word in words) and len(words) <= 6


def fold_accents(text: str) -> str:
    """Lower case, without accents: "Länge" becomes "lange"."""
    for letter, written in (
        ("ß", "ss"),
        ("ł", "l"),
        ("Ł", "L"),
        ("ø", "o"),
        ("Ø", "O"),
        ("æ", "ae"),
        ("œ", "oe"),
        ("đ", "d"),
    ):
        text = text.replace(letter, written)
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).lower()


def letters_of(name: str) -> str:
    """The letters of a column's name without its unit: "Bean ID" is "beanid"."""
    return re.sub(r"[^a-z]", "", fold_accents(parse_header(name).rest))


def names_catalogue_numbers(name: str) -> bool:
    """Whether a column's name says that it holds catalogue numbers: "Herbarium Nr", "Beleg-Nr.", "N° d'herbier"."""
    letters = letters_of(name)
    return letters in ID_NAMES or _NUMBERED.fullmatch(letters) is not None


def header_similarity(measurement: Measurement, name: str) -> tuple[float, str]:
    """How much a column's name is that of a measurement, from 0 to 1, and why."""
    words = parse_header(name).words
    wanted = parse_header(measurement.label).words or tuple(measurement.name.split("_"))
    if fold_accents(name) in (measurement.name, measurement.label.lower()):
        return 1.0, f"'{name}' is its name"
    if words == wanted:
        return 0.95, f"'{name}' says so"
    if sorted(words) == sorted(wanted):
        return 0.9, f"'{name}' says so"
    if _OTHER_FIGURES & set(words) - set(wanted):
        return 0.0, ""
    if _abbreviates(words, wanted):
        return 0.8, f"'{name}' abbreviates {measurement.label}"
    if set(wanted) < set(words) and len(words) <= len(wanted) + 2:
        return 0.75, f"'{name}' holds the words {measurement.label}"
    if _is_mistyped(words, wanted):
        return 0.6, f"'{name}' reads like {measurement.label}"
    return 0.0, ""


def _abbreviates(words: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """Whether each word begins another one of those wanted: "sep len", "l_petal"."""
    return (
        len(words) == len(wanted) <= 4
        and any(len(word) >= 2 for word in words)
        and any(
            all(full.startswith(word) for word, full in zip(order, wanted, strict=True))
            for order in permutations(words)
        )
    )


def _is_mistyped(words: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """Whether each word is the wanted one but for a slip; a word that is known is meant as it stands."""
    return len(words) == len(wanted) and all(
        word == full or (word not in _KNOWN and difflib.SequenceMatcher(None, word, full).ratio() > 0.79)
        for word, full in zip(words, wanted, strict=True)
    )


def _unit(text: str) -> str:
    try:
        found = parse_unit(text)
    except Unknown:
        return ""
    return found if found in LENGTHS or found in AREAS or found == "px" else ""


@lru_cache(maxsize=4096)
def _english(word: str) -> str:
    if word in _WORDS or word in _ENGLISH:
        return _ENGLISH.get(word, word)
    # "Kelchbl." and "Kronbl." begin words of one meaning only.
    meanings = {_ENGLISH[known] for known in _ENGLISH if known.startswith(word)} if len(word) >= 4 else set()
    return meanings.pop() if len(meanings) == 1 else word


def _parted(word: str) -> list[str]:
    """The words "sepallength" and "kelchblattlange" are made of, where both halves are known."""
    if word in _KNOWN:
        return [word]
    for cut in range(3, len(word) - 1):
        if word[:cut] in _KNOWN and word[cut:] in _KNOWN and len(word[cut:]) > 1:
            return [word[:cut], word[cut:]]
    # LSEP, PETW: a letter for the dimension before or behind the beginning of a part's name.
    for letter, rest in ((word[:1], word[1:]), (word[-1:], word[:-1])):
        if letter in {"l", "w"} and len(rest) >= 3 and any(full.startswith(rest) for full in _WORDS):
            return [rest, letter]
    return [word]
