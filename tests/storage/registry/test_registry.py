"""Versions that exist whole or not at all, one contract for both databases."""

import dataclasses
import hashlib
import json
import multiprocessing
import os
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from flora_core.errors import ArtifactRefused, Conflict, DatabaseUnavailable, Unavailable, Unknown
from flora_core.identification.naming import predict_plants
from flora_core.storage.database import Database
from flora_core.storage.files.held_folder import hold
from flora_core.storage.registry import artifacts
from flora_core.storage.registry.registry import Registry
from flora_core.storage.studies import Studies
from flora_core.study import IRIS
from flora_core.workflows.models.lifecycle import iris_plants


@pytest.fixture
def registry(database_url, tmp_path):
    database = Database(database_url)
    database.prepare()
    Studies(database).add(IRIS, iris_plants(), "a test")
    yield Registry(database, tmp_path / "models")
    database.close()


def test_a_registered_version_is_there_with_its_event_and_is_no_champion(registry, champion):
    saved = registry.register(champion, "Ada")
    assert saved.card.version == 1
    (row,) = registry.versions("iris")
    assert (row.version, row.algorithm, row.registered_by) == (1, "lda", "Ada")
    assert [(e.kind, e.version, e.by) for e in registry.events("iris")] == [("registered", 1, "Ada")]
    assert registry.champion_version("iris") is None


def test_what_is_loaded_identifies_as_what_was_saved(registry, champion):
    registry.register(champion, "Ada")
    loaded = registry.load("iris", 1)
    X = iris_plants().values
    assert (predict_plants(loaded, X).probabilities == predict_plants(champion, X).probabilities).all()
    assert loaded.card == champion.card.model_copy(update={"version": 1})
    assert (loaded.reference.values == champion.reference.values).all()
    assert registry.card("iris", 1) == loaded.card


def test_promoting_appends_an_event_with_its_reason(registry, champion):
    for _ in range(2):
        registry.register(champion, "Ada")
    registry.promote("iris", 2, "Grace", "better on wet meadows")
    assert registry.champion_version("iris") == 2
    newest = registry.events("iris")[-1]
    assert (newest.kind, newest.version, newest.by, newest.why) == ("promoted", 2, "Grace", "better on wet meadows")
    assert newest.at.tzinfo is not None
    assert registry.load("iris", registry.champion_version("iris")).card.version == 2


def test_promoting_what_is_not_there_or_is_there_already(registry, champion):
    registry.register(champion, "Ada")
    with pytest.raises(Unknown, match="iris has no model version 7. There are: 1."):
        registry.promote("iris", 7, "Ada", "x")
    registry.promote("iris", 1, "Ada", "x")
    with pytest.raises(Conflict, match="Version 1 of iris is the champion already"):
        registry.promote("iris", 1, "Ada", "x")


def test_a_promotion_tells_what_the_gate_said_and_whether_it_was_overruled(registry, champion):
    registry.register(champion, "Ada")
    registry.promote("iris", 1, "Grace", "for the demonstration", gate="The gate is shut: worse.", overruled=True)
    newest = registry.events("iris")[-1]
    assert (newest.gate, newest.overruled) == ("The gate is shut: worse.", True)


def test_a_promotion_in_place_of_another_champion_than_now_is_refused(registry, champion):
    for _ in range(3):
        registry.register(champion, "Ada")
    registry.promote("iris", 1, "Ada", "first", instead_of=None)
    registry.promote("iris", 2, "Ada", "better", instead_of=1)
    with pytest.raises(Conflict, match="Somebody made version 2 of iris the champion in the meantime"):
        registry.promote("iris", 3, "Grace", "compared with version 1", instead_of=1)
    assert registry.champion_version("iris") == 2


def test_a_version_whose_files_are_not_those_registered_is_not_promoted(registry, champion, tmp_path):
    registry.register(champion, "Ada")
    (tmp_path / "models" / "iris" / "1" / "model.joblib").write_bytes(b"x")
    with pytest.raises(ArtifactRefused):
        registry.promote("iris", 1, "Ada", "x")
    assert registry.champion_version("iris") is None


def test_rolling_back_goes_back_one_champion_at_a_time(registry, champion):
    for version in (1, 2, 3):
        registry.register(champion, "Ada")
        registry.promote("iris", version, "Ada", "newer")
    assert registry.earlier_champion("iris") == 2
    assert registry.roll_back("iris", "Grace", "3 was worse") == 2
    assert registry.champion_version("iris") == 2
    assert registry.roll_back("iris", "Grace", "so was 2") == 1
    assert registry.earlier_champion("iris") is None
    with pytest.raises(Conflict, match="iris has had no other champion that could identify"):
        registry.roll_back("iris", "Grace", "x")
    registry.promote("iris", 3, "Ada", "again")
    assert registry.roll_back("iris", "Grace", "no") == 1
    assert [(e.kind, e.version) for e in registry.events("iris")][-5:] == [
        ("promoted", 3),
        ("rolled back", 2),
        ("rolled back", 1),
        ("promoted", 3),
        ("rolled back", 1),
    ]


