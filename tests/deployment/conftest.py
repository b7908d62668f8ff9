"""Two replicas on one PostgreSQL and one object store, behind the proxy that deploy/ describes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from flora_core.settings import Settings
from flora_core.workflows.context import AppContext, open_context
from tests.conftest import missing
from tests.servers import PostgresServer, Proxy, WebServer


@dataclass
class Site:
    """What runs, and the settings that all parts of it share."""

    settings: dict[str, str]
    replicas: tuple[WebServer, WebServer]
    proxy: Proxy
    context: AppContext


@pytest.fixture
def start_site(postgres: PostgresServer, bucket: str, tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Start the whole, with more settings where they are given."""
    program = shutil.which("caddy")
    if program is None:
        missing("Caddy", "apt-get install caddy")
        raise AssertionError
    with ExitStack() as running:

        def start(**more: str) -> Site:
            shared = {
                "FLORA_DATABASE_URL": postgres.new_database(),
                "FLORA_MODELS": f"{bucket}/models",
                "FLORA_RESULTS": f"{bucket}/results",
                **more,
            }
            replicas = [
                WebServer(tmp_path / name, settings={**shared, "FLORA_CACHE": str(tmp_path / name / "cache")})
                for name in ("one", "other")
            ]
            with ThreadPoolExecutor(2) as threads:
                one, other = threads.map(running.enter_context, replicas)
            for server in (one, other):
                server.wait_for("/readyz", 200, 300)
            (tmp_path / "proxy").mkdir()
            proxy = running.enter_context(Proxy(program, tmp_path / "proxy", (one, other)))
            context = open_context(
                Settings(
                    database_url=shared["FLORA_DATABASE_URL"],
                    models=shared["FLORA_MODELS"],
                    results=shared["FLORA_RESULTS"],
                    cache=tmp_path / "cache",
                    _env_file=None,
                )
            )
            running.callback(context.close)
            return Site(shared, (one, other), proxy, context)

        yield start
