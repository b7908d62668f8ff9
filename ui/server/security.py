"""The only door: what every request and every websocket passes before Streamlit or the API sees it.

Here it is decided whether the name of the host is ours, whether a page of another site sent it, who asks, and whether that is
more than one asker may have. Other traps closed here, each with a test: any visitor could clear everybody's caches over the
websocket; metrics and internal routes were public; a foreign Origin makes Streamlit call an outside service.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import ipaddress
import logging
import re
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import streamlit
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import cookie_parser
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose
from streamlit.proto.AuthRedirect_pb2 import AuthRedirect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from flora_core.access import NOBODY, Principal, UseCase, is_allowed, local_principal, refusal_text
from flora_core.api.authentication import CLAIMS, PRINCIPAL, CountPerAsker, DoorKeeper, address_of
from flora_core.api.lanes import ASKERS
from flora_core.errors import FloraError, Unavailable
from flora_core.settings import Settings, read_settings
from flora_core.workflows.access.sign_in import bearer_in, person_of, principal_of_visitor
from ui.server.base_path import BasePath, path_below_base
from ui.server.in_turn import one_by_one
from ui.server.open_pages import OpenPage, OpenPages
from ui.server.sign_in import USER_COOKIE, claims_in, sign_in_page
from ui.server.startup import STARTUP, Startup

_log: Final = logging.getLogger("flora.guard")

_HIDDEN: Final = ("/_stcore/metrics", "/_stcore/script-health-check", "/_stcore/agent")
#: Messages of a developer's browser, of a few bytes each; no page of ours sends them.
_NOT_FOR_VISITORS: Final = frozenset({"clear_cache", "set_run_on_save", "load_git_info"})
_SHORT: Final = 64
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
#: What a page of any other site may send without asking first.
_SIMPLE_TYPES: Final = frozenset({"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"})
#: Open to who is not known: whether the process answers, signing in, and files that tell of nobody.
_OPEN: Final = ("/healthz", "/auth/", "/oauth2callback", "/static/", "/app/static/", "/favicon")
_FOR_OPERATORS: Final = ("/metrics", "/readyz")
_FRAMES: Final = frozenset({"iframe", "frame", "embed", "object", "fencedframe"})
_UPLOADS: Final = "/_stcore/upload_file/"
_MEDIA: Final = "/media/"
#: Never kept by a browser or on the way: what belongs to one person.
_NOT_STORED: Final = ("/media/", "/api/", "/_stcore/upload_file/", "/auth/", "/oauth2callback")
#: What makes a browser leave a page; below a base path too, because a page's own address is beside it.
_TURN_AWAY: Final = ForwardMsg(auth_redirect=AuthRedirect(url="./"))
#: Seconds between two looks at whether those who have a page open may still.
_LOOK_SECONDS: Final = 0.7


def middleware() -> list[Middleware]:
    """The middleware for the front door."""
    return [Middleware(BasePath), Middleware(Guard)]


class Guard:
    """Pure ASGI, because it must see websockets too.

    Parameters
    ----------
    settings : Settings or None
        None: those of the environment, read when the first request comes.
    """

    def __init__(self, app: ASGIApp, startup: Startup = STARTUP, settings: Settings | None = None) -> None:
        self._app, self._startup, self._given = app, startup, settings
        self._open = OpenPages()
        self._door = DoorKeeper()
        self._looking: asyncio.Task[None] | None = None
        self._requests: CountPerAsker | None = None

    @property
    def _settings(self) -> Settings:
        if self._given is None:
            self._given = read_settings()
        return self._given

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        send = _with_headers(scope, self._settings, send)
        answer = self._refusal(scope) or await self._not_for_this_one(scope)
        if answer is not None:
            self._turned_away(scope, scope.get(PRINCIPAL, NOBODY))
        if answer is None and _is_upload(scope):
            with self._open.coming(_asker(scope, scope[PRINCIPAL]), int(Headers(scope=scope)["content-length"])):
                await self._app(scope, receive, send)
            return
        await (answer or self._app)(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        if not _is_our_host(scope, self._settings) or is_foreign(headers) or not self._arrived_well(scope):
            self._turned_away(scope)
            await WebSocketClose(1008, "this page is of another site")(scope, receive, send)
            return
        try:
            who, claims = await self._visitor(scope)
        except FloraError as error:
            _log.error("a page can't be opened: %s", error.message)
            await WebSocketClose(1013, "try again")(scope, receive, send)
            return
        if who.role is None:
            self._turned_away(scope, who)
            await WebSocketClose(1008, "sign in")(scope, receive, send)
            return
        asker = _asker(scope, who)
        if not self._has_room(who, asker) or self._is_too_often(who, asker):
            self._turned_away(scope, who)
            await WebSocketClose(1013, "too many open pages")(scope, receive, send)
            return
        opened = OpenPage(who, asker, claims)
        if not self._open.add(opened, _claimed_session(headers)):
            self._turned_away(scope, who)
            await WebSocketClose(1008, "this page is somebody else's")(scope, receive, send)
            return
        try:
            receive = _without_developers_messages(receive)
            if who.is_person:
                self._look_now_and_then()
                receive = _until(opened.ended, receive, send)
            await self._app(scope, *one_by_one(receive, self._open.noting_session(opened, send)))
        finally:
            self._open.discard(opened)

    def _refusal(self, scope: Scope) -> Response | None:
        """What no person may do, whoever they are."""
        path, headers = path_below_base(scope["path"]), Headers(scope=scope)
        if path.startswith(_HIDDEN):
            return _document("NotFound", "There is nothing here.", 404)
        if path != "/healthz" and not path.startswith(_FOR_OPERATORS) and not _is_our_host(scope, self._settings):
            return _document(
                "Forbidden", "This server does not answer to that name. Its operator sets FLORA_HOSTS.", 403
            )
        if not self._arrived_well(scope):
            return _document(
                "Forbidden",
                "This is a local start, which serves its own machine only. docs/operations.md says how to serve others.",
                403,
            )
        if _is_framed(headers):
            return _document("Forbidden", "This page is not shown inside of pages of other sites.", 403)
        changes = scope["method"] not in _SAFE
        if (changes or path.startswith(("/_stcore/", "/auth/logout", "/media/"))) and is_foreign(headers):
            return _document("Forbidden", "This request comes from another site.", 403)
        if changes and path.startswith("/api/") and _is_simple(headers):
            return _document(
                "UnsupportedMediaType",
                "A page's request says what it sends: application/json, or text/csv for a table.",
                415,
            )
        return None

    def _arrived_well(self, scope: Scope) -> bool:
        """Whether a local start was reached on this machine's own address."""
        return self._settings.way_to_run != "local" or not _is_outside(scope.get("server"))

    async def _not_for_this_one(self, scope: Scope) -> Response | None:
        """What this person may not, or not so often; notes in the scope who it is."""
        path, settings = path_below_base(scope["path"]), self._settings
        if path.startswith(_FOR_OPERATORS):
            return None if self._is_operator(scope) else _document("NotFound", "There is nothing here.", 404)
        if path.startswith(_OPEN):
            return None
        claims = {} if settings.way_to_run == "local" else self._claims(scope)
        scope[CLAIMS] = claims
        if path == "/api" or path.startswith("/api/"):
            return None  # the API asks by itself, for tokens too
        try:
            who, _ = await self._visitor(scope)
        except FloraError as error:
            return _document(type(error).__name__, error.message, 503)
        scope[PRINCIPAL] = who
        if who.role is None:
            return self._way_in(scope, who)
        asker = _asker(scope, who)
        if self._is_too_often(who, asker):
            return _document("OverBudget", "Too many requests came within a minute. Try again in a minute.", 429)
        if path.startswith(_MEDIA) and not self._open.has_file(asker, _file_in(path)):
            return _document("NotFound", "There is nothing here.", 404)
        return self._no_upload(scope, who, asker) if path.startswith(_UPLOADS) else None

    def _no_upload(self, scope: Scope, who: Principal, asker: str) -> Response | None:
        """Why this one may not give a file to a page, or take one back; None where they may."""
        settings = self._settings
        if not is_allowed(who, UseCase.UPLOAD_TABLE):
            return _document("NotAllowed", refusal_text(who, UseCase.UPLOAD_TABLE), 403)
        if not self._open.has_session(asker, path_below_base(scope["path"]).removeprefix(_UPLOADS).partition("/")[0]):
            return _document("NotFound", "No page of yours asks for this file.", 404)
        if not _is_upload(scope):
            return None
        stated = Headers(scope=scope).get("content-length", "")
        if not stated.isdecimal():
            return _document("LengthRequired", "An upload says how long it is.", 411)
        if self._open.held_bytes() + int(stated) > settings.max_upload_memory_mb * 1_000_000:
            return _document("OverBudget", "All that visitors gave to pages fills its room. Try again later.", 429)
        if (
            not who.is_local
            and self._open.held_bytes(asker) + int(stated) > settings.max_upload_memory_mb_each * 1_000_000
        ):
            return _document(
                "OverBudget",
                f"The files in your open pages fill the {settings.max_upload_memory_mb_each:,} MB there are for one visitor. "
                "Close a page, or send the table to /api/v1/batch.",
                429,
            )
        return None

    def _turned_away(self, scope: Scope, who: Principal = NOBODY) -> None:
        with suppress(Unavailable):  # nothing can be kept before the database is open
            self._door.turned_away(self._startup.context(), scope, who)

    def _way_in(self, scope: Scope, who: Principal) -> Response:
        headers = Headers(scope=scope)
        if scope["method"] == "GET" and "text/html" in headers.get("accept", ""):
            page = sign_in_page(self._settings, who.name, who.subject, who.issuer)
            return HTMLResponse(page, 403 if who.subject else 401, headers={"Cache-Control": "no-store"})
        if who.subject:
            return _document("Forbidden", f"{who.name} has no role here. Ask an admin of this server for one.", 403)
        return _document("Unauthorized", "Sign in first, or send a token.", 401)

    def _claims(self, scope: Scope) -> dict[str, Any]:
        if self._settings.way_to_run != "signed-in":
            return {}
        cookies = cookie_parser(Headers(scope=scope).get("cookie", ""))
        return claims_in(cookies, self._settings)

    async def _visitor(self, scope: Scope) -> tuple[Principal, Mapping[str, Any]]:
        """Who looks at a page.

        Raises
        ------
        Unavailable, DatabaseUnavailable
        """
        if self._settings.way_to_run == "local":
            return LOCAL, {}
        claims = scope.get(CLAIMS)
        if claims is None:
            claims = self._claims(scope)
        if not claims and self._settings.way_to_run == "signed-in":
            return NOBODY, claims
        return await ASKERS.run(principal_of_visitor, self._startup.context(), claims, address_of(scope)), claims

    def _has_room(self, who: Principal, asker: str) -> bool:
        if len(self._open) >= self._settings.max_sessions:
            return False
        if who.is_local:
            return True
        return self._open.count(asker) < self._settings.max_sessions_each

    def _is_too_often(self, who: Principal, asker: str) -> bool:
        if who.is_local:
            return False
        if self._requests is None:
            self._requests = CountPerAsker(self._settings.max_requests_per_minute, 60.0)
        if self._requests.is_over(asker):
            return True
        self._requests.add(asker)
        return False

    def _is_operator(self, scope: Scope) -> bool:
        """Whether /metrics and /readyz are for this caller: from this machine itself, or with the token for them."""
        headers = Headers(scope=scope)
        token = self._settings.metrics_token.get_secret_value()
        if token and hmac.compare_digest(bearer_in(headers).encode(), token.encode()):
            return True
        came_through = "x-forwarded-for" in headers or "forwarded" in headers
        return not came_through and not _is_outside(scope.get("client"))

    def _look_now_and_then(self) -> None:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.get_running_loop().create_task(self._look())

    async def _look(self) -> None:
        """End the pages of those who may no longer what they might when they opened them; stops when nobody is left."""
        while signed_in := [one for one in self._open if one.principal.is_person]:
            try:
                context = self._startup.context()
                for one in signed_in:
                    person = await ASKERS.run(person_of, context, one.claims)
                    if person is None or not one.principal.roles <= person.roles:
                        one.ended.set()
            except Unavailable:
                _log.warning("whether people may still is not known: the database does not answer")
            await asyncio.sleep(_LOOK_SECONDS)


