"""The rows of a named table as HTML: a name or a reason first, then the file's own columns under their own headings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from html import escape
from typing import Final

from flora_core.study import Study, epithet, genus_of
from flora_core.workflows.batch.result_rows import STATES, ShownRow
from ui.charts.scatter import colour, fill
from ui.site.text import italicised

#: The mark and the word of each state; colour never says it alone.
_MARKS: Final = {
    "named": ("named", "✓", "named"),
    "unsure": ("unsure", "?", "unsure"),
    "fits nothing": ("nothing", "–", "fits nothing"),
    "failed": ("failed", "!", "failed"),
}
#: Species with a bar of their own; the others are counted in a sentence.
_BARS: Final = 12
_LONGEST: Final = 60


def table_of_rows(rows: Sequence[ShownRow], header: Sequence[str], study: Study, measured: Collection[int]) -> str:
    """One page of the table.

    Parameters
    ----------
    rows : sequence of ShownRow
    header : sequence of str
        The file's own columns.
    measured : collection of int
        Places of columns of numbers, which stand at the right.
    """
    following = any(row.next_species for row in rows)
    head = ["row", "Name or reason", "How sure", *(["Or"] if following else [])]
    own = "".join(
        f"<th scope='col' class='{'o n' if j in measured else 'o'}'>{escape(_shortened(name))}</th>"
        for j, name in enumerate(header)
    )
    lines = "".join(_line(row, study, measured, following) for row in rows)
    first = "".join(f"<th scope='col'>{name}</th>" for name in head)
    return (
        "<div class='flora-rows' tabindex='0' role='region' aria-label='The rows of the table'>"
        f"<table><thead><tr>{first}{own}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def _line(row: ShownRow, study: Study, measured: Collection[int], following: bool) -> str:
    css, mark, word = _MARKS[row.state]
    if row.species:
        said = f"<b>{_name(row.species, row.state == 'unsure', study)}</b>"
    else:
        problem, _, suggestion = row.reason.partition("\n")
        said = f"<b>{italicised(_capital(problem), study)}</b><small>{italicised(suggestion, study)}</small>"
    sure = "–"
    if row.probability is not None:
        share = f"{min(row.probability, 0.999) * 100:.1f} %"
        sure = f"<span class='flora-track'><span style='width:{row.probability * 100:.0f}%'></span></span>{share}"
    other = ""
    if row.next_species and row.next_probability is not None:
        other = f"or {italicised(study.short(row.next_species), study)} {row.next_probability * 100:.0f} %"
    cells = "".join(
        f"<td class='o{' n' if j in measured else ''}{_state_of(j, row)}'>{escape(_shortened(text))}</td>"
        for j, text in enumerate(row.cells)
    )
    return (
        f"<tr class='flora-row-{css}'><td class='n'>{row.row}</td>"
        f"<th scope='row'><i aria-hidden='true'>{mark}</i><span class='flora-hidden'>{word}: </span><span>{said}</span></th>"
        f"<td class='s'>{sure}</td>{f'<td>{other}</td>' if following else ''}{cells}</tr>"
    )


def _name(species: str, unsure: bool, study: Study) -> str:
    genus = genus_of(species)
    if unsure:
        return italicised(f"{genus} cf. {epithet(species)}" if genus else f"cf. {species}", study)
    return italicised(species, study)


def _state_of(place: int, row: ShownRow) -> str:
    return " bad" if place in row.refused else " odd" if place in row.interpreted else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def share_bar(states: Mapping[str, int]) -> str:
    """A thin bar of the rows in each state."""
    parts = "".join(
        f"<span class='flora-part-{_MARKS[state][0]}' style='flex:{states[state]}'></span>"
        for state in STATES
        if states[state]
    )
    return f"<div class='flora-shares' aria-hidden='true'>{parts}</div>"


def species_bars(study: Study, sure: Sequence[int], unsure: Sequence[int], nothing: int) -> str:
    """How many rows got each name, most first: full where named, pale where unsure; and those that fit none."""
    ranked = sorted(
        (j for j in range(len(sure)) if sure[j] + unsure[j]),
        key=lambda j: (-(sure[j] + unsure[j]), study.species_names[j]),
    )
    most = max([*(sure[j] + unsure[j] for j in ranked), nothing, 1])
    lines = [
        _bar(italicised(study.short(study.species_names[j]), study), sure[j], unsure[j], most, j)
        for j in ranked[:_BARS]
    ]
    if nothing:
        lines.append(
            f"<tr><th scope='row'>none of these</th><td><span class='flora-none-bar' style='width:{70 * nothing / most:.0f}%'>"
            f"</span> {nothing:,}</td></tr>"
        )
    rest = ranked[_BARS:]
    counted = sum(sure[j] + unsure[j] for j in rest)
    have = "has" if len(rest) == 1 else "have"
    more = f"<p class='flora-quiet'>{len(rest)} more species {have} {counted:,}</p>" if rest else ""
    return f"<table class='flora-found'>{''.join(lines)}</table>{more}"


def _bar(name: str, sure: int, unsure: int, most: int, j: int) -> str:
    said = f"{sure:,} + {unsure:,}" if unsure else f"{sure:,}"
    pale = f"color-mix(in srgb,{colour(j)} 40%,transparent)"
    return (
        f"<tr><th scope='row'>{name}</th><td>"
        f"<span style='width:{70 * sure / most:.1f}%;background:{fill(j)}'></span>"
        f"<span style='width:{70 * unsure / most:.1f}%;background:{pale}'></span> {said}</td></tr>"
    )
