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
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

ROOT = Path(__file__).resolve().parents[1]


class Visitor:
    """One open page."""

    def __init__(self, port: int, query: str = "", name: str = "") -> None:
        self._socket = connect(
            f"ws://127.0.0.1:{port}/_stcore/stream", subprotocols=["streamlit"], max_size=None, compression=None
        )
        self._query, self._name = query, name
        self._page = ""
        self.sliders: dict[str, Any] = {}
        self.text = ""
        self._states: dict[str, float] = {}

    def visit(self) -> None:
        """Open the page and wait until it is drawn."""
        self._send()
        self._wait()

    def move(self, label: str, value: float) -> None:
        """Move a slider and wait until the page is drawn again."""
        slider = next(s for s in self.sliders.values() if s.label.startswith(label))
        self._states = {slider.id: value}
        self._send()
        self._wait()

    def until(self, wanted: str, seconds: float) -> None:
        """Open the page and wait only until the words were delivered."""
        self._send()
        self._wait(wanted, seconds)

    def close(self) -> None:
        self._socket.close()

    def _send(self) -> None:
        message = BackMsg()
        message.rerun_script.query_string = self._query
        message.rerun_script.page_script_hash = self._page
        message.rerun_script.page_name = self._name
        for identifier, value in self._states.items():
            state = message.rerun_script.widget_states.widgets.add()
            state.id = identifier
            state.double_array_value.data[:] = [value]
        self._socket.send(message.SerializeToString())

    def _wait(self, wanted: str = "", seconds: float = 60.0) -> None:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            content = self._socket.recv(timeout=seconds)
            message = ForwardMsg()
            message.ParseFromString(content)
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self._page = message.new_session.page_script_hash
            elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                element = message.delta.new_element
                if element.WhichOneof("type") == "slider":
                    self.sliders[element.slider.label] = element.slider
                if wanted and wanted in content.decode("utf-8", "ignore"):
                    return
            elif kind == "page_info_changed":
                self._query = message.page_info_changed.query_string
            elif kind == "script_finished" and not wanted:
                return
        raise TimeoutError(
            f"the page did not say {wanted!r} within {seconds} s" if wanted else "the page did not finish"
        )


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
    return [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port), "--server.headless", "true"]


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
