"""Requests that were made to stop the server, or that no program would send: each gets a sentence and a status of 4xx."""

import asyncio
import json

import pytest
from starlette.testclient import TestClient

from flora_core.api import mount
from flora_core.api.identify import MAX_ISSUES, MAX_VALUES
from tests.api.test_api import Front, client_of
from tests.asynchronous import run_apart
from tests.builders import SETOSA


@pytest.fixture
def client(context):
    return client_of(Front(context))


def send(client: TestClient, body: bytes | str, path: str = "/api/v1/identify", kind: str = "application/json"):
    content = body.encode() if isinstance(body, str) else body
    return client.post(path, content=content, headers={"content-type": kind})


def a_sentence(answer) -> str:
    document = answer.json()
    assert 400 <= answer.status_code < 500, answer.text[:300]
    assert set(document) == {"error", "detail", "issues"}
    assert document["error"] != "Internal"
    assert document["detail"].endswith((".", "?"))
    assert len(answer.content) < 500_000
    return document["detail"]


LONG = [
    "1" * 10_000 + "!",
    "1" * 990 + "!",
    " " * 900 + "1",
    "1 " * 499,
    "(" * 900,
    "1-" * 400,
    "(1-)" * 200,
    "1," * 450,
    "ca. " * 200,
]


@pytest.mark.parametrize("text", LONG, ids=lambda text: f"{text[:6]}x{len(text)}")
def test_a_long_value_is_refused_at_once(client, text):
    answer = send(client, json.dumps({"rows": [{**SETOSA, "petal_length": text}]}))
    if answer.status_code != 200:
        a_sentence(answer)


@pytest.mark.parametrize("count", [30, MAX_VALUES, MAX_VALUES + 1, 60_000])
def test_many_unknown_measurements_are_one_sentence(client, count):
    answer = send(client, json.dumps({"rows": [{f"k{i}": 1 for i in range(count)}]}))
    assert f"{count:,}" in a_sentence(answer)
    assert len(answer.content) < 3_000


def test_issues_are_counted_and_not_all_listed(client):
    answer = send(client, json.dumps({"rows": [{"petal_length": "x", "no": 1}] * 1000}))
    assert f"And {MAX_ISSUES - 20} more." in a_sentence(answer)
    assert len(answer.json()["issues"]) == MAX_ISSUES


SURROGATES = [
    r'{"rows": [{"petal_length": "\ud800"}]}',
    r'{"rows": [{"\udfff": 1}]}',
    r'{"rows": [{"petal_length": 1.4}], "by": "\ud800", "record": true}',
    r'{"study": "\ud834", "rows": [{"petal_length": 1.4}]}',
    r'{"\ud800": 1}',
]


@pytest.mark.parametrize("body", SURROGATES)
@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "application/vnd.api+json"])
def test_half_a_letter_is_no_json(client, body, kind):
    a_sentence(send(client, body, kind=kind))


@pytest.mark.parametrize("field", ["id", "name", "by", "date", "remark", "catalogue_number"])
def test_half_a_letter_is_no_determination(client, field):
    row = {"id": "x", "name": "Iris setosa", "by": "Ada", field: "?"}
    body = json.dumps({"rows": [row]}).replace('"?"', r'"a\udc80"')
    a_sentence(send(client, body, "/api/v1/determinations"))


BODIES = [
    b"",
    b"{",
    b"null",
    b"[]",
    b"0",
    b'"x"',
    b"\xff\xfe",
    b"\x00",
    b"{}" * 3,
    b'{"rows": NaN}',
    b'{"rows": [{"petal_length": NaN}]}',
    b'{"rows": [{"petal_length": Infinity}]}',
    b'{"rows": [{"petal_length": 1e999}]}',
    b'{"rows": [{"petal_length": -1e999}]}',
    b'{"rows": [{"petal_length": ' + b"9" * 5000 + b"}]}",
    b'{"rows": [{"petal_length": true}]}',
    b'{"rows": [{"petal_length": {}}]}',
    b'{"rows": [[]]}',
    b'{"rows": []}',
    b'{"rows": [null]}',
    b'{"rows": {}}',
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b'{"rows": [{"petal_length": "\\u0000"}]}',
    b'{"rows": [{"": ""}]}',
    b'{"rows": [{"petal_length": 1}], "study": ""}',
    b'{"rows": [{"petal_length": 1}], "unit": "\\u0000"}',
    b'{"rows": [{"petal_length": 1}], "record": "yes"}',
    b'{"rows": [{"petal_length": 1, "petal_length": 2, "Petal Length": 3}]}',
    b'{"rows": [{"petal_length": 1}], "study": "\\u0000"}',
    b"\xef\xbb\xbf{}",
    b'{"rows": [{"petal_length": "1e308 km"}]}',
    b'{"rows": [{"petal_length": 1}], "unit": "\\ud83d\\ude00"}',
]


