"""The names of a label column -> the species of a study: merged, left out or kept, as was said or as is usual."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from flora_core.errors import Unknown
from flora_core.tables.columns.roles import codes_of
from flora_core.tables.names.checklist import Checklist
from flora_core.tables.names.labels import Alike, GatheredName, different_tails, trains_by_default
from flora_core.wording import listed, shortened
from flora_core.workflows.studies.choices import Choices, NameChoice

#: A study of more species than this is not made of one table.
MAX_SPECIES = 1000
#: Below so many plants a species' scores are guesses.
FEW = 10
_ONE_PLANT = f"one plant is too few to learn from, {FEW} or more would be right"
_NO_MEASUREMENT = "none of its plants has a measurement that can be used"
#: Why a name is left out that nobody decided about: its plants are too few.
UNLEARNABLE = frozenset({_ONE_PLANT, _NO_MEASUREMENT})
#: From more names on, their spellings are said in one note.
_MANY = 8
#: A model needs so many plants of each species.
LEAST = 2


def choose_names(names: Sequence[GatheredName], choices: Choices) -> tuple[NameChoice, ...]:
    """What becomes of each name.

    Raises
    ------
    Unknown
        A name was spoken of that the column does not hold.
    """
    said = _resolved(names, choices.names)
    default = trains_by_default(names)
    found = []
    for g in names:
        if g.name in said:
            found.append(NameChoice(g, said[g.name], "" if said[g.name] else "it was left out by hand"))
        elif g in default or choices.keep_qualified:
            found.append(NameChoice(g, _counts_as(g, choices.checklist)))
        else:
            found.append(NameChoice(g, "", _doubt(g)))
    return tuple(found)


def _counts_as(g: GatheredName, checklist: Checklist | None) -> str:
    return (
        g.name if checklist is None or not checklist.gathers or g.doubt else checklist.counts_as(g.name, (), g.author)
    )


def synonyms(
    names: Sequence[NameChoice], checklist: Checklist | None, species: Sequence[str] = ()
) -> tuple[Alike, ...]:
    """Names that a checklist calls synonyms, each with the name it would count as; those that count so already are left out.

    Parameters
    ----------
    species : sequence of str
        Of the study that they are added to.
    """
    if checklist is None:
        return ()
    found = []
    for name in names:
        g = name.gathered
        to = g.name if g.doubt else checklist.counts_as(g.name, species, g.author)
        if to != g.name and name.becomes == g.name:
            found.append(Alike(g.name, to, f"the first is a synonym of the second by {checklist.source}"))
    return tuple(found)


def said_of_checklist(names: Sequence[NameChoice], checklist: Checklist | None) -> list[str]:
    """A note on the names that a checklist does not hold."""
    if checklist is None:
        return []
    unknown = [
        n.gathered.name for n in names if n.becomes and not n.gathered.doubt and not checklist.find(n.gathered.name)
    ]
    more = f" and {len(unknown) - 8} more" if len(unknown) > 8 else ""
    return [f"{checklist.source} does not hold, or does not settle: {', '.join(unknown[:8])}{more}."] if unknown else []


def without_rare(names: Sequence[NameChoice], usable: Mapping[str, int]) -> tuple[NameChoice, ...]:
    """The names, with those species left out that have too few usable plants to learn from.

    Parameters
    ----------
    usable : mapping of str to int
        {species: plants with something measured and no bad cell}.
    """
    return tuple(
        replace(name, becomes="", because=_too_few(usable.get(name.becomes, 0)))
        if name.becomes and usable.get(name.becomes, 0) < LEAST
        else name
        for name in names
    )


def refused_names(label: str, names: Sequence[NameChoice], texts: Mapping[str, int], choices: Choices) -> str:
    """Why a column can't be one of species' names, with what to do; "" where it can."""
    rows = sum(name.gathered.plants for name in names)
    if not names:
        return f"No row of '{label}' holds a name. Choose the column of species' names."
    if codes_of(texts) and not choices.codes:
        some = listed([name.gathered.name for name in names[:4]])
        if len(names) > max(20, rows / 5):
            return (
                f"'{label}' holds numbers ({some} ...), so it is a measurement rather than a name. Choose the column of "
                "species' names."
            )
        return (
            f"'{label}' holds numbers ({some}). Are these codes of species? Then say so (--codes), or rename them; or choose "
            "the column of names."
        )
    lone = sum(name.gathered.plants == 1 for name in names)
    wordy = sum(len(name.gathered.name) * name.gathered.plants for name in names) > 60 * rows
    if len(names) > MAX_SPECIES or (len(names) > 20 and lone > len(names) / 2) or (len(names) > 5 and wordy):
        return (
            f"'{label}' holds {len(names):,} different texts in {rows:,} rows, like '{shortened(names[0].gathered.name)}': "
            f"that looks like a column of remarks or of catalogue numbers. Choose the column of species' names (at most "
            f"{MAX_SPECIES:,} of them)."
        )
    return ""


def refused_species(names: Sequence[NameChoice]) -> str:
    """Why too few species are left to tell apart; "" where there are two at least."""
    kept = sorted({name.becomes for name in names if name.becomes})
    if len(kept) >= 2:
        return ""
    gone = [f"{name.gathered.name} ({name.because})" for name in names if not name.becomes]
    left = f" Left out: {', '.join(gone[:5])}{' and others' if len(gone) > 5 else ''}." if gone else ""
    if not kept:
        return f"No species is left to learn.{left} A study needs two species at least, with ten plants each or more."
    return (
        f"There is one species only ({kept[0]}), and nothing to tell it from.{left} A study needs two species at least; add "
        "plants of another one."
    )


def warned_of_names(names: Sequence[NameChoice]) -> list[str]:
    """Warnings of species that are left out because nothing could be learned of them, and of names that may be two."""
    found = _left_out([name for name in names if name.because in UNLEARNABLE])
    tails = [
        (name, *pair)
        for name in names
        if name.becomes and not name.gathered.doubt and (pair := different_tails(name.gathered))[0]
    ]
    for name, one, other in tails[:_MANY]:
        found.append(
            f"'{shortened(one)}' and '{shortened(other)}' were read as one species, {name.becomes}. If they are two, "
            "give one of them another name in the table."
        )
    if len(tails) > _MANY:
        found.append(f"{len(tails) - _MANY:,} more names are written with different words behind them.")
    return found


def said_of_names(names: Sequence[NameChoice]) -> list[str]:
    """Notes on names that were left out, gathered from several spellings, or merged."""
    notes = _left_out([name for name in names if name.because not in UNLEARNABLE])
    respelt = [n for n in names if n.becomes and any(t.strip() != n.gathered.name for t, _ in n.gathered.spellings)]
    if len(respelt) > _MANY:
        some = listed([f"'{shortened(_first_other(n))}' as {n.gathered.name}" for n in respelt[:5]])
        notes.append(f"Spellings were gathered for {len(respelt):,} names: {some}, and so on.")
    for name in names:
        written = [text for text, _ in name.gathered.spellings if text.strip() != name.gathered.name]
        if name.becomes and written and len(respelt) <= _MANY:
            ways = listed([f"'{shortened(text)}'" for text in written[:5]])
            notes.append(f"{ways} {'was' if len(written) == 1 else 'were'} read as {name.gathered.name}.")
        if name.becomes and name.becomes != name.gathered.name:
            notes.append(f"{name.gathered.name} ({name.gathered.plants:,}) counts as {name.becomes}.")
        if name.becomes and name.gathered.doubt == "sp." and name.becomes == name.gathered.name:
            notes.append(f"{name.gathered.name} stands for its genus; the table names no species of it.")
    return notes


def _first_other(name: NameChoice) -> str:
    return next(text for text, _ in name.gathered.spellings if text.strip() != name.gathered.name)


def _left_out(names: Sequence[NameChoice]) -> list[str]:
    by_reason: dict[str, list[str]] = {}
    for name in names:
        if not name.becomes:
            by_reason.setdefault(name.because, []).append(f"{name.gathered.name} ({name.gathered.plants:,})")
    lines = []
    for because, gone in by_reason.items():
        more = f" and {len(gone) - 8} more" if len(gone) > 8 else ""
        lines.append(f"Left out, because {because}: {', '.join(gone[:8])}{more}.")
    return lines


def _resolved(names: Sequence[GatheredName], said: Mapping[str, str]) -> dict[str, str]:
    """{gathered name: the species it becomes} for those that were spoken of."""
    known = {text.strip().casefold(): g.name for g in names for text, _ in g.spellings}
    known |= {g.name.casefold(): g.name for g in names}
    meant: dict[str, str] = {}
    for one, other in said.items():
        source = known.get(one.strip().casefold())
        if source is None:
            near = difflib.get_close_matches(one, [g.name for g in names], n=1, cutoff=0.6)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            there = ", ".join(g.name for g in names[:10])
            raise Unknown(f"No row is called '{one}'.{hint} There are: {there}{' ...' if len(names) > 10 else ''}.")
        target = " ".join(other.split())
        meant[source] = known.get(target.casefold(), target)
    for _ in meant:
        # A becomes B, and B becomes C: then A becomes C too.
        meant = {a: meant.get(b, b) if meant.get(b, b) != a else b for a, b in meant.items()}
    return meant


def _doubt(g: GatheredName) -> str:
    if g.doubt == "hybrid":
        return "a hybrid is no species of its own"
    if g.doubt == "sp.":
        return "it names no species"
    return "its name is in doubt"


def _too_few(usable: int) -> str:
    return _ONE_PLANT if usable else _NO_MEASUREMENT
