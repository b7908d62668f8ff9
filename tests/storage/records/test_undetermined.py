import dataclasses
from datetime import timedelta

import pytest

from flora_core.storage.records import undetermined as module
from flora_core.storage.records.undetermined import drawn, undetermined
from tests.storage.records.test_determinations import JUNE, Season, database, season
from tests.storage.records.test_identifications import PLANT

__all__ = ["database", "season"]


@pytest.fixture
def plants(season: Season):
    """Forty ordinary plants, then a file of which one fits nothing, one two species and one is rare."""
    ordinary = season.plants(40, at=JUNE)
    kinds = [{}, {"possible": ()}, {"possible": (0, 1)}, {"species": 2, "possible": (2,)}, {}]
    rows = [dataclasses.replace(PLANT, row=i, **kind) for i, kind in enumerate(kinds, start=1)]
    newest = season.records.record(
        study="iris", version=1, by="Ada", door="command", unit="", plants=rows, at=JUNE + timedelta(days=1)
    )
    return ordinary, newest


def test_plants_that_may_teach_come_before_the_newest_others(database, plants):
    ordinary, newest = plants
    found = [one.id for one in undetermined(database, "iris", most=3)]
    assert found == list(newest[:3])
    assert newest[3] in {one.id for one in undetermined(database, "iris", most=3, rare={1: [2]})}
    assert {one.id for one in undetermined(database, "iris", most=100)} == {*ordinary, *newest}
    assert undetermined(database, "rosa", most=3) == ()


def test_a_determined_plant_waits_no_longer(database, season, plants):
    _, newest = plants
    for plant in newest[:2]:
        season.say(plant)
    assert not {one.id for one in undetermined(database, "iris", most=100)} & set(newest[:2])


def test_only_so_many_of_the_newest_are_looked_through(database, plants, monkeypatch):
    _, newest = plants
    monkeypatch.setattr(module, "SEEN", 2)
    assert [one.id for one in undetermined(database, "iris", most=100)] == list(newest[:2])


def test_chance_chooses_among_all_that_nobody_determined(database, season, plants):
    ordinary, newest = plants
    season.say(newest[0])
    every = {one.id for one in drawn(database, "iris", 100)}
    assert every == {*ordinary, *newest[1:]}
    some = [one.id for one in drawn(database, "iris", 10)]
    assert len(set(some)) == 10
    assert any([one.id for one in drawn(database, "iris", 10)] != some for _ in range(5))
