"""Who acts: a person who signed in, a program with a token, a service, the one person of a local start, or nobody."""

from __future__ import annotations

import getpass
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What somebody is, in rising order; a role may do all that those before it may."""

    VIEWER = "viewer"
    BOTANIST = "botanist"
    CURATOR = "curator"
    MAINTAINER = "maintainer"
    ADMIN = "admin"

    @property
    def rank(self) -> int:
        """0 for the viewer, 4 for the admin."""
        return _ORDER.index(self)


_ORDER: Final = tuple(Role)

#: The issuer of the one person of a local start and of the command on the server's own machine.
LOCAL_ISSUER: Final = "local"
_SERVICE: Final = "service"
_ANONYMOUS: Final = "anonymous"
_PROGRAM: Final = "program"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts.

    Attributes
    ----------
    subject : str
        Which person, token or service, as its issuer writes it; never shown as a name.
    issuer : str
        Who vouches for it: the address of an identity provider, "program", "service", "local"; "" for nobody.
    name : str
        What stands beside what is done; "" where none was given yet.
    roles : frozenset of Role
    token : int or None
        The number of the token it came with.
    """

    subject: str
    issuer: str
    name: str = ""
    roles: frozenset[Role] = field(default=frozenset())
    token: int | None = None

    @property
    def role(self) -> Role | None:
        """The highest of the roles; None where there is none."""
        return max(self.roles, key=lambda role: role.rank, default=None)

    @property
    def identity(self) -> str:
        """Issuer and subject in one text, by which what belongs to somebody is found again; "" for nobody."""
        return f"{self.issuer} {self.subject}".strip()

    @property
    def is_local(self) -> bool:
        """Whether it is the one person of a local start, who may type any name."""
        return self.issuer == LOCAL_ISSUER

    @property
    def is_service(self) -> bool:
        """Whether it is a part of the server that acts by itself."""
        return self.issuer == _SERVICE

    @property
    def is_person(self) -> bool:
        """Whether it is a person that an identity provider vouches for: its roles stand in our database."""
        return self.issuer not in ("", LOCAL_ISSUER, _SERVICE, _ANONYMOUS, _PROGRAM)

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody vouches for it."""
        return self.issuer in ("", _ANONYMOUS)

    @property
    def owner(self) -> str:
        """As whose a record is kept; "" where nobody vouches for it: a network address is another's tomorrow."""
        return "" if self.is_anonymous else self.identity

    @property
    def types_names(self) -> bool:
        """Whether it signs with the name that it types: where nobody signs in, no other is known."""
        return self.is_local or self.is_anonymous

    def has(self, role: Role) -> bool:
        """Whether it is at least that."""
        highest = self.role
        return highest is not None and highest.rank >= role.rank


#: Who has no sign-in, no token and no local start: may nothing.
NOBODY: Final = Principal("", "")


def _everything() -> frozenset[Role]:
    return frozenset(Role)


def local_principal(name: str = "") -> Principal:
    """The operating system's user, with all roles."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user that stands in no list
        user = "user"
    return Principal(user, LOCAL_ISSUER, name, _everything())


def service_principal(name: str) -> Principal:
    """A part of the server that acts by itself, like the nightly retraining: trains and promotes, and no more."""
    return Principal(name, _SERVICE, name, frozenset({Role.MAINTAINER}))


def anonymous_principal(role: Role, address: str = "") -> Principal:
    """Whoever comes to an open server: known by the network address alone, so that tables of others are not theirs."""
    return Principal(address, _ANONYMOUS, "", frozenset({role}))


def token_principal(number: int, name: str, roles: frozenset[Role]) -> Principal:
    """A program that came with a token of ours."""
    return Principal(str(number), _PROGRAM, name, roles, number)


def key_principal(name: str) -> Principal:
    """A program that came with a key of FLORA_API_KEYS: may what every key could before there were roles."""
    return Principal(name, _PROGRAM, name, frozenset({Role.CURATOR}))