#: In a local start everybody who comes is its one person; the pages look up under which name.
LOCAL: Final = local_principal()


def is_foreign(headers: Headers) -> bool:
    """Whether the request was sent by a page of another site."""
    if headers.get("sec-fetch-site", "") == "cross-site":
        return True
    origin = headers.get("origin")
    if origin is None:
        return False
    try:
        return urlsplit(origin).netloc.lower() != headers.get("host", "").lower()
    except ValueError:  # no address at all, as half of one in brackets
        return True


def _is_framed(headers: Headers) -> bool:
    return headers.get("sec-fetch-dest", "") in _FRAMES and headers.get("sec-fetch-site", "") != "same-origin"


def _is_simple(headers: Headers) -> bool:
    """Whether a browser sent it in a way that any site could make it; programs may send a table as they like."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    from_browser = any(name in headers for name in ("origin", "sec-fetch-site", "cookie"))
    return kind in _SIMPLE_TYPES and from_browser and headers.get("content-length", "0") != "0"


def _is_our_host(scope: Scope, settings: Settings) -> bool:
    host = Headers(scope=scope).get("host", "").lower()
    name = re.sub(r":\d*$", "", host)
    return name in settings.allowed_hosts()


def _is_outside(place: tuple[str, int] | None) -> bool:
    """Whether a network address is another machine's, or one that other machines reach."""
    if not place:
        return False
    try:
        return not ipaddress.ip_address(place[0].partition("%")[0]).is_loopback
    except ValueError:
        return False  # a name, or the path of a socket in a folder


