"""`backup` and `restore` as an operator types them."""

import json
import os
import subprocess
import sys

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