@pytest.mark.parametrize("path", ["/api/v1/identify", "/api/v1/determinations"])
@pytest.mark.parametrize("body", BODIES, ids=lambda body: body[:40].decode("latin-1"))
def test_a_malformed_body_is_said_to_be_one(client, path, body):
    a_sentence(send(client, body, path))


def test_text_that_a_database_can_not_hold_is_refused_or_kept(client):
    for by in ("a\0b", "\0", "\x1b[31m", "\u202e", "\ufffe", "x" * 200):
        answer = client.post("/api/v1/identify", json={"rows": [SETOSA], "record": True, "by": by})
        assert answer.status_code < 500, answer.text


QUERIES = [
    "since=0001-01-01&until=9999-12-31",
    "since=9999-12-31",
    "until=0001-01-01",
    "since=0001-01-01",
    "until=9999-12-31",
    "since=2026-13-01",
    "since=%00",
    "since=%ED%A0%80",
    "window=%00",
    "window=year",
    "version=0",
    "version=99999999999999999999",
    "version=-1",
    "version=x",
    "study=%00",
    "study=%ED%A0%80",
    "study=..%2f..",
    "since=2026-W01-1",
    "since=20260101",
    "study=" + "x" * 70,
    "since=-001-01-01",
    "window=week&window=day&study=none",
    "version=1e3",
]


@pytest.mark.parametrize("query", QUERIES)
def test_the_monitor_is_asked_oddly(client, query):
    answer = client.get(f"/api/v1/monitor?{query}")
    if answer.status_code != 200:
        a_sentence(answer)


@pytest.mark.parametrize("query", ["since=0001-01-01&until=9999-12-31", "since=9999-12-31", "until=0001-01-01"])
def test_days_that_no_record_can_have_are_refused_with_those_that_it_can(client, query):
    assert "between 1900 and 2199" in a_sentence(client.get(f"/api/v1/monitor?{query}"))


FORMS = [
    ("multipart/form-data", b""),
    ("multipart/form-data; boundary=", b"--\r\n"),
    (
        "multipart/form-data; boundary=x; charset=nonsense",
        b'--x\r\nContent-Disposition: form-data; name="by"\r\n\r\n\xff\r\n--x--\r\n',
    ),
    (
        "multipart/form-data; boundary=x; charset=utf-16",
        b'--x\r\nContent-Disposition: form-data; name="by"\r\n\r\n\xff\r\n--x--\r\n',
    ),
    ("multipart/form-data; boundary=x", b"--x\r\n\r\n\r\n--x--"),
    (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="\xff\xfe"\r\n\r\na\r\n--x--\r\n',
    ),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\na\r\n--x--\r\n'),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: attachment\r\n\r\na\r\n--x--\r\n"),
    ("multipart/form-data; boundary=" + "x" * 5000, b"--"),
    ("text/csv", b"\0" * 1000),
    ("text/csv", b"\xff\xfe\x00\xd8"),
    ("", b"PK\x03\x04"),
]


@pytest.mark.parametrize(("kind", "body"), FORMS)
def test_a_malformed_table_is_refused(client, kind, body):
    a_sentence(send(client, body, "/api/v1/batch?name=%00&by=%ED%A0%80", kind))


PATHS = [
    ("GET", "/api/v1/batch/%00"),
    ("GET", "/api/v1/batch/..%2f..%2fetc"),
    ("GET", "/api/v1/batch/%ED%A0%80/result"),
    ("DELETE", "/api/v1/identify"),
    ("GET", "/api/" + "x" * 5000),
    ("GET", "/api/%0a"),
    ("TRACE", "/api/v1/monitor"),
    ("PUT", "/api/v1/batch"),
    ("GET", "/api//v1/monitor"),
    ("POST", "/api/v1/monitor"),
    ("HEAD", "/api/v1/batch/x"),
    ("OPTIONS", "/api/v1/identify"),
    ("GET", "/api/v1/batch/" + "a" * 26),
]


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_an_odd_path_is_refused(client, method, path):
    assert 400 <= client.request(method, path).status_code < 500


@pytest.mark.parametrize("path", ["/api/v1/identify", "/api/v1/batch", "/api/v1/determinations"])
def test_a_body_that_stops_coming_is_given_up(context, monkeypatch, path):
    monkeypatch.setattr(mount, "BODY_SECONDS", 0.2)
    application = client_of(Front(context)).app
    sent: list[dict] = []

    async def slow() -> None:
        first = [{"type": "http.request", "body": b"a", "more_body": True}]

        async def receive():
            if first:
                return first.pop()
            return await asyncio.sleep(3600)

        async def answer(message):
            sent.append(message)

        scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [],
            "root_path": "",
            "scheme": "http",
            "server": ("testserver", 80),
            "client": ("127.0.0.1", 1),
            "http_version": "1.1",
            "asgi": {"version": "3.0"},
        }
        await application(scope, receive, answer)

    run_apart(asyncio.wait_for(slow(), 60))
    assert sent[0]["status"] == 408
    assert b"The body came too slowly" in sent[1]["body"]