def _asker(scope: Scope, who: Principal) -> str:
    """By whom budgets are counted: the person, or the address of who is nobody."""
    return address_of(scope) if who.is_anonymous else who.identity


def _claimed_session(headers: Headers) -> str:
    """The session that a browser goes on with after it lost the connection: the third of its subprotocols."""
    protocols = [part.strip() for part in headers.get("sec-websocket-protocol", "").split(",")]
    return protocols[2] if len(protocols) > 2 else ""


def _is_upload(scope: Scope) -> bool:
    return scope["method"] == "PUT" and path_below_base(scope["path"]).startswith(_UPLOADS)


def _file_in(path: str) -> str:
    """The identifier of a file in a path of media: its name without its ending."""
    return path.removeprefix(_MEDIA).partition(".")[0]


def _document(error: str, detail: str, status: int) -> JSONResponse:
    headers = {"Retry-After": "60"} if status == 429 else None
    return JSONResponse({"error": error, "detail": detail, "issues": []}, status, headers=headers)


def _until(ended: asyncio.Event, receive: Receive, send: Send) -> Receive:
    """`receive`, which hears of the end as soon as this person may no longer, and tells the browser."""

    async def receiving() -> Message:
        coming = asyncio.ensure_future(receive())
        end = asyncio.ensure_future(ended.wait())
        try:
            await asyncio.wait({coming, end}, return_when=asyncio.FIRST_COMPLETED)
            if not end.done():
                return coming.result()
        finally:
            end.cancel()
            if ended.is_set():
                coming.cancel()
        with suppress(RuntimeError):  # the browser was quicker
            # First to another address, so that nothing stays on the screen of what the role showed.
            await send({"type": "websocket.send", "bytes": _TURN_AWAY.SerializeToString()})
            await send({"type": "websocket.close", "code": 1008, "reason": "signed out"})
        return {"type": "websocket.disconnect", "code": 1008}

    return receiving


