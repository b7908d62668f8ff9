"""Plant groups: which there are, and what each is made of."""

from __future__ import annotations

from dataclasses import dataclass

from flora_core.study import Study
from flora_core.workflows.house import House


@dataclass(frozen=True, slots=True)
class StudyView:
    """A study as a list or a page shows it: itself, its plants a species, what to know before trusting it."""

    study: Study
    plants: dict[str, int]
    warnings: tuple[str, ...]


def list_studies(house: House) -> list[StudyView]:
    """All studies, oldest first."""
    return [show_study(house, name) for name in house.studies.names()]


def show_study(house: House, name: str) -> StudyView:
    """One study with its plant counts and warnings.

    Raises
    ------
    Unknown
        There is none of that name.
    """
    study = house.studies.get(name)
    plants = house.studies.plants(study).table.plants
    rare = [f"{species} ({count})" for species, count in plants.items() if count < 10]
    warnings = (f"Fewer than 10 plants: {', '.join(rare)}.",) if rare else ()
    return StudyView(study, plants, warnings)
