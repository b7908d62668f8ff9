"""The plant that somebody means: by the identifier of its record, or by a catalogue number that one record bears."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flora_core.access import UseCase
from flora_core.storage.records.identifications import IdentificationRecord, Records, parse_identifier
from flora_core.wording import shortened
from flora_core.workflows.authorisation import owner_seen, use_case
from flora_core.workflows.context import AppContext


@dataclass(frozen=True, slots=True)
class Found:
    """Where a plant that somebody named stands: its identifier and study, or why it can't be told."""

    identifier: str = ""
    study: str = ""
    problem: str = ""
    suggestion: str = ""


@use_case(UseCase.READ_OWN_RECORDS)
def recorded_plant(context: AppContext, identifier: str) -> IdentificationRecord:
    """The identification of this identifier, where this principal may read it.

    Raises
    ------
    Unknown
        There is none, or somebody else recorded it and this principal reads their own records only.
    """
    return context.records.get(identifier, owner_seen(context))


@use_case(UseCase.READ_OWN_RECORDS)
def find_plants(context: AppContext, study: str, plants: Iterable[str]) -> dict[str, Found]:
    """Where each of these plants stands, of those that this principal may read; as `locate_plants`."""
    return locate_plants(context.records, study, plants, owner_seen(context))


def locate_plants(records: Records, study: str, plants: Iterable[str], owner: str | None = None) -> dict[str, Found]:
    """Where each of these plants stands; reads only.

    Parameters
    ----------
    study : str
        In which catalogue numbers are looked up; an identifier tells its study by itself.
    plants : iterable of str
        Identifiers and catalogue numbers.
    owner : str, optional
        Of those that this one recorded.
    """
    wanted = list(dict.fromkeys(plants))
    studies = records.studies_of(wanted, owner)
    numbers = [plant for plant in wanted if plant and _normal(plant) not in studies]
    bearers = records.find_by_catalogue_number(study, numbers, owner) if numbers else {}
    return {
        plant: Found(_normal(plant), studies[_normal(plant)])
        if _normal(plant) in studies
        else _by_number(plant, bearers.get(plant, ()), study)
        for plant in wanted
    }


def _normal(plant: str) -> str:
    place = parse_identifier(plant)
    return f"{place[0]}-{place[1]}" if place else ""


def _by_number(number: str, bearers: Sequence[str], study: str) -> Found:
    if not number:
        return Found(
            problem="no plant is named", suggestion="Give the identifier of its record, or its catalogue number."
        )
    shown = shortened(number, 60)
    if not bearers:
        return Found(
            problem=f"'{shown}' is no plant of {study}",
            suggestion="Give the identifier of its record, like k7f3q2mh4p-1, or a catalogue number that was recorded.",
        )
    if len(bearers) > 1:
        some = ", ".join(bearers[-5:])
        more = f" (the newest 5 of {len(bearers):,})" if len(bearers) > 5 else ""
        return Found(
            problem=f"{len(bearers):,} records bear the catalogue number {shown}",
            suggestion=f"Name one by its identifier: {some}{more}.",
        )
    return Found(bearers[0], study)
