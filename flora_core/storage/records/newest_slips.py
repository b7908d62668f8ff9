"""The statement behind every count of determinations: the newest one of each plant."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, not_, or_, select

from flora_core.storage.schema import determinations, identifications, recordings, withdrawals


def stands(table: Any = determinations) -> ColumnElement[bool]:
    """That a determination was not taken back."""
    return ~select(1).where(withdrawals.c.determination == table.c.id).exists()


def last_said() -> ColumnElement[int]:
    """A number that grows with each determination and each withdrawal."""
    newest = select(func.coalesce(func.max(determinations.c.id), 0)).scalar_subquery()
    return newest + select(func.count()).select_from(withdrawals).scalar_subquery()


def newest_slips(level: int, as_of: date | None, *columns: Any) -> Select[Any]:
    """Determinations for which there is no later one of the same plant, joined with what was identified."""
    newer = determinations.alias("newer")

    def counts(table: Any) -> list[ColumnElement[bool]]:
        conditions = [stands(table), table.c.level >= level] if level else [stands(table)]
        return [*conditions, table.c.at <= as_of.isoformat()] if as_of is not None else conditions

    overtaken = (
        select(1)
        .where(
            newer.c.recording == determinations.c.recording,
            newer.c.row == determinations.c.row,
            or_(
                newer.c.at > determinations.c.at,
                and_(newer.c.at == determinations.c.at, newer.c.id > determinations.c.id),
            ),
            *counts(newer),
        )
        .exists()
    )
    return (
        select(*columns)
        .select_from(determinations)
        .join(
            identifications,
            and_(
                identifications.c.recording == determinations.c.recording, identifications.c.row == determinations.c.row
            ),
        )
        .join(recordings, recordings.c.id == determinations.c.recording)
        .where(not_(overtaken), *counts(determinations))
    )


def having_slip_from(source: str) -> list[ColumnElement[bool]]:
    """That the plant has a determination from this source; nothing where none is named."""
    if not source:
        return []
    other = determinations.alias("other")
    same = (other.c.recording == determinations.c.recording, other.c.row == determinations.c.row)
    return [select(1).where(*same, other.c.source == source, stands(other)).exists()]
