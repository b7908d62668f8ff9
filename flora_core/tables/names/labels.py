"""Species names as they stand in the label column of a table -> one clean name for each species, its author, its doubts.

Names come with stray spaces, in any case, with their author ("Iris versicolor L."), abbreviated ("I. versicolor"), with
hyphens or underscores for spaces, and with "cf.", "aff.", "?", "sp." or as a hybrid formula. Ways of writing one name are
gathered; names that are merely alike are offered to be merged, never merged silently.

References
----------
Turland, N. J. et al. (2018). International Code of Nomenclature (Shenzhen Code): hybrid names and formulae, Art. H.2 and H.3.
Sigovini, M. et al. (2016). Open Nomenclature in the biodiversity era. Methods in Ecology and Evolution 7: 1217-1225.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from flora_core.study import epithet, genus_of, is_binomial
from flora_core.tables.names.lookup import distance
from flora_core.tables.names.parsing import (
    are_different_authors,
    is_evident,
    is_misapplied,
    is_of_other_rank,
    parse_label,
)
from flora_core.tables.values.cells import MISSING, codes_like_missing
from flora_core.tables.values.text import normalize_name

Doubt = Literal["", "cf.", "aff.", "?", "sp.", "hybrid"]

#: Beyond so many names, pairs are no longer compared: nobody would read the list.
_MOST_COMPARED: Final = 400
#: Characters of the longest text that is looked at for a name; a longer one names no species.
_LONGEST: Final = 200
#: A genus without species is a name of its own from so many plants on, where the table names no species of it.
_OWN_GENUS: Final = 5

_QUALIFIER: Final = re.compile(r"(?:^|(?<=[\s(]))(cf|cfr|conf|aff|affinis)\b\.?\s*", re.IGNORECASE)
_GENUS_ONLY: Final = re.compile(
    r"^(?:\S+ )?(?:sp|spp|spec|species)\b\.?(?: (?:nov\.?|ined\.?|indet\.?|[A-Z]|\d{1,3}))*$"
)
_UNDETERMINED: Final = re.compile(
    r"^(?:\S+ )?(?:indet|undet|ign|unknown|unidentified|undetermined|not determined|not identified|unsure|doubtful)\.?$",
    re.IGNORECASE,
)
_NAMED_HYBRID: Final = re.compile(r"^([A-Z][a-zà-ÿ-]+) (?:× ?|[xX] )([a-zà-ÿ-]+)((?: .+)?)$")
#: "Quercus x Turneri", in capitals by a spreadsheet or a label printer.
_TITLED_HYBRID: Final = re.compile(r"^([A-Z][a-zà-ÿ-]+) (?:× ?|[xX] )([A-Z][a-zà-ÿ-]+)()$")
#: A genus that is a hybrid itself, with its sign parted from it: "× Cupressocyparis".
_HYBRID_GENUS: Final = re.compile(r"^(?:×|[xX] ?)\s*(?=[A-Z][a-z])")
#: A year of publication that is in doubt, and no plant: "Turritella rigida Sowerby ? 1829".
_DOUBTFUL_YEAR: Final = re.compile(r" \?(?= \d{4}$)")
#: What stands behind an epithet where another parent follows it, and no author: "Iris a x b Iris c".
_OTHER_PARENT: Final = re.compile(
    r"^ [A-Z][a-zà-ÿ-]+ (?!(?:cv|subsp|ssp|var|f|ex|et|in|and|nothosubsp|nothovar)\b)[a-zà-ÿ-]{2,}"
)
_FORMULA: Final = re.compile(r"\S\s*×\s*\S|\S\s+[xX]\s+\S")
_HYPHENATED: Final = re.compile(r"^([A-Z][a-zà-ÿ]{2,})[-_]([a-zà-ÿ]{3,})$")
_ABBREVIATED: Final = re.compile(r"^([A-Z][a-zà-ÿ]{0,3})\. ?(\S.*)$")
_EPITHET: Final = re.compile(r"^[a-zà-ÿ]{3,}(?:-[a-zà-ÿ]+)*$")


@dataclass(frozen=True, slots=True)
class Label:
    """One label as it was read.

    Attributes
    ----------
    name : str
        Clean, without author and without its doubt; "" where the cell names nothing.
    author : str
    doubt : {"", "cf.", "aff.", "?", "sp.", "hybrid"}
        What keeps it from being the name of a species.
    sense : str
        In which sense the name is used: "s.l.", "sensu auct."; "" where nothing is said of it.
    """

    name: str
    author: str = ""
    doubt: Doubt = ""
    sense: str = ""


@dataclass(frozen=True, slots=True)
class GatheredName:
    """One name of a label column, with all the ways in which it is written there.

    Attributes
    ----------
    name : str
        As a species is called: "Iris versicolor". A name in doubt keeps its doubt: "Iris cf. versicolor".
    author : str
    doubt : Doubt
        What keeps it from being the name of a species.
    plants : int
        Rows that carry it.
    spellings : tuple of (str, int)
        As typed, with how many rows, commonest first.
    """

    name: str
    author: str
    doubt: Doubt
    plants: int
    spellings: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Alike:
    """Two names that may be one: the rarer, the commoner, and why."""

    rarer: str
    commoner: str
    because: str


def read_label(text: str) -> Label:
    """The name in one cell of a label column. Never raises."""
    if len(text.strip()) > _LONGEST:
        return Label(f"{text.strip()[:_LONGEST]}…", doubt="?")
    cleaned = _unquoted(normalize_name(text.replace("✕", "×").replace("✖", "×")).strip(' ;,"!'))
    if cleaned.casefold() in MISSING:
        return Label("")
    if _UNDETERMINED.match(cleaned):
        return Label(cleaned, doubt="?")
    if re.match(r"^[A-Z][a-zà-ÿ]+(?:_[a-zà-ÿ.]+)+$", cleaned):
        cleaned = cleaned.replace("_", " ")
    cleaned = _DOUBTFUL_YEAR.sub("", cleaned)
    if "?" in cleaned:
        return Label(cleaned, doubt="?")
    if (qualifier := _QUALIFIER.search(cleaned)) is not None:
        return Label(cleaned, doubt="aff." if qualifier[1].lower().startswith("aff") else "cf.")
    if _GENUS_ONLY.match(cleaned):
        return Label(re.sub(r"\b(?:sp|spec|species)$", "sp.", cleaned), doubt="sp.")
    cleaned = _HYBRID_GENUS.sub("×", cleaned)
    hybrid = _NAMED_HYBRID.match(cleaned) or _TITLED_HYBRID.match(cleaned)
    if hybrid and not _FORMULA.search(hybrid[3]) and not _OTHER_PARENT.match(hybrid[3]):
        found = _without_author(f"{hybrid[1]} {hybrid[2].lower()}{hybrid[3]}")
        return replace(found, name=found.name.replace(" ", " ×", 1))
    if _FORMULA.search(cleaned):
        return Label(cleaned, doubt="hybrid")
    return _without_author(cleaned)


def _unquoted(text: str) -> str:
    """The text without apostrophes around all of it; those of a cultivar stay."""
    return text[1:-1].strip() if re.fullmatch(r"'[^']+'", text) and " " in text else text


def _without_author(cleaned: str) -> Label:
    """A name parted from the author behind it; text that is no name with an author stays whole."""
    words = cleaned.split(" ")
    if len(words) > 2 and words[0].isalpha() and words[0][0].upper() != words[0][0] and words[1].islower():
        # "iris setosa L.": the author tells that these are a genus and an epithet.
        found = _without_author(cleaned[0].upper() + cleaned[1:])
        if not found.author and not found.sense:
            return Label(cleaned)
        return replace(found, name=found.name[0].lower() + found.name[1:])
    parsed = parse_label(cleaned)
    return Label(parsed.name, parsed.author, sense=parsed.sense)


def gather_names(texts: Mapping[str, int], genus: str = "") -> tuple[tuple[GatheredName, ...], dict[str, str]]:
    """The names of a label column, and which of them each text is a way of writing.

    Parameters
    ----------
    texts : mapping of str to int
        Each different cell as typed, with how many rows hold it.
    genus : str
        The genus that epithets alone and abbreviations belong to, where a person said so.

    Returns
    -------
    tuple of GatheredName
        Sorted by name; names in doubt behind the others.
    dict of str to str
        {text: name}; "" for cells that name nothing.
    """
    codes = codes_like_missing(texts)
    read = {text: Label(text.strip()) if text.strip() in codes else read_label(text) for text in texts}
    labels = _told_apart(_with_spaces(read))
    genera = _genera([label.name for label in labels.values() if not label.doubt], genus)
    groups: dict[str, list[tuple[str, Label]]] = {}
    for text, label in labels.items():
        if label.name:
            full = replace(label, name=_in_full(label.name, genera, genus))
            if not full.doubt and full.name.casefold() in genera:
                # The genus alone, in a table that names its species.
                full = Label(f"{genera[full.name.casefold()]} sp.", doubt="sp.")
            groups.setdefault(_key(full), []).append((text, full))
    found, name_of = [], dict.fromkeys(texts, "")
    for written in groups.values():
        gathered = _gathered(written, texts)
        found.append(gathered)
        name_of.update((text, gathered.name) for text, _ in written)
    found.sort(key=lambda g: (bool(g.doubt), g.name.casefold()))
    return tuple(found), name_of


def trains_by_default(names: Sequence[GatheredName]) -> tuple[GatheredName, ...]:
    """The names that stand for a species where nobody says otherwise: those without a doubt.

    "Celtis sp." is one of them where the table names no species of Celtis and has some plants of it: it then stands for
    the genus, and no plant of it could have been called anything else.
    """
    known = {genus_of(g.name) for g in names if not g.doubt or g.doubt in ("cf.", "aff.", "?")}
    return tuple(
        g
        for g in names
        if not g.doubt
        or (
            g.doubt == "sp."
            and g.plants >= _OWN_GENUS
            and re.fullmatch(r"[A-Z][a-zà-ÿ-]+ sp\.", g.name)
            and g.name.split(" ")[0] not in known
        )
    )


def alike(names: Sequence[GatheredName]) -> tuple[Alike, ...]:
    """Pairs of names that may be one: a slip of the pen apart, or an epithet beside its full name."""
    sure = [g for g in names if not g.doubt]
    if len(sure) > _MOST_COMPARED:
        return ()
    found = []
    for i, one in enumerate(sure):
        for other in sure[i + 1 :]:
            because = _why_alike(one.name, other.name)
            if because:
                rarer, commoner = sorted((one, other), key=lambda g: (g.plants, -len(g.name)))
                if because == "epithet":
                    rarer, commoner = sorted((one, other), key=lambda g: len(g.name))
                    because = f"'{rarer.name}' is the epithet of {commoner.name}"
                found.append(Alike(rarer.name, commoner.name, because))
    return tuple(found)


def _why_alike(a: str, b: str) -> str:
    first, second = a.casefold(), b.casefold()
    letters = ["".join(filter(str.isalpha, text)) for text in (first, second)]
    shorter, longer = sorted((a, b), key=len)
    if genus_of(longer) and not genus_of(shorter) and epithet(longer).casefold() == shorter.casefold():
        return "epithet"
    if genus_of(shorter) and longer.casefold().startswith(f"{shorter.casefold()} ") and is_misapplied(longer):
        return f"'{longer[len(shorter) + 1 :]}' says that another plant is meant than {shorter}"
    if _binomial_of(a) == _binomial_of(b) != "" and not (is_of_other_rank(a) or is_of_other_rank(b)):
        return "they are one name with different words behind it"
    # Codes like A1 and A2 differ in one sign too; they are meant as they stand.
    if re.sub(r"\D", "", first) != re.sub(r"\D", "", second):
        return ""
    if letters[0] == letters[1] != "":
        return "they differ in signs only"
    if min(map(len, letters)) < 4:
        return ""
    apart = distance(first, second)
    if apart <= (2 if min(len(epithet(a)), len(epithet(b))) >= 6 else 1):
        return f"they differ in {apart} letter{'s' if apart > 1 else ''}"
    return ""


def _binomial_of(name: str) -> str:
    """Genus and epithet of a name that other words than ranks and epithets stand behind; "" of all others."""
    words = name.split(" ")
    return " ".join(words[:2]).casefold() if len(words) > 2 and words[2][:1].isupper() and genus_of(name) else ""


def different_tails(gathered: GatheredName) -> tuple[str, str]:
    """Two spellings of one name that other senses or other authors stand behind; ("", "") where all agree."""
    read = [(text, read_label(text)) for text, _ in gathered.spellings]
    for i, (text, label) in enumerate(read):
        for other, later in read[i + 1 :]:
            if label.sense != later.sense or are_different_authors(label.author, later.author):
                return text.strip(), other.strip()
    return "", ""


def _with_spaces(labels: dict[str, Label]) -> dict[str, Label]:
    """Labels with a hyphen between genus and epithet, "Iris-setosa", written with a space, where several share the genus."""
    hyphenated = {text: match for text, label in labels.items() if (match := _HYPHENATED.match(label.name))}
    shared = Counter(match[1] for match in dict.fromkeys(hyphenated.values()))
    changed = {
        text: Label(f"{match[1]} {match[2]}", labels[text].author, labels[text].doubt)
        for text, match in hyphenated.items()
        if shared[match[1]] > 1
    }
    return labels | changed


def _told_apart(labels: dict[str, Label]) -> dict[str, Label]:
    """Labels of one name whose words behind it differ and are not evidently authors, with these words in the name again.

    "Iris setosa Alpha" and "Iris setosa Beta" are two of whatever is meant; "Iris setosa Mill." and "Iris setosa Miller" one.
    """
    behind: dict[str, set[str]] = {}
    for label in labels.values():
        if label.author and not label.doubt:
            behind.setdefault(label.name.casefold(), set()).add(label.author)
    apart = {name for name, authors in behind.items() if _are_kinds(authors)}
    # "auct." beside the name with its author is what others took for it.
    labels = {
        text: replace(label, name=f"{label.name} {label.sense}", sense="")
        if re.fullmatch(r"auct(?:t|orum)?\.?", label.sense) and label.name.casefold() in behind
        else label
        for text, label in labels.items()
    }
    return {
        text: Label(f"{label.name} {label.author}", sense=label.sense)
        if label.name.casefold() in apart and label.author and not is_evident(label.author)
        else label
        for text, label in labels.items()
    }


def _are_kinds(authors: set[str]) -> bool:
    """Whether two of the words behind one name are neither authors for certain nor ways of writing one."""
    plain = sorted({author.casefold() for author in authors if not is_evident(author)})
    evident = [author.casefold() for author in authors if is_evident(author)]
    others = [p for p in plain if not any(_is_short_for(e, p) for e in evident)]
    return len(others) > 1


def _is_short_for(short: str, full: str) -> bool:
    """Whether "mill." or "(mill.) foo, 1820" is a way of writing "miller"."""
    first = re.sub(r"[^\w]+.*$", "", short.lstrip("( "))
    return bool(first) and full.startswith(first)


def _genera(names: Sequence[str], genus: str) -> dict[str, str]:
    """{case-folded: as written} of the genera that the column names in full."""
    firsts = Counter(
        name.split(" ")[0].casefold() for name in dict.fromkeys(n.casefold() for n in names) if " " in name
    )
    found = {genus_of(name).casefold(): genus_of(name) for name in names if genus_of(name)}
    # "iris setosa" and "iris virginica": two names that share their first word name a genus, in whatever case.
    found |= {w: w.capitalize() for w, n in firsts.items() if n > 1 and w not in found and w.isalpha() and len(w) > 2}
    return found | ({genus.casefold(): genus} if genus else {})


def _in_full(name: str, genera: Mapping[str, str], genus: str) -> str:
    """The name with its genus as the column writes it in full: "I. setosa", "IRIS SETOSA", and "setosa" where it was said."""
    abbreviated = _ABBREVIATED.match(name)
    if abbreviated:
        fitting = sorted({g for low, g in genera.items() if low.startswith(abbreviated[1].casefold())})
        if genus and genus.casefold().startswith(abbreviated[1].casefold()):
            fitting = [genus]
        return f"{fitting[0]} {abbreviated[2]}" if len(fitting) == 1 else name
    first, _, rest = name.partition(" ")
    if not rest:
        return f"{genus} {name}" if genus and _EPITHET.match(name) else name
    known = genera.get(first.casefold())
    if known is None:
        return name
    return f"{known} {rest.casefold() if rest.isupper() or not is_binomial(name) else rest}"


def _key(label: Label) -> str:
    """What two ways of writing one name share."""
    words = [re.sub(r"^(?:ssp|subspecies)$", "subsp", word.rstrip(".")) for word in label.name.casefold().split()]
    return " ".join(words).replace("× ", "×")


def _gathered(written: Sequence[tuple[str, Label]], texts: Mapping[str, int]) -> GatheredName:
    spellings = sorted(((text, texts[text]) for text, _ in written), key=lambda s: (-s[1], s[0]))
    forms: Counter[str] = Counter()
    authors: Counter[str] = Counter()
    for text, label in written:
        forms[label.name] += texts[text]
        authors[label.author] += texts[text] if label.author else 0
    # A name written as the Code has it goes before one that is merely commoner.
    name = max(forms, key=lambda form: (is_binomial(form), forms[form], form))
    author = max(authors, key=lambda a: (authors[a], a))
    return GatheredName(name, author, written[0][1].doubt, sum(n for _, n in spellings), tuple(spellings))
