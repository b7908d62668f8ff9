import threading

import pytest

from flora_core.errors import NoChampion, Unknown
from flora_core.study import IRIS
from flora_core.workflows.models.lifecycle import iris_plants


def test_a_model_is_read_once(context):
    assert context.champion("iris") is context.champion("iris")


def test_threads_that_ask_at_once_share_one_model(context):
    found = []
    threads = [threading.Thread(target=lambda: found.append(context.champion("iris"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(model) for model in found}) == 1


def test_a_door_in_a_hurry_hears_of_a_promotion_a_moment_later(context, champion, monkeypatch):
    assert context.champion_cached("iris").card.version == 1
    context.registry.register(champion, "x")
    context.registry.promote("iris", 2, "x", "better")
    assert context.champion("iris").card.version == 2
    assert context.champion_cached("iris").card.version in (1, 2)
    monkeypatch.setattr("flora_core.workflows.context.CHAMPION_TTL_SECONDS", 0.0)
    assert context.champion_cached("iris").card.version == 2
    with pytest.raises(Unknown):
        context.champion_cached("rosa")


def test_a_study_without_a_champion_says_what_to_do(new_context):
    new_context.database.prepare()
    new_context.studies.add(IRIS, iris_plants(), "x")
    with pytest.raises(NoChampion, match=r"train --study iris.*models promote"):
        new_context.champion("iris")


def test_a_study_that_is_not_there_is_unknown_rather_than_without_a_champion(context):
    with pytest.raises(Unknown):
        context.champion("rosa")


def test_only_a_few_models_are_kept_in_memory(context, champion):
    for _ in range(9):
        context.registry.register(champion, "x")
    for version in range(1, 11):
        context.model("iris", version)
    assert len(context._loaded) <= 8
