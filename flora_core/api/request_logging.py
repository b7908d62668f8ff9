"""Every request of the API gets an identifier, a line in the log and a place in the metrics."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders

from flora_core.api.metrics import Metrics
from flora_core.logs import begin_request
from flora_core.storage.patience import REQUEST_SECONDS, Patience, waiting

_log: Final = logging.getLogger("flora.api")

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class RequestLogger:
    """Pure ASGI around the API."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]], metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        identifier = begin_request(Headers(scope=scope).get("x-request-id", ""))
        began, status = time.perf_counter(), 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = identifier
            await send(message)

        try:
            with waiting(Patience(REQUEST_SECONDS, REQUEST_SECONDS)):
                await self._app(scope, receive, sending)
        finally:
            seconds = time.perf_counter() - began
            # The route and not the path: a path holds what a caller wrote.
            route = getattr(scope.get("route"), "path", "other")
            self._metrics.answered(scope["method"], route, status, seconds)
            facts = {"status": status, "milliseconds": round(1000 * seconds, 1)}
            _log.info("%s %s", scope["method"], route, extra={"facts": facts})
