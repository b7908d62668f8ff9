"""Who comes to a real server: nobody, a person with a role, a program with a token; with a websocket of their own."""

from __future__ import annotations

import http.client
import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.servers import WebServer

ISSUER = "https://login.example.org"
SECRET = "forty bytes that sign the cookies of tests"


def signed_in_settings(port: int, **more: str) -> dict[str, str]:
    """A server at which people sign in, by a provider that is never asked: the tests sign its cookies themselves."""
    return {
        "FLORA_OIDC_ISSUER": ISSUER,
        "FLORA_OIDC_CLIENT_ID": "flora",
        "FLORA_OIDC_CLIENT_SECRET": "a secret of this test alone",
        "FLORA_COOKIE_SECRET": SECRET,
        "FLORA_SITE": f"http://127.0.0.1:{port}",
        **more,
    }


def signed_cookie(subject: str, name: str, *, secret: str = SECRET, at: float | None = None, **claims: Any) -> str:
    """The cookie with which a browser comes that signed in as this person."""
    moment = time.time() if at is None else at
    document = {"iss": ISSUER, "sub": subject, "name": name, "iat": int(moment), "is_logged_in": True, **claims}
    return create_signed_value(secret, "_streamlit_user", json.dumps(document)).decode()


@dataclass
class Visitor:
    """One browser or program."""

    server: WebServer
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    #: The address of this machine that it comes from.
    source: str = "127.0.0.1"

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        """Status and body of one request, sent as a page of the server's own would."""
        address = urlsplit(self.server.address)
        connection = http.client.HTTPConnection(
            str(address.hostname), address.port, timeout=30, source_address=(self.source, 0)
        )
        sent = {"Origin": self.server.address, **self.headers, **{k.replace("_", "-"): v for k, v in headers.items()}}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            connection.request(method, path, body or None, sent)
            answer = connection.getresponse()
            content = answer.read()
            self.answered = answer.headers
            return answer.status, content
        finally:
            connection.close()

    def json(self, method: str, path: str, document: Any = None) -> tuple[int, Any]:
        """The same with documents."""
        body = b"" if document is None else json.dumps(document).encode()
        status, content = self.ask(method, path, body, Content_Type="application/json")
        try:
            return status, json.loads(content)
        except ValueError:
            return status, content

    def open(self, claimed: str = "") -> ClientConnection:
        """A websocket; raises `InvalidStatus` where it is not opened."""
        cookie = {"Cookie": "; ".join(f"{n}={v}" for n, v in self.cookies.items())} if self.cookies else {}
        return connect(
            self.server.address.replace("http", "ws", 1) + "/_stcore/stream",
            origin=self.server.address,  # type: ignore[arg-type]
            subprotocols=["streamlit", "none", *([claimed] if claimed else [])],  # type: ignore[list-item]
            additional_headers=cookie,
            max_size=None,
            proxy=None,
        )

    def opening(self) -> int:
        """The status that the opening of a websocket is answered with."""
        try:
            with self.open():
                return 101
        except InvalidStatus as refused:
            return refused.response.status_code

    def session(self, socket: ClientConnection, page: str = "") -> tuple[str, list[ForwardMsg]]:
        """Run a page through a websocket: its session, and all that it was told."""
        asked = BackMsg()
        asked.rerun_script.query_string = ""
        asked.rerun_script.page_name = page
        socket.send(asked.SerializeToString())
        told: list[ForwardMsg] = []
        session = ""
        while True:
            message = ForwardMsg()
            message.ParseFromString(socket.recv(30))
            told.append(message)
            if message.WhichOneof("type") == "new_session":
                session = message.new_session.initialize.session_id
            if message.WhichOneof("type") == "script_finished":
                return session, told

    def upload(self, session: str, file: str, content: bytes) -> int:
        """The status of an upload to a page, as Streamlit's own uploader sends it."""
        if "_streamlit_xsrf" not in self.cookies:
            self.ask("GET", "/_stcore/host-config")
            self.ask("GET", "/_stcore/health")
            for value in self.answered.get_all("Set-Cookie") or []:
                name, _, rest = value.partition("=")
                self.cookies[name] = rest.partition(";")[0].strip('"')
        border = "border-of-a-part"
        body = (
            f'--{border}\r\nContent-Disposition: form-data; name="file"; filename="t.csv"\r\n'
            f"Content-Type: text/csv\r\n\r\n".encode()
            + content
            + f"\r\n--{border}--\r\n".encode()
        )
        token = {"X-Xsrftoken": self.cookies.get("_streamlit_xsrf", "")}
        kind = {"Content-Type": f"multipart/form-data; boundary={border}"}
        return self.ask("PUT", f"/_stcore/upload_file/{session}/{file}", body, **token, **kind)[0]


def is_closed(socket: ClientConnection, seconds: float) -> bool:
    """Whether the server closes it within so many seconds."""
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            try:
                socket.recv(max(0.05, end - time.monotonic()))
            except TimeoutError:
                return False
    except ConnectionClosed:
        return True
    return False
