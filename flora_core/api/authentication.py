"""Who sends a request of the API: known before its body is read, and refused as a document like every other refusal."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Mapping
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from flora_core.access import NOBODY, Principal
from flora_core.api.dependencies import ContextProvider
from flora_core.api.lanes import ASKERS
from flora_core.errors import FloraError, NotAllowed, NotSignedIn, OverBudget, Unavailable, as_document
from flora_core.workflows.access.sign_in import bearer_in, principal_of_request
from flora_core.workflows.authorisation import note_turned_away
from flora_core.workflows.context import AppContext

#: Where the principal stands in a request's scope, and what a verified sign-in said of it.
PRINCIPAL: Final = "flora.principal"
CLAIMS: Final = "flora.claims"
#: Seconds for which the same token or sign-in is believed without another look.
BELIEVED_SECONDS: Final = 0.5
#: Tokens and keys that were not known, from one address, after which it has to wait; and for how many seconds.
MOST_FAILURES: Final = 10
FAILURES_SECONDS: Final = 60.0
#: What tells of the API and of no record.
_DOCUMENTS: Final = frozenset({"/docs", "/openapi.json"})
_MINUTE: Final = 60.0
#: How many of them of one address are kept one by one within an hour; of more the number is kept, once a minute.
MOST_NOTED: Final = 1_000
_HOUR: Final = 3600.0
_LONGEST_PATH: Final = 200


class Authentication:
    """Pure ASGI around the API."""

    def __init__(self, app: ASGIApp, front: ContextProvider) -> None:
        self._app, self._front = app, front
        self._believed: dict[tuple[str, str], tuple[float, Principal]] = {}
        self._failures = CountPerAsker(MOST_FAILURES, FAILURES_SECONDS)
        self._requests: CountPerAsker | None = None
        self._door = DoorKeeper()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            scope[PRINCIPAL] = await self._principal(scope)
        except FloraError as error:
            if not (_is_document(scope) and isinstance(error, NotSignedIn | Unavailable) and self._is_local()):
                if isinstance(error, NotSignedIn | NotAllowed | OverBudget):
                    self._door.turned_away(self._front.context(), scope)
                await _refused(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _is_local(self) -> bool:
        try:
            return self._front.context().settings.way_to_run == "local"
        except Unavailable:
            return True

    async def _principal(self, scope: Scope) -> Principal:
        context = self._front.context()
        headers = Headers(scope=scope)
        address = address_of(scope)
        if context.settings.way_to_run != "local" and self._failures.is_over(address):
            raise OverBudget("Too many keys that are not known came from this address. Try again in a minute.")
        claims: Mapping[str, Any] = scope.get(CLAIMS) or {}
        key = (bearer_in(headers), f"{claims.get('iss', '')} {claims.get('sub', '')} {claims.get('iat', '')} {address}")
        at, who = self._believed.get(key, (-1e9, None))
        if who is None or time.monotonic() - at > BELIEVED_SECONDS:
            try:
                who = await ASKERS.run(principal_of_request, context, headers, claims, address)
            except NotAllowed:
                self._failures.add(address)
                raise
            if len(self._believed) > 1000:
                self._believed.clear()
            self._believed[key] = (time.monotonic(), who)
        self._count(context, who, address)
        return who

    def _count(self, context: AppContext, who: Principal, address: str) -> None:
        if context.settings.way_to_run == "local":
            return
        if self._requests is None:
            self._requests = CountPerAsker(context.settings.max_requests_per_minute, _MINUTE)
        asker = address if who.is_anonymous else who.identity
        if self._requests.is_over(asker):
            raise OverBudget(
                f"More than {context.settings.max_requests_per_minute:,} requests came within a minute. Try again in a minute."
            )
        self._requests.add(asker)


def acting(front: ContextProvider, request: Request) -> AppContext:
    """The context for who sent this request.

    Raises
    ------
    NotSignedIn
        Nobody looked at who sent it.
    """
    who = request.scope.get(PRINCIPAL)
    if not isinstance(who, Principal):
        raise NotSignedIn("A sign-in or a token is needed")
    return front.context().acting_as(who, "api", address_of(request.scope))


def address_of(scope: Scope) -> str:
    """The network address a request came from; "" where the server does not tell."""
    client = scope.get("client")
    return str(client[0]) if client else ""


class DoorKeeper:
    """Keeps in the audit trail who was turned away before any use case was asked.

    Of an address that comes very often the number of its attempts is kept in place of each of them: it could fill the disk.
    """

    def __init__(self) -> None:
        self._kept = CountPerAsker(MOST_NOTED, _HOUR)
        self._lock = threading.Lock()
        self._more: Counter[str] = Counter()
        self._timer: threading.Timer | None = None

    def turned_away(self, context: AppContext, scope: Scope, who: Principal = NOBODY) -> None:
        """Keep an attempt."""
        address = address_of(scope)
        if self._kept.is_over(address):
            self._count(context, address)
            return
        self._kept.add(address)
        door = "api" if f"{scope.get('root_path', '')}{scope['path']}".startswith("/api") else "page"
        written = "".join(c if c.isprintable() else "?" for c in scope["path"])[:_LONGEST_PATH]
        what = f"{scope.get('method', 'WEBSOCKET')} {written}"
        note_turned_away(context.acting_as(who, door, address), what, gathered=True)

    def _count(self, context: AppContext, address: str) -> None:
        with self._lock:
            self._more[address] += 1
            if self._timer is None:
                self._timer = threading.Timer(_MINUTE, self.note_counted, (context,))
                self._timer.daemon = True
                self._timer.start()

    def note_counted(self, context: AppContext) -> None:
        """Keep how many attempts there were that were not kept one by one."""
        with self._lock:
            counted, self._more, self._timer = self._more, Counter(), None
        for address, attempts in counted.items():
            what = f"{attempts:,} more attempts"
            note_turned_away(context.acting_as(NOBODY, "", address), what, gathered=True)


class CountPerAsker:
    """How often each asker came within the last seconds; of many askers those who came longest ago are forgotten."""

    def __init__(self, most: int, seconds: float, askers: int = 10_000) -> None:
        self._most, self._seconds, self._askers = most, seconds, askers
        self._lock = threading.Lock()
        self._moments: dict[str, deque[float]] = {}

    def add(self, asker: str) -> None:
        """Count once."""
        with self._lock:
            moments = self._moments.pop(asker, None) or deque(maxlen=self._most)
            moments.append(time.monotonic())
            self._moments[asker] = moments
            while len(self._moments) > self._askers:
                self._moments.pop(next(iter(self._moments)))

    def is_over(self, asker: str) -> bool:
        """Whether the asker came as often as it may."""
        with self._lock:
            moments = self._moments.get(asker)
            return moments is not None and len(moments) >= self._most and time.monotonic() - moments[0] < self._seconds


def _is_document(scope: Scope) -> bool:
    return scope["path"].removeprefix(scope.get("root_path", "")) in _DOCUMENTS


def _refused(error: FloraError) -> JSONResponse:
    from flora_core.api.application import status_of

    headers = {"Retry-After": "60"} if isinstance(error, OverBudget) else {}
    if isinstance(error, Unavailable):
        headers = {"Retry-After": "5"}
    if isinstance(error, NotSignedIn):
        document = {"error": "Unauthorized", "detail": f"{error.message}. See /api/docs.", "issues": []}
        return JSONResponse(document, 401, headers={"WWW-Authenticate": "Bearer"})
    return JSONResponse(as_document(error), status_of(error), headers=headers)
