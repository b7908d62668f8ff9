"""A table of determinations: which column is which, and its rows as they were written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

from flora_core.errors import BadTable, Refused

if TYPE_CHECKING:
    from flora_core.tables.layout import Layout

#: Rows handed on at once.
_AT_ONCE: Final = 5_000

#: What a column may hold, with the headers (letters only) it is known by, likeliest first.
ROLES: Final[dict[str, tuple[str, ...]]] = {
    "id": ("floraid", "identificationid", "identification", "occurrenceid", "id"),
    "number": (
        "catalognumber",
        "cataloguenumber",
        "catalogno",
        "catalogueno",
        "catalogue",
        "catalog",
        "barcode",
        "accession",
        "accessionnumber",
        "voucher",
        "vouchernumber",
        "specimen",
        "specimennumber",
        "specimenno",
        "number",
        "no",
        "nr",
        "plant",
        "flower",
    ),
    "name": (
        "determination",
        "determinedas",
        "determinedname",
        "determinedspecies",
        "detname",
        "correctname",
        "correctspecies",
        "truespecies",
        "truename",
        "name",
        "species",
        "taxon",
        "taxonname",
        "speciesname",
        "scientificname",
        "verbatimidentification",
    ),
    "qualifier": ("identificationqualifier", "qualifier"),
    "by": (
        "determinedby",
        "identifiedby",
        "detby",
        "determiner",
        "determinator",
        "determinavit",
        "det",
        "botanist",
        "by",
        "person",
        "who",
    ),
    "date": (
        "determinedon",
        "datedetermined",
        "determinationdate",
        "detdate",
        "dateidentified",
        "determinedat",
        "date",
        "day",
        "when",
        "at",
    ),
    "level": (
        "identificationverificationstatus",
        "verificationstatus",
        "verificationlevel",
        "verification",
        "hispid",
        "level",
        "status",
    ),
    "remark": ("identificationremarks", "remark", "remarks", "note", "notes", "comment", "comments"),
}


@dataclass(frozen=True, slots=True)
class WrittenDetermination:
    """One determination as somebody wrote it down; every cell as text, "" where there is none.

    Attributes
    ----------
    row : int or None
        The number a person sees beside it.
    plant : str
        An identifier or a catalogue number.
    name, by, date, level, remark : str
    """

    row: int | None
    plant: str
    name: str
    by: str = ""
    date: str = ""
    level: str = ""
    remark: str = ""

    @property
    def texts(self) -> tuple[str, ...]:
        """Its cells in order: plant, name, by, date, level, remark."""
        return self.plant, self.name, self.by, self.date, self.level, self.remark

    @property
    def blank(self) -> bool:
        """Whether nothing was determined in this row: a plant and no word about it."""
        return not any(self.texts[1:])


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column holds what: {role: place}; `header` is the file's."""

    places: Mapping[str, int]
    header: Sequence[str]

    def called(self, role: str) -> str:
        """The header of the column that holds it, or the role's own name where no column does."""
        return self.header[self.places[role]] if role in self.places else role

    @property
    def mapping(self) -> dict[str, str]:
        """{header: role}."""
        return {self.header[place]: role for role, place in self.places.items()}


def match_columns(header: Sequence[str], said: Mapping[str, str] | None = None, *, complete: bool = True) -> Columns:
    """Which column is which, by its header; `said` ({header: role}) has the first word.

    Parameters
    ----------
    complete : bool
        Whether the columns must say which plant and which name.

    Raises
    ------
    Refused
        `said` names a column or a role that is not there.
    BadTable
        No column holds names, or none says which plant.
    """
    places = _as_said(header, said or {})
    letters = [re.sub(r"[\W\d_]+", "", name.casefold()) for name in header]
    for role, names in ROLES.items():
        if role in places:
            continue
        free = [j for j in range(len(header)) if j not in places.values()]
        found = next((j for name in names for j in free if letters[j] == name), None)
        if found is not None:
            places[role] = found
    columns = ", ".join(name for name in header if name)[:300]
    if not complete:
        return Columns(places, header)
    if "id" not in places and "number" not in places:
        raise BadTable(
            f"No column says which plant is meant. There are: {columns}. Name one flora_id (the identifier of a record) or "
            "catalogue number."
        )
    if "name" not in places:
        raise BadTable(f"No column holds the determined names. There are: {columns}. Name one determination.")
    return Columns(places, header)


def _as_said(header: Sequence[str], said: Mapping[str, str]) -> dict[str, int]:
    places: dict[str, int] = {}
    for column, role in said.items():
        wanted = role.strip().casefold()
        if wanted not in ROLES:
            raise Refused(f"'{role}' is not something a column of determinations holds. There are: {', '.join(ROLES)}.")
        if column not in header:
            raise Refused(
                f"There is no column '{column}'. There are: {', '.join(name for name in header if name)[:300]}."
            )
        if wanted in places:
            raise Refused(f"Two columns are said to hold the {wanted}; name one.")
        places[wanted] = header.index(column)
    return places


def read_determinations(stream: BinaryIO, layout: Layout, columns: Columns) -> Iterator[list[WrittenDetermination]]:
    """The rows of the table, some thousands at a time.

    Raises
    ------
    BadTable
        A row can't be read.
    """
    # Reading files brings pyarrow with it; a single determination does without.
    from flora_core.tables.files.reading import read_parts

    for part in read_parts(stream, layout, _AT_ONCE):
        cells = {role: [text.strip() for text in part.columns[j].to_pylist()] for role, j in columns.places.items()}
        none = [""] * len(part)
        plants = zip(cells.get("id", none), cells.get("number", none), strict=True)
        yield [
            WrittenDetermination(
                int(part.rows[i]), identifier or number, _with_qualifier(name, qualifier), by, date, level, remark
            )
            for i, ((identifier, number), name, qualifier, by, date, level, remark) in enumerate(
                zip(
                    plants,
                    *(cells.get(r, none) for r in ("name", "qualifier", "by", "date", "level", "remark")),
                    strict=True,
                )
            )
        ]


def _with_qualifier(name: str, qualifier: str) -> str:
    """Darwin Core's two columns as one name: "Iris" and "cf. versicolor" are Iris cf. versicolor."""
    if not qualifier:
        return name
    first, _, rest = qualifier.partition(" ")
    # "Iris versicolor" with "cf. versicolor", or with "cf." alone: the epithet is there already.
    if rest and name.casefold().endswith(f" {rest.casefold()}"):
        name = name[: -len(rest)].strip()
        return f"{name} {qualifier}"
    genus, _, epithet = name.partition(" ")
    return f"{genus} {first} {epithet}" if epithet and not rest else f"{name} {qualifier}".strip()
