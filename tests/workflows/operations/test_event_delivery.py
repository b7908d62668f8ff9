"""Events against real receivers on loopback: each once, signed, and tried again after a failure, a restart or a kill."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import time_machine
from pydantic import SecretStr
from sqlalchemy import select, update

from flora_core.errors import WrongSetting
from flora_core.settings import read_settings
from flora_core.storage.event_outbox import WAITS, EventOutbox
from flora_core.storage.schema import deliveries
from flora_core.workflows.context import AppContext, open_context
from flora_core.workflows.demo import load as demo
from flora_core.workflows.monitor.alerts import announce_change
from flora_core.workflows.operations.event_delivery import Delivered, deliver_events
from tests.conftest import settings_in

KEY = bytes(range(32))
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"


class Receiver(ThreadingHTTPServer):
    """A receiver of web hooks that keeps what it took; it answers with `status`."""

    def __init__(self) -> None:
        self.status, self.taken, self.asked = 200, list[tuple[dict[str, str], bytes]](), 0
        super().__init__(("127.0.0.1", 0), _Hook)

    @property
    def documents(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.taken]


class _Hook(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked += 1
        if 200 <= self.server.status < 300:
            self.server.taken.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *words: object) -> None:
        """Nothing on the tests' own output."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


Open = Callable[..., AppContext]


@pytest.fixture
def opened(first_start: Any, tmp_path: Any, receiver: Receiver) -> Iterator[Open]:
    """Opens the same installation again and again, as servers do."""
    shutil.copytree(first_start, tmp_path / "context")
    contexts = []

    def open_again(**changes: SecretStr) -> AppContext:
        hooks = f"http://127.0.0.1:{receiver.server_port}/hook"
        given = {"webhooks": SecretStr(hooks), "webhook_secret": SecretStr(SECRET), **changes}
        contexts.append(open_context(settings_in(tmp_path / "context").model_copy(update=given)))
        return contexts[-1]

    yield open_again
    for context in contexts:
        context.close()


def second_version(context: AppContext) -> int:
    from flora_core.learning.training import train
    from flora_core.workflows.models.lifecycle import iris_plants

    study = context.champion("iris").study
    card = context.registry.register(train(study, iris_plants(), algorithm="lda", by="Ada"), by="Ada").card
    return card.version or 0


def kinds(receiver: Receiver) -> list[str]:
    return [document["type"].removeprefix("org.flora_classification.") for document in receiver.documents]


def test_everything_that_happens_is_told_once_and_signed(opened: Open, receiver: Receiver) -> None:
    context = opened()
    deliver_events(context)
    receiver.taken.clear()
    version = second_version(context)
    context.registry.promote("iris", version, "Ada", "it is better")
    context.registry.roll_back("iris", "Ada", "it was not")
    context.registry.retire("iris", version, "Ada", "too large")
    announce_change(context, "iris", "red", "They do not look alike.")
    job = context.jobs.enqueue("iris", "train", "{}", "Ada")
    context.jobs.claim("here")
    context.jobs.finish(job.id, "here", "failed", "There was not enough memory for it.")
    for _ in range(3):
        deliver_events(context)
    assert sorted(kinds(receiver)) == sorted(
        ["model.trained", "model.promoted", "model.rolled_back", "model.retired", "verdict.changed", "job.failed"]
    )
    for headers, body in receiver.taken:
        document = json.loads(body)
        assert (document["specversion"], document["subject"], headers["webhook-id"]) == ("1.0", "iris", document["id"])
        assert headers["content-type"].startswith("application/cloudevents+json")
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{expected}"
        assert datetime.fromisoformat(document["time"]).tzinfo is not None
    promoted = next(d for d in receiver.documents if d["type"].endswith("promoted"))
    assert promoted["data"] == {
        "study": "iris",
        "version": version,
        "by": "Ada",
        "why": "it is better",
        "overruled": False,
    }
    assert len({document["id"] for document in receiver.documents}) == 6


def test_what_did_not_get_through_is_tried_again_after_a_restart(opened: Open, receiver: Receiver) -> None:
    context = opened()
    deliver_events(context)
    receiver.taken.clear()
    context.registry.promote("iris", second_version(context), "Ada", "better")
    receiver.status = 503
    assert deliver_events(context) == Delivered(waiting=2)
    assert deliver_events(context) == Delivered()
    context.close()
    receiver.status = 200
    later = opened()
    with time_machine.travel(datetime.now(UTC) + WAITS[1] + timedelta(seconds=1), tick=True):
        assert deliver_events(later) == Delivered(delivered=2)
        assert deliver_events(later) == Delivered()
    assert sorted(kinds(receiver)) == ["model.promoted", "model.trained"]


