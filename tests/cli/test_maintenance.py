"""`backup` and `restore` as an operator types them."""

import json
import os
import subprocess
import sys
import zipfile

from tests.servers import ROOT


def flora(folder, *words):
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "flora_core", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "FLORA_DATABASE_URL": f"sqlite:///{folder}/flora.db", "FLORA_MODELS": f"{folder}/models"},
    )


def test_an_installation_moves_to_another_place(context, tmp_path):
    old, new = context.settings.models.parent, tmp_path / "new"
    done = flora(old, "backup", str(tmp_path / "b.zip"))
    assert done.returncode == 0, done.stderr
    assert "1 model versions" in done.stdout
    restored = flora(new, "restore", str(tmp_path / "b.zip"), "--json")
    assert restored.returncode == 0, restored.stderr
    assert json.loads(restored.stdout)["ok"] is True
    assert flora(new, "identify", "petal_length=1.4").stdout == flora(old, "identify", "petal_length=1.4").stdout


def test_a_second_restore_is_refused_in_one_line(context, tmp_path):
    folder = context.settings.models.parent
    flora(folder, "backup", str(tmp_path / "b.zip"))
    done = flora(folder, "restore", str(tmp_path / "b.zip"))
    assert done.returncode == 1
    assert done.stderr.startswith("flora: There is a database at ")
    assert len(done.stderr.splitlines()) == 1


def test_a_backup_says_what_it_holds_and_is_its_owner_s(context, tmp_path):
    done = flora(context.settings.models.parent, "backup", str(tmp_path / "b.zip"))
    assert "It holds all records with the names of people and places" in done.stdout
    assert (tmp_path / "b.zip").stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        assert "names of people" in json.loads(archive.read("backup.json"))["holds"]


def test_a_backup_on_its_way_to_be_encrypted_is_the_same(context, tmp_path):
    folder = context.settings.models.parent
    done = subprocess.run(
        [sys.executable, "-m", "flora_core", "backup", "-"],
        cwd=ROOT,
        capture_output=True,
        timeout=120,
        check=True,
        env={**os.environ, "FLORA_DATABASE_URL": f"sqlite:///{folder}/flora.db", "FLORA_MODELS": f"{folder}/models"},
    )
    (tmp_path / "b.zip").write_bytes(done.stdout)
    assert flora(tmp_path / "new", "restore", str(tmp_path / "b.zip")).returncode == 0
