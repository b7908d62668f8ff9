"""What a person says of a labelled table, and what the program makes of it before anything is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from flora_core.errors import Issue
from flora_core.model import TrainingPlants
from flora_core.study import Study
from flora_core.tables.columns.roles import NumberColumn
from flora_core.tables.columns.state_columns import StateChoices, StateColumn
from flora_core.tables.files.reading import Decimal
from flora_core.tables.layout import Arrangement, Layout
from flora_core.tables.names.checklist import Checklist
from flora_core.tables.names.labels import Alike, GatheredName
from flora_core.wording import listed


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person said; everything that is left out is guessed.

    Attributes
    ----------
    study : str
        The study's name for commands and addresses; "" until one is chosen.
    label, id_column, group : str or None
        Headers of the columns of species' names, catalogue numbers, and populations (sites, plants); "" for none, None to
        guess.
    genus : str
        A header of a column of genera beside epithets, or the genus itself; "" to find out.
    measurements : mapping of str to str
        {header: unit}: these columns and no others, where there is any; "" for the unit of the header.
    units : mapping of str to str
        {header: unit} of columns that are measured either way.
    states : mapping of str to StateChoices
        {header: what was said of its kind and its states}.
    names : mapping of str to str
        {name as gathered or as typed: the name it counts as}; "" leaves it out, and a name in doubt that is given itself is
        kept.
    keep_qualified : bool
        Whether names with cf., aff., ?, sp. and hybrids become species like others.
    checklist : Checklist or None
        Of accepted names; None for the one that is kept with the study, or none.
    codes : bool
        Whether a label column of numbers holds codes of species.
    sheet, decimal, separator, middle_of_ranges, arrangement
        As for a batch.
    title, organism, condition, region, caveat, licence, source
        For the study; "" to make one up, or to leave empty.
    """

    study: str = ""
    label: str | None = None
    id_column: str | None = None
    group: str | None = None
    genus: str = ""
    measurements: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    states: Mapping[str, StateChoices] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    keep_qualified: bool = False
    checklist: Checklist | None = None
    codes: bool = False
    sheet: str = ""
    decimal: Decimal = ""
    separator: str = ""
    middle_of_ranges: bool = False
    arrangement: Arrangement = ""
    title: str = ""
    organism: str = ""
    condition: Literal["fresh", "pressed", "unknown"] = "unknown"
    region: str = ""
    caveat: str = ""
    licence: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class NameChoice:
    """One name of the label column, and what becomes of it.

    Attributes
    ----------
    gathered : GatheredName
    becomes : str
        The species it counts as; "" where its plants are left out.
    because : str
        Why they are left out, or "".
    """

    gathered: GatheredName
    becomes: str
    because: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """A study as it would be made of a table. Nothing is kept yet.

    Attributes
    ----------
    choices : Choices
        What was said.
    file : str
        The table's name.
    sha256 : str
        Of the file.
    layout : Layout
    label, id_column, group : str
        The headers found; "" for none.
    columns : tuple of NumberColumn
        All columns of numbers, with what keeps some from being measurements.
    state_columns : tuple of StateColumn
        All columns of states, likewise.
    measured : tuple of str
        The headers of the columns that are measurements, in the study's order.
    names : tuple of NameChoice
    alike : tuple of Alike
        Names that may be one, among those that are kept.
    study : Study or None
        None where what is refused leaves nothing to make one of.
    plants : TrainingPlants or None
    issues : tuple of Issue
        Rows that are left out because of a cell, and unusual values.
    left_out : dict of str to int
        Why rows are left out, and how many.
    notes, warnings : tuple of str
        What was guessed or read past; what a careful colleague would say.
    refusals : tuple of str
        What must be mended or answered before the study can be made.
    arrangement_offered : {"", "join-headers", "spread"}
        How the table could be read instead.
    """

    choices: Choices
    file: str
    sha256: str
    layout: Layout
    label: str
    id_column: str
    group: str
    columns: tuple[NumberColumn, ...]
    measured: tuple[str, ...]
    names: tuple[NameChoice, ...]
    alike: tuple[Alike, ...]
    study: Study | None
    plants: TrainingPlants | None
    issues: tuple[Issue, ...]
    left_out: dict[str, int]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    refusals: tuple[str, ...]
    state_columns: tuple[StateColumn, ...] = ()

    arrangement_offered: Arrangement = ""

    @property
    def columns_read(self) -> str:
        """Which columns hold what is not measured, in a sentence."""
        roles = (("catalogue numbers", self.id_column), ("groups", self.group))
        others = [f"{what} from '{header}'" for what, header in roles if header]
        return listed([f"Names are read from '{self.label}'", *others]) + "."
