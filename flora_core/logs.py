"""What the program writes to its log: one line an event, with the request it belongs to; as text or as JSON.

Never a value that a visitor typed, a key or a password: a log is read by more people than a record.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Final, Literal

_FORM: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_REQUEST: Final[ContextVar[str]] = ContextVar("flora_request", default="")
#: Facts a log call may add with `extra={"facts": {...}}`.
_FACTS: Final = "facts"


def begin_request(given: str = "") -> str:
    """The identifier of the request that begins: the one its sender gave, where it is harmless, else a new one."""
    identifier = given if _FORM.fullmatch(given) else secrets.token_hex(6)
    _REQUEST.set(identifier)
    return identifier


def request_id() -> str:
    """The identifier of the request being answered; "" outside of one."""
    return _REQUEST.get()


def set_up_log(form: Literal["text", "json"], level: int = logging.INFO) -> None:
    """Write the program's own log to stderr in this form; other libraries' logs stay as they are."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if form == "json" else _Text())
    ours = logging.getLogger("flora")
    ours.handlers[:] = [handler]
    ours.setLevel(level)
    ours.propagate = False


class _Text(logging.Formatter):
    """As 2026-05-03T10:11:12.345Z INFO flora.api POST /v1/identify status=200 request=4f1c2a."""

    def format(self, record: logging.LogRecord) -> str:
        facts = " ".join(f"{name}={value}" for name, value in _facts(record).items())
        line = f"{_moment(record)} {record.levelname} {record.name} {_one_line(record.getMessage())}"
        lines = f"{line} {facts}".rstrip()
        return f"{lines}\n{self.formatException(record.exc_info)}" if record.exc_info else lines


class _Json(logging.Formatter):
    """One JSON object a line: at, level, logger, message, request, and the event's own facts."""

    def format(self, record: logging.LogRecord) -> str:
        document: dict[str, object] = {
            "at": _moment(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_facts(record),
        }
        if record.exc_info:
            document["error"] = self.formatException(record.exc_info)
        return json.dumps(document, ensure_ascii=False, default=str)


def _facts(record: logging.LogRecord) -> dict[str, object]:
    facts = dict(getattr(record, _FACTS, {}))
    if request_id():
        facts["request"] = request_id()
    return facts


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _one_line(text: str) -> str:
    """A line break in a message can't begin a line that looks like another event."""
    return text.replace("\r", "\\r").replace("\n", "\\n")
