"""A person who asks not to be named any more: a pseudonym in the place of the name, and nothing else changed."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final

from flora_core.access import UseCase
from flora_core.errors import Refused
from flora_core.storage.access.erasure import replace_name
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext

_SHORTEST: Final = 3


@dataclass(frozen=True, slots=True)
class Erased:
    """What became of a name.

    Attributes
    ----------
    pseudonym : str
    changed : dict of str to int
        How many rows of each table.
    cards : tuple of str
        Versions whose card still says who trained it: a version's files never change.
    """

    pseudonym: str
    changed: dict[str, int]
    cards: tuple[str, ...]


@use_case(UseCase.ERASE_PERSON)
def erase_person(context: AppContext, *, name: str = "", person: int | None = None) -> Erased:
    """Put a pseudonym in the place of a person's name wherever it stands; one transaction.

    Determinations, identifications and their days stay; so does what is said of the person in remarks, in files that were
    handed in, and in backups. The attempt stands in the audit trail without the name.

    Parameters
    ----------
    name : str
        As it stands in the records; that of the sign-in where it is left out.
    person : int, optional
        The number of the sign-in, which ends and loses its roles.

    Raises
    ------
    Refused
        Neither is given, or the name is too short to be one.
    Unknown
        There is no such person.
    """
    known = None if person is None else context.people.get(person)
    sought = " ".join((name or (known.name if known else "")).split())
    if len(sought) < _SHORTEST:
        raise Refused(f"Whose name? Give it as it stands in the records, with at least {_SHORTEST} letters.")
    pseudonym = f"person-{secrets.token_hex(4)}"
    context.audit.flush()
    identity = None if known is None else (known.issuer, known.subject)
    changed = replace_name(context.database, sought, pseudonym, identity)
    if known is not None:
        context.people.erase(known.id, pseudonym)
    return Erased(pseudonym, changed, _cards_with(context, sought))


def _cards_with(context: AppContext, name: str) -> tuple[str, ...]:
    return tuple(
        f"{study} v{row.version}"
        for study in context.studies.names()
        for row in context.registry.versions(study)
        if name.casefold() in context.registry.card(study, row.version).trained_by.casefold()
    )
