"""What a page of another site, a rebound name and a frame may do to a real server that a person's browser reaches: nothing.

The server is a local start, where whoever gets through may do everything.
"""

import base64
import http.client
import itertools
import json
import shutil
import socket

import pytest

from flora_core.workflows.context import open_context
from tests.conftest import settings_in
from tests.servers import WebServer

pytestmark = pytest.mark.slow

FOREIGN = "https://evil.example"
#: What a page of any site may send without asking first; the body would be taken for a table or a document by what it is.
SIMPLE_TYPES = (
    None,
    "text/plain",
    "text/plain; charset=utf-8",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
)
TABLE = b"petal_length,petal_width,sepal_length,sepal_width\n1.4,0.2,5.1,3.5\n"
ROWS = json.dumps(
    {"rows": [{"petal_length": 1.4, "petal_width": 0.2, "sepal_length": 5.1, "sepal_width": 3.5}], "record": True}
).encode()
SLIP = json.dumps({"determinations": [{"flora_id": "x", "name": "setosa", "by": "Carl Linnaeus"}]}).encode()
#: How a browser says that another site's page sends something; the last says nothing, as a form of an old browser.
SENT_BY = (
    {"Origin": FOREIGN},
    {"Sec-Fetch-Site": "cross-site"},
    {"Origin": "null"},
    {"Cookie": "_streamlit_xsrf=2|a|b|1"},
)


@pytest.fixture(scope="module")
def server(first_start, tmp_path_factory):
    folder = tmp_path_factory.mktemp("other-sites") / "context"
    shutil.copytree(first_start, folder)
    with WebServer(folder) as running:
        running.wait_for("/readyz", 200)
        running.wait_for("/api/openapi.json", 200)
        yield running


@pytest.fixture(scope="module")
def unsafe(server):
    """Every path and method of the program that could change anything, as the program itself lists them."""
    document = json.loads(server.wait_for("/api/openapi.json", 200))
    ours = [
        (verb.upper(), "/api" + path)
        for path, verbs in document["paths"].items()
        for verb in verbs
        if verb not in ("get", "head", "options")
    ]
    assert ("POST", "/api/v1/batch") in ours
    streamlits = [("PUT", "/_stcore/upload_file/session/file"), ("DELETE", "/_stcore/upload_file/session/file")]
    return [*ours, *streamlits, ("POST", "/"), ("POST", "/identify"), ("POST", "/auth/login"), ("POST", "/nowhere")]


def ask(server, method, path, headers, body=b"", host=None):
    """Status and body of one request with exactly these headers."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", host or f"127.0.0.1:{server.port}")
        for name, value in headers.items():
            connection.putheader(name, value)
        if body or method in ("POST", "PUT"):
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body or None)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def handshake(server, headers, host=None):
    """The status that a websocket's opening is answered with."""
    key = base64.b64encode(b"sixteen bytes...").decode()
    lines = [
        "GET /_stcore/stream HTTP/1.1",
        f"Host: {host or f'127.0.0.1:{server.port}'}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: streamlit, PLACEHOLDER, PLACEHOLDER",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as opened:
        opened.sendall("\r\n".join([*lines, "", ""]).encode())
        return int(opened.recv(1000).split(b" ")[1])


@pytest.fixture(autouse=True)
def nothing_is_recorded(server):
    """Whatever is tried, the records, the waiting tables and the versions stay as they are."""
    context = open_context(settings_in(server.folder))

    def held():
        tables = sorted(p.name for p in (server.folder).rglob("*") if "batch" in str(p) and p.is_file())
        return context.records.newest("iris"), context.determinations.newest_number(), tables

    before = held()
    yield
    assert held() == before
    context.close()


def test_the_server_records_for_its_own_page_at_all(server):
    """Otherwise nothing below would tell of anything; what is asked here records nothing."""
    own = {"Origin": server.address, "Sec-Fetch-Site": "same-origin", "Content-Type": "application/json"}
    status, body = ask(server, "POST", "/api/v1/identify", own, ROWS.replace(b"true", b"false"))
    assert status == 200, body


@pytest.mark.parametrize("kind", SIMPLE_TYPES)
@pytest.mark.parametrize("sent", SENT_BY, ids=lambda sent: "-".join(sent))
def test_a_page_of_another_site_changes_nothing(server, unsafe, sent, kind):
    query = "?record=true&by=Carl%20Linnaeus"
    for (method, path), body in itertools.product(unsafe, (TABLE, ROWS, SLIP)):
        if "Cookie" in sent and not path.startswith("/api/"):
            continue  # of a page, Streamlit itself asks for its token
        headers = {**sent, **({} if kind is None else {"Content-Type": kind})}
        status, answer = ask(server, method, path + query, headers, body)
        assert 400 <= status < 500, (method, path, status, answer[:200])


@pytest.mark.parametrize("kind", ["application/json", "text/csv"])
def test_nor_with_a_type_that_a_browser_would_ask_about_first(server, unsafe, kind):
    for method, path in unsafe:
        status, answer = ask(server, method, path, {"Origin": FOREIGN, "Content-Type": kind}, ROWS)
        assert 400 <= status < 500, (method, path, status, answer[:200])
        status, answer = ask(server, "OPTIONS", path, {"Origin": FOREIGN, "Access-Control-Request-Method": method})
        assert b"evil.example" not in answer


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8501", "localhost.evil.example", "127.0.0.1.evil.example", "0.0.0.0", ""]
)
def test_a_rebound_name_reaches_no_page_no_api_and_no_websocket(server, host):
    host = host or " "
    for path in (
        "/",
        "/identify",
        "/models",
        "/api/v1/status",
        "/api/openapi.json",
        "/_stcore/host-config",
        "/app/static/logo.svg",
    ):
        status, _ = ask(server, "GET", path, {}, host=host)
        assert 400 <= status < 500, path
    own = {"Origin": f"http://{host}", "Content-Type": "application/json"}
    assert 400 <= ask(server, "POST", "/api/v1/identify", own, ROWS, host=host)[0] < 500
    assert 400 <= handshake(server, {"Origin": f"http://{host}"}, host=host) < 500


@pytest.mark.parametrize("frame", ["iframe", "frame", "embed", "object", "fencedframe"])
@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_no_page_is_shown_in_a_frame_of_another_site(server, frame, site):
    for path in ("/", "/models", "/api/docs"):
        status, _ = ask(server, "GET", path, {"Sec-Fetch-Dest": frame, "Sec-Fetch-Site": site})
        assert 400 <= status < 500, path


def test_an_old_browser_is_told_not_to_frame(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request("GET", "/")
    headers = connection.getresponse().headers
    connection.close()
    assert headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "origin", [FOREIGN, "null", "http://localhost.evil.example", "http://127.0.0.1:1", "file://", "", "http://[::1"]
)
def test_a_websocket_from_elsewhere_is_not_opened(server, origin):
    assert 400 <= handshake(server, {"Origin": origin}) < 500
    assert 400 <= handshake(server, {"Origin": server.address, "Sec-Fetch-Site": "cross-site"}) < 500


def test_our_own_page_opens_a_websocket(server):
    assert handshake(server, {"Origin": server.address}) == 101
