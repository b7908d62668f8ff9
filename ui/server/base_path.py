"""Where the program lives below a path (server.baseUrlPath), its health checks and its API live there too."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

import streamlit as st

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

#: The paths that are ours and not Streamlit's, which knows of its own base path itself.
OURS: Final = ("/api", "/healthz", "/readyz", "/metrics")


class BasePath:
    """Answers below the base path as without it; pure ASGI, the outermost of all."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            bare = path_below_base(scope["path"])
            if bare != scope["path"] and any(bare == ours or bare.startswith(f"{ours}/") for ours in OURS):
                scope = {**scope, "path": bare, "raw_path": bare.encode("utf-8", "surrogatepass")}
        await self._app(scope, receive, send)


def path_below_base(path: str) -> str:
    """A path without the base path, where it begins with that."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    if base and (path == f"/{base}" or path.startswith(f"/{base}/")):
        return path[len(base) + 1 :] or "/"
    return path
