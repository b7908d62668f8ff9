"""Backing up while somebody writes, restoring elsewhere, and refusing what is no backup."""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import zipfile

import pytest

from flora_core.errors import Conflict, Refused, Unavailable
from flora_core.storage.database import restore_journal
from flora_core.storage.files.backup import delete_stale_backup_files, restore_backup, write_backup
from flora_core.workflows.context import open_context
from flora_core.workflows.identify import identify, record
from flora_core.workflows.models.lifecycle import verify_versions
from tests.builders import SETOSA, typed_flower
from tests.conftest import settings_in


@pytest.fixture
def elsewhere(tmp_path):
    opened = open_context(settings_in(tmp_path / "elsewhere"))
    yield opened
    opened.close()


def backed_up(context, tmp_path):
    target = tmp_path / "backup.zip"
    write_backup(context.database, context.registry.files, target)
    return target


def rewritten(source, target, change):
    """A copy of the archive with some files changed: change(name, content) -> content or None."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return target


def test_a_restored_installation_answers_and_holds_every_record(context, elsewhere, tmp_path):
    found = identify(context, "iris", typed_flower())
    (recorded,) = record(context, [found], by="Ada", door="page")
    restore_backup(backed_up(context, tmp_path), elsewhere.database, elsewhere.registry.files)
    assert elsewhere.records.get(recorded.id) == recorded
    assert identify(elsewhere, "iris", typed_flower()).sentence == found.sentence
    verified, spare = verify_versions(elsewhere)
    assert [v.problem for v in verified] == [""]
    assert spare == []


def test_what_lies_beside_a_version_s_two_files_is_not_backed_up(context, elsewhere, tmp_path):
    # A process that was killed after a version's row was written leaves its note there.
    (context.settings.models / "iris" / "1" / ".unregistered").touch()
    restore_backup(backed_up(context, tmp_path), elsewhere.database, elsewhere.registry.files)
    assert sorted(p.name for p in (elsewhere.settings.models / "iris" / "1").iterdir()) == ["card.json", "model.joblib"]


def test_a_backup_taken_while_somebody_writes_holds_whole_recordings_only(context, elsewhere, tmp_path):
    found = identify(context, "iris", SETOSA)
    written, stop = [], threading.Event()

    def write():
        while not stop.is_set():
            written.extend(record(context, [found] * 3, by="Ada", door="api"))

    thread = threading.Thread(target=write)
    thread.start()
    try:
        while len(written) < 6:
            pass
        before = len(written)
        target = backed_up(context, tmp_path)
    finally:
        stop.set()
        thread.join()
    restore_backup(target, elsewhere.database, elsewhere.registry.files)
    kept = elsewhere.records.newest("iris", 100_000)
    assert before <= len(kept) <= len(written)
    assert len(kept) % 3 == 0
    assert {r.id for r in kept} == {r.id for r in written[: len(kept)]}


def test_a_backup_never_replaces_another_and_leaves_nothing_behind_when_it_fails(context, tmp_path):
    target = backed_up(context, tmp_path)
    with pytest.raises(Refused, match="never replaces"):
        write_backup(context.database, context.registry.files, target)
    with pytest.raises(Unavailable, match="can't be written"):
        write_backup(context.database, context.registry.files, tmp_path / "no" / "folder.zip")
    (context.settings.models / "iris" / "1" / "card.json").unlink()
    (context.settings.models / "iris" / "1" / "model.joblib").unlink()
    (context.settings.models / "iris" / "1").rmdir()
    with pytest.raises(Unavailable, match="can't be written"):
        write_backup(context.database, context.registry.files, tmp_path / "second.zip")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["backup.zip", "context"]


def test_nothing_is_restored_over_something_that_is_there(context, tmp_path):
    target = backed_up(context, tmp_path)
    with pytest.raises(Conflict, match="There is a database"):
        restore_backup(target, context.database, context.registry.files)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda name, content: content + b" " if name.endswith("card.json") else content, "changed or damaged"),
        (lambda name, content: None if name.endswith("model.joblib") else content, "is missing"),
        (lambda name, content: None if name == "backup.json" else content, "no list of its files"),
        (lambda name, content: b"[]" if name == "backup.json" else content, "no list of its files"),
        (
            lambda name, content: (
                content.replace(b'"migration": "0', b'"migration": "9') if name == "backup.json" else content
            ),
            "newer program",
        ),
    ],
)
def test_what_is_not_whole_is_refused_and_nothing_is_written(context, elsewhere, tmp_path, change, says):
    broken = rewritten(backed_up(context, tmp_path), tmp_path / "broken.zip", change)
    with pytest.raises(Refused, match=says):
        restore_backup(broken, elsewhere.database, elsewhere.registry.files)
    assert not elsewhere.database.path.exists()
    assert not list(elsewhere.settings.models.glob("*"))


def test_a_name_that_leads_out_of_the_folder_is_refused(context, elsewhere, tmp_path):
    def lead_out(name, content):
        if name != "backup.json":
            return content
        listed = json.loads(content)
        listed["sha256"]["models/../../evil"] = hashlib.sha256(b"").hexdigest()
        return json.dumps(listed).encode()

    broken = rewritten(backed_up(context, tmp_path), tmp_path / "broken.zip", lead_out)
    with pytest.raises(Refused, match="other files"):
        restore_backup(broken, elsewhere.database, elsewhere.registry.files)


def test_what_is_no_archive_at_all_is_refused(elsewhere, tmp_path):
    (tmp_path / "x.zip").write_bytes(b"PK\x03\x04 cut short")
    with pytest.raises(Refused, match="cut short"):
        restore_backup(tmp_path / "x.zip", elsewhere.database, elsewhere.registry.files)
    with pytest.raises(Refused, match="can't be read"):
        restore_backup(tmp_path / "none.zip", elsewhere.database, elsewhere.registry.files)


@pytest.mark.parametrize("place", ["before the models", "between the models", "before the database", "at the end"])
def test_a_restore_that_is_stopped_half_way_is_undone_by_the_next_and_nothing_starts_meanwhile(
    context, elsewhere, tmp_path, place
):
    source = backed_up(context, tmp_path)
    code = f"""
