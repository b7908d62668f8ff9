"""What every request passes before Streamlit sees it.

Traps closed here, each with a test: any visitor could clear everybody's caches over the websocket; metrics and internal
routes are public; a foreign Origin makes Streamlit call an outside service; nothing sets security headers.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Awaitable, Callable, MutableMapping
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import streamlit
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.websockets import WebSocketClose
from streamlit.proto.BackMsg_pb2 import BackMsg

from ui.server.base_path import BasePath, path_below_base

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_HIDDEN: Final = ("/_stcore/metrics", "/_stcore/script-health-check", "/_stcore/agent")
#: Messages of a developer's browser, of a few bytes each; no page of ours sends them.
_NOT_FOR_VISITORS: Final = frozenset({"clear_cache", "set_run_on_save", "load_git_info"})
_SHORT: Final = 64


def middleware() -> list[Middleware]:
    """The middleware for the front door."""
    return [Middleware(BasePath), Middleware(Guard)]


class Guard:
    """Pure ASGI, because it must see websockets too."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            if _foreign(Headers(scope=scope)):
                await WebSocketClose(1008, "foreign origin")(scope, receive, send)
                return
            await self._app(scope, _without_developers_messages(receive), send)
        elif scope["type"] == "http":
            path = path_below_base(scope["path"])
            if path.startswith(_HIDDEN):
                await JSONResponse({"error": "NotFound", "detail": "There is nothing here.", "issues": []}, 404)(
                    scope, receive, send
                )
            elif path.startswith("/_stcore/") and _foreign(Headers(scope=scope)):
                await JSONResponse(
                    {"error": "Forbidden", "detail": "This request comes from another site.", "issues": []}, 403
                )(scope, receive, send)
            else:
                await self._app(scope, receive, _with_headers(scope, send))
        else:
            await self._app(scope, receive, send)


def _foreign(headers: Headers) -> bool:
    """Whether the request was sent by a page of another site."""
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower()


def _without_developers_messages(receive: Receive) -> Receive:
    async def filtered() -> Message:
        while True:
            message = await receive()
            content = message.get("bytes") if message["type"] == "websocket.receive" else None
            if content and len(content) < _SHORT and _kind(content) in _NOT_FOR_VISITORS:
                continue
            return message

    return filtered


def _kind(content: bytes) -> str:
    message = BackMsg()
    try:
        message.ParseFromString(content)
    except Exception:  # noqa: BLE001  whatever it is, Streamlit's own reader shall refuse it
        return ""
    return message.WhichOneof("type") or ""


def _with_headers(scope: Scope, send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.setdefault("Content-Security-Policy", content_security_policy())
            headers.setdefault("X-Content-Type-Options", "nosniff")
            headers.setdefault("Referrer-Policy", "same-origin")
        await send(message)

    return sending


@cache
def content_security_policy() -> str:
    """What a page may load: everything from here, nothing from elsewhere.

    The hashes are those of the scripts in Streamlit's own start page, computed so that an upgrade does not break it.
    """
    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    scripts = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", page, re.DOTALL)
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" for script in scripts
    )
    return (
        f"default-src 'self'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'self'; "
        "form-action 'self'; object-src 'none'"
    )
