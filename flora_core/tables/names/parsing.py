"""A scientific name parted into the name itself, its authors, and what is said of its sense; with a maintained parser.

The parser knows ranks, authorship, cultivars and groups; what it can't know is that a word behind a name in a table of
measurements may tell plants apart: Male and Female, clades, chemotypes. Such words stay in the name.

References
----------
Global Biodiversity Information Facility, name-parser: https://github.com/gbif/name-parser
Turland, N. J. et al. (2018). International Code of Nomenclature (Shenzhen Code), Art. 46 (authors), Rec. 50D (misapplied).
Brickell, C. D. et al. (2016). International Code of Nomenclature for Cultivated Plants, 9th ed., Art. 14 (epithets).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import nameparser

from flora_core.tables.values.text import word_set

#: Words behind a name that tell plants of one species apart and are nobody's name.
_TELLING: Final = word_set(
    "male female males females hermaphrodite juvenile adult wild type cultivated domestic domesticated form morph clade "
    "lineage clone klon klone strain race ecotype ecotypus chemotype chemotyp cytotype cytotyp genotype haplotype karyotype "
    "accession line population pop group cluster diploid triploid tetraploid pentaploid hexaploid octoploid north south "
    "east west northern southern eastern western upper lower alpine lowland highland coastal inland early late tall dwarf "
    "large small red white blue yellow pink purple green black summer winter spring autumn weibchen mannchen mâle femelle "
    "macho hembra maschio femmina sun shade open closed control treated hybrid mutant selection landrace ct chemoform"
)
#: Those among them that botanists are called by too: Small, West, Wild.
_SURNAMES: Final = word_set("wild small white black green west north south east winter summer early")
_RANKS: Final = word_set("subsp ssp subspecies var variety subvar f fo forma convar nothosubsp nothovar nothof subf")
#: Ranks within a genus; the epithet behind them has a capital.
_WITHIN_GENUS: Final = (
    r"(?:sub)?(?:sect|ser|gen)\.?|(?:sub)?(?:sectio|section|series|genus)|supersect\.?|agg\.|ser\.|subg\.|nothosect\.?"
)
_INFRAGENERIC: Final = re.compile(
    rf"^(×? ?[A-Z][^\W\d_]+(?:-[^\W\d_]+)?) ((?:{_WITHIN_GENUS})) ([A-Z][^\W\d_]+(?:-[^\W\d_]+)*)(?: (.+))?$"
)
_CULTIVAR: Final = re.compile(r"(?:^|(?<=\s))'[^']+(?:'[^'\s]+)*'(?=\s|$)|(?<=\s)cv\. ?'?[^']+'?$")
_AUCT: Final = r"(?:auct\.?|auctt\.?|auctorum)"
#: What says that another plant is meant than the name's own.
_MISAPPLIED: Final = re.compile(
    rf"(?:^|\s)\(?((?:sensu|sec\.?|{_AUCT})\s.*?\bnon\b.*|{_AUCT} ?,? ?(?:mult|plur|eur|amer|angl|gall|germ)\..*)$",
    re.IGNORECASE,
)
#: What says in how wide a sense, or in whose, the name is used.
_SENSE: Final = re.compile(
    r"[\s,]+\(?(s\. ?l(?:at)?\.?|s\. ?(?:str|ampl)\.?|sensu (?:lato|stricto|amplo|latiore|strictiore)"
    rf"|(?:sensu )?{_AUCT}|aggr?\.?|coll\.?|p\. ?p\.?|pro parte|(?:non|nec|emend\.?|ampl\.?|sensu|sec\.?) .+)\)?$",
    re.IGNORECASE,
)
_GROUP: Final = re.compile(r"^(?:Group|Grex|Gruppe|Gp)\.?$")
_EVIDENT: Final = re.compile(r"[.,&()]|\d{4}|\b(?:ex|et|in|and)\b")
_PARTICLES: Final = word_set(
    "d de da di del della den der des do dos du la le van von v vom zu zur ten ter 't d' y e et and ex in & bis f fil filius"
)


@dataclass(frozen=True, slots=True)
class ParsedLabel:
    """A name in its parts.

    Attributes
    ----------
    name : str
        Genus, epithets with their ranks, cultivar or group, and a misapplication, as they are written.
    author : str
        As written; "".
    sense : str
        In which sense the name is used, where it is the same name: "s.l.", "sensu auct."; "".
    """

    name: str
    author: str = ""
    sense: str = ""


def parse_label(text: str) -> ParsedLabel:
    """The parts of a name that begins with a genus and goes on with an epithet, a rank or a cultivar; else the text whole.

    Parameters
    ----------
    text : str
        Normalised, one space between words, without a doubt and no formula of a hybrid.
    """
    text = _parted(text)
    within = _INFRAGENERIC.match(text)
    if within:
        author = within[4] or ""
        return (
            ParsedLabel(f"{within[1]} {within[2]} {within[3]}", author)
            if not author or _is_author(author)
            else ParsedLabel(text)
        )
    misapplied = _MISAPPLIED.search(text)
    if misapplied and misapplied.start() > 0:
        named = parse_label(text[: misapplied.start()].rstrip(" ,("))
        return ParsedLabel(f"{named.name} {misapplied[1].rstrip(')')}", named.author)
    sense = _SENSE.search(text)
    if sense and re.match(r"non\b", sense[1]) and not parse_label(text[: sense.start()].rstrip(" ,(")).author:
        # "Carex flava non L." is another plant; in "Carex flava L., non Huds." a later name is put aside.
        named = parse_label(text[: sense.start()].rstrip(" ,("))
        return ParsedLabel(f"{named.name} {sense[1].rstrip(')')}", named.author)
    if sense:
        named = parse_label(text[: sense.start()].rstrip(" ,("))
        kept = re.match(r"agg|coll", sense[1], re.IGNORECASE)
        return ParsedLabel(f"{named.name} agg." if kept else named.name, named.author, "" if kept else sense[1])
    cultivar = _CULTIVAR.search(text)
    if cultivar:
        return _with_cultivar(text, cultivar)
    return _with_author(text)


def _parted(text: str) -> str:
    """The text with a space before and behind an author that is glued to the words beside it, and other slips mended."""
    # "Abies brevifolia cv. ex Dallim." and "(auct.) Baker": a name of the gardens, whose author nobody knows.
    text = re.sub(
        r"\bcv\. (?=ex )|\(auct\.\)(?= [A-Z])", lambda m: m[0].replace("cv", "hort").replace("auct", "hort"), text
    )
    # Art. 60.9: "van heurckii" is one epithet.
    text = re.sub(r"^(×?[A-Z][^\W\d_]+) (van|von) ([a-z]{3,}i)\b", r"\1 \2\3", text)
    text = re.sub(r"(?<=[a-zà-ÿ])\((?=[A-Z])", " (", text)
    text = re.sub(r"\)(?=[A-Z][\w.])", ") ", text)
    return re.sub(r"^(×?[A-Z]\S+ [a-zà-ÿ-]{2,}[a-zà-ÿ])(?=[A-Z][a-zà-ÿ]*\.)", r"\1 ", text)


def _with_cultivar(text: str, cultivar: re.Match[str]) -> ParsedLabel:
    """A name with a cultivar: quotes whole; an author may stand before or behind it."""
    before, after = text[: cultivar.start()].strip(), text[cultivar.end() :].strip()
    epithet = re.sub(r"^cv\. ?'?(.+?)'?$", r"'\1'", cultivar[0])
    behind = after if after and _is_author(after) else ""
    if (after and not behind) or not before:
        return ParsedLabel(text)
    named = _with_author(before) if " " in before else ParsedLabel(before)
    return ParsedLabel(f"{named.name} {epithet}", behind or named.author)


def _with_author(text: str) -> ParsedLabel:
    words = text.split(" ")
    end = _epithets(words)
    if end < 2:
        return ParsedLabel(text)
    kept, rest = words[:end], words[end:]
    authors: list[str] = []
    while rest:
        # Behind an author a rank may follow: "Iris versicolor L. var. kermesina". The name is what stands without authors.
        place = next((i for i, _ in enumerate(rest) if _is_rank(rest, i)), None)
        author = rest if place is None else rest[:place]
        group = _group(author)
        if group:
            kept += group
            author = author[: -len(group)]
        if author and not _is_author(" ".join(author), text):
            return _by_parser(text, words[:end])
        authors = author or authors
        if place is None:
            break
        kept += rest[place : place + 2]
        authors, rest = [], rest[place + 2 :]
    return ParsedLabel(" ".join(kept), " ".join(authors))


def _by_parser(text: str, binomial: Sequence[str]) -> ParsedLabel:
    """A name whose parts the rules above can't tell apart, as the parser reads it, where an author is seen behind it.

    Ranks that hardly anybody uses, letters of varieties, "ined." and the like are read so; words that tell plants apart are
    left where they are.
    """
    behind = " ".join(text.split(" ")[len(binomial) :])
    bare = {word.strip("().,[]").casefold() for word in behind.split(" ")}
    remark = re.search(r"['\"]|(?<!\d)\d{1,3}(?!\d)", behind) or re.fullmatch(r"\([^().,&\d]*\)", behind)
    if _TELLING & bare or remark or not _EVIDENT.search(behind):
        return ParsedLabel(text)
    try:
        parsed = nameparser.parse(text, code="BOTANICAL")
    except nameparser.UnparsableNameError:
        return ParsedLabel(text)
    if (
        not isinstance(parsed, nameparser.ParsedName)
        or parsed.state != "COMPLETE"
        or parsed.type != "SCIENTIFIC"
        or parsed.warnings
        or parsed.phrase
        or parsed.taxonomic_note
        or not parsed.specific_epithet
    ):
        return ParsedLabel(text)
    authors = parsed.combination_authorship.authors or parsed.basionym_authorship.authors
    if not authors and not parsed.manuscript and not parsed.nomenclatural_note:
        return ParsedLabel(text)
    kept = list(binomial)
    if f"{parsed.infraspecific_epithet}." in behind.split(" "):
        # "det. Smith" names who determined, and no part of the plant's name.
        return ParsedLabel(text)
    if parsed.infraspecific_epithet and parsed.infraspecific_epithet not in kept:
        kept.append(parsed.infraspecific_epithet)
    return ParsedLabel(" ".join(kept), parsed.authorship_complete() or "")


def _epithets(words: list[str]) -> int:
    """How many words at the beginning are genus and epithets: 2 for a species, 3 for a subspecies without a rank."""
    if len(words) < 2 or not re.fullmatch(r"×?[A-Z][^\W\d_]*\.?(?:-[^\W\d_]+)?", words[0]):
        return 0
    if (
        not re.fullmatch(r"×?(?:\d+-|[a-z]')?[^\W\d_A-Z][^\W\d_]*\.?(?:-[^\W\d_]+)*", words[1])
        or words[1].rstrip(".") in _RANKS
    ):
        return 0
    end = 2
    while end < len(words) and _is_plain_epithet(words[end]) and not _is_rank(words, end):
        end += 1
    return end


def _is_plain_epithet(word: str) -> bool:
    return bool(re.fullmatch(r"[a-zà-ÿ]{3,}(?:-[a-zà-ÿ]+)*", word)) and word not in _PARTICLES | _TELLING | {
        "hort",
        "auct",
        "non",
        "nec",
        "sensu",
    }


def _is_rank(words: list[str], place: int) -> bool:
    """Whether a rank and its epithet stand there; "f." is a form before an epithet and a son behind his father's name."""
    word = words[place].rstrip(".").casefold()
    if place + 1 == len(words) or not words[place + 1][:1].islower() or words[place].istitle():
        return False
    # "Baker f. ex Rose" is a son; "form" without its point may be a word of the table's own.
    return (word in _RANKS and words[place + 1] not in ("ex", "et", "in", "and")) or words[place] == "form."


