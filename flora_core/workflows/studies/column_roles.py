"""Which columns of a labelled table hold names, catalogue numbers, groups and genera: as was said, or as guessed."""

from __future__ import annotations

from dataclasses import dataclass

from flora_core.tables.columns.matching import column_index
from flora_core.tables.columns.roles import guess_genus, guess_group, guess_id, guess_label
from flora_core.tables.layout import Layout, RowChunk
from flora_core.workflows.studies.choices import Choices


@dataclass(frozen=True, slots=True)
class Roles:
    """The places of the columns that are not measured; None for those there are none of. `genus` is a place or a name."""

    label: int
    id_column: int | None
    group: int | None
    genus: int | str | None


def find_roles(layout: Layout, part: RowChunk, choices: Choices) -> Roles | None:
    """The columns of names, numbers, groups and genera, as was said or as guessed; None where no column holds names.

    Raises
    ------
    Unknown
        A column was spoken of that is not there.
    """
    header = layout.header
    label = column_index(header, choices.label) if choices.label else guess_label(header, part)
    if label is None:
        return None
    genus: int | str | None = guess_genus(header, part, label)
    if choices.genus:
        in_header = choices.genus in header
        genus = header.index(choices.genus) if in_header else choices.genus.strip().capitalize()
    taken = {label, *([genus] if isinstance(genus, int) else [])}
    # What a person measures is no catalogue number.
    taken |= {column_index(header, column) for column in choices.measurements}
    said = {what: column_index(header, column) for what, column in _said(choices) if column}
    taken |= set(said.values())
    group = said.get("group", guess_group(header, part, taken) if choices.group is None else None)
    taken |= {group} if group is not None else set()
    number = said.get("id", guess_id(header, part, taken) if choices.id_column is None else None)
    return Roles(label, number, group, genus)


def _said(choices: Choices) -> list[tuple[str, str | None]]:
    return [("group", choices.group), ("id", choices.id_column)]


def labels_of(part: RowChunk, roles: Roles) -> list[str]:
    """The label of each row as it stands in the file; with the genus before it where that is a column of its own."""
    epithets: list[str] = part.columns[roles.label].fill_null("").to_pylist()
    if not isinstance(roles.genus, int):
        return epithets
    genera: list[str] = part.columns[roles.genus].fill_null("").to_pylist()
    return [f"{g.strip()} {e.strip()}" if g.strip() and e.strip() else e for g, e in zip(genera, epithets, strict=True)]


def which_label(layout: Layout) -> str:
    names = ", ".join(name for name in layout.header if name)
    return f"Which column holds the species' names? Say which (--label COLUMN). The columns are: {names[:600]}."
