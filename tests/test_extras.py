"""What only servers need may be missing: then a setting that asks for it is refused with what to install."""

import sys

import pytest

from flora_core.errors import DatabaseUnavailable, WrongSetting
from flora_core.storage.database import Database
from flora_core.workflows.monitor.alerts import announce_change


def test_alerts_without_their_library(context, monkeypatch):
    monkeypatch.setitem(sys.modules, "apprise", None)
    settings = context.settings.model_copy(update={"alerts": type(context.settings.alerts)("json://127.0.0.1:9/")})
    object.__setattr__(context, "settings", settings)
    with pytest.raises(WrongSetting, match=r"requirements-server\.txt"):
        announce_change(context, "iris", "red", "The last plants differ.")


def test_postgresql_without_its_driver(monkeypatch):
    for name in [name for name in sys.modules if name == "psycopg" or name.startswith("psycopg.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    database = Database("postgresql+psycopg://flora@127.0.0.1:9/flora")
    with pytest.raises(DatabaseUnavailable, match=r"psycopg, is not installed.*requirements-server\.txt"):
        database.prepare()
