"""`serve`: the wheel is built, installed and served from an empty folder; nothing of the checkout is in reach."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flora_core import __version__
from flora_core.cli import app, serve
from flora_core.errors import Refused
from tests.servers import ROOT, free_port


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package as `pip install <wheel>` leaves it."""
    folder = tmp_path_factory.mktemp("package")
    quiet = {"check": True, "capture_output": True, "cwd": ROOT, "timeout": 300}
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder / "dist"], **quiet)
    (wheel,) = (folder / "dist").glob("*.whl")
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--no-compile"]
    subprocess.run([*install, "--target", folder / "site", wheel], **quiet)
    return folder / "site"


def clean_environment(installed: Path) -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("FLORA_", "STREAMLIT_", "PYTEST"))
    }
    return {**kept, "PYTHONPATH": str(installed)}


def get(address: str, body: object = None) -> tuple[int, bytes]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError as error:
        return 0, str(error).encode()


@pytest.mark.slow
def test_an_installed_package_serves_pages_and_api_from_an_empty_folder(installed, tmp_path):
    port = free_port()
    with open(tmp_path.parent / f"{tmp_path.name}.log", "w+") as log:
        process = subprocess.Popen(
            [installed / "bin" / "flora", "serve", "--port", str(port)],
            cwd=tmp_path,
            env=clean_environment(installed),
            stdout=log,
            stderr=log,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            end = time.monotonic() + 180
            while get(f"{address}/readyz")[0] != 200:
                assert process.poll() is None, Path(log.name).read_text()
                assert time.monotonic() < end, Path(log.name).read_text()
                time.sleep(0.2)
            status, body = get(f"{address}/api/v1/identify", {"rows": [{"petal_length": 1.4}]})
            assert status == 200
            assert json.loads(body)["rows"][0]["species"] == "Iris setosa"
            assert get(f"{address}/")[0] == 200
            for file in ("flora.css", "logo.svg", "fonts/fraunces-latin-wght-normal.woff2"):
                assert get(f"{address}/app/static/{file}")[0] == 200, file
            assert (tmp_path / "data" / "flora.db").exists()
            assert (tmp_path / "models" / "iris" / "1" / "card.json").exists()
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def test_what_the_pages_read_lies_in_the_package_as_in_a_checkout(installed):
    server = installed / "flora_core" / "_server"
    pages = sorted(path.name for path in (ROOT / "pages").glob("*.py"))
    assert sorted(path.name for path in (server / "pages").glob("*.py")) == pages
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from ui.components.guide import chapters; "
        "print(*[c.name for c in chapters()])"
    )
    there, here = (
        subprocess.run(
            [sys.executable, "-P", "-c", code, folder],
            cwd="/",
            env={**clean_environment(installed), "PYTHONPATH": str(core)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for folder, core in ((server, installed), (ROOT, ROOT))
    )
    assert there == here
    assert "statistics" in there
    assert {path.name for path in installed.iterdir() if path.suffix != ".dist-info"} <= {"flora_core", "bin"}


def test_the_package_says_who_it_is(installed):
    done = subprocess.run(
        [installed / "bin" / "flora", "--version"],
        cwd="/",
        env=clean_environment(installed),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"Flora Classification {__version__}\n"
    metadata = next(installed.glob("*.dist-info")) / "METADATA"
    assert f"\nVersion: {__version__}\n" in metadata.read_text()


def test_serve_hands_host_and_port_to_the_server_in_this_process(monkeypatch):
    asked: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda program, words: asked.append(words))
    assert CliRunner().invoke(app, ["serve", "--host", "0.0.0.0", "--port", "8080"]).exit_code == 0
    (words,) = asked
    assert words[words.index("run") + 1] == str(ROOT / "app.py")
    assert words[-4:] == ["--server.address", "0.0.0.0", "--server.port", "8080"]
    assert CliRunner().invoke(app, ["serve", "--port", "0"]).exit_code == 2


def test_a_copy_of_the_core_alone_says_what_is_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(serve, "_PACKAGE", tmp_path / "flora_core")
    with pytest.raises(Refused, match="Install the whole package"):
        serve.server_script()
