"""Plant groups: which there are, and what each is made of."""

from __future__ import annotations

from dataclasses import dataclass

from flora_core.access import UseCase
from flora_core.storage.studies import KeptTable
from flora_core.study import Study
from flora_core.tables.names.checklist import Checklist
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext
from flora_core.workflows.studies.species_names import FEW


@dataclass(frozen=True, slots=True)
class StudyView:
    """A study as a list or a page shows it.

    Attributes
    ----------
    study : Study
    plants : dict of str to int
        Training plants of each species, in the newest table.
    champion : int or None
        The version that identifies; None before there is one.
    tables : tuple of KeptTable
        Its training tables, oldest first.
    simulated : bool
        Whether it is a demonstration.
    warnings : tuple of str
        What to know before trusting it.
    checklist : Checklist or None
        Of accepted names.
    """

    study: Study
    plants: dict[str, int]
    champion: int | None
    tables: tuple[KeptTable, ...]
    simulated: bool
    warnings: tuple[str, ...]
    checklist: Checklist | None = None


@use_case(UseCase.READ_STUDIES)
def list_studies(context: AppContext) -> list[StudyView]:
    """All studies, oldest first."""
    return [show_study(context, name) for name in context.studies.names()]


@use_case(UseCase.READ_STUDIES)
def show_study(context: AppContext, name: str) -> StudyView:
    """One study with its plant counts and warnings.

    Raises
    ------
    Unknown
        There is none of that name.
    """
    study = context.studies.get(name)
    tables = context.studies.tables(name)
    # Tables of old databases were kept without their counts.
    plants = (tables[-1].counts if tables else {}) or context.studies.plants(study).table.plants
    rare = [f"{species} ({count})" for species, count in plants.items() if count < FEW]
    warnings = (f"Fewer than {FEW} plants: {', '.join(rare)}.",) if rare else ()
    return StudyView(
        study,
        plants,
        context.registry.champion_version(name),
        tables,
        context.studies.is_simulated(name),
        warnings,
        context.checklists.of(name),
    )
