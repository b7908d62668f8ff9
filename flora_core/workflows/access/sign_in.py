"""From what a request carries to who asks: a token, a verified sign-in, the way the server is run."""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from flora_core.access import NOBODY, Principal, Role, local_principal
from flora_core.access.principal import anonymous_principal, key_principal, token_principal
from flora_core.errors import NotAllowed, NotSignedIn
from flora_core.storage.access.people import Person
from flora_core.workflows.context import AppContext

_LONGEST_NAME: Final = 200
#: Seconds a sign-in may lie in the future, for clocks that differ.
_CLOCKS_DIFFER: Final = 60


def bearer_in(headers: Mapping[str, str]) -> str:
    """The token or key that a request carries; "" where it has none."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    return (given.strip() if scheme.lower() == "bearer" else "") or headers.get("x-api-key", "")


def principal_of_program(context: AppContext, secret: str) -> Principal:
    """Who a token of ours, or a key of FLORA_API_KEYS, is.

    Raises
    ------
    NotAllowed
        It is not known, has expired, or was revoked.
    """
    token = context.tokens.opened_by(secret)
    if token is not None:
        return token_principal(token.id, token.name, token.roles)
    # Every key is compared, in constant time, so that the answer's speed tells nothing.
    keys = context.settings.api_keys_by_name()
    owners = [owner for owner, key in keys.items() if hmac.compare_digest(key.encode(), secret.encode())]
    if not owners:
        raise NotAllowed(
            "This key is not known, has expired or was revoked. Ask the operator for one (tokens create, or FLORA_API_KEYS)."
        )
    return key_principal(owners[0])


def principal_of_request(
    context: AppContext, headers: Mapping[str, str], claims: Mapping[str, Any], address: str = ""
) -> Principal:
    """Who sent a request of the API.

    Parameters
    ----------
    headers : mapping
        With names in small letters.
    claims : mapping
        What a verified sign-in says of a person; empty where there is none.
    address : str
        The network address it came from.

    Raises
    ------
    NotSignedIn
        Nobody is known, and this server is not for everybody.
    NotAllowed
        A token or key that is not known.
    """
    secret = bearer_in(headers)
    way = context.settings.way_to_run
    keys = context.settings.api_keys_by_name()
    if secret and (keys or way != "local" or secret.startswith("flora_")):
        return principal_of_program(context, secret)
    if keys and way == "local":
        raise NotSignedIn("A key is needed")
    who = principal_of_visitor(context, claims, address)
    if who is NOBODY:
        raise NotSignedIn("A sign-in or a token is needed")
    return who


def principal_of_visitor(context: AppContext, claims: Mapping[str, Any], address: str = "") -> Principal:
    """Who looks at a page: by the way the server is run, and by a verified sign-in; `NOBODY` where that is not known."""
    settings = context.settings
    if settings.way_to_run == "local":
        return local_visitor(context)
    person = person_of(context, claims)
    if person is not None:
        return Principal(person.subject, person.issuer, person.name, person.roles)
    if settings.way_to_run == "open":
        return anonymous_principal(Role(settings.open_role), address)
    return NOBODY


def local_visitor(context: AppContext) -> Principal:
    """The one person of a local start, under the name that they gave once."""
    who = local_principal()
    return local_principal(context.people.local_name(who.issuer, who.subject))


def person_of(context: AppContext, claims: Mapping[str, Any]) -> Person | None:
    """The person that a verified sign-in speaks of, with the roles of this moment; None where it counts no longer.

    A person who comes for the first time, or anew, gets a row; the groups of the identity provider may give roles.
    """
    issuer, subject = str(claims.get("iss", "")), str(claims.get("sub", ""))
    signed_in = _moment(claims.get("iat"))
    if not issuer or not subject or signed_in is None or not _is_fresh(context, signed_in, claims.get("exp")):
        return None
    person = context.people.find_cached(issuer, subject)
    if person is not None and person.signed_out_at is not None and signed_in <= person.signed_out_at:
        return None
    if person is None or person.seen_at is None or person.seen_at < signed_in:
        groups = claims.get("groups") or ()
        given = groups if isinstance(groups, list | tuple) else [groups]
        seeded = context.settings.roles_of_groups(map(str, given))
        return context.people.signed_in(issuer, subject, _name(claims), seeded)
    return person


def _is_fresh(context: AppContext, signed_in: datetime, expires: object) -> bool:
    age = time.time() - signed_in.timestamp()
    return -_CLOCKS_DIFFER <= age <= 3600 * context.settings.sign_in_hours


def _moment(seconds: object) -> datetime | None:
    if not isinstance(seconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _name(claims: Mapping[str, Any]) -> str:
    for claim in ("name", "preferred_username", "email", "sub"):
        text = " ".join("".join(c if c.isprintable() else " " for c in str(claims.get(claim) or "")).split())
        if text:
            return text[:_LONGEST_NAME]
    return "somebody"
