"""What is cut off in the middle leaves a registry that is whole: killed, out of room, or two at once."""

import errno
import multiprocessing
import os
from contextlib import contextmanager

import pytest

from flora_core import durable_files
from flora_core.errors import Conflict, Unavailable
from flora_core.settings import Settings
from flora_core.storage.database import Database
from flora_core.storage.registry import version_folders
from flora_core.storage.registry.registry import Registry
from flora_core.workflows.context import open_context
from flora_core.workflows.models.lifecycle import verify_versions


def whole(context):
    """Nothing is wrong with any version, and the champion answers."""
    assert [v.problem for v in verify_versions(context)[0] if v.problem] == []
    version = context.registry.champion_version("iris")
    assert context.champion("iris").card.version == version
    return version


def registers(context, champion):
    """Register; whether that went well. Where it did not, it is said that nothing was registered."""
    try:
        context.registry.register(champion, "Ada")
    except Unavailable as error:
        return "Nothing was registered" not in error.message
    return True


@pytest.mark.parametrize("place", ["write", "fsync", "rename"])
def test_a_full_disk_at_every_write_registers_nothing_and_leaves_nothing(context, champion, monkeypatch, place):
    folder = context.settings.models / "iris"
    before = sorted(entry.name for entry in folder.iterdir())
    failures = 0
    for nth in range(1, 12):
        calls = 0

        def counted(function, nth=nth):
            def wrapper(*words, **named):
                nonlocal calls
                calls += 1
                if calls == nth:
                    raise OSError(errno.ENOSPC, "No space left on device")
                return function(*words, **named)

            return wrapper

        with monkeypatch.context() as patch:
            if place == "write":
                patch.setattr(version_folders, "write_durably", counted(version_folders.write_durably))
            elif place == "fsync":
                patch.setattr(durable_files.os, "fsync", counted(os.fsync))
            else:
                patch.setattr(version_folders.Path, "rename", counted(version_folders.Path.rename))
            if registers(context, champion):
                break
            failures += 1
        assert len(context.registry.versions("iris")) == 1
        assert whole(context) == 1
        # A folder without a row may stay where even tidying up failed; nobody uses it.
        assert set(before) <= {entry.name for entry in folder.iterdir()}
    assert failures >= 1
    assert whole(context) == 1


def _act_and_die(url, models, version, step):
    """Promote, roll back and retire in a process that dies, without any clean-up, around one of the transactions."""
    context = open_context(Settings(database_url=url, models=models, _env_file=None))
    write, count = Database.write, 0

    @contextmanager
    def dying(self):
        nonlocal count
        with write(self) as connection:
            count += 1
            if count == step:
                os._exit(9)
            yield connection
            count += 1
            if count == step:
                os._exit(9)
        count += 1
        if count == step:
            os._exit(9)

    Database.write = dying
    context.registry.promote("iris", version, "Ada", "x")
    context.registry.roll_back("iris", "Ada", "x")
    context.registry.retire("iris", version, "Ada", "x")
    os._exit(0)


def processes():
    mp_context = multiprocessing.get_context("forkserver")
    mp_context.set_forkserver_preload(["tests.storage.test_faults", "sklearn.discriminant_analysis"])
    return mp_context


@pytest.mark.slow
def test_killed_around_every_transaction_of_a_version_s_life(either, champion, database_url):
    context, mp_context, ends = either, processes(), []
    for step in range(1, 12):
        version = context.registry.register(champion, "Ada").card.version
        process = mp_context.Process(target=_act_and_die, args=(database_url, context.settings.models, version, step))
        process.start()
        process.join()
        ends.append(process.exitcode)
        # A transaction that was not committed never happened; one that was, did.
        assert whole(context) == (version if step in (3, 4, 5) else 1)
        assert (version in context.registry.retired("iris")) == (step >= 9)
        if process.exitcode == 0:
            break
        if context.registry.champion_version("iris") != 1:
            context.registry.roll_back("iris", "a test", "back to the first")
    assert ends == [9] * 9 + [0]


def _live(url, models, name, barrier):
    context = open_context(Settings(database_url=url, models=models, _env_file=None))
    model = context.champion("iris")
    barrier.wait()
    for _ in range(5):
        version = context.registry.register(model, name).card.version
        try:
            context.registry.promote("iris", version, name, "mine")
            context.registry.roll_back("iris", name, "or not")
        except Conflict:
            # The other one was quicker with a step of its own.
            continue
    context.close()


def test_two_processes_that_register_and_promote_at_once(either, database_url):
    context, mp_context = either, processes()
    barrier = mp_context.Barrier(2)
    both = [
        mp_context.Process(target=_live, args=(database_url, context.settings.models, name, barrier))
        for name in ("Ada", "Grace")
    ]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
    assert [process.exitcode for process in both] == [0, 0]
    versions = context.registry.versions("iris")
    assert [v.version for v in versions] == list(range(1, 12))
    assert sorted(v.registered_by for v in versions[1:]) == ["Ada"] * 5 + ["Grace"] * 5
    assert len([e for e in context.registry.events("iris") if e.kind == "registered"]) == 11
    assert isinstance(Registry(context.database, context.settings.models).earlier_champion("iris"), int | None)
    whole(context)
