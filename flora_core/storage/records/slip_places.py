"""Where in the database a slip is laid: the key of its identification, and a fingerprint that is free."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import Connection, select, tuple_

from flora_core.storage.records.identifications import no_identification, parse_identifier, select_recorded
from flora_core.storage.records.newest_slips import stands
from flora_core.storage.schema import determinations, identifications, recordings

#: A statement takes only so many values.
_AT_ONCE: Final = 1_000


def unused_fingerprint(connection: Connection, recording: int, row: int, fingerprint: str) -> str:
    """The fingerprint of a slip; another one where the same was said before and taken back, so that it can be said again."""
    same = (determinations.c.recording == recording, determinations.c.row == row)
    while connection.execute(
        select(1).where(*same, determinations.c.fingerprint == fingerprint, ~stands()).limit(1)
    ).first():
        fingerprint = hashlib.sha256(f"{fingerprint} again".encode()).hexdigest()
    return fingerprint


def keys_of(connection: Connection, identified: Sequence[str]) -> dict[tuple[str, int], tuple[int, int]]:
    """The place in the database of each of these identifications."""
    wanted = {place_of(identifier): identifier for identifier in identified}
    keys: dict[tuple[str, int], tuple[int, int]] = {}
    for pairs in some_at_once(list(wanted)):
        found = connection.execute(
            select_recorded(recordings.c.token, identifications.c.recording, identifications.c.row).where(
                tuple_(recordings.c.token, identifications.c.row).in_(pairs)
            )
        )
        keys.update(((row.token, row.row), (row.recording, row.row)) for row in found)
    for pair, identifier in wanted.items():
        if pair not in keys:
            raise no_identification(identifier)
    return keys


def some_at_once(pairs: list[tuple[str, int]]) -> Iterator[list[tuple[str, int]]]:
    """A thousand at a time."""
    for start in range(0, len(pairs), _AT_ONCE):
        yield pairs[start : start + _AT_ONCE]


def place_of(identifier: str) -> tuple[str, int]:
    """The token and row that an identifier names.

    Raises
    ------
    Unknown
        It is none.
    """
    place = parse_identifier(identifier)
    if place is None:
        raise no_identification(identifier)
    return place
