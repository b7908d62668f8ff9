"""The API as a program meets it: every refusal is JSON with the same words as everywhere."""

import json

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from flora_core.api import routes
from flora_core.api.mount import MAX_BODY
from flora_core.errors import Unavailable
from flora_core.settings import Settings
from flora_core.supervised_threads import ThreadHealth
from flora_core.workflows.context import open_context
from tests.builders import SETOSA


class Front:
    """A front door whose context is open, or shut with a reason."""

    def __init__(self, context=None, error=None):
        self._context, self._error = context, error

    def context(self):
        if self._error:
            raise self._error
        return self._context

    def doing(self):
        return "training the first model" if self._error else ""


def client_of(front):
    return TestClient(Starlette(routes=routes(front)), raise_server_exceptions=False)


@pytest.fixture
def client(context):
    return client_of(Front(context))


def identify(client, **body):
    return client.post("/api/v1/identify", json={"rows": [SETOSA], **body})


def test_a_flower_gets_its_name(client):
    answer = identify(client)
    assert answer.status_code == 200
    assert answer.json()["model_version"] == 1
    (row,) = answer.json()["rows"]
    assert (row["species"], row["fits"], row["id"]) == ("Iris setosa", True, None)


def test_rows_come_back_in_their_order_missing_values_and_all(client):
    rows = [{"petal_length": length, "petal_width": None} for length in (1.4, "6,0", "60 mm")]
    answers = identify(client, rows=rows).json()["rows"]
    assert [a["species"] for a in answers] == ["Iris setosa", "Iris virginica", "Iris virginica"]
    assert [a["measurements"]["petal_length"] for a in answers] == [1.4, 6.0, 6.0]


def test_plants_are_recorded_together_on_request(client, context):
    rows = [SETOSA, {"petal_length": 6}]
    answers = identify(client, rows=rows, record=True, by="a program", site="Gaspé").json()["rows"]
    first, second = (context.records.get(a["id"]) for a in answers)
    assert first.recording == second.recording
    assert (first.recording.door, first.recording.site) == ("api", "Gaspé")
    assert second.plant.used == (None, None, 6.0, None)


def test_one_bad_row_refuses_all_with_its_number_and_records_nothing(client, context):
    answer = identify(client, rows=[SETOSA, {"petal_length": "x1"}, {"sepal_width": -1}], record=True, by="a program")
    assert answer.status_code == 422
    assert [(i["row"], i["column"]) for i in answer.json()["issues"]] == [(2, "petal_length"), (3, "sepal_width")]
    assert context.records.newest("iris") == ()


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"rows": [{"petl": 1}]}, 422, "'petl' is not a measurement of iris"),
        ({"rows": [{"petal_length": 57}]}, 422, "Row 1: petal length is 57.0 cm"),
        ({"rows": [{"petal_length": True}]}, 422, "rows"),
        ({"rows": [{"petal_length": [1]}]}, 422, "rows"),
        ({"rows": []}, 422, "rows"),
        ({"rows": [{}]}, 422, "Row 1: nothing was measured"),
        ({"rows": [{"petal_length": 1}] * 1001}, 422, "rows"),
        ({"rows": [{"petal_length": 1}], "nonsense": 1}, 422, "nonsense"),
        ({"rows": [{"petal_length": 1}], "study": "rosa"}, 404, "There is no study 'rosa'"),
        ({"rows": [{"petal_length": 1}], "unit": "ell"}, 404, "'ell' is not a unit"),
        ({"rows": [{"petal_length": 1}], "record": True}, 422, "Who identifies?"),
        ({}, 422, "rows"),
        ([], 422, "body"),
        ("text", 422, "body"),
    ],
)
def test_each_refusal_has_its_status_and_its_words(client, body, status, words):
    answer = client.post("/api/v1/identify", json=body)
    assert answer.status_code == status
    assert answer.json().keys() == {"error", "detail", "issues"}
    assert words in answer.json()["detail"]


@pytest.mark.parametrize("content", [b"{", b"", b"\xff\xfe", b"[" * 100_000, b'{"rows": [{"petal_length": 1e999}]}'])
def test_what_is_not_json_is_refused_as_json(client, content):
    answer = client.post("/api/v1/identify", content=content, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.json().keys() == {"error", "detail", "issues"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/nope", 404),
        ("GET", "/api/v1/identify", 405),
        ("POST", "/api", 404),
        ("DELETE", "/api/v1/identify", 405),
    ],
)
def test_unknown_paths_and_methods_are_json_too(client, method, path, status):
    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.json().keys() == {"error", "detail", "issues"}


