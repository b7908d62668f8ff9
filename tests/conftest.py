"""Real parts for the tests: a context with a trained champion, a PostgreSQL server, a web server, a browser."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from flora_core.model import Model
from flora_core.settings import Settings
from flora_core.study import IRIS
from flora_core.workflows.context import AppContext, open_context
from flora_core.workflows.models.lifecycle import ensure_champion, iris_plants
from tests.servers import PostgresServer, free_port, postgres_server

#: `pytest --hypothesis-profile=whole` tries as many examples as a release is held to, instead of the few that are quick.
hypothesis.settings.register_profile("whole", deadline=None)
# No example has to be quick: on a busy machine none is.
hypothesis.settings.register_profile(
    "patient", hypothesis.settings(), deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")


def examples(few: int, many: int = 0) -> int:
    """How many examples to try: a few in the suite, many (else ten times as many) in the whole profile."""
    return (many or 10 * few) if hypothesis.settings.get_current_profile_name() == "whole" else few


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' own settings, and nobody else's."""
    for name in list(os.environ):
        if name.startswith("FLORA_"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """The main module of before: a page that was run stands in its place, and processes begun later would run it again."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


def missing(what: str, how: str) -> None:
    """Skip with a line that says how to get it; in CI, where everything is installed, fail."""
    reason = f"{what} is not installed; {how}"
    if os.environ.get("CI"):
        pytest.fail(f"{reason} (a skip is a failure in CI)")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the program was started once: a database and the first champion."""
    folder = tmp_path_factory.mktemp("first-start")
    context = open_context(settings_in(folder))
    ensure_champion(context)
    context.close()
    return folder


def settings_in(folder: Path) -> Settings:
    return Settings(database_url=f"sqlite:///{folder}/flora.db", models=folder / "models", _env_file=None)


@pytest.fixture
def context(first_start: Path, tmp_path: Path) -> Iterator[AppContext]:
    """A context of the test's own, with the first champion."""
    shutil.copytree(first_start, tmp_path / "context")
    opened = open_context(settings_in(tmp_path / "context"))
    yield opened
    opened.close()


@pytest.fixture
def new_context(tmp_path: Path) -> Iterator[AppContext]:
    """A context in an empty folder: nothing made yet."""
    opened = open_context(settings_in(tmp_path / "new"))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def champion(first_start: Path) -> Model:
    """The first champion of Iris; models never change, so all tests share it."""
    context = open_context(settings_in(first_start))
    model = context.champion("iris")
    context.close()
    return model


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server of our own on loopback."""
    server = postgres_server()
    if server is None:
        missing("PostgreSQL", "apt-get install postgresql, or put its initdb and postgres on PATH")
        raise AssertionError
    with server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind: what a test says holds for both."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/flora.db"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
def either(database_url: str, tmp_path: Path, champion: Model) -> Iterator[AppContext]:
    """A context with the first champion, on SQLite and on PostgreSQL."""
    opened = open_context(Settings(database_url=database_url, models=tmp_path / "models", _env_file=None))
    opened.database.prepare()
    opened.studies.add(IRIS, iris_plants(), "a test")
    opened.registry.register(champion, "a test")
    opened.registry.promote("iris", 1, "a test", "first")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def object_store() -> Iterator[str]:
    """The address of an S3 server of our own on loopback."""
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                urllib.request.urlopen(address, timeout=5).close()
                break
            except OSError:
                if server.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
        yield address
    finally:
        server.kill()
        server.wait()


@pytest.fixture
def bucket(object_store: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an empty bucket; the environment says how it is reached."""
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL", object_store),
    ):
        monkeypatch.setenv(name, value)
    name = uuid.uuid4().hex
    urllib.request.urlopen(urllib.request.Request(f"{object_store}/{name}", method="PUT"), timeout=30).close()
    return f"s3://{name}/flora"
