"""Identified flowers, to be determined."""

from __future__ import annotations

from flora_core.workflows.context import AppContext
from flora_core.workflows.identify import identify, record
from tests.builders import typed_flower


def recorded(context: AppContext, *numbers: str, **flower: object) -> tuple[str, ...]:
    """Identifiers of flowers recorded with these catalogue numbers, all alike."""
    found = identify(context, "iris", typed_flower(**flower))
    return tuple(record(context, [found], by="Ada", door="page", catalogue_number=n)[0].id for n in numbers or ("",))
