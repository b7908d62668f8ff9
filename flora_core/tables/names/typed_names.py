"""A name as somebody typed it -> what the specimen is called, or what is wrong with it. Nothing is corrected silently.

Names come with their author or without, abbreviated, in any case, with "cf.", "aff." or a question mark, as a hybrid formula,
as a genus alone, or as "none of these". A name that is nearly one of the study's is sent back with a question; a name of a
species that the study does not know is a determination like any other.

References
----------
Turland, N. J. et al. (2018). International Code of Nomenclature (Shenzhen Code): hybrid formulae, Art. H.2; Rec. 60F and 60G.
Sigovini, M. et al. (2016). Open Nomenclature in the biodiversity era. Methods in Ecology and Evolution 7: 1217-1225.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from flora_core.determination import AnswerKind, GivenName
from flora_core.study import Study, genus_of, is_binomial
from flora_core.tables.names.checklist import Checklist
from flora_core.tables.names.labels import Label, read_label
from flora_core.tables.names.lookup import distance, genera_of, known_genus, known_species, near_species
from flora_core.tables.names.parsing import is_of_other_rank
from flora_core.tables.values.cells import MISSING
from flora_core.tables.values.text import normalize_name
from flora_core.wording import on_one_line

_LONGEST: Final = 200
#: Said by a person who is sure that a name, although nearly another one, is meant as it stands.
SIC: Final = "[sic]"

_NONE: Final = re.compile(
    r"(?:it is |this is )?(?:none of (?:these|them|the above)|not (?:one )?of these|no species of this study"
    r"|(?:an)?other (?:species|genus)|something else)"
)
_UNDETERMINED: Final = re.compile(
    r"(?:spec\. )?(?:indet|undet|ign|unknown|unidentified|not determined|undetermined)(?: sp)?\.?"
)
_QUALIFIERS: Final = {
    "cf": AnswerKind.CF,
    "cfr": AnswerKind.CF,
    "conf": AnswerKind.CF,
    "aff": AnswerKind.AFF,
    "affinis": AnswerKind.AFF,
}
_GENUS_ONLY: Final = re.compile(
    r"(?:(?:sp|spp|spec|species)\.?(?: (?:nov\.?|\d{1,3}|[A-Z]))?|nov\. ?sp\.?|n\. ?sp\.?|indet\.?)"
)
_RANKS: Final = frozenset(
    {"subsp", "ssp", "var", "subvar", "f", "fo", "forma", "cv", "convar", "nothosubsp", "nothovar"}
)
_AUTHOR: Final = re.compile(r"[(\[&]|\d{4}\b")
_BETWEEN_AUTHORS: Final = frozenset({"ex", "et", "in", "and", "de", "la", "van", "von", "der", "f.", "fil.", "al."})
#: Words of remarks that stand where a name should: a comment is no species.
_WORDS: Final = frozenset(
    """a an and bad big broken check checked confirmed correct damaged dead doubtful false flower good is it look looks maybe me
    missing name new no not ok old or petal plant please possibly probably question red rest sample see seems sepal small
    species specimen sure that the this to too true unclear unsure very wrong yes""".split()  # noqa: SIM905  easier to read
)
_TIMES: Final = re.compile(r" ?× ?| [xX] ")
_GENUS: Final = re.compile(r"[^\W\d_][^\W\d_]+(?:-[^\W\d_]+)?")
_EPITHET: Final = re.compile(r"[^\W\d_]{2,}(?:-[^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class ReadName:
    """What was read.

    Attributes
    ----------
    given : GivenName or None
        None where the text can't be used.
    note : str
        What a person should know of how it was read, or "".
    problem, suggestion : str
        What is wrong, and what would be right.
    """

    given: GivenName | None = None
    note: str = ""
    problem: str = ""
    suggestion: str = ""


@dataclass(frozen=True, slots=True)
class _Taxon:
    """One name within what was typed: a species of the study, or of another; or what is wrong with it."""

    name: str = ""
    note: str = ""
    problem: str = ""
    suggestion: str = ""


def read_name(text: str, study: Study, checklist: Checklist | None = None) -> ReadName:
    """What a person calls a specimen of this study. Never raises.

    Parameters
    ----------
    text : str
        As typed: "Iris versicolor L.", "I. versicolor", "versicolor", "Iris sp.", "cf. versicolor", "Iris aff. virginica",
        "Iris versicolor x I. virginica", "none of these", "Iris pseudacorus".
    checklist : Checklist or None
        By which synonyms are known; where it gathers them, a synonym counts as the accepted name.
    """
    if checklist is None:
        return _read(text, study, None)
    read = _read(text, study, checklist)
    given = read.given
    if given is None or given.answer not in (AnswerKind.SPECIES, AnswerKind.CF, AnswerKind.AFF):
        return read
    to = checklist.counts_as(given.name, study.species_names)
    if to == given.name:
        return read
    if not checklist.gathers:
        note = f"{given.name} is a synonym of {to} ({checklist.source})."
        return replace(read, note=f"{note} {read.note}".strip())
    note = f"{given.name} counts as {to}, of which it is a synonym ({checklist.source})."
    stranger = _stranger(to, study) if given.answer is AnswerKind.SPECIES else ""
    return ReadName(replace(given, name=to), f"{note} {stranger}".strip())


def _read(text: str, study: Study, checklist: Checklist | None) -> ReadName:
    """What was read of a text, whatever the accepted name of it is."""
    shown = on_one_line(text.strip())
    if len(text.strip()) > 2 * _LONGEST:
        return _no_name(f"'{shown}' is not a name: it is too long", _there_are(study))
    cleaned = _tidy(text.strip())
    if cleaned.casefold() in MISSING:
        return _no_name("there is no name", "Write a species, 'none of these', or the genus with 'sp.'.")
    if len(cleaned) > _LONGEST or not any(c.isalpha() for c in cleaned):
        return _no_name(f"'{shown}' is not a name", _there_are(study))
    if _UNDETERMINED.fullmatch(cleaned.casefold()):
        return _no_name(
            f"'{shown}' determines nothing", "Leave the row out, or write the genus with 'sp.' or 'none of these'."
        )
    if _is_none(cleaned, study):
        return ReadName(GivenName(AnswerKind.NONE))
    meant = cleaned.casefold().endswith(SIC)
    if meant:
        cleaned = cleaned[: -len(SIC)].strip()
    whole = known_species(cleaned, study)
    if whole:
        return ReadName(GivenName(AnswerKind.SPECIES, whole))
    label = read_label(cleaned)
    named = known_species(label.name, study) if label.name and not label.doubt else ""
    if named:
        return ReadName(GivenName(AnswerKind.SPECIES, named))
    # A name that the checklist holds is no slip of the pen for another that is like it.
    meant = meant or (checklist is not None and not label.doubt and checklist.find(label.name) is not None)
    parts = [part for part in _TIMES.split(cleaned) if part]
    if len(parts) > 1 or _TIMES.match(cleaned):
        return _hybrid(parts, cleaned, shown, study, meant=meant)
    qualified = _qualified(cleaned)
    if qualified is not None:
        return _with_qualifier(*qualified, shown, study, meant=meant)
    genus = _genus_only(cleaned, study, meant=meant)
    if genus is not None:
        return genus
    # What is seen to be an author, or the sense of a name, is read past.
    bare = label.name if (label.author or label.sense) and not label.doubt and is_binomial(label.name) else cleaned
    taxon = _of_other_rank(label, study, meant=meant) or _taxon(bare, study, meant=meant)
    if taxon.problem:
        return _no_name(taxon.problem, taxon.suggestion)
    return ReadName(GivenName(AnswerKind.SPECIES, taxon.name), taxon.note or _stranger(taxon.name, study))


def _tidy(text: str) -> str:
    """One space between words, none around them; underscores as spaces; a space after an abbreviating point."""
    plain = normalize_name(text.replace("✕", "×").replace("✖", "×").replace("_", " ")).strip(' ;,"')
    # Apostrophes around all of it were put there by a program; those around a cultivar belong to its name.
    spaced = plain.strip("'").strip() if re.fullmatch(r"'[^']*'?|[^']*'", plain) else plain
    spaced = re.sub(r"^([^\W\d_xX]) (?=[^\W\d_])", r"\1. ", spaced)
    return re.sub(r"\b([^\W\d_]{1,4}\.)(?=[^\W\d_])", r"\1 ", spaced)


def _is_none(cleaned: str, study: Study) -> bool:
    lowered = cleaned.casefold().rstrip(".!")
    if _NONE.fullmatch(lowered):
        return True
    things = {study.organism, study.genus, study.title, *({genus_of(name) for name in study.species_names})}
    plain = re.sub(r"^(?:it is |this is )?(?:not an?|no|not) ", "", lowered)
    return plain != lowered and plain in {thing.casefold() for thing in things if thing}


def _qualified(cleaned: str) -> tuple[str, list[AnswerKind], bool] | None:
    """The text without its qualifiers, which they were, and whether a question mark was one; None where there is none."""
    doubted = "?" in cleaned
    words, found = [], []
    for word in cleaned.replace("?", " ").split():
        bare = word.strip("().,").casefold()
        if bare in _QUALIFIERS:
            found.append(_QUALIFIERS[bare])
        else:
            words.append(word)
    if not found and not doubted:
        return None
    # In "Iris sp. cf. versicolor" the "sp." says nothing more.
    words = [w for i, w in enumerate(words) if not (found and 0 < i < len(words) - 1 and _GENUS_ONLY.fullmatch(w))]
    return " ".join(words), found, doubted


def _with_qualifier(
    rest: str, found: list[AnswerKind], doubted: bool, shown: str, study: Study, *, meant: bool
) -> ReadName:
    if len(set(found)) > 1:
        return _no_name(f"'{shown}' has both cf. and aff.", "Write one of them.")
    answer = found[0] if found else AnswerKind.CF
    genus = _genus_only(rest, study) if rest else _no_name("", "")
    if genus is not None:
        return _no_name(f"'{shown}' does not say which species it may be", "Write for example: Iris cf. versicolor.")
    taxon = _taxon(rest, study, meant=meant)
    if taxon.problem:
        return _no_name(taxon.problem, taxon.suggestion)
    note = "The question mark was read as cf." if doubted and not found else ""
    return ReadName(GivenName(answer, taxon.name), note or taxon.note)


def _hybrid(parts: list[str], cleaned: str, shown: str, study: Study, *, meant: bool) -> ReadName:
    if _qualified(cleaned) is not None:
        return _no_name(
            f"'{shown}' is a hybrid with a doubt", "Write the formula without cf. or ?, and the doubt as a remark."
        )
    hybrid_genus = re.match(r"×? ?([A-Z][^\W\d_]+) ([^\W\d_A-Z][^\W\d_]+(?:-[^\W\d_]+)*)(?= |$)", parts[0])
    if len(parts) == 1 and hybrid_genus:
        return ReadName(GivenName(AnswerKind.HYBRID, f"×{hybrid_genus[1]} {hybrid_genus[2]}"))
    one_word = len(parts) == 2 and bool(_GENUS.fullmatch(parts[0]))
    other_genus = one_word and parts[0][:1].isupper() and " " not in parts[1] and not known_species(parts[0], study)
    if len(parts) == 1 or (one_word and (other_genus or known_genus(parts[0], study))):
        return _named_hybrid(parts, shown, study)
    if len(parts) > 2:
        return _no_name(
            f"'{shown}' has more than two parents", "Write one formula of two parents, the rest as a remark."
        )
    first = _taxon(parts[0], study, meant=meant)
    if first.problem:
        return _no_name(first.problem, first.suggestion)
    genus = genus_of(first.name)
    bare = " " not in parts[1].strip() and genus and not known_species(parts[1], study)
    second = _taxon(f"{genus} {parts[1]}" if bare else parts[1], study, meant=meant)
    if second.problem:
        return _no_name(second.problem, second.suggestion)
    if first.name == second.name:
        return _no_name(f"both parents of '{shown}' are {first.name}", "Write two different parents.")
    return ReadName(GivenName(AnswerKind.HYBRID, first.name, second.name))


def _named_hybrid(parts: list[str], shown: str, study: Study) -> ReadName:
    """A hybrid with a name of its own: "Iris ×robusta"."""
    genus = known_genus(parts[0], study) or parts[0] if len(parts) == 2 else study.genus
    words = parts[-1].split()
    if not genus or not words or not _EPITHET.fullmatch(words[0]):
        return _no_name(f"'{shown}' is not a hybrid that can be read", "Write both parents: Iris a × Iris b.")
    return ReadName(GivenName(AnswerKind.HYBRID, f"{genus} ×{words[0].casefold()}"))


def _genus_only(cleaned: str, study: Study, *, meant: bool = False) -> ReadName | None:
    """The answer where only a genus is named; None where there is more."""
    if cleaned.casefold().rstrip(".") in ("genus only", "genus"):
        return ReadName(GivenName(AnswerKind.GENUS, study.genus))
    if _GENUS_ONLY.fullmatch(cleaned):
        return ReadName(GivenName(AnswerKind.GENUS, study.genus))
    word, _, rest = cleaned.partition(" ")
    if rest and not _GENUS_ONLY.fullmatch(rest):
        return None
    genus = known_genus(word, study)
    if genus:
        return ReadName(GivenName(AnswerKind.GENUS, genus))
    near = next((g for g in genera_of(study) if distance(g.casefold(), word.casefold()) <= 1), "")
    if near and not meant:
        return _no_name(
            f"'{word}' is not a genus of this study", f"Did you mean {near}? If not, write {word} sp. {SIC}."
        )
    if not rest or not _GENUS.fullmatch(word) or word.casefold() in _WORDS:
        return None
    name = word[:1].upper() + word[1:].casefold()
    return ReadName(GivenName(AnswerKind.GENUS, name), f"{name} is not a genus of this study. {_COUNTS}")


def _taxon(text: str, study: Study, *, meant: bool) -> _Taxon:
    """One species, of the study or another."""
    words = _expanded(text.split(), study)
    if isinstance(words, _Taxon):
        return words
    for length in range(len(words), 0, -1):
        name = known_species(" ".join(words[:length]), study)
        if name:
            return _followed(name, words[length:], text)
    if len(words) < 2:
        return _one_word(text, study, meant=meant)
    return _other_species(words, text, study, meant=meant)


def _of_other_rank(label: Label, study: Study, *, meant: bool) -> _Taxon | None:
    """A cultivar, group, section, aggregate or misapplied name that the study does not know; None where it is none of them.

    A cultivar or aggregate of a species of the study counts as that species, as a subspecies does; a misapplied name of one
    says which plant it is not, and is sent back.
    """
    if not label.name or label.doubt or not is_of_other_rank(label.name) or not is_binomial(label.name):
        return None
    words = label.name.split()
    species = known_species(" ".join(words[:2]), study)
    if species and re.search(r"\bauct|\bnon\b|\bsensu\b", label.name):
        return None
    if species:
        return _Taxon(species, f"'{on_one_line(label.name)}' counts as {species}.")
    near = "" if meant else near_species(label.name, study)
    return _nearly(label.name, near) if near else _Taxon(label.name)


def _other_species(words: list[str], text: str, study: Study, *, meant: bool) -> _Taxon:
    """A species that the study does not know."""
    genus, specific = words[0], words[1]
    ours = known_genus(genus, study)
    name = f"{ours or genus[:1].upper() + genus[1:].casefold()} {specific.casefold()}"
    near = "" if meant else near_species(name, study)
    if near:
        return _nearly(text, near)
    latin = _GENUS.fullmatch(genus) and _EPITHET.fullmatch(specific) and not _WORDS & set(name.casefold().split())
    if not latin or not (ours or genus[0].isupper()):
        return _Taxon(problem=f"'{on_one_line(text)}' is not a name that can be read", suggestion=_there_are(study))
    higher = [other for other in study.species_names if other.startswith(f"{name} ")]
    if higher:
        return _Taxon(problem=f"{name} is more than one answer here", suggestion=f"Write {' or '.join(higher)}.")
    found = _followed(name, words[2:], text)
    return found if found.problem else _Taxon(name)


def _followed(name: str, rest: list[str], text: str) -> _Taxon:
    """What follows a name: its author, which is read past; a rank below the species, which is noted; nothing else."""
    ranks = [i for i, word in enumerate(rest) if _is_rank(word, rest[i + 1 :])]
    author = rest[: ranks[0]] if ranks else rest
    if not all(word[:1].isupper() or _AUTHOR.match(word) or word.casefold() in _BETWEEN_AUTHORS for word in author):
        return _Taxon(
            problem=f"'{on_one_line(text)}' says more than a name ('{on_one_line(' '.join(author))}')",
            suggestion=f"Write {name}, with cf., or a hybrid as a × b; and the rest as a remark.",
        )
    return _Taxon(name, f"'{on_one_line(text)}' counts as {name}." if ranks else "")


def _is_rank(word: str, after: list[str]) -> bool:
    """Whether a name below the species follows; "f." is a form before a name and a son behind his father's."""
    return word.rstrip(".").casefold() in _RANKS and bool(after) and after[0][:1].islower()