def test_rolling_back_passes_over_what_was_retired_or_is_damaged(registry, champion, tmp_path):
    for version in (1, 2, 3, 4):
        registry.register(champion, "Ada")
        registry.promote("iris", version, "Ada", "newer")
    registry.retire("iris", 3, "Grace", "a wrong table")
    (tmp_path / "models" / "iris" / "2" / "card.json").unlink()
    assert registry.roll_back("iris", "Grace", "x") == 1


def test_the_champion_can_t_be_retired_and_the_retired_can_t_be_promoted(registry, champion):
    for _ in range(2):
        registry.register(champion, "Ada")
    registry.promote("iris", 1, "Ada", "first")
    with pytest.raises(Conflict, match="Version 1 is the champion of iris and can't be retired"):
        registry.retire("iris", 1, "Ada", "x")
    registry.retire("iris", 2, "Ada", "a wrong table")
    assert registry.retired("iris") == {2}
    with pytest.raises(Conflict, match="Version 2 of iris was retired on .* by Ada: a wrong table"):
        registry.promote("iris", 2, "Grace", "x")
    with pytest.raises(Conflict, match="was retired"):
        registry.retire("iris", 2, "Grace", "x")
    assert registry.load("iris", 2).card.version == 2, "it stays to be read"


def test_of_two_that_promote_in_place_of_one_champion_one_is_told_to_decide_again(registry, champion):
    for _ in range(3):
        registry.register(champion, "Ada")
    registry.promote("iris", 1, "Ada", "first")
    barrier, found = threading.Barrier(2), []

    def promote(version):
        barrier.wait()
        try:
            registry.promote("iris", version, "x", "y", instead_of=1)
            found.append(version)
        except Conflict:
            found.append(None)

    threads = [threading.Thread(target=promote, args=(version,)) for version in (2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found.count(None) == 1
    assert registry.champion_version("iris") in found


@pytest.mark.parametrize("name", ["model.joblib", "card.json"])
def test_a_tampered_file_is_refused_by_name_and_nothing_is_loaded(registry, champion, tmp_path, monkeypatch, name):
    registry.register(champion, "Ada")
    path = tmp_path / "models" / "iris" / "1" / name
    path.write_bytes(path.read_bytes() + b" ")
    monkeypatch.setattr(artifacts, "unpickled", lambda _: pytest.fail("a tampered file was loaded"))
    with pytest.raises(ArtifactRefused, match=rf"{name} is not the file that was registered as version 1.*rollback"):
        registry.load("iris", 1)
    (found,), spare = registry.verify("iris")
    assert name in found.problem
    assert spare == []


@pytest.mark.parametrize("name", ["model.joblib", "card.json"])
def test_a_missing_file_is_said(registry, champion, tmp_path, name):
    registry.register(champion, "Ada")
    (tmp_path / "models" / "iris" / "1" / name).unlink()
    with pytest.raises(ArtifactRefused, match=rf"{name} of model version 1 can't be read: No such file"):
        registry.load("iris", 1)


def test_the_checksums_are_those_of_the_files(registry, champion, tmp_path):
    registry.register(champion, "Ada")
    row = registry.version("iris", 1)
    folder = tmp_path / "models" / "iris" / "1"
    assert row.checksums.artifact == hashlib.sha256((folder / "model.joblib").read_bytes()).hexdigest()
    assert row.checksums.card == hashlib.sha256((folder / "card.json").read_bytes()).hexdigest()
    assert json.loads((folder / "card.json").read_text())["version"] == 1


def test_two_that_register_at_once_get_two_versions(registry, champion):
    barrier, found = threading.Barrier(4), []

    def register():
        barrier.wait()
        found.append(registry.register(champion, "x").card.version)

    threads = [threading.Thread(target=register) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [1, 2, 3, 4]
    assert all(not v.problem for v in registry.verify("iris")[0])


def test_when_the_database_fails_no_file_is_left(registry, champion, tmp_path, monkeypatch):
    def broken():
        raise DatabaseUnavailable("gone")

    monkeypatch.setattr(registry._database, "write", broken)
    with pytest.raises(DatabaseUnavailable):
        registry.register(champion, "Ada")
    assert list((tmp_path / "models" / "iris").iterdir()) == []


def test_a_full_disk_leaves_nothing_and_is_said(registry, champion, tmp_path, monkeypatch):
    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable, match=r"can't be saved in .*: No space left on device. Nothing was registered"):
        registry.register(champion, "Ada")
    assert list((tmp_path / "models" / "iris").iterdir()) == []
    assert registry.versions("iris") == ()


# Killed in the middle: at every step that touches the disk or the database.


def _register_and_die(url, folder, first_start, step):
    """Register in a process that dies, without any clean-up, at the given step."""
    from flora_core.settings import Settings
    from flora_core.workflows.context import open_context

    model = open_context(
        Settings(database_url=f"sqlite:///{first_start}/flora.db", models=first_start / "models", _env_file=None)
    ).champion("iris")
    count = 0

    def counted(function):
        def wrapper(*args, **kwargs):
            nonlocal count
            count += 1
            if count == step:
                os._exit(9)
            return function(*args, **kwargs)

        return wrapper

    os.fsync = counted(os.fsync)
    Path.rename = counted(Path.rename)
    Path.mkdir = counted(Path.mkdir)
    Database.write = counted(Database.write)
    registry = Registry(Database(url), folder)
    registry.register(model, "Ada")
    registry.promote("iris", registry.versions("iris")[-1].version, "Ada", "x")
    os._exit(0)


def test_killed_at_any_step_the_registry_is_consistent_and_the_next_version_is_whole(tmp_path, first_start, champion):
    url, folder = f"sqlite:///{tmp_path}/flora.db", tmp_path / "models"
    database = Database(url)
    database.prepare()
    Studies(database).add(IRIS, iris_plants(), "a test")
    registry = Registry(database, folder)
    registry.register(champion, "Ada")
    registry.promote("iris", 1, "Ada", "first")
    mp_context = multiprocessing.get_context("forkserver")
    mp_context.set_forkserver_preload(["tests.storage.test_registry", "sklearn.discriminant_analysis"])
    deaths = 0
    for step in range(1, 30):
        process = mp_context.Process(target=_register_and_die, args=(url, folder, first_start, step))
        process.start()
        process.join()
        verified, _ = registry.verify("iris")
        assert [v.problem for v in verified] == [""] * len(verified), f"after dying at step {step}"
        assert registry.load("iris", registry.champion_version("iris")).card.version == registry.champion_version(
            "iris"
        )
        deaths += process.exitcode == 9
        if process.exitcode == 0:
            break
    assert deaths >= 8
    assert np.isfinite(registry.load("iris", registry.champion_version("iris")).gaussians.means).all()
    assert registry.champion_version("iris") == registry.versions("iris")[-1].version


def test_leftovers_of_the_killed_are_listed_and_harm_nobody(registry, champion, tmp_path):
    registry.register(champion, "Ada")
    (tmp_path / "models" / "iris" / "2").mkdir()
    (tmp_path / "models" / "iris" / ".unfinished-abc").mkdir()
    (found,), spare = registry.verify("iris")
    assert found.problem == ""
    assert spare == [".unfinished-abc", "2"]
    assert registry.register(champion, "Ada").card.version == 3


def test_a_card_that_another_program_wrote_is_said(registry, champion, tmp_path):
    strange = dataclasses.replace(champion, card=champion.card.model_copy(update={"format": 2}))
    registry.register(strange, "Ada")
    with pytest.raises(ArtifactRefused, match="written by another version"):
        registry.card("iris", 1)


def test_what_killed_processes_left_is_swept_and_what_another_database_may_know_stays(context, champion):
    context.registry.register(champion, by="Ada")
    context.registry.register(champion, by="Ada")
    folder = context.settings.models / "iris"
    old = (".unfinished-old", ".unfinished-held", "8", "9", "notes")
    for name in (*old, ".unfinished-new"):
        (folder / name).mkdir()
        (folder / name / "card.json").write_text("{}")
    # Killed between its last file and its row.
    (folder / "8" / ".unregistered").touch()
    shutil.copytree(folder / "2", folder / "spare")
    held = hold(folder / ".unfinished-held")
    for name in (*old, "spare", "2", "3"):
        for path in (*(folder / name).iterdir(), folder / name):
            os.utime(path, (0, 0))
    # The study of another database, in which one was being saved and one removed when its process was killed.
    other = context.settings.models / "rosa"
    for name in ("1", "2", ".unfinished-old"):
        (other / name).mkdir(parents=True)
    (other / "2" / ".unregistered").touch()
    for path in (other / "2" / ".unregistered", other / "2", other / "1", other / ".unfinished-old"):
        os.utime(path, (0, 0))
    assert context.registry.sweep() == 4
    left = [".unfinished-held", ".unfinished-new", "1", "2", "3", "9", "notes", "spare"]
    assert sorted(p.name for p in folder.iterdir()) == left
    assert [p.name for p in other.iterdir()] == ["1"]
    held.release()
    os.utime(folder / ".unfinished-held" / "lock", (0, 0))
    os.utime(folder / ".unfinished-held", (0, 0))
    assert context.registry.sweep() == 1


def test_a_registered_version_holds_its_two_files_and_nothing_else(context, champion):
    version = context.registry.register(champion, by="Ada").card.version
    folder = context.settings.models / "iris"
    assert sorted(p.name for p in (folder / str(version)).iterdir()) == ["card.json", "model.joblib"]
    assert sorted(p.name for p in folder.iterdir()) == ["1", "2"]
