import multiprocessing

import numpy as np
import pytest
from sklearn.datasets import load_iris

from flora_core.errors import ArtifactRefused, Conflict, Refused, Unavailable, Unknown
from flora_core.workflows.context import open_context
from flora_core.workflows.models.lifecycle import (
    ensure_champion,
    history,
    iris_plants,
    list_versions,
    promote,
    retire,
    roll_back,
    show_version,
    verify_versions,
    version_number,
)
from flora_core.workflows.models.training import train_version
from tests.conftest import settings_in


def test_a_first_start_trains_registers_and_promotes_with_events(new_context):
    told = []
    assert ensure_champion(new_context, lambda *step: told.append(step)) is True
    assert [(e.kind, e.version) for e in new_context.registry.events("iris")] == [("registered", 1), ("promoted", 1)]
    assert new_context.champion("iris").card.algorithm == "lda"
    assert told[-1][0] == told[-1][1]


def test_a_second_start_trains_nothing(context):
    assert ensure_champion(context) is False
    assert len(context.registry.versions("iris")) == 1


def _start(folder, barrier, results):
    context = open_context(settings_in(folder))
    barrier.wait()
    results.put(ensure_champion(context))
    context.close()


def test_of_processes_that_start_at_once_one_trains(tmp_path):
    mp_context = multiprocessing.get_context("spawn")
    barrier, results = mp_context.Barrier(3), mp_context.Queue()
    processes = [mp_context.Process(target=_start, args=(tmp_path, barrier, results)) for _ in range(3)]
    for process in processes:
        process.start()
    found = sorted(results.get(timeout=90) for _ in processes)
    for process in processes:
        process.join()
    assert found == [False, False, True]
    context = open_context(settings_in(tmp_path))
    assert len(context.registry.versions("iris")) == 1
    assert len(context.registry.events("iris")) == 2
    context.close()


def test_a_start_that_was_killed_after_registering_ends_with_a_champion(new_context, champion):
    """The model is there, nobody promoted it: the next start trains again rather than guess that it was good."""
    from flora_core.study import IRIS

    new_context.database.prepare()
    new_context.studies.add(IRIS, iris_plants(), "x")
    new_context.registry.register(champion, "x")
    assert ensure_champion(new_context) is True
    assert new_context.registry.champion_version("iris") == 2


def test_a_models_folder_that_is_a_file_is_said(new_context, tmp_path):
    new_context.settings.models.parent.mkdir(parents=True)
    new_context.settings.models.write_text("in the way")
    with pytest.raises(Unavailable, match=r"The models folder .* can't be used: .*FLORA_MODELS"):
        ensure_champion(new_context)


def test_iris_plants_are_fisher_s_and_not_uci_s():
    plants = iris_plants()
    assert (plants.values == load_iris().data).all()
    assert plants.values[34, 3] == 0.2
    assert plants.values[37].tolist() == [4.9, 3.6, 1.4, 0.1]
    assert plants.values[:50].mean(axis=0) == pytest.approx([5.006, 3.428, 1.462, 0.246])
    assert (plants.values[101] == plants.values[142]).all(), (
        "two flowers are truly identical; nothing de-duplicates them"
    )
    assert len(plants.table.sha256) == 64
    assert np.bincount(plants.species).tolist() == [50, 50, 50]


def test_versions_are_listed_with_their_champion(context, champion):
    context.registry.register(champion, "Ada")
    assert [(v.version, v.champion, v.registered_by) for v in list_versions(context, "iris")] == [
        (1, True, "Flora Classification"),
        (2, False, "Ada"),
    ]


def test_a_version_is_shown_with_its_own_events_only(context, champion):
    context.registry.register(champion, "Ada")
    row, card, events = show_version(context, "iris", 2)
    assert (row.version, card.version) == (2, 2)
    assert [e.kind for e in events] == ["registered"]


@pytest.mark.parametrize(("text", "number"), [("3", 3), ("v3", 3), (" V12 ", 12)])
def test_versions_are_found_as_people_write_them(text, number):
    assert version_number(text) == number


