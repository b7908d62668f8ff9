"""Alerts against a real receiver on loopback: told once, told again only when it changed, kept until it got through."""

import json
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
from pydantic import SecretStr

from flora_core.errors import WrongSetting
from flora_core.storage.alert_outbox import AlertOutbox
from flora_core.storage.database import Database
from flora_core.storage.studies import Studies
from flora_core.study import IRIS
from flora_core.workflows.context import open_context
from flora_core.workflows.models.lifecycle import iris_plants
from flora_core.workflows.monitor.alerts import announce_change
from tests.conftest import settings_in


@pytest.fixture
def receiver():
    """A web hook that keeps what it is sent; refuses while `status` is not 200."""

    class Hook(BaseHTTPRequestHandler):
        messages: ClassVar[list[dict]] = []
        status = 200

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if Hook.status == 200:
                Hook.messages.append(json.loads(body))
            self.send_response(Hook.status)
            self.end_headers()

        def log_message(self, *words):
            """Nothing on the tests' own output."""

    Hook.messages.clear()
    Hook.status = 200
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    Hook.address = f"json://127.0.0.1:{server.server_port}/"
    yield Hook
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def watched(first_start, tmp_path):
    """Opens a context with these alert addresses, on one and the same database."""
    shutil.copytree(first_start, tmp_path / "context")
    opened = []

    def open_with(addresses):
        context = open_context(settings_in(tmp_path / "context").model_copy(update={"alerts": SecretStr(addresses)}))
        opened.append(context)
        return context

    yield open_with
    for context in opened:
        context.close()


def test_a_change_is_told_once_and_not_at_every_look(receiver, watched):
    context = watched(receiver.address)
    states = [
        announce_change(context, "iris", colour, f"It is {colour}.").state
        for colour in ("green", "green", "red", "red", "red", "green")
    ]
    assert states == ["nothing new", "nothing new", "told", "nothing new", "nothing new", "told"]
    assert [m["title"] for m in receiver.messages] == [
        "Flora: iris is red (it was green)",
        "Flora: iris is green (it was red)",
    ]
    assert receiver.messages[0]["message"] == "It is red."


def test_the_first_verdict_of_all_is_told_where_it_is_not_green(receiver, watched):
    assert announce_change(watched(receiver.address), "iris", "amber", "Look.").state == "told"
    assert receiver.messages[0]["title"] == "Flora: iris is amber"


def test_too_few_is_no_news(receiver, watched):
    context = watched(receiver.address)
    for colour in ("red", "too few", "red"):
        announce_change(context, "iris", colour, f"It is {colour}.")
    assert len(receiver.messages) == 1


def test_what_did_not_get_through_is_tried_again(receiver, watched):
    context = watched(receiver.address)
    receiver.status = 500
    assert announce_change(context, "iris", "red", "It is red.").state == "not told"
    receiver.status = 200
    assert announce_change(context, "iris", "red", "It is red.").state == "told"
    assert len(receiver.messages) == 1


def test_without_a_receiver_it_is_said_and_told_to_the_first_who_wants_to_hear(receiver, watched):
    assert announce_change(watched(""), "iris", "red", "It is red.").state == "nobody to tell"
    assert announce_change(watched(receiver.address), "iris", "red", "It is red.").state == "told"


def test_an_address_that_can_t_be_read_is_refused_without_repeating_it(watched):
    with pytest.raises(WrongSetting) as refused:
        announce_change(watched("json://127.0.0.1:1/ nosuchthing:secret"), "iris", "red", "")
    assert "address 2 of 2" in refused.value.message
    assert "secret" not in refused.value.message


def test_of_two_processes_at_once_one_delivers(database_url):
    database = Database(database_url)
    database.prepare()
    Studies(database).add(IRIS, iris_plants(), "a test")
    announcements = AlertOutbox(database)
    noted = announcements.note(IRIS.name, "red", "It is red.")
    assert announcements.note(IRIS.name, "red", "It is red.") == noted
    assert announcements.claim(noted)
    assert not announcements.claim(noted)
    announcements.delivered(noted, success=False)
    assert announcements.claim(noted)
    announcements.delivered(noted, success=True)
    assert not announcements.claim(noted)
    assert announcements.newest(IRIS.name).delivered_at is not None
    database.close()
