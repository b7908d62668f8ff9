"""One suite for models in a folder and in a bucket: both keep versions alike, and load none that is not the registered one."""

import io
import multiprocessing
import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from flora_core.errors import ArtifactRefused, DatabaseUnavailable, Unavailable
from flora_core.storage.database import Database
from flora_core.storage.files.object_files import files_below
from flora_core.storage.registry import artifacts
from flora_core.storage.registry.registry import Registry
from flora_core.storage.registry.version_store import UNREGISTERED
from flora_core.storage.studies import Studies
from flora_core.study import IRIS
from flora_core.workflows.models.lifecycle import iris_plants


@pytest.fixture(params=["folder", "bucket"])
def place(request, tmp_path):
    return str(tmp_path / "models") if request.param == "folder" else request.getfixturevalue("bucket")


@pytest.fixture
def database(tmp_path):
    opened = Database(f"sqlite:///{tmp_path}/flora.db")
    opened.prepare()
    Studies(opened).add(IRIS, iris_plants(), "a test")
    yield opened
    opened.close()


@pytest.fixture
def registry(database, place, tmp_path):
    return Registry(database, place, tmp_path / "cache")


@pytest.fixture
def files(place):
    """What lies there, seen past the registry."""
    return files_below(place)


def put(files, name, content):
    files.put(name, io.BytesIO(content))


def names(files):
    return [one.name for one in files.files()]


def test_a_version_is_two_files_and_comes_back_on_another_machine(registry, database, place, files, champion, tmp_path):
    saved = registry.register(champion, "Ada")
    assert names(files) == ["iris/1/card.json", "iris/1/model.joblib"]
    other = Registry(database, place, tmp_path / "another cache")
    assert other.load("iris", 1).card == saved.card == registry.load("iris", 1).card
    assert other.verify("iris")[1] == []


@pytest.mark.parametrize("name", ["model.joblib", "card.json"])
def test_what_was_changed_is_not_loaded(registry, files, champion, monkeypatch, name):
    registry.register(champion, "Ada")
    with files.open(f"iris/1/{name}") as stream:
        content = stream.read()
    put(files, f"iris/1/{name}", content + b" ")
    monkeypatch.setattr(artifacts, "unpickled", lambda _: pytest.fail("a tampered file was loaded"))
    with pytest.raises(ArtifactRefused, match=rf"{name} is not the file that was registered as version 1.*rollback"):
        registry.load("iris", 1)
    with pytest.raises(ArtifactRefused):
        registry.promote("iris", 1, "Ada", "x")


@pytest.mark.parametrize("name", ["model.joblib", "card.json"])
def test_what_is_missing_is_said(registry, files, champion, name):
    registry.register(champion, "Ada")
    files.delete(f"iris/1/{name}")
    with pytest.raises(ArtifactRefused, match=rf"{name} of model version 1 can't be read.*rollback"):
        registry.load("iris", 1)
    assert name in registry.verify("iris")[0][0].problem


def test_two_databases_never_write_over_one_another_s_versions(registry, place, files, champion, tmp_path):
    registry.register(champion, "Ada")
    other = Database(f"sqlite:///{tmp_path}/other.db")
    other.prepare()
    Studies(other).add(IRIS, iris_plants(), "a test")
    second = Registry(other, place, tmp_path / "cache")
    assert second.register(champion, "Bea").card.version == 2
    assert registry.register(champion, "Ada").card.version == 3
    assert [one.version for one in second.versions("iris")] == [2]
    assert all(not one.problem for r in (registry, second) for one in r.verify("iris")[0])
    other.close()


def test_where_no_row_can_be_written_no_file_is_left(registry, files, champion, monkeypatch):
    def broken():
        raise DatabaseUnavailable("gone")

    monkeypatch.setattr(registry._database, "write", broken)
    with pytest.raises(DatabaseUnavailable):
        registry.register(champion, "Ada")
    assert names(files) == []


def _register_and_die(environment, database_url, place, cache, model, step):
    """Register in a process that dies, without any clean-up, at the given write."""
    from flora_core.storage.files import object_files

    os.environ.update(environment)
    count = 0

    def counted(function):
        def wrapper(*words, **named):
            nonlocal count
            count += 1
            if count == step:
                os._exit(9)
            return function(*words, **named)

        return wrapper

    for kind in (object_files._Bucket, object_files._Folder):
        kind.put, kind.delete = counted(kind.put), counted(kind.delete)
    Path.rename, Path.unlink, Database.write = counted(Path.rename), counted(Path.unlink), counted(Database.write)
    registry = Registry(Database(database_url), place, cache)
    registry.register(model, "Ada")
    os._exit(0)


