"""Identified flowers, to be determined."""

from __future__ import annotations

from flora_core.workflows.context import House
from flora_core.workflows.identify import identify, record
from tests.builders import typed_flower


def recorded(house: House, *numbers: str, **flower: object) -> tuple[str, ...]:
    """Identifiers of flowers recorded with these catalogue numbers, all alike."""
    found = identify(house, "iris", typed_flower(**flower))
    return tuple(record(house, [found], by="Ada", door="page", catalogue_number=n)[0].id for n in numbers or ("",))
