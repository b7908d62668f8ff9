"""Tokens of programs: 256 random bits, shown once and kept as their SHA-256."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import insert, select, update

from flora_core.access import Role
from flora_core.errors import Unknown
from flora_core.storage.database import Database
from flora_core.storage.schema import tokens

#: What a token begins with, so that a reader of a leaked file knows what it is.
PREFIX: Final = "flora_"
#: Seconds for which a token is believed before it is looked up again.
TOKENS_TTL_SECONDS: Final = 0.5
#: The last use is written at most once in so many seconds.
_USE_NOTED_EVERY: Final = 60.0


@dataclass(frozen=True, slots=True)
class Token:
    """A token as the database knows it; the token itself is nowhere.

    Attributes
    ----------
    id : int
    name : str
    roles : frozenset of Role
    created_at : datetime
    created_by : str
    expires_at, last_used_at, revoked_at : datetime or None
    """

    id: int
    name: str
    roles: frozenset[Role]
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None

    def counts(self, now: datetime) -> bool:
        """Whether it opens anything at that moment."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class Tokens:
    """The tokens of all programs."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[float, Token | None]] = {}
        self._noted: dict[int, float] = {}

    def create(self, name: str, roles: frozenset[Role], by: str, days: int | None) -> tuple[Token, str]:
        """A new token, and the one sight of it. One transaction."""
        secret = PREFIX + secrets.token_urlsafe(32)
        now = datetime.now(UTC)
        values = {
            "name": name,
            "sha256": _digest(secret),
            "roles": " ".join(str(role) for role in Role if role in roles),
            "created_at": now,
            "created_by": by,
            "expires_at": None if days is None else now + timedelta(days=days),
        }
        with self._database.write() as connection:
            number = connection.execute(insert(tokens).values(values).returning(tokens.c.id)).scalar_one()
        return self.get(int(number)), secret

    def get(self, number: int) -> Token:
        """A token by number.

        Raises
        ------
        Unknown
        """
        with self._database.read() as connection:
            row = connection.execute(select(tokens).where(tokens.c.id == number)).first()
        if row is None:
            raise Unknown(f"There is no token {number}. `tokens list` shows those there are.")
        return _made(row)

    def all(self) -> tuple[Token, ...]:
        """Every token there ever was, newest first."""
        with self._database.read() as connection:
            return tuple(_made(row) for row in connection.execute(select(tokens).order_by(tokens.c.id.desc())))

    def revoke(self, number: int) -> Token:
        """End a token, at once and for ever. One transaction; a second time changes nothing."""
        self.get(number)
        with self._database.write() as connection:
            connection.execute(
                update(tokens)
                .where(tokens.c.id == number, tokens.c.revoked_at.is_(None))
                .values(revoked_at=datetime.now(UTC))
            )
        with self._lock:
            self._seen.clear()
        return self.get(number)

    def opened_by(self, secret: str) -> Token | None:
        """The token that this text is, where it counts now; by a word of the database that may be half a second old."""
        if not secret.startswith(PREFIX) or len(secret) > 100:
            return None
        digest = _digest(secret)
        with self._lock:
            at, token = self._seen.get(digest, (-1e9, None))
        if time.monotonic() - at >= TOKENS_TTL_SECONDS:
            with self._database.read() as connection:
                row = connection.execute(select(tokens).where(tokens.c.sha256 == digest)).first()
            token = None if row is None else _made(row)
            if token is not None:
                with self._lock:
                    self._seen[digest] = (time.monotonic(), token)
        now = datetime.now(UTC)
        if token is None or not token.counts(now):
            return None
        self._note_use(token, now)
        return token

    def _note_use(self, token: Token, now: datetime) -> None:
        with self._lock:
            if time.monotonic() - self._noted.get(token.id, -1e9) < _USE_NOTED_EVERY:
                return
            self._noted[token.id] = time.monotonic()
        with self._database.write() as connection:
            connection.execute(update(tokens).where(tokens.c.id == token.id).values(last_used_at=now))


def _digest(secret: str) -> str:
    # 256 random bits can't be guessed, so a slow hash would protect nothing more and cost every request.
    return hashlib.sha256(secret.encode()).hexdigest()


def _made(row: Any) -> Token:
    roles = frozenset(map(Role, row.roles.split()))
    return Token(
        row.id, row.name, roles, row.created_at, row.created_by, row.expires_at, row.last_used_at, row.revoked_at
    )
