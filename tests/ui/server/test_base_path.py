"""Below a base path the API and the health checks answer as without it."""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from ui.server import base_path
from ui.server.security import middleware


async def path_of(request: Request) -> PlainTextResponse:
    return PlainTextResponse(request.url.path)


@pytest.fixture(params=["flora", "/flora/", "a/b"])
def base(request, monkeypatch):
    monkeypatch.setattr(base_path.st, "get_option", {"server.baseUrlPath": request.param}.get)
    return f"/{request.param.strip('/')}"


@pytest.fixture
def client():
    routes = [Route("/readyz", path_of), Mount("/api", routes=[Route("/{rest:path}", path_of)])]
    return TestClient(Starlette(routes=routes, middleware=middleware()), base_url="http://localhost")


def test_what_is_ours_answers_below_the_base_path_and_without_it(base, client):
    for path in ("/readyz", "/api/v1/monitor", "/api/x%20y"):
        assert client.get(f"{base}{path}").status_code == client.get(path).status_code == 200


def test_other_paths_are_left_as_they_are(base, client):
    assert client.get(f"{base}x/readyz").status_code == 404
    assert client.get(f"{base}/apix").status_code == 404
    assert client.get(f"{base}{base}/readyz").status_code == 404


def test_what_is_hidden_is_hidden_below_the_base_path_too(base, client):
    assert client.get(f"{base}/_stcore/metrics").json()["error"] == "NotFound"


def test_without_a_base_path_nothing_changes(monkeypatch, client):
    monkeypatch.setattr(base_path.st, "get_option", lambda name: "")
    assert base_path.path_below_base("/flora/readyz") == "/flora/readyz"
    assert client.get("/readyz").text == "/readyz"
