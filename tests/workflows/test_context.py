import threading

import pytest

from flora_core.errors import NoChampion, Unknown
from flora_core.study import IRIS
from flora_core.workflows.models.lifecycle import iris_plants


def test_a_model_is_read_once(house):
    assert house.champion("iris") is house.champion("iris")


def test_threads_that_ask_at_once_share_one_model(house):
    found = []
    threads = [threading.Thread(target=lambda: found.append(house.champion("iris"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(model) for model in found}) == 1


def test_a_door_in_a_hurry_hears_of_a_promotion_a_moment_later(house, champion, monkeypatch):
    assert house.champion_lately("iris").card.version == 1
    house.registry.register(champion, "x")
    house.registry.promote("iris", 2, "x", "better")
    assert house.champion("iris").card.version == 2
    assert house.champion_lately("iris").card.version in (1, 2)
    monkeypatch.setattr("flora_core.workflows.context.LATELY", 0.0)
    assert house.champion_lately("iris").card.version == 2
    with pytest.raises(Unknown):
        house.champion_lately("rosa")


def test_a_study_without_a_champion_says_what_to_do(new_house):
    new_house.database.prepare()
    new_house.studies.add(IRIS, iris_plants(), "x")
    with pytest.raises(NoChampion, match=r"train --study iris.*models promote"):
        new_house.champion("iris")


def test_a_study_that_is_not_there_is_unknown_rather_than_without_a_champion(house):
    with pytest.raises(Unknown):
        house.champion("rosa")


def test_only_a_few_models_are_kept_in_memory(house, champion):
    for _ in range(9):
        house.registry.register(champion, "x")
    for version in range(1, 11):
        house.model("iris", version)
    assert len(house._loaded) <= 8
