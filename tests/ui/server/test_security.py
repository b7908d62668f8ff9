import base64
import hashlib
import re
from pathlib import Path

import pytest
import streamlit
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from streamlit.proto.BackMsg_pb2 import BackMsg

from ui.server.security import content_security_policy, middleware


async def echo(websocket):
    await websocket.accept()
    async for content in websocket.iter_bytes():
        await websocket.send_bytes(content)


def client():
    async def page(request):
        return PlainTextResponse("a page")

    inner = [Route("/{path:path}", page), WebSocketRoute("/_stcore/stream", echo)]
    return TestClient(Starlette(routes=inner, middleware=middleware()), base_url="http://localhost")


@pytest.mark.parametrize("path", ["/_stcore/metrics", "/_stcore/script-health-check", "/_stcore/agent/openapi.json"])
def test_internal_routes_are_not_there(path):
    answer = client().get(path)
    assert answer.status_code == 404
    assert "a page" not in answer.text


@pytest.mark.parametrize("origin", ["http://[::1", "http://]", "//[", "http://evil.example"])
def test_an_origin_that_is_no_address_is_somebody_else_s(origin):
    answer = client().post("/api/v1/identify", json={}, headers={"Origin": origin})
    assert answer.status_code == 403


def test_every_answer_carries_the_security_headers():
    headers = client().get("/").headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


def test_the_policy_knows_streamlit_s_own_script_and_nothing_else():
    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_text()
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'self' 'sha256-{digest}';" in content_security_policy()
    assert "http" not in content_security_policy()


def message(**fields):
    m = BackMsg()
    for name, value in fields.items():
        setattr(m, name, value)
    return m.SerializeToString()


@pytest.mark.parametrize("fields", [{"clear_cache": True}, {"set_run_on_save": True}, {"load_git_info": True}])
def test_a_developer_s_message_never_arrives(fields):
    rerun = BackMsg()
    rerun.rerun_script.query_string = "x"
    with client().websocket_connect("/_stcore/stream", headers={"Host": "localhost"}) as socket:
        socket.send_bytes(message(**fields))
        socket.send_bytes(rerun.SerializeToString())
        assert socket.receive_bytes() == rerun.SerializeToString()


def test_other_messages_and_rubbish_pass_unchanged():
    with client().websocket_connect("/_stcore/stream", headers={"Host": "localhost"}) as socket:
        for content in (message(stop_script=True), b"\xff\xff\xff", b"x" * 1000):
            socket.send_bytes(content)
            assert socket.receive_bytes() == content


def test_a_page_of_another_site_gets_no_websocket():
    with (
        pytest.raises(WebSocketDisconnect),
        client().websocket_connect("/_stcore/stream", headers={"Host": "localhost", "Origin": "https://evil.example"}),
    ):
        pass


def test_a_page_of_another_site_can_t_upload():
    answer = client().put("/_stcore/upload_file/x/y", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403


def test_our_own_page_may():
    assert client().put("/_stcore/upload_file/x/y", headers={"Origin": "http://localhost"}).status_code != 403
