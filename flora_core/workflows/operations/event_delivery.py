"""Events told to receivers: as messages to the addresses of FLORA_ALERTS, and as signed web hooks to those of FLORA_WEBHOOKS.

References
----------
CloudEvents 1.0.2, JSON event format. Standard Webhooks 1.0: signatures by HMAC-SHA256 over id, time and body.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import http.client
import json
import logging
import time
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass
from typing import Any, Final

from flora_core.access import UseCase
from flora_core.errors import WrongSetting
from flora_core.settings import Settings
from flora_core.storage.event_outbox import Delivery, EventKind, EventOutbox, Happening, compact_json
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext
from flora_core.workflows.monitor.alerts import alert_sender

_log: Final = logging.getLogger("flora.events")

#: Seconds that a receiver has to answer.
_PATIENCE: Final = 10.0
_TYPES: Final[dict[EventKind, str]] = {
    "promoted": "model.promoted",
    "rolled back": "model.rolled_back",
    "retired": "model.retired",
    "trained": "model.trained",
    "verdict changed": "verdict.changed",
    "job failed": "job.failed",
}
_SECRET_BYTES: Final = (24, 64)


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of deliveries that were due: how many got through, wait for another attempt, and were given up."""

    delivered: int = 0
    waiting: int = 0
    given_up: int = 0


@use_case(UseCase.TRAIN)
def deliver_events(context: AppContext) -> Delivered:
    """Gather what happened, and tell whoever is to be told and was not yet; a failure is kept and tried again later.

    May be called by several processes at once, and again after any of them was killed: a delivery is claimed before it is sent.

    Raises
    ------
    WrongSetting
        FLORA_ALERTS, FLORA_WEBHOOKS or FLORA_WEBHOOK_SECRET can't be used.
    DatabaseUnavailable
    """
    hooks, alerts = _hooks(context.settings), _alerts(context.settings)
    if not hooks and not alerts:
        return Delivered()
    secret = webhook_secret(context.settings) if hooks else b""
    box = EventOutbox(context.database)
    site = context.settings.site

    def receivers(kind: EventKind) -> list[str]:
        # A change of the verdict is told to FLORA_ALERTS where it is noticed.
        return [*hooks, *(alerts if kind != "verdict changed" else ())]

    box.gather(lambda one: cloud_event(one, site), receivers)
    counts = {"delivered": 0, "waiting": 0, "given_up": 0}
    for delivery in box.due([*hooks, *alerts]):
        if not box.claim(delivery):
            continue
        if delivery.receiver in hooks:
            problem, final = _send_hook(hooks[delivery.receiver], delivery.document, secret)
        else:
            problem, final = _send_alert(alerts[delivery.receiver], delivery), False
        facts = {"study": delivery.study, "event": delivery.kind, "receiver": delivery.receiver}
        if not problem:
            box.delivered(delivery)
            counts["delivered"] += 1
            continue
        over = box.failed(delivery, problem, final=final)
        counts["given_up" if over else "waiting"] += 1
        _log.log(logging.ERROR if over else logging.WARNING, "not delivered: %s", problem, extra={"facts": facts})
    return Delivered(**counts)


def cloud_event(one: Happening, site: str) -> str:
    """An event as a CloudEvent in JSON; the same event always has the same id."""
    identifier = uuid.uuid5(uuid.NAMESPACE_URL, f"{site}/{one.key}/{one.at.isoformat()}")
    return compact_json(
        {
            "specversion": "1.0",
            "id": str(identifier),
            "source": site,
            "type": f"org.flora_classification.{_TYPES[one.kind]}",
            "subject": one.study,
            "time": one.at.isoformat().replace("+00:00", "Z"),
            "datacontenttype": "application/json",
            "data": one.data,
        }
    )


def signature(secret: bytes, identifier: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` of a message: "v1," and its HMAC-SHA256 in base64."""
    signed = hmac.new(secret, f"{identifier}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"


def webhook_secret(settings: Settings) -> bytes:
    """The key that signs web hooks.

    Raises
    ------
    WrongSetting
        It is missing, or not written as Standard Webhooks writes it.
    """
    written = settings.webhook_secret.get_secret_value()
    try:
        secret = base64.b64decode(written.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        secret = b""
    least, most = _SECRET_BYTES
    if not written.startswith("whsec_") or not least <= len(secret) <= most:
        raise WrongSetting(
            f"FLORA_WEBHOOK_SECRET must be whsec_ and {least} to {most} random bytes in base64; web hooks are signed with it. "
            "Make one with: python -c \"import base64, secrets; print('whsec_' + "
            'base64.b64encode(secrets.token_bytes(32)).decode())"'
        )
    return secret


def _receiver(address: str, word: str) -> str:
    """How a receiver is called in the database: an address may hold a password."""
    return f"{word}:{hashlib.sha256(address.encode()).hexdigest()[:40]}"


def _hooks(settings: Settings) -> dict[str, str]:
    return {_receiver(one, "hook"): one for one in settings.webhooks.get_secret_value().split()}


def _alerts(settings: Settings) -> dict[str, str]:
    return {_receiver(one, "alert"): one for one in settings.alerts.get_secret_value().split()}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A receiver that moved is no receiver: what is signed goes to the address that was set, and nowhere else."""

    def redirect_request(self, *words: Any) -> None:
        return None


def _send_hook(address: str, document: str, secret: bytes) -> tuple[str, bool]:
    """Send one message; what went wrong, "" where nothing did, and whether to stop trying."""
    body, timestamp = document.encode(), int(time.time())
    identifier = _identifier(document)
    request = urllib.request.Request(  # noqa: S310  the setting allows http and https only
        address,
        data=body,
        method="POST",
        headers={
            "Content-Type": "application/cloudevents+json; charset=utf-8",
            "User-Agent": "Flora-Classification",
            "webhook-id": identifier,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(secret, identifier, timestamp, body),
        },
    )
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=_PATIENCE) as answer:
            return ("", False) if 200 <= answer.status < 300 else (f"the receiver answered {answer.status}", False)
    except urllib.error.HTTPError as error:
        with error:
            # 410 Gone: the receiver wants no more.
            return f"the receiver answered {error.code}", error.code == http.client.GONE
    except (OSError, http.client.HTTPException, ValueError) as error:
        # An address may hold a password, and an error's text its address.
        return f"the receiver can't be reached ({type(error).__name__})", False


def _identifier(document: str) -> str:
    return str(json.loads(document)["id"])


def _send_alert(address: str, delivery: Delivery) -> str:
    data = json.loads(delivery.document)["data"]
    title, body = _told(delivery.kind, data)
    return "" if alert_sender([address]).notify(title=title, body=body) else "the receiver took no message"


def _told(kind: EventKind, data: dict[str, Any]) -> tuple[str, str]:
    """An event as a message: its title and its text."""
    study = data["study"]
    if kind == "job failed":
        return (
            f"Flora: a job of {study} failed",
            f"Job {data['job']} ({data['kind']}), asked for by {data['by']}: {data['problem']}",
        )
    version = f"version {data['version']} of {study}"
    verb = "now identifies again" if kind == "rolled back" else f"was {kind}"
    return f"Flora: {version} {verb}", f"By {data['by']}: {data['why']}" if data["why"] else f"By {data['by']}."
