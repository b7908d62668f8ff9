"""A JSON body, read strictly: what no document could answer to is refused before any workflow sees it."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.routing import APIRoute
from pydantic_core import from_json
from starlette.requests import Request
from starlette.responses import Response


class StrictRequest(Request):
    """A request whose JSON is Unicode text and finite numbers.

    Python's own reader also takes halves of letters (lone surrogates), which no text file, database or answer can hold, and
    NaN, which is no JSON.
    """

    async def json(self) -> Any:
        """The body's document; raises `json.JSONDecodeError`, which is answered with 400."""
        if not hasattr(self, "_document"):
            body = await self.body()
            try:
                self._document = from_json(body, allow_inf_nan=False, cache_strings="none")
            except (ValueError, RecursionError) as error:
                raise json.JSONDecodeError(str(error)[:200], "", 0) from None
        return self._document


def strict(request: Request) -> StrictRequest:
    """The request, read strictly; what was read of it already is not lost."""
    return request if isinstance(request, StrictRequest) else StrictRequest(request.scope, request.receive)


class StrictRoute(APIRoute):
    """A route that reads its JSON so."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with such a request."""
        usual = super().get_route_handler()

        async def handled(request: Request) -> Response:
            return await usual(strict(request))

        return handled