@pytest.mark.parametrize("text", ["", "three", "-1", "1.0", "99999999999"])
def test_what_is_no_version_is_refused(text):
    with pytest.raises(Unknown, match="is not a model version"):
        version_number(text)


def test_verifying_looks_at_every_version(context, champion):
    context.registry.register(champion, "Ada")
    (context.settings.models / "iris" / "2" / "card.json").write_text("{}")
    verified, spare = verify_versions(context)
    assert [bool(v.problem) for v in verified] == [False, True]
    assert spare == []


@pytest.fixture
def worse(context):
    """A challenger that names hardly better than chance: a tree of one question."""
    return train_version(context, "iris", algorithm="tree", hyperparameters={"depth": 1, "leaf": 50}, by="Ada").version


def test_a_shut_gate_changes_nothing_and_can_be_overruled_by_name_and_reason(context, worse):
    done = promote(context, "iris", worse, by="Ada", why="to see")
    assert not done.promoted
    assert any("worse beyond chance" in text for text in done.gate.objections)
    assert context.registry.champion_version("iris") == 1
    assert history(context, "iris")[-1].kind == "registered"
    done = promote(context, "iris", worse, by="Ada", why="for the demonstration", overrule=True)
    assert (done.promoted, done.overruled, done.before) == (True, True, 1)
    newest = history(context, "iris")[-1]
    assert (newest.kind, newest.by, newest.why, newest.overruled) == ("promoted", "Ada", "for the demonstration", True)
    assert newest.gate.startswith("The gate is shut: Worse: the new version names 100 of 150 right, the old one 147")
    assert context.champion("iris").card.version == worse
    assert roll_back(context, "iris", by="Grace", why="enough") == 1
    retire(context, "iris", worse, by="Grace", why="a joke")
    assert [(v.version, v.champion, v.retired) for v in list_versions(context, "iris")] == [
        (1, True, False),
        (2, False, True),
    ]


def test_an_equal_challenger_passes_the_gate_and_the_event_says_what_it_said(context, champion):
    context.registry.register(champion, "Ada")
    done = promote(context, "iris", 2, by="Ada", why="trained again")
    assert done.promoted
    assert not done.overruled
    assert done.comparison.overall.p == 1
    assert history(context, "iris")[-1].gate.startswith("Cannot tell with 150 plants")


def test_what_was_compared_already_is_not_compared_again(context, champion, worse):
    context.registry.register(champion, "Ada")
    done = promote(context, "iris", worse, by="Ada", why="x")
    again = promote(context, "iris", 3, by="Ada", why="x", judged=(1, done.comparison, done.gate))
    assert again.gate is done.gate
    assert not again.promoted


def test_a_damaged_champion_does_not_keep_its_place_for_ever(context, champion):
    context.registry.register(champion, "Ada")
    (context.settings.models / "iris" / "1" / "model.joblib").write_bytes(b"x")
    with pytest.raises(ArtifactRefused):
        promote(context, "iris", 2, by="Ada", why="the other is damaged")
    assert promote(context, "iris", 2, by="Ada", why="the other is damaged", overrule=True).promoted
    assert "Nothing could be compared" in history(context, "iris")[-1].gate
    assert context.champion("iris").card.version == 2


@pytest.mark.parametrize(("by", "why", "asked"), [(" ", "x", "Say who you are"), ("Ada", " ", "Say why")])
def test_what_the_history_keeps_is_signed_and_reasoned(context, by, why, asked):
    for act in (
        lambda: promote(context, "iris", 1, by=by, why=why),
        lambda: roll_back(context, "iris", by=by, why=why),
        lambda: retire(context, "iris", 1, by=by, why=why),
    ):
        with pytest.raises(Refused, match=asked):
            act()


def test_the_champion_is_neither_promoted_again_nor_retired(context):
    with pytest.raises(Conflict, match="is the champion already"):
        promote(context, "iris", 1, by="Ada", why="x")
    with pytest.raises(Conflict, match="can't be retired"):
        retire(context, "iris", 1, by="Ada", why="x")
