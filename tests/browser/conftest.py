"""A real Chromium against a real server of our own."""

from __future__ import annotations

import os
import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.conftest import missing
from tests.servers import WebServer

#: Nothing of the browser's own goes out while a page is tested.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'


def sign_as(page: Any, name: str) -> None:
    """Give the name beside what is recorded, at the head of the page: it takes the place of one that is remembered."""
    head = page.locator(".st-key-who")
    head.get_by_role("button").click()
    box = page.get_by_label("The name beside what you record")
    box.fill(name)
    box.press("Enter")
    head.get_by_role("button", name=name).wait_for()
    page.wait_for_selector(IDLE)
    page.keyboard.press("Escape")
    box.wait_for(state="hidden")


def chromium_program() -> str | None:
    named = os.environ.get("CHROMIUM", "")
    return named or next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    program = chromium_program()
    if program is None:
        missing("Chromium", "apt-get install chromium, or name its program in CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def server(first_start: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """The program with its first champion; tests that change it take a server of their own."""
    folder = tmp_path_factory.mktemp("server") / "context"
    shutil.copytree(first_start, folder)
    with WebServer(folder) as running:
        running.wait_for("/readyz", 200)
        yield running


@pytest.fixture
def new_server(first_start: Path, tmp_path: Path) -> Iterator[WebServer]:
    """A server of the test's own, which was not told a name yet."""
    shutil.copytree(first_start, tmp_path / "context")
    with WebServer(tmp_path / "context") as running:
        running.wait_for("/readyz", 200)
        yield running


@pytest.fixture
def visit(browser: Any, server: WebServer, request: pytest.FixtureRequest) -> Iterator[Any]:
    """Opens pages; a test fails when a page wrote an error to the console or asked another host for anything."""
    if "own_server" in request.fixturenames:
        request.getfixturevalue(
            "own_server"
        )  # begun first, so it ends after the pages, which may still be loading a part
    contexts, complaints = [], list[tuple[str, str]]()

    def open_page(
        path: str = "/", *, address: str = "", wide: bool = True, dark: bool = False, locale: str = "en-US"
    ) -> Any:
        context = browser.new_context(
            viewport={"width": 1360 if wide else 390, "height": 900 if wide else 844},
            color_scheme="dark" if dark else "light",
            accept_downloads=True,
            locale=locale,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        base = address or server.address

        def asked(sent: Any) -> None:
            if not sent.url.startswith((base, base.replace("http", "ws", 1), "data:", "blob:")):
                complaints.append((base, f"asked {sent.url}"))

        page.on("request", asked)
        # Below a page's own address Streamlit asks there first for what lies at the root, and goes on to the root.
        page.on(
            "console",
            lambda m: (
                complaints.append((base, m.text))
                if m.type == "error" and not re.search(r"/\w+/_stcore/[\w-]+$", m.location.get("url", ""))
                else None
            ),
        )
        page.on("pageerror", lambda e: complaints.append((base, str(e))))
        page.goto(base + path)
        page.wait_for_selector(IDLE)
        return page

    yield open_page
    for context in contexts:
        context.close()
    # A page asks on when its server ended before it.
    assert [said for base, said in complaints if not ("ERR_CONNECTION_" in said and has_ended(base))] == []


def has_ended(address: str) -> bool:
    """Whether nobody answers at an address."""
    place = urlsplit(address)
    try:
        socket.create_connection((place.hostname or "", place.port or 80), timeout=5).close()
    except OSError:
        return True
    return False
