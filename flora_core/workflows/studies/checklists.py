"""The checklist of accepted names that is kept with a study: read from a file once, used offline ever after."""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO

from flora_core.access import UseCase
from flora_core.errors import Refused
from flora_core.study import genus_of
from flora_core.tables.files.checklist_reader import read_checklist
from flora_core.tables.names.checklist import Checklist
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext
from flora_core.workflows.studies.choices import Proposal


@use_case(UseCase.MAKE_STUDY)
def checklist_for(
    context: AppContext, proposal: Proposal, stream: BinaryIO, name: str, *, gathers: bool = False
) -> Checklist:
    """The part of a checklist's file that matters to the names of a labelled table. Keeps nothing.

    Parameters
    ----------
    gathers : bool
        Whether the plants of a synonym are to count as those of its accepted name.

    Raises
    ------
    BadTable, TooLarge
        It is no checklist, or not of these genera.
    """
    return read_checklist(stream, name, _genera(n.gathered.name for n in proposal.names), gathers=gathers)


@use_case(UseCase.EXTEND_STUDY, signs="by")
def keep_checklist(
    context: AppContext, study: str, stream: BinaryIO, name: str, by: str, *, gathers: bool = False
) -> Checklist:
    """Read a checklist's file and keep what matters to a study, in place of what was kept before.

    Raises
    ------
    BadTable, TooLarge
        It is no checklist, or not of the study's genera; nothing was kept.
    Refused
        Nobody is named.
    Unknown
        No such study.
    """
    described = context.studies.get(study)
    if not by.strip():
        raise Refused(
            "Who gives this checklist? Give a name; what decides which names are one can be asked about later."
        )
    found = read_checklist(stream, name, _genera(described.species_names), gathers=gathers)
    context.checklists.add(study, found, by.strip())
    return found


def synonyms_of_study(species: Iterable[str], checklist: Checklist) -> dict[str, str]:
    """{species: its accepted name with author} of the species that a checklist calls synonyms."""
    found = ((name, checklist.accepted_name(name)) for name in species)
    return {name: to.full_name for name, to in found if to is not None}


def _genera(names: Iterable[str]) -> set[str]:
    return {genus.lstrip("× ") for name in names if (genus := genus_of(name))}
