"""A user whom the system has no entry of, as in a container with any uid, can do what others can."""

import getpass
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys

import pytest

from flora_core import cli
from tests.servers import ROOT


@pytest.mark.parametrize("error", [KeyError("getpwuid(): uid not found: 12345"), OSError("No username set")])
def test_somebody_without_an_entry_has_a_name(monkeypatch, error):
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)

    def nobody(uid):
        raise error

    monkeypatch.setattr("pwd.getpwuid", nobody)
    cli._name_the_user()
    assert getpass.getuser() == f"uid-{os.getuid()}"


def test_somebody_with_a_name_keeps_it(monkeypatch):
    monkeypatch.setenv("LOGNAME", "ada")
    cli._name_the_user()
    assert os.environ["LOGNAME"] == "ada"


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root becomes somebody else")
def test_a_command_runs_for_a_uid_that_nobody_knows():
    environment = {
        name: value for name, value in os.environ.items() if name not in ("LOGNAME", "USER", "LNAME", "USERNAME")
    }
    code = "import os, getpass, pwd; from flora_core import cli; os.setuid(54321); cli._name_the_user(); print(getpass.getuser())"
    found = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "uid-54321"


_AS_NOBODY = ("setpriv", "--reuid=54321", "--regid=54321", "--clear-groups")
#: The interpreter and this checkout may lie where only root reads; nothing else of root's is kept.
_READS = ("--inh-caps=-all,+dac_read_search", "--ambient-caps=+dac_read_search")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("setpriv") is None or os.getuid() != 0, reason="only root becomes somebody else")
def test_tables_determinations_and_trainings_work_for_a_uid_that_nobody_knows(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nobody")
    for parent in (folder, *folder.parents):
        if str(parent).startswith("/tmp/"):
            parent.chmod(parent.stat().st_mode | 0o055)
    os.chown(folder, 54321, 54321)
    (folder / "t.csv").write_text(
        "id,sepal length,sepal width,petal length,petal width\n1,5.1,3.5,1.4,0.2\n2,6.0,3.0,5.0,1.9\n"
    )
    environment = {
        name: value for name, value in os.environ.items() if name not in ("LOGNAME", "USER", "LNAME", "USERNAME")
    }
    environment |= {
        "FLORA_DATABASE_URL": f"sqlite:///{folder}/flora.db",
        "FLORA_MODELS": f"{folder}/models",
        "HOME": "/nonexistent",
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
    }

    def flora(*words):
        command = [*_AS_NOBODY, *_READS, sys.executable, "-m", "flora_core", *words]
        done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-1000:]
        assert "Traceback" not in done.stderr
        return done.stdout

    table = json.loads(flora("batch", "t.csv", "--json"))
    assert table["recorded"] == 2
    plants = sqlite3.connect(folder / "flora.db").execute("SELECT recording, row FROM identifications").fetchall()
    assert len(plants) == 2
    shown = (
        (folder / table["output"]).read_text()
        if table.get("output")
        else flora("identify", "petal_length=1.4", "--record", "--json")
    )
    identifier = re.search(r"[a-z0-9]{10}-\d+", shown).group()
    assert "1" in flora("determine", identifier, "Iris setosa", "--by", "Ada", "--json")
    assert json.loads(flora("train", "--algorithm", "lda", "--json"))
    flora("retrain")