def test_a_sender_that_was_killed_leaves_its_delivery_to_another(opened: Open, receiver: Receiver) -> None:
    context = opened()
    deliver_events(context)
    receiver.taken.clear()
    second_version(context)
    box = EventOutbox(context.database)
    box.gather(lambda one: json.dumps({"id": one.key, "type": one.kind}), lambda kind: ["x"])
    with context.database.write() as connection:
        receivers = set(connection.execute(select(deliveries.c.receiver)).scalars()) - {"x"}
        connection.execute(update(deliveries).where(deliveries.c.receiver == "x").values(receiver=receivers.pop()))
    hook = next(iter(context.settings.webhooks.get_secret_value().split()))
    name = f"hook:{hashlib.sha256(hook.encode()).hexdigest()[:40]}"
    (due,) = box.due([name])
    assert box.claim(due)
    assert not box.claim(due)
    assert deliver_events(context) == Delivered()
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=3), tick=True):
        assert deliver_events(opened()).delivered == 1
    assert len(receiver.taken) == 1


def test_several_processes_at_once_tell_each_event_once(opened: Open, receiver: Receiver) -> None:
    contexts = [opened() for _ in range(4)]
    deliver_events(contexts[0])
    receiver.taken.clear()
    for _ in range(3):
        second_version(contexts[0])
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(deliver_events, contexts))
    assert sum(one.delivered for one in done) == 3
    assert len(receiver.taken) == 3


@pytest.mark.parametrize("status", [302, 400, 500])
def test_a_receiver_that_never_takes_it_is_given_up_in_the_end(opened: Open, receiver: Receiver, status: int) -> None:
    context = opened()
    deliver_events(context)
    second_version(context)
    receiver.status = status
    asked, moment = receiver.asked, datetime.now(UTC)
    for wait in (timedelta(0), *WAITS):
        moment += wait + timedelta(seconds=2)
        with time_machine.travel(moment, tick=True):
            last = deliver_events(context)
    assert last == Delivered(given_up=1)
    assert receiver.asked - asked == len(WAITS) + 1
    with time_machine.travel(moment + timedelta(days=30), tick=True):
        assert deliver_events(context) == Delivered()


def test_a_receiver_that_is_gone_is_left_alone(opened: Open, receiver: Receiver) -> None:
    context = opened()
    deliver_events(context)
    second_version(context)
    receiver.status = 410
    assert deliver_events(context) == Delivered(given_up=1)


def test_messages_go_to_alert_addresses_too_and_verdicts_only_once(opened: Open, receiver: Receiver) -> None:
    address = f"json://127.0.0.1:{receiver.server_port}/alert"
    context = opened(webhooks=SecretStr(""), alerts=SecretStr(address))
    deliver_events(context)
    receiver.taken.clear()
    context.registry.promote("iris", second_version(context), "Ada", "better")
    announce_change(context, "iris", "red", "They differ.")
    deliver_events(context)
    titles = [document["title"] for document in receiver.documents]
    assert sorted(titles) == [
        "Flora: iris is red",
        "Flora: version 2 of iris was promoted",
        "Flora: version 2 of iris was trained",
    ]
    assert "By Ada: better" in {document["message"] for document in receiver.documents}


def test_a_simulated_season_tells_nobody(opened: Open, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    season = demo.simulate_season
    monkeypatch.setattr(demo, "simulate_season", lambda model, last, seed: season(model, last, seed=seed, days=3))
    context = opened()
    deliver_events(context)
    receiver.taken.clear()
    demo.load(context)
    assert deliver_events(context) == Delivered()
    demo.remove(context)
    assert deliver_events(context) == Delivered()


@pytest.mark.parametrize("secret", ["", "0123456789", "whsec_", "whsec_c2hvcnQ=", "whsec_not base64 at all!!"])
def test_a_secret_that_signs_nothing_is_refused_unseen(opened: Open, secret: str) -> None:
    with pytest.raises(WrongSetting, match="FLORA_WEBHOOK_SECRET must be whsec_") as refused:
        deliver_events(opened(webhook_secret=SecretStr(secret)))
    assert len(secret) < 8 or secret not in refused.value.message


@pytest.mark.parametrize("address", ["ftp://u:geheim@x/", "example.org/geheim", "http:///geheim", "file:///geheim"])
def test_an_address_that_is_none_is_refused_unseen(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("FLORA_WEBHOOKS", f"https://one.example/ {address}")
    with pytest.raises(WrongSetting, match="address 2 must begin with http") as refused:
        read_settings()
    assert "geheim" not in str(refused.value)
