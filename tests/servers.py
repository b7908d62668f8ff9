"""Servers of our own: on loopback, in folders of their own, ended by the test that started them."""

from __future__ import annotations

import contextlib
import glob
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import psutil

ROOT = Path(__file__).resolve().parents[1]
#: Tables and figures that lie beside a checkout on some machines; tests that need them are marked `conformance`.
SHARED = ROOT.parent / "shared"


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@dataclass
class PostgresServer:
    programs: Path
    folder: Path = Path()
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> PostgresServer:
        # PostgreSQL refuses to run as root; Debian's package brings a user for it.
        user = "postgres" if os.geteuid() == 0 else None
        # Not below the folder of the tests: each pytest that begins shuts that one to other users.
        self.folder = Path(tempfile.mkdtemp(prefix="postgres-", dir="/tmp" if user else None))
        if user:
            shutil.chown(self.folder, user, user)
        data = self.folder / "data"
        subprocess.run(
            [self.programs / "initdb", "-D", data, "-U", "flora", "-A", "trust", "--no-sync"],
            check=True,
            capture_output=True,
            user=user,
            cwd=self.folder,
        )
        for left in (2, 1, 0):
            self.process = subprocess.Popen(
                [self.programs / "postgres", "-D", data, "-p", str(self.port), "-h", "127.0.0.1", "-k", "", "-F"],
                user=user,
                cwd=self.folder,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            try:
                self._run("SELECT 1")
                break
            except Exception:
                # Somebody else may have taken the port since it was found free.
                if not left or self.process.poll() is None:
                    raise
                self.port = free_port()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.process is not None
        self.thaw()
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def freeze(self) -> None:
        """Stop every process of the server: its system still accepts connections, and nobody ever answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let them go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        for process in psutil.Process(self.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        self.process.send_signal(number)

    def new_database(self) -> str:
        """The URL of a new, empty database."""
        name = f"flora_{uuid.uuid4().hex[:12]}"
        self._run(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://flora@127.0.0.1:{self.port}/{name}"

    def _run(self, command: str) -> None:
        import psycopg

        # A server that has much to do turns a connection away, or takes long to begin with it.
        end = time.monotonic() + 180
        where = f"host=127.0.0.1 port={self.port} user=flora dbname=postgres connect_timeout=60"
        while True:
            try:
                with psycopg.connect(where, autocommit=True) as connection:
                    connection.execute(command)
                return
            except psycopg.OperationalError:
                assert self.process is not None
                if time.monotonic() > end or self.process.poll() is not None:
                    raise
                time.sleep(0.1)


def postgres_server() -> PostgresServer | None:
    """A server that is not started yet; None where PostgreSQL is not installed."""
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else [Path(p) for p in sorted(glob.glob("/usr/lib/postgresql/*/bin"))[::-1]]
    for place in places:
        if (place / "initdb").exists() and (place / "postgres").exists():
            return PostgresServer(place)
    return None


@dataclass
class WebServer:
    """Our program, served as the README says, on a database of its own."""

    folder: Path
    port: int = field(default_factory=free_port)
    settings: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "server.log").read_text()

    def __enter__(self) -> WebServer:
        self.folder.mkdir(parents=True, exist_ok=True)
        environment = {
            **os.environ,
            "FLORA_DATABASE_URL": f"sqlite:///{self.folder}/flora.db",
            "FLORA_MODELS": str(self.folder / "models"),
            **self.settings,
        }
        with open(self.folder / "server.log", "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(self.port)],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
            )
        self.wait_for("/healthz", 200)
        return self

    def wait_for(self, path: str, status: int, seconds: float = 180) -> bytes:
        end = time.monotonic() + seconds
        while True:
            found, body = self.get(path)
            if found == status:
                return body
            if time.monotonic() > end:
                raise TimeoutError(f"{path} answers {found}, not {status}: {body!r}\n{self.log}")
            time.sleep(0.05)

    def get(self, path: str) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(f"{self.address}{path}", timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError as error:
            return 0, str(error).encode()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclass
class IdentityProvider:
    """A real OpenID Connect provider on loopback, with people it knows, each as a document of claims."""

    folder: Path
    people: tuple[dict[str, object], ...]
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> IdentityProvider:
        users = [text for person in self.people for text in ("--user-claims", json.dumps(person))]
        with open(self.folder / "provider.log", "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "oidc_provider_mock", "--port", str(self.port), *users], stdout=log, stderr=log
            )
        end = time.monotonic() + 30
        while True:
            try:
                urllib.request.urlopen(f"{self.issuer}/.well-known/openid-configuration", timeout=5).close()
                return self
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise
                time.sleep(0.05)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def settings(self, port: int) -> dict[str, str]:
        """What a server of ours on that port is told, so that people sign in here."""
        return {
            "FLORA_OIDC_ISSUER": self.issuer,
            "FLORA_OIDC_CLIENT_ID": "flora",
            "FLORA_OIDC_CLIENT_SECRET": "a secret of this test alone",
            "FLORA_OIDC_GROUPS": "herbarium=curator",
            "FLORA_COOKIE_SECRET": "forty bytes that sign the cookies of tests",
            "FLORA_SITE": f"http://127.0.0.1:{port}",
        }


@dataclass
class Proxy:
    """The proxy that `deploy/Caddyfile` describes, in front of servers on loopback."""

    program: str
    folder: Path
    servers: tuple[WebServer, ...]
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    def __enter__(self) -> Proxy:
        text = (ROOT / "deploy" / "Caddyfile").read_text()
        # Replicas have one name and several addresses there, and one address with several ports here.
        (line,) = [line for line in text.splitlines() if line.strip().startswith("dynamic a ")]
        to = " ".join(f"127.0.0.1:{server.port}" for server in self.servers)
        (self.folder / "Caddyfile").write_text(text.replace(line.strip(), f"to {to}"))
        with open(self.folder / "proxy.log", "wb") as log:
            self.process = subprocess.Popen(
                [self.program, "run", "--config", str(self.folder / "Caddyfile"), "--adapter", "caddyfile"],
                env={
                    **os.environ,
                    "FLORA_SITE": self.address,
                    "HOME": str(self.folder),
                    "XDG_DATA_HOME": str(self.folder),
                },
                stdout=log,
                stderr=log,
            )
        end = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{self.address}/healthz", timeout=5).close()
                return self
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise
                time.sleep(0.1)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()
