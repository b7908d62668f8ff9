"""A user whom the system has no entry of, as in a container with any uid, can do what others can."""

import getpass
import os
import subprocess
import sys

import pytest

from flora_core import cli


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
