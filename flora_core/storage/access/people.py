"""People by (issuer, subject), never by e-mail address; their roles, and since when a sign-in of theirs counts."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from flora_core.access import Role
from flora_core.errors import Conflict, Unknown
from flora_core.storage.database import Database
from flora_core.storage.schema import people, role_grants

#: Seconds for which a person's roles are believed before they are looked up again.
ROLES_TTL_SECONDS: Final = 0.5
#: Who gave a role that comes from the groups of the identity provider.
FROM_GROUPS: Final = "groups of the identity provider"


@dataclass(frozen=True, slots=True)
class Person:
    """A person as the database knows them.

    Attributes
    ----------
    id : int
    issuer, subject, name : str
    roles : frozenset of Role
    created_at : datetime
    seen_at : datetime or None
        Of the last sign-in.
    signed_out_at : datetime or None
        Sign-ins from before count no longer.
    """

    id: int
    issuer: str
    subject: str
    name: str
    roles: frozenset[Role]
    created_at: datetime
    seen_at: datetime | None
    signed_out_at: datetime | None


class People:
    """The people of all identity providers."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, str], tuple[float, Person | None]] = {}

    def find(self, issuer: str, subject: str) -> Person | None:
        """A person; None where nobody is known by that. Asks the database."""
        with self._database.read() as connection:
            return _person(connection, people.c.issuer == issuer, people.c.subject == subject)

    def find_cached(self, issuer: str, subject: str) -> Person | None:
        """As `find`, by a word of the database that may be half a second old."""
        key = (issuer, subject)
        with self._lock:
            at, person = self._seen.get(key, (-1e9, None))
        if time.monotonic() - at < ROLES_TTL_SECONDS:
            return person
        person = self.find(issuer, subject)
        with self._lock:
            if len(self._seen) > 10_000:
                self._seen.clear()
            self._seen[key] = (time.monotonic(), person)
        return person

    def get(self, number: int) -> Person:
        """A person by number.

        Raises
        ------
        Unknown
        """
        with self._database.read() as connection:
            person = _person(connection, people.c.id == number)
        if person is None:
            raise Unknown(f"There is no person {number}. `people list` shows those there are.")
        return person

    def all(self) -> tuple[Person, ...]:
        """Everybody, in the order of their names."""
        with self._database.read() as connection:
            roles: dict[int, set[Role]] = {}
            for row in connection.execute(select(role_grants)):
                roles.setdefault(row.person, set()).add(Role(row.role))
            rows = connection.execute(select(people).order_by(people.c.name, people.c.id))
            return tuple(_made(row, frozenset(roles.get(row.id, ()))) for row in rows)

    def signed_in(self, issuer: str, subject: str, name: str, seeded: frozenset[Role] = frozenset()) -> Person:
        """Note a sign-in: who is new gets a row; roles from groups are given and taken as the groups say. One transaction."""
        now = datetime.now(UTC)
        with self._database.write() as connection:
            person = _ensure(connection, issuer, subject, name, now)
            connection.execute(update(people).where(people.c.id == person).values(name=name, seen_at=now))
            connection.execute(
                delete(role_grants).where(
                    role_grants.c.person == person,
                    role_grants.c.granted_by == FROM_GROUPS,
                    role_grants.c.role.not_in([str(role) for role in seeded]),
                )
            )
            held = set(connection.execute(select(role_grants.c.role).where(role_grants.c.person == person)).scalars())
            for role in sorted(seeded - held):
                connection.execute(
                    insert(role_grants).values(person=person, role=str(role), granted_at=now, granted_by=FROM_GROUPS)
                )
            found = _person(connection, people.c.id == person)
        self._forget(issuer, subject)
        assert found is not None  # noqa: S101  it was written above
        return found

    def grant(self, issuer: str, subject: str, role: Role, by: str, name: str = "") -> Person:
        """Give a role; who never signed in gets a row. One transaction.

        Raises
        ------
        Conflict
            The person has the role already.
        """
        now = datetime.now(UTC)
        try:
            with self._database.write() as connection:
                person = _ensure(connection, issuer, subject, name or subject, now)
                held = select(role_grants.c.role).where(role_grants.c.person == person, role_grants.c.role == str(role))
                if connection.execute(held).first():
                    raise Conflict(f"{name or subject} has the role of {role} already.")
                connection.execute(
                    insert(role_grants).values(person=person, role=str(role), granted_at=now, granted_by=by)
                )
                found = _person(connection, people.c.id == person)
        except IntegrityError:
            raise Conflict(f"{name or subject} has the role of {role} already.") from None
        self._forget(issuer, subject)
        assert found is not None  # noqa: S101  it was written above
        return found

    def revoke(self, number: int, role: Role) -> Person:
        """Take a role away, at once. One transaction.

        Raises
        ------
        Unknown
            There is no such person, or they don't have the role.
        """
        person = self.get(number)
        with self._database.write() as connection:
            done = connection.execute(
                delete(role_grants).where(role_grants.c.person == number, role_grants.c.role == str(role))
            )
            if not done.rowcount:
                raise Unknown(f"{person.name} does not have the role of {role}.")
        self._forget(person.issuer, person.subject)
        return self.get(number)

    def signed_out(self, issuer: str, subject: str) -> None:
        """From now on no sign-in of before counts."""
        with self._database.write() as connection:
            connection.execute(
                update(people)
                .where(people.c.issuer == issuer, people.c.subject == subject)
                .values(signed_out_at=datetime.now(UTC))
            )
        self._forget(issuer, subject)

    def local_name(self, issuer: str, subject: str) -> str:
        """The name under which the one person of a local start records; "" where it was not asked yet."""
        person = self.find_cached(issuer, subject)
        return person.name if person is not None else ""

    def remember_name(self, issuer: str, subject: str, name: str) -> None:
        """Keep the name of the one person of a local start."""
        with self._database.write() as connection:
            person = _ensure(connection, issuer, subject, name, datetime.now(UTC))
            connection.execute(update(people).where(people.c.id == person).values(name=name))
        self._forget(issuer, subject)

    def erase(self, number: int, alias: str) -> Person:
        """Take a person's roles and name away; the row stays under a pseudonym, so that the audit trail can point at it."""
        person = self.get(number)
        with self._database.write() as connection:
            connection.execute(delete(role_grants).where(role_grants.c.person == number))
            connection.execute(
                update(people)
                .where(people.c.id == number)
                .values(name=alias, subject=alias, signed_out_at=datetime.now(UTC))
            )
        self._forget(person.issuer, person.subject)
        return self.get(number)

    def _forget(self, issuer: str, subject: str) -> None:
        with self._lock:
            self._seen.pop((issuer, subject), None)


def _ensure(connection: Connection, issuer: str, subject: str, name: str, now: datetime) -> int:
    found = connection.execute(
        select(people.c.id).where(people.c.issuer == issuer, people.c.subject == subject)
    ).scalar()
    if found is not None:
        return int(found)
    values = {"issuer": issuer, "subject": subject, "name": name, "created_at": now}
    return int(connection.execute(insert(people).values(values).returning(people.c.id)).scalar_one())


def _person(connection: Connection, *where: Any) -> Person | None:
    row = connection.execute(select(people).where(*where)).first()
    if row is None:
        return None
    roles = connection.execute(select(role_grants.c.role).where(role_grants.c.person == row.id)).scalars()
    return _made(row, frozenset(map(Role, roles)))


def _made(row: Any, roles: frozenset[Role]) -> Person:
    return Person(row.id, row.issuer, row.subject, row.name, roles, row.created_at, row.seen_at, row.signed_out_at)