def test_a_body_that_is_too_large_is_refused_while_it_comes(client):
    sent = 0

    def chunks():
        nonlocal sent
        for _ in range(10 * MAX_BODY // 100_000):
            sent += 100_000
            yield b" " * 100_000

    answer = client.post("/api/v1/identify", content=chunks(), headers={"content-type": "application/json"})
    assert answer.status_code == 413
    assert "/api/v1/batch" in answer.json()["detail"]


@pytest.fixture
def locked(context):
    keys = "herbarium:0123456789abcdef"
    settings = Settings(
        database_url=f"sqlite:///{context.database.path}", models=context.settings.models, api_keys=keys, _env_file=None
    )
    opened = open_context(settings)
    yield client_of(Front(opened))
    opened.close()


def test_without_a_key_nobody_comes_in_where_keys_are_set(locked):
    answer = identify(locked)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["detail"].startswith("A key is needed")


@pytest.mark.parametrize("headers", [{"Authorization": "Bearer wrong"}, {"X-API-Key": "wrong"}])
def test_a_wrong_key_is_refused(locked, headers):
    answer = locked.post("/api/v1/identify", json={"rows": [SETOSA]}, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (403, "NotAllowed")


@pytest.mark.parametrize("headers", [{"Authorization": "Bearer 0123456789abcdef"}, {"X-API-Key": "0123456789abcdef"}])
def test_the_owner_of_the_key_signs_the_record(locked, context, headers):
    answer = locked.post(
        "/api/v1/identify", json={"rows": [SETOSA], "record": True, "by": "somebody else"}, headers=headers
    )
    assert context.records.get(answer.json()["rows"][0]["id"]).recording.by == "herbarium"


def test_alive_even_while_the_server_is_still_starting():
    client = client_of(Front(error=Unavailable("The database is gone. Put it back.")))
    assert client.get("/healthz").json() == {"status": "ok"}
    ready = client.get("/readyz")
    assert ready.status_code == 503
    assert ready.json() == {
        "ready": False,
        "doing": "training the first model",
        "error": "Unavailable",
        "detail": "The database is gone. Put it back.",
        "issues": [],
    }
    answer = identify(client)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


def test_ready_when_database_and_champion_answer(client):
    assert client.get("/readyz").json() == {"ready": True, "champions": {"iris": 1}}


def test_a_missing_artifact_is_not_ready_but_alive_and_says_why(client, context):
    (context.settings.models / "iris" / "1" / "model.joblib").unlink()
    assert client.get("/healthz").status_code == 200
    ready = client.get("/readyz")
    assert ready.status_code == 503
    assert "model.joblib of model version 1 can't be read" in ready.json()["detail"]
    assert identify(client).status_code == 503


def test_a_database_that_went_away_is_not_ready_and_records_nothing(client, context):
    context.database.path.unlink()
    assert client.get("/readyz").status_code == 503
    answer = identify(client, record=True, by="x")
    assert answer.status_code == 503
    assert "is gone" in answer.json()["detail"]


def test_a_mistake_of_ours_is_no_traceback(client, monkeypatch, caplog):
    def broken(*_):
        raise RuntimeError("secret path /srv/x")

    monkeypatch.setattr("flora_core.api.identify.workflow.identify_with", broken)
    answer = identify(client)
    assert answer.status_code == 503
    assert "secret" not in answer.text
    assert "secret path" in caplog.text


def test_the_api_is_described_for_programs_and_for_people(client):
    document = client.get("/api/openapi.json").json()
    assert "/v1/identify" in document["paths"]
    page = client.get("/api/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "POST" in page.text
    assert "prediction_set" in page.text
    assert "<script" not in page.text
    assert "http://" not in page.text.replace("http://127", "")
    assert "https://" not in page.text


def test_the_answer_has_the_shape_that_is_described(client):
    described = client.get("/api/openapi.json").json()["components"]["schemas"]["Identified"]
    for rows in ([SETOSA], [{**SETOSA, "petal_length": 14}], [{"petal_length": 1}]):
        row = identify(client, rows=rows).json()["rows"][0]
        assert row.keys() == described["properties"].keys()
        json.dumps(row, allow_nan=False)


@pytest.mark.parametrize("kind", ["text/plain", "", "application/x-www-form-urlencoded"])
def test_a_body_that_does_not_say_it_is_json_is_not_read_as_json(client, kind):
    # A page elsewhere can make a browser send these without asking first.
    answer = client.post("/api/v1/identify", content=json.dumps({"rows": [SETOSA]}), headers={"content-type": kind})
    assert answer.status_code == 422


def test_a_body_that_names_its_encoding_is_read(client):
    kind = {"content-type": "application/json; charset=utf-8"}
    answer = client.post("/api/v1/identify", content=json.dumps({"rows": [SETOSA]}), headers=kind)
    assert answer.json()["rows"][0]["species"] == "Iris setosa"


def test_a_background_thread_that_is_not_at_work_makes_the_program_not_ready(client, monkeypatch):
    broken = ThreadHealth("batch", "restarting", 3, "OSError: the folder is gone")
    monkeypatch.setattr("flora_core.api.mount.thread_health", lambda: (broken,))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "A background thread is not at work: batch" in answer.json()["detail"]
    monkeypatch.setattr("flora_core.api.mount.thread_health", lambda: ())
    assert client.get("/readyz").status_code == 200