def _with_headers(scope: Scope, settings: Settings, send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.setdefault("Content-Security-Policy", content_security_policy())
            headers.setdefault("X-Content-Type-Options", "nosniff")
            headers.setdefault("Referrer-Policy", "same-origin")
            headers.setdefault("X-Frame-Options", "DENY")
            headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
            headers.setdefault("Permissions-Policy", _PERMISSIONS)
            if path_below_base(scope["path"]).startswith(_NOT_STORED):
                headers["Cache-Control"] = "no-store"
            if settings.site.startswith("https://"):
                headers.setdefault("Strict-Transport-Security", "max-age=31536000")
            _strengthen_cookies(message, settings)
        await send(message)

    return sending


#: What a page may ask a browser for: nothing of it is needed.
_PERMISSIONS: Final = (
    "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), "
    "midi=(), payment=(), usb=()"
)


def _strengthen_cookies(message: Message, settings: Settings) -> None:
    """Streamlit's own cookies: for TLS only where the site has it, and a sign-in no longer than it counts."""
    strengthened = []
    for name, value in message["headers"]:
        if name.lower() == b"set-cookie":
            text = value.decode("latin-1")
            if text.startswith(USER_COOKIE) and "Max-Age=0" not in text:
                text = re.sub(r"Max-Age=\d+", f"Max-Age={3600 * settings.sign_in_hours}", text, flags=re.IGNORECASE)
                text = re.sub(r"; expires=[^;]+", "", text, flags=re.IGNORECASE)
            if settings.site.startswith("https://") and "secure" not in text.lower().split("; "):
                text += "; Secure"
            strengthened.append((name, text.encode("latin-1")))
        else:
            strengthened.append((name, value))
    message["headers"] = strengthened


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
