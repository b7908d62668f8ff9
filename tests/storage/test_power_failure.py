"""What is reported as kept lasts through a power failure: contents and names are on the disk before anything refers to them."""

import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from flora_core import durable_files
from flora_core.durable_files import appearing_whole, sync_folder, write_durably
from flora_core.storage.database import Database
from flora_core.storage.files.backup import write_backup

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the system does not tell what is open")


@pytest.fixture
def told(monkeypatch):
    """What the system was told, in order: ("sync", path), ("rename", from, to), ("row",)."""
    log = []
    fsync, link, rename, replace = os.fsync, os.link, Path.rename, Path.replace

    def syncing(descriptor):
        log.append(("sync", Path(os.readlink(f"/proc/self/fd/{descriptor}"))))
        fsync(descriptor)

    def moving(original):
        def moved(self, target):
            log.append(("rename", Path(self), Path(target)))
            return original(self, target)

        return moved

    def linking(source, target, **options):
        of = Path(os.readlink(source))
        link(source, target, **options)
        log.append(("rename", of, Path(target)))

    monkeypatch.setattr(os, "fsync", syncing)
    monkeypatch.setattr(os, "link", linking)
    monkeypatch.setattr(Path, "rename", moving(rename))
    monkeypatch.setattr(Path, "replace", moving(replace))
    return log


def renamed_to(log, target):
    (place,) = [i for i, step in enumerate(log) if step[0] == "rename" and step[2] == target]
    return place


def test_a_file_that_appears_whole_is_on_the_disk_before_its_name_and_then_its_name(told, tmp_path):
    target = tmp_path / "result.csv"
    with appearing_whole(target) as stream:
        stream.write(b"a,b\n")
    unfinished = told[renamed_to(told, target)][1]
    assert told == [("sync", unfinished), ("rename", unfinished, target), ("sync", tmp_path)]


@pytest.mark.parametrize("nameless", [True, False])
def test_a_file_that_takes_the_place_of_another_is_on_the_disk_first(told, tmp_path, monkeypatch, nameless):
    if not nameless:
        monkeypatch.setattr(durable_files, "_nameless_file", lambda folder: None)
    target = tmp_path / "result.csv"
    target.write_bytes(b"old")
    with appearing_whole(target) as stream:
        stream.write(b"a,b\n")
        stream.close()
        assert target.read_bytes() == b"old"
    assert target.read_bytes() == b"a,b\n"
    assert list(tmp_path.iterdir()) == [target]
    assert [step[0] for step in told if step[0] == "sync" or step[2] == target] == ["sync", "rename", "sync"]
    assert target.stat().st_mode & 0o777 == 0o666 & ~os.umask(os.umask(0o22))


def write_and_be_killed(target):
    with appearing_whole(target) as stream:
        stream.write(b"half")
        stream.flush()
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="the system knows no files without a name")
def test_a_process_that_is_killed_leaves_no_half_written_file(tmp_path):
    killed = multiprocessing.get_context("spawn").Process(target=write_and_be_killed, args=(tmp_path / "result.csv",))
    killed.start()
    killed.join()
    assert killed.exitcode == -signal.SIGKILL
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_could_not_be_written_leaves_the_one_before(tmp_path):
    target = tmp_path / "result.csv"
    target.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), appearing_whole(target) as stream:
        stream.write(b"half")
        raise KeyboardInterrupt
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_writing_durably_and_its_folder_are_two_steps(told, tmp_path):
    write_durably(tmp_path / "a", b"x")
    sync_folder(tmp_path)
    assert told == [("sync", tmp_path / "a"), ("sync", tmp_path)]


def test_a_version_s_files_and_folders_are_on_the_disk_before_its_row_is_written(told, context, champion, monkeypatch):
    write = Database.write

    def noted(self):
        told.append(("row",))
        return write(self)

    monkeypatch.setattr(Database, "write", noted)
    version = context.registry.register(champion, by="Ada").card.version
    study = context.settings.models / "iris"
    named = renamed_to(told, study / str(version))
    unfinished = told[named][1]
    before, after = told[:named], told[named + 1 : told.index(("row",))]
    # Contents first, then the names of the files within the folder, then the folder's own name, and that of the study's.
    assert ("sync", unfinished / "model.joblib") in before
    assert ("sync", unfinished / "card.json") in before
    assert before[-1] == ("sync", unfinished)
    assert after == [("sync", study), ("sync", study.parent)]


def test_a_backup_is_on_the_disk_before_it_has_its_name(told, context, tmp_path):
    target = tmp_path / "backup.zip"
    write_backup(context.database, context.registry.files, target)
    named = renamed_to(told, target)
    assert ("sync", told[named][1]) in told[:named]
    assert ("sync", target.parent) in told[named:]


def test_each_connection_to_sqlite_waits_for_the_disk_at_each_commit(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/flora.db")
    database.prepare()
    full = 2
    with database.write() as first, database.read() as second, database.read() as third:
        levels = [one.exec_driver_sql("PRAGMA synchronous").scalar() for one in (first, second, third)]
        modes = [one.exec_driver_sql("PRAGMA journal_mode").scalar() for one in (first, second, third)]
    database.close()
    # SQLite's own default in this mode would lose the last commits.
    assert levels == [full] * 3
    assert modes == ["wal"] * 3


@pytest.mark.postgresql
def test_postgresql_is_not_asked_to_report_a_commit_before_it_is_written(postgres):
    database = Database(postgres.new_database())
    database.prepare()
    with database.write() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    database.close()