def _group(words: list[str]) -> list[str]:
    """The words of a group at the end, "Capitata Group"; none where there is none."""
    if len(words) < 2 or not _GROUP.match(words[-1].strip("()")):
        return []
    start = len(words) - 2
    while start > 0 and not re.search(r"[.&)]$", words[start - 1]):
        start -= 1
    return words[start:]


@lru_cache(maxsize=20_000)
def _is_author(author: str, text: str = "") -> bool:
    """Whether words behind a name are the name of somebody, and nothing that tells plants apart."""
    words = author.split(" ")
    bare = [word.strip("().,[]").casefold() for word in words]
    telling = {word for i, word in enumerate(bare) if word in _TELLING and not _is_surname(words, i)}
    if telling or re.fullmatch(r"\([^().,&\d]*\)", author):
        return False
    if all(word in _PARTICLES for word in bare if word):
        return False
    # A single letter without a point is a group or a sex; only Linnaeus is written so.
    if any(
        len(word) == 1 and word not in {"l", *_PARTICLES} and "." not in written
        for word, written in zip(bare, words, strict=True)
    ):
        return False
    try:
        parsed = nameparser.parse(f"Abies alba {author}")
    except nameparser.UnparsableNameError:
        return False
    if (
        not isinstance(parsed, nameparser.ParsedName)
        or parsed.specific_epithet != "alba"
        or parsed.infraspecific_epithet
    ):
        return False
    if parsed.state != "COMPLETE" or parsed.phrase or parsed.cultivar_epithet or parsed.taxonomic_note:
        return False
    people = parsed.combination_authorship, parsed.basionym_authorship
    return any(one.authors or one.ex_authors or one.year for one in people) or bool(
        re.match(r"hort\.?$|auct\.?$|anon\.?$", author)
    )


