"""The names of a study: which of them a text is a way of writing, and which it is nearly."""

from __future__ import annotations

from flora_core.study import Study, epithet, genus_of, short_name


def known_species(text: str, study: Study) -> str:
    """The study's species that the text is a way of writing, in any case: in full, abbreviated, its epithet alone; or ""."""
    wanted = text.casefold().replace(" × ", " ×")
    hyphenated = wanted.replace("-", " ", 1)
    found = {
        name
        for name in study.species_names
        if wanted in (name.casefold(), short_name(name).casefold(), epithet(name).casefold())
        or hyphenated == name.casefold()
    }
    return found.pop() if len(found) == 1 else ""


def genera_of(study: Study) -> list[str]:
    """The genera of the study's species."""
    return sorted({genus for name in study.species_names if (genus := genus_of(name))})


def known_genus(word: str, study: Study) -> str:
    """The study's genus that the word is, in any case, in full; or ""."""
    return next((genus for genus in genera_of(study) if genus.casefold() == word.casefold()), "")


def near_species(text: str, study: Study) -> str:
    """The study's species whose name is so near that a slip of the pen is likelier than another species; or ""."""
    wanted = text.casefold()
    candidates = []
    for name in study.species_names:
        written = name if " " in wanted else epithet(name)
        apart = distance(wanted, written.casefold())
        if apart <= (2 if len(epithet(name)) >= 6 else 1):
            candidates.append((apart, name))
    return min(candidates)[1] if candidates else ""


def distance(a: str, b: str) -> int:
    """Letters to be changed, added, left out or exchanged with their neighbour to make b of a; 9 where that is many.

    References
    ----------
    Optimal string alignment distance: Damerau, F. J. (1964), Communications of the ACM 7: 171-176.
    """
    if abs(len(a) - len(b)) > 2:
        return 9
    before: list[int] = []
    last = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        row = [i]
        for j, y in enumerate(b, start=1):
            best = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                best = min(best, before[j - 2] + 1)
            row.append(best)
        before, last = last, row
    return last[-1]