def _one_word(text: str, study: Study, *, meant: bool) -> _Taxon:
    near = "" if meant else near_species(text, study)
    if near:
        return _nearly(text, near)
    return _Taxon(problem=f"'{on_one_line(text)}' is not a species of this study", suggestion=_there_are(study))


def _nearly(text: str, near: str) -> _Taxon:
    return _Taxon(
        problem=f"'{on_one_line(text)}' is not a species of this study",
        suggestion=f"Did you mean {near}? If it is another species, write it with {SIC} behind it.",
    )


def _expanded(words: list[str], study: Study) -> list[str] | _Taxon:
    """The words with an abbreviated genus written out: by a species of the study that it fits, else by the study's genus."""
    if not words or not re.fullmatch(r"[^\W\d_]{1,4}\.", words[0]):
        return words
    letters = words[0].rstrip(".").casefold()
    fitting = sorted({g for g in genera_of(study) if g.casefold().startswith(letters)})
    if len(fitting) == 1:
        return [fitting[0], *words[1:]]
    why = "may be " + " or ".join(fitting) if fitting else "is not short for a genus of this study"
    return _Taxon(problem=f"'{words[0]}' {why}", suggestion="Write the genus in full.")


_COUNTS: Final = "It counts as “none of these” for the model."


def _stranger(name: str, study: Study) -> str:
    return "" if name in study.species_names else f"{name} is not a species of this study. {_COUNTS}"


def _no_name(problem: str, suggestion: str) -> ReadName:
    return ReadName(problem=problem, suggestion=suggestion)


def _there_are(study: Study, most: int = 8) -> str:
    names = study.species_names
    more = f" and {len(names) - most} more" if len(names) > most else ""
    other = "Another species is written with its genus in full, another genus with 'sp.' behind it."
    return f"There are: {', '.join(names[:most])}{more}. {other}"
