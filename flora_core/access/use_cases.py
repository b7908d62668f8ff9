"""The one table of what each role may do. What does not stand in it is nobody's."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from flora_core.access.principal import Principal, Role


class UseCase(StrEnum):
    """What can be asked of the program; the values stand in the audit trail."""

    IDENTIFY = "identify"
    READ_STUDIES = "read studies"
    READ_MODELS = "read models"
    READ_MONITOR = "read the monitor"

    RECORD = "record identifications"
    UPLOAD_TABLE = "upload a table"
    READ_OWN_RECORDS = "read one's own records"
    DETERMINE = "determine"

    DETERMINE_VERIFIED = "determine at verification level 2 and above"
    READ_RECORDS = "read records"
    EXPORT_ARCHIVE = "export an archive"
    MAKE_STUDY = "make a study"
    EXTEND_STUDY = "extend a study"

    TRAIN = "train"
    COMPARE = "compare versions"
    PROMOTE = "promote"
    ROLL_BACK = "roll back"
    RETIRE = "retire"
    EXPORT_MODEL = "export a model"
    IMPORT_MODEL = "import a model"
    CANCEL_JOB = "cancel a job"
    SIMULATE = "load or remove the simulated season"
    MAINTAIN = "keep the records in order"

    MANAGE_PEOPLE = "manage people and roles"
    MANAGE_TOKENS = "manage tokens"
    READ_PEOPLE = "read who has which role or token"
    ERASE_PERSON = "erase the name of a person"
    READ_AUDIT = "read the audit trail"
    BACK_UP = "back up and restore"


def _table() -> dict[UseCase, Role]:
    by_role = {
        Role.VIEWER: (UseCase.IDENTIFY, UseCase.READ_STUDIES, UseCase.READ_MODELS, UseCase.READ_MONITOR),
        Role.BOTANIST: (UseCase.RECORD, UseCase.UPLOAD_TABLE, UseCase.READ_OWN_RECORDS, UseCase.DETERMINE),
        Role.CURATOR: (
            UseCase.DETERMINE_VERIFIED,
            UseCase.READ_RECORDS,
            UseCase.EXPORT_ARCHIVE,
            UseCase.MAKE_STUDY,
            UseCase.EXTEND_STUDY,
        ),
        Role.MAINTAINER: (
            UseCase.TRAIN,
            UseCase.COMPARE,
            UseCase.PROMOTE,
            UseCase.ROLL_BACK,
            UseCase.RETIRE,
            UseCase.EXPORT_MODEL,
            UseCase.IMPORT_MODEL,
            UseCase.CANCEL_JOB,
            UseCase.SIMULATE,
            UseCase.MAINTAIN,
        ),
        Role.ADMIN: (
            UseCase.MANAGE_PEOPLE,
            UseCase.MANAGE_TOKENS,
            UseCase.READ_PEOPLE,
            UseCase.ERASE_PERSON,
            UseCase.READ_AUDIT,
            UseCase.BACK_UP,
        ),
    }
    return {use_case: role for role, use_cases in by_role.items() for use_case in use_cases}


#: The lowest role that may do it.
ROLE_NEEDED: Final[Mapping[UseCase, Role]] = MappingProxyType(_table())

#: What is asked so often, and changes so little, that only refused attempts stand in the audit trail.
READS: Final = frozenset(use_case for use_case, role in ROLE_NEEDED.items() if role is Role.VIEWER) | {
    UseCase.READ_OWN_RECORDS,
    UseCase.READ_RECORDS,
    UseCase.READ_PEOPLE,
}


def is_allowed(principal: Principal, use_case: UseCase) -> bool:
    """Whether the roles of this principal allow it."""
    needed = ROLE_NEEDED.get(use_case)
    return needed is not None and principal.has(needed)


def refusal_text(principal: Principal, use_case: UseCase) -> str:
    """Why not, and what to do."""
    needed = ROLE_NEEDED[use_case]
    article = "an" if needed is Role.ADMIN else "a"
    if principal.is_anonymous:
        return f"To {use_case}, sign in or send a token; it takes the role of {article} {needed}."
    has = f"{'an' if principal.role is Role.ADMIN else 'a'} {principal.role}" if principal.role else "without a role"
    who = principal.name or "You"
    verb = "are" if who == "You" else "is"
    return f"{who} {verb} {has} here; to {use_case} takes the role of {article} {needed}. Ask an admin of this server."