import os, shutil, sys
from pathlib import Path
from flora_core.storage.database import Database
from flora_core.storage.files import backup
from flora_core.storage.registry import version_folders
from flora_core.storage.registry.version_store import version_store
place = {place!r}
moved, synced = shutil.move, backup.sync_folder
def move(source, target):
    if place == "before the models":
        os._exit(9)
    moved(source, target)
    if place == "between the models":
        (Path(target) / "1" / "card.json").unlink()
        os._exit(9)
def sync(folder):
    if place == "before the database" and folder.name == "models":
        os._exit(9)
    if place == "at the end" and Path({str(elsewhere.database.path)!r}).exists():
        os._exit(9)
    synced(folder)
backup.shutil.move, backup.sync_folder, version_folders.sync_folder = move, sync, sync
files = version_store({str(elsewhere.settings.models)!r}, Path("x"))
backup.restore_backup(Path({str(source)!r}), Database({elsewhere.settings.database_url!r}), files)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    if place != "at the end":
        for start in (elsewhere.database.migrate, lambda: elsewhere.studies.names()):
            with pytest.raises(Unavailable, match="was stopped half-way, .* Run it again"):
                start()
        assert not elsewhere.database.path.exists()
        restore_backup(source, elsewhere.database, elsewhere.registry.files)
    assert elsewhere.champion("iris").card == context.champion("iris").card
    assert not restore_journal(elsewhere.database.path).exists()
    if place != "at the end":
        assert not list(elsewhere.database.path.parent.glob(".restoring-*"))


def test_what_stopped_backups_and_restores_left_is_deleted_after_a_day(context, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    old = [tmp_path / "flora-backup-x", context.database.path.parent / ".restoring-x"]
    new = tmp_path / "flora-backup-y"
    for folder in (*old, new):
        folder.mkdir()
        (folder / "flora.db").write_bytes(b"x")
    for folder in old:
        for path in (folder / "flora.db", folder):
            os.utime(path, (0, 0))
    assert delete_stale_backup_files(context.database) == 2
    assert new.exists()
    assert not any(folder.exists() for folder in old)
