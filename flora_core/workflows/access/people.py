"""What admins do: people, their roles, tokens of programs, and reading the audit trail."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from flora_core.access import LOCAL_ISSUER, Role, UseCase
from flora_core.errors import Refused
from flora_core.storage.access.audit_trail import AuditEntry
from flora_core.storage.access.people import Person
from flora_core.storage.access.tokens import Token
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext


def role_called(text: str) -> Role:
    """The role of this name.

    Raises
    ------
    Refused
    """
    try:
        return Role(text.strip().lower())
    except ValueError:
        raise Refused(f"'{text[:40]}' is not a role. There are: {', '.join(Role)}.") from None


@use_case(UseCase.READ_PEOPLE)
def list_people(context: AppContext) -> tuple[Person, ...]:
    """Everybody who ever signed in or was given a role."""
    return tuple(person for person in context.people.all() if person.issuer != LOCAL_ISSUER)


@use_case(UseCase.MANAGE_PEOPLE)
def grant_role(context: AppContext, issuer: str, subject: str, role: str, name: str = "") -> Person:
    """Give a person a role; who never signed in may be given one before.

    Raises
    ------
    Refused
        No such role, or no person is named.
    Conflict
        They have it already.
    """
    given = role_called(role)
    issuer = issuer.strip() or context.settings.oidc_issuer
    if not subject.strip() or not issuer:
        raise Refused(
            "Which person? Give their subject and issuer as the identity provider writes them; FLORA_OIDC_ISSUER is taken "
            "where it is set."
        )
    return context.people.grant(
        issuer, subject.strip(), given, context.principal.name or context.principal.subject, name
    )


@use_case(UseCase.MANAGE_PEOPLE)
def revoke_role(context: AppContext, person: int, role: str) -> Person:
    """Take a role away; what that person has open ends within two seconds.

    Raises
    ------
    Unknown, Refused
    """
    return context.people.revoke(person, role_called(role))


@use_case(UseCase.READ_PEOPLE)
def list_tokens(context: AppContext) -> tuple[Token, ...]:
    """Every token there ever was, newest first; never the tokens themselves."""
    return context.tokens.all()


@use_case(UseCase.MANAGE_TOKENS)
def create_token(context: AppContext, name: str, roles: Iterable[str], days: int | None = 365) -> tuple[Token, str]:
    """A new token for a program, and the one sight of it.

    Parameters
    ----------
    name : str
        What it is for; it stands beside what is done with it.
    roles : iterable of str
    days : int or None
        After how many days it expires; None for never.

    Raises
    ------
    Refused
        No name, or no such role.
    """
    title = " ".join(name.split())[:200]
    given = frozenset(role_called(role) for role in roles)
    if not title or not given:
        raise Refused("Give the token a name, like the program it is for, and at least one role.")
    if days is not None and not 1 <= days <= 3650:
        raise Refused(f"{days} days can't be used; give 1 to 3650, or none for a token that never expires.")
    return context.tokens.create(title, given, context.principal.name or context.principal.subject, days)


@use_case(UseCase.MANAGE_TOKENS)
def revoke_token(context: AppContext, token: int) -> Token:
    """End a token at once and for ever.

    Raises
    ------
    Unknown
    """
    return context.tokens.revoke(token)


@use_case(UseCase.READ_AUDIT)
def read_audit(
    context: AppContext, since: datetime | None = None, until: datetime | None = None, most: int = 1000
) -> tuple[AuditEntry, ...]:
    """The newest attempts of a time, newest first."""
    return context.audit.entries(since=since, until=until, most=most)


def person_document(person: Person) -> dict[str, Any]:
    """A person as a program reads it."""
    return {
        "id": person.id,
        "issuer": person.issuer,
        "subject": person.subject,
        "name": person.name,
        "roles": [str(role) for role in Role if role in person.roles],
        "created_at": person.created_at.isoformat(timespec="seconds"),
        "seen_at": person.seen_at and person.seen_at.isoformat(timespec="seconds"),
    }


def token_document(token: Token) -> dict[str, Any]:
    """A token as a program reads it; never the token itself."""
    moments = {"expires_at": token.expires_at, "last_used_at": token.last_used_at, "revoked_at": token.revoked_at}
    return {
        "id": token.id,
        "name": token.name,
        "roles": [str(role) for role in Role if role in token.roles],
        "created_at": token.created_at.isoformat(timespec="seconds"),
        "created_by": token.created_by,
        **{name: moment and moment.isoformat(timespec="seconds") for name, moment in moments.items()},
    }


def audit_document(entry: AuditEntry) -> dict[str, Any]:
    """A row of the audit trail as a program reads it."""
    return {
        "at": entry.at.isoformat(timespec="milliseconds"),
        "issuer": entry.issuer,
        "subject": entry.subject,
        "name": entry.name,
        "token": entry.token,
        "use_case": entry.use_case,
        "object": entry.object,
        "result": entry.result,
        "door": entry.door,
        "address": entry.address,
        "request": entry.request,
    }
