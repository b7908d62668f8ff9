"""A house on each kind of database, with some identified flowers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from flora_core.model import Model
from flora_core.settings import Settings
from flora_core.study import IRIS
from flora_core.workflows.house import House, open_house
from flora_core.workflows.identify import identify, record
from flora_core.workflows.models import iris_plants
from tests.builders import typed_flower


@pytest.fixture
def either(database_url: str, tmp_path, champion: Model) -> Iterator[House]:
    """A house with the first champion, on SQLite and on PostgreSQL."""
    opened = open_house(Settings(database_url=database_url, models=tmp_path / "models", _env_file=None))
    opened.database.prepare()
    opened.studies.add(IRIS, iris_plants(), "a test")
    opened.registry.register(champion, "a test")
    opened.registry.promote("iris", 1, "a test", "first")
    yield opened
    opened.close()


def recorded(house: House, *numbers: str, **flower: object) -> tuple[str, ...]:
    """Identifiers of flowers recorded with these catalogue numbers, all alike."""
    found = identify(house, "iris", typed_flower(**flower))
    return tuple(record(house, [found], by="Ada", door="page", catalogue_number=n)[0].id for n in numbers or ("",))