def test_killed_at_any_write_a_version_is_there_whole_or_not_at_all_and_the_rest_is_swept(
    registry, database, place, files, champion, tmp_path
):
    registry.register(champion, "Ada")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.storage.registry.test_version_store", "sklearn.discriminant_analysis"])
    ends = []
    for step in range(1, 20):
        words = (dict(os.environ), f"sqlite:///{tmp_path}/flora.db", place, tmp_path / "cache", champion, step)
        process = context.Process(target=_register_and_die, args=words)
        process.start()
        process.join()
        ends.append(process.exitcode)
        assert [one.problem for one in registry.verify("iris")[0] if one.problem] == []
        registry.sweep(timedelta(seconds=-5))
        if process.exitcode == 0:
            break
    assert ends[-1] == 0
    assert ends.count(9) >= 3
    registry.register(champion, "Ada")
    versions = [one.version for one in registry.versions("iris")]
    whole = {f"iris/{version}/{name}" for version in versions for name in ("card.json", "model.joblib")}
    # Where a process died after its row was written, its note may stay; nobody minds it.
    assert {name for name in names(files) if not name.endswith(UNREGISTERED)} == whole
    assert registry.verify("iris")[1] == []


def test_what_another_database_may_know_stays(registry, files, champion):
    registry.register(champion, "Ada")
    for name in ("card.json", "model.joblib"):
        put(files, f"iris/7/{name}", b"another's")
        put(files, f"rosa/1/{name}", b"another's")
    assert registry.sweep(timedelta(seconds=-5)) == 0
    assert registry.verify("iris")[1] == ["7"]
    assert len(names(files)) == 6


def test_versions_whose_rows_go_are_deleted_and_their_numbers_are_free(registry, files, champion):
    registry.register(champion, "Ada")
    registry.files.mark_unregistered("iris", {1, 5})
    registry.files.mark_registered("iris", {1})
    assert names(files) == ["iris/1/card.json", "iris/1/model.joblib"]
    registry.files.delete_removed("iris", {1, 5})
    assert names(files) == []


# Copies on this machine, of what lies in a bucket.


def test_a_version_is_fetched_once_and_its_copy_is_compared_each_time(database, bucket, champion, tmp_path):
    registry, files, cache = Registry(database, bucket, tmp_path / "cache"), files_below(bucket), tmp_path / "cache"
    registry.register(champion, "Ada")
    registry.load("iris", 1)
    # From here on the store has them no longer, and the copies do.
    stored = {}
    for name in names(files):
        with files.open(name) as stream:
            stored[name] = stream.read()
        files.delete(name)
    assert registry.load("iris", 1).card.version == 1
    assert registry.verify("iris")[0][0].problem
    for copy in (cache / "models").iterdir():
        copy.write_bytes(copy.read_bytes()[:-1] + b"?")
    with pytest.raises(ArtifactRefused, match="is not there"):
        registry.load("iris", 1)
    for name, content in stored.items():
        put(files, name, content)
    assert registry.load("iris", 1).card.version == 1


def test_without_a_place_for_copies_the_program_goes_on(database, bucket, champion, tmp_path):
    (tmp_path / "cache").write_text("in the way")
    registry = Registry(database, bucket, tmp_path / "cache")
    registry.register(champion, "Ada")
    assert registry.load("iris", 1).card.version == 1


def test_copies_make_room_for_one_another(tmp_path):
    from flora_core.storage.files.copies import LocalCopies

    copies = LocalCopies(tmp_path / "copies", room=250)
    contents = [bytes([n]) * 100 for n in range(3)]
    for n, content in enumerate(contents):
        copies.keep(content)
        for path in (tmp_path / "copies").iterdir():
            if path.read_bytes() == content:
                os.utime(path, (n, n))
    import hashlib

    found = [copies.find(hashlib.sha256(content).hexdigest()) for content in contents]
    assert found == [None, *contents[1:]]
    shutil.rmtree(tmp_path / "copies")
    assert copies.find(hashlib.sha256(contents[2]).hexdigest()) is None


def test_a_store_that_does_not_answer_is_said_and_nothing_is_registered(
    database, bucket, champion, tmp_path, monkeypatch
):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    registry = Registry(database, f"{bucket}/elsewhere", tmp_path / "cache")
    with pytest.raises(
        Unavailable, match=r"The model can't be saved below s3://.*Nothing was registered.*FLORA_MODELS"
    ):
        registry.register(champion, "Ada")
    assert registry.versions("iris") == ()
