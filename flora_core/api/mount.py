"""What stands at the front door: is it alive, is it ready, and the API behind a limit on the size of what comes in."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from flora_core.api.authentication import Authentication
from flora_core.api.lanes import HEALTH, NAMING, READING
from flora_core.api.metrics import Metrics
from flora_core.api.request_logging import RequestLogger
from flora_core.errors import FloraError, Unavailable, as_document
from flora_core.supervised_threads import thread_health

if TYPE_CHECKING:
    from fastapi import FastAPI

    from flora_core.api.dependencies import ContextProvider

#: The largest body of a JSON request, in bytes; tables go to /batch.
MAX_BODY: Final = 2_000_000
#: Seconds in which a body comes, and bytes in each second more: a slow line is waited for, a stopped one is not.
BODY_SECONDS: Final = 30.0
BODY_RATE: Final = 4_000

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def routes(front: ContextProvider) -> list[BaseRoute]:
    """The routes for the front door; opens nothing."""

    async def healthz(request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    def look() -> JSONResponse:
        try:
            context = front.context()
            champions = {}
            for study in context.studies.names():
                version = context.registry.champion_version(study)
                if version is not None:
                    champions[study] = context.model(study, version).card.version
        except FloraError as error:
            return JSONResponse({"ready": False, "doing": front.doing(), **as_document(error)}, 503)
        ill = {thread.name: thread.error or thread.state for thread in thread_health() if not thread.well}
        if ill:
            words = f"A background thread is not at work: {', '.join(ill)}. The server's log says why."
            return JSONResponse({"ready": False, "doing": "", **as_document(Unavailable(words))}, 503)
        return JSONResponse({"ready": True, "champions": champions})

    async def readyz(request: Request) -> JSONResponse:
        try:
            return await HEALTH.run(look)
        except Unavailable as error:
            return JSONResponse({"ready": False, "doing": "", **as_document(error)}, 503)

    metrics = Metrics()

    def figures() -> Response:
        try:
            context = front.context()
        except FloraError:
            context = None
        content, kind = metrics.page(context)
        return Response(content, media_type=kind)

    async def page_of_metrics(request: Request) -> Response:
        try:
            return await READING.run(figures)
        except Unavailable as error:
            return JSONResponse(as_document(error), 503)

    return [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", page_of_metrics),
        _everything_below("/api", RequestLogger(Authentication(_LateApi(front), front), metrics)),
    ]


def _everything_below(path: str, app: ASGIApp) -> Mount:
    """A mount that takes every path below it: a line break in one would be somebody else's, and answered with a page."""
    mount = Mount(path, app=app)
    mount.path_regex = re.compile(mount.path_regex.pattern, re.DOTALL)
    return mount


class _LateApi:
    """The API's application, built when its first request comes: a visitor of the pages does not wait for FastAPI."""

    def __init__(self, front: ContextProvider) -> None:
        self._front = front
        self._lock = threading.Lock()
        self._app: FastAPI | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app if self._app is not None else await NAMING.run(self._built)
        if scope["type"] == "http":
            receive = _limited(scope, receive)
        await app(scope, receive, send)

    def _built(self) -> FastAPI:
        from flora_core.api.application import create_api

        with self._lock:
            if self._app is None:
                self._app = create_api(self._front)
            return self._app


def _limited(scope: Scope, receive: Receive) -> Receive:
    """`receive`, which answers 413 once more has come than a JSON request may hold, and 408 where it comes too slowly."""
    is_table = scope["path"].endswith("/v1/batch")
    came, whole = 0, False
    began = time.monotonic()

    async def counted() -> Message:
        nonlocal came, whole
        if whole:
            # What comes now is no body any more: whoever listens for the end of the connection may wait.
            return await receive()
        left = began + BODY_SECONDS + came / BODY_RATE - time.monotonic()
        try:
            message = await asyncio.wait_for(receive(), max(0.0, left))
        except TimeoutError:
            raise HTTPException(
                408,
                f"The body came too slowly: {came:,} bytes in {time.monotonic() - began:.0f} seconds; send it again",
            ) from None
        came += len(message.get("body", b""))
        whole = not message.get("more_body", False)
        if came > MAX_BODY and not is_table:
            raise HTTPException(413, f"The request is larger than {MAX_BODY:,} bytes; send tables to /api/v1/batch")
        return message

    return counted