def _is_surname(words: Sequence[str], place: int) -> bool:
    """Whether a word that may tell plants apart is somebody's name here: "(Walt.) Small", "Small & Nash", "A. Wild"."""
    word = words[place].strip("().,[]")
    if word.casefold() not in _SURNAMES or not word.istitle():
        return False
    before, after = words[place - 1] if place else "", words[place + 1] if place + 1 < len(words) else ""
    beside = {"&", "et", "ex", "in", "and"}
    return bool(re.search(r"[.&\d]\)$", before) or re.fullmatch(r"\(?(?:[A-Z]\.)+", before) or {before, after} & beside)


def is_evident(author: str) -> bool:
    """Whether an author is seen to be one by how it is written: abbreviated, with a year, in brackets, of two people."""
    return bool(_EVIDENT.search(author)) or author in ("L", "Linnaeus", "Linné")


#: What makes a name another than a species': a cultivar, a group, a part of a genus, an aggregate, a misapplied name.
_OTHER_RANKS: Final = re.compile(rf"'|\bGroup$|^\S+ (?:{_WITHIN_GENUS}) [A-Z]|\bagg\.$|\b{_AUCT}(?=\s|$)|\bnon [A-Z]")


def is_of_other_rank(name: str) -> bool:
    """Whether a parsed name is that of a cultivar, a group, a section, an aggregate, or was misapplied."""
    return bool(_OTHER_RANKS.search(name))


def is_misapplied(name: str) -> bool:
    """Whether a parsed name says that another plant is meant than the name's own: "Carex flava auct. non L."."""
    return bool(_MISAPPLIED.search(name) or re.search(rf" non \S+$| {_AUCT}$", name))


def are_different_authors(one: str, other: str) -> bool:
    """Whether two authors have no name in common, abbreviated or not: "L." and "Huds." do, "L." and "Linnaeus" don't."""
    first, second = _names_in(one), _names_in(other)
    if not first or not second:
        return False
    return not any(a.startswith(b) or b.startswith(a) for a in first for b in second)


def _names_in(author: str) -> set[str]:
    return {word.casefold() for word in re.findall(r"[^\W\d_]+", author)} - _PARTICLES
