"""A visitor without a browser: speaks Streamlit's websocket protocol, moves widgets, and waits for the page."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

ROOT = Path(__file__).resolve().parents[1]


#: The flower that Identify is opened with: its address carries what was measured, and without any it names nothing.
_FLOWER: Final = "sepal_length=5.9&sepal_width=2.8&petal_length=4.3&petal_width=1.3"
#: What stands before the name of a flower on it.
NAMED: Final = "<p class='flora-name'>"
_IDENTIFY: Final = "identify"


class Page:
    """One visitor's half of Streamlit's protocol, without a connection: what to send, and what was received.

    Parameters
    ----------
    query : str
        The address's query: "study=season".
    name : str
        The page to ask for, by its address: "identify", which is opened with a flower. "" for whatever page comes first.
    """

    def __init__(self, query: str = "", name: str = "") -> None:
        self._query, self._name = query, name
        if name == _IDENTIFY and not query:
            self._query = _FLOWER
        self._named = False
        self._hash = ""
        self.sliders: dict[str, Any] = {}

    def request(self, states: dict[str, float] | None = None) -> bytes:
        """The message that asks for the page, with sliders moved: {identifier: value}."""
        self._named = False
        message = BackMsg()
        message.rerun_script.query_string = self._query
        message.rerun_script.page_script_hash = self._hash
        message.rerun_script.page_name = self._name
        for identifier, value in (states or {}).items():
            state = message.rerun_script.widget_states.widgets.add()
            state.id = identifier
            state.double_array_value.data[:] = [value]
        return message.SerializeToString()

    def slider(self, label: str) -> str:
        """The identifier of a slider that was received, by the beginning of its label."""
        return str(next(s for s in self.sliders.values() if s.label.startswith(label)).id)

    def receive(self, content: bytes) -> str:
        """Take in a message of the server; what kind it is.

        Raises
        ------
        RuntimeError
            Another page came than was asked for, or Identify named no flower: what is measured would not be what it says.
        """
        message = ForwardMsg()
        message.ParseFromString(content)
        kind = message.WhichOneof("type") or ""
        if kind == "navigation":
            # The hash in `new_session` is that of the script around all pages: sent back, it asks for the first page.
            self._hash = message.navigation.page_script_hash
            shown = {page.page_script_hash: page.url_pathname for page in message.navigation.app_pages}
            if self._name and shown.get(self._hash) != self._name:
                raise RuntimeError(f"the page {self._name!r} was asked for, {shown.get(self._hash)!r} came")
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            element = message.delta.new_element
            if element.WhichOneof("type") == "slider":
                self.sliders[element.slider.label] = element.slider
            self._named |= NAMED in element.html.body
        elif kind == "script_finished" and self._name == _IDENTIFY and not self._named:
            raise RuntimeError("Identify was drawn without the name of a flower")
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
        return kind


class Visitor:
    """One open page."""

    def __init__(self, port: int, query: str = "", name: str = "") -> None:
        self._socket = connect(websocket_address(port), subprotocols=["streamlit"], max_size=None, compression=None)
        self._page = Page(query, name)

    def visit(self) -> None:
        """Open the page and wait until it is drawn."""
        self._socket.send(self._page.request())
        self._wait()

    def move(self, label: str, value: float) -> None:
        """Move a slider and wait until the page is drawn again."""
        self._socket.send(self._page.request({self._page.slider(label): value}))
        self._wait()

    def until(self, wanted: str, seconds: float) -> None:
        """Open the page and wait only until the words were delivered."""
        self._socket.send(self._page.request())
        self._wait(wanted, seconds)

    def close(self) -> None:
        self._socket.close()

    def _wait(self, wanted: str = "", seconds: float = 60.0) -> None:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            content = self._socket.recv(timeout=seconds)
            assert isinstance(content, bytes)
            kind = self._page.receive(content)
            if wanted and kind == "delta" and wanted in content.decode("utf-8", "ignore"):
                return
            if kind == "script_finished" and not wanted:
                return
        raise TimeoutError(
            f"the page did not say {wanted!r} within {seconds} s" if wanted else "the page did not finish"
        )


def websocket_address(port: int) -> str:
    return f"ws://127.0.0.1:{port}/_stcore/stream"


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@contextmanager
def serving(
    command: list[str], folder: Path, port: int, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A server of our own on loopback, which ends with the block."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def arrive(port: int, query: str = "", seconds: float = 60.0, name: str = "") -> Visitor:
    """A visitor, as soon as the server lets one in."""
    end = time.perf_counter() + seconds
    while True:
        try:
            return Visitor(port, query, name)
        except (OSError, WebSocketException):
            if time.perf_counter() > end:
                raise
            time.sleep(0.01)


def streamlit_command(script: str, port: int) -> list[str]:
    where = ["--server.address", "127.0.0.1", "--server.port", str(port), "--server.headless", "true"]
    return [sys.executable, "-m", "streamlit", "run", script, *where]


@contextmanager
def installation_folder() -> Iterator[dict[str, str]]:
    """An environment with a database and a models folder of its own, where a champion is already trained."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "FLORA_DATABASE_URL": f"sqlite:///{folder}/flora.db",
            "FLORA_MODELS": f"{folder}/models",
            "PYTHONPATH": str(ROOT),
        }
        subprocess.run(
            [sys.executable, "-m", "flora_core", "models", "list"],
            cwd=ROOT,
            env={**os.environ, **environment},
            check=True,
            capture_output=True,
        )
        yield environment
