"""The API itself: what may be asked, and what is answered."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse

from flora_core.api.authentication import acting
from flora_core.api.batch import batch
from flora_core.api.dependencies import ContextProvider
from flora_core.api.determinations import determining
from flora_core.api.docs_page import docs_page
from flora_core.api.identify import identifying
from flora_core.api.monitor import monitoring
from flora_core.errors import (
    FloraError,
    NotAllowed,
    NotSignedIn,
    OverBudget,
    TooLarge,
    Unavailable,
    Unknown,
    as_document,
)
from flora_core.wording import shortened
from flora_core.workflows.context import AppContext

_log: Final = logging.getLogger("flora.api")

#: What the API can be asked, in the order of its page.
ROUTES: Final = (identifying, batch, determining, monitoring)

#: The status of each family of errors, most special first; any other refusal is 422.
_STATUS: Final[tuple[tuple[type[FloraError], int], ...]] = (
    (Unknown, 404),
    (NotSignedIn, 401),
    (NotAllowed, 403),
    (OverBudget, 429),
    (TooLarge, 413),
    (Unavailable, 503),
)


def create_api(front: ContextProvider) -> FastAPI:
    """The API, with its OpenAPI document at /openapi.json and a page of it at /docs."""
    api = FastAPI(
        title="Flora Classification",
        version="1",
        description="Measure a plant, learn its name, and know how far to trust it.",
        docs_url=None,
        redoc_url=None,
    )
    _answer_errors(api)

    async def caller(request: Request) -> AppContext:
        """The context for who sent the request."""
        return acting(front, request)

    @api.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(docs_page(api.openapi()))

    for routes in ROUTES:
        api.include_router(routes(front, caller))
    return api


def status_of(error: FloraError) -> int:
    """The HTTP status that says what kind of error it is."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 422)


def _answer_errors(api: FastAPI) -> None:
    @api.exception_handler(FloraError)
    async def refused(request: Request, error: FloraError) -> JSONResponse:
        headers = {"Retry-After": "5"} if isinstance(error, Unavailable) else None
        return JSONResponse(as_document(error), status_of(error), headers=headers)

    @api.exception_handler(RequestValidationError)
    async def malformed(request: Request, error: RequestValidationError) -> JSONResponse:
        problems = error.errors()
        if any(problem["type"] == "json_invalid" for problem in problems):
            return JSONResponse({"error": "NotJson", "detail": "The body is not JSON.", "issues": []}, 400)
        issues = [
            {
                "row": None,
                "column": ".".join(str(part) for part in problem["loc"][1:]),
                "value": "",
                "problem": str(problem["msg"]),
                "suggestion": "See /api/docs.",
            }
            for problem in problems[:100]
        ]
        for issue in issues:
            issue.update({name: shortened(text, 300) for name, text in issue.items() if isinstance(text, str)})
        detail = "; ".join(f"{i['column'] or 'body'}: {i['problem']}" for i in issues[:3])
        return JSONResponse({"error": "BadRequest", "detail": f"{detail}. See /api/docs.", "issues": issues}, 422)

    @api.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        title = HTTPStatus(error.status_code).phrase.replace(" ", "")
        document = {"error": title, "detail": f"{error.detail}. See /api/docs.", "issues": []}
        return JSONResponse(document, error.status_code, headers=error.headers)

    @api.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> JSONResponse:
        _log.error("an API request failed", exc_info=error)
        document = {
            "error": "Internal",
            "detail": "Something went wrong on our side; the details are in the server log.",
            "issues": [],
        }
        return JSONResponse(document, 503)
