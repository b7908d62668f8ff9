"""The names of a study: which of them a text is a way of writing, and which it is nearly."""

from __future__ import annotations

from typing import Final

from flora_core.study import Study, epithet, genus_of, short_name

#: More letters than that between two names are two names; what is said for "many".
_BAND: Final = 3
_MANY: Final = 9


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

    Only what lies within three letters of the diagonal is looked at: time grows with the length of the texts, not its square.

    References
    ----------
    Optimal string alignment distance: Damerau, F. J. (1964), Communications of the ACM 7: 171-176; the band is that of
    Ukkonen, E. (1985), Information and Control 64: 100-118.
    """
    if abs(len(a) - len(b)) >= _BAND:
        return _MANY
    before: dict[int, int] = {}
    last = {j: j for j in range(min(len(b), _BAND) + 1)}
    for i, x in enumerate(a, start=1):
        row = {0: i} if i <= _BAND else {}
        for j in range(max(1, i - _BAND), min(len(b), i + _BAND) + 1):
            y = b[j - 1]
            best = min(last.get(j, _MANY) + 1, row.get(j - 1, _MANY) + 1, last.get(j - 1, _MANY) + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                best = min(best, before.get(j - 2, _MANY) + 1)
            row[j] = best
        if min(row.values()) > _BAND and min(last.values()) > _BAND:
            return _MANY
        before, last = last, row
    return last[len(b)] if last[len(b)] <= _BAND else _MANY
