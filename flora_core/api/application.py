"""The API itself: what may be asked, and what is answered."""

from __future__ import annotations

import hmac
import logging
from http import HTTPStatus
from typing import Any, Final, Protocol

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse

from flora_core.api.page import docs_page
from flora_core.errors import (
    BadValues,
    FloraError,
    Issue,
    NotAllowed,
    TooLarge,
    Unavailable,
    Unknown,
    as_document,
)
from flora_core.units import parse_unit
from flora_core.workflows import identify as workflow
from flora_core.workflows.house import House

_log: Final = logging.getLogger("flora.api")

MAX_ROWS: Final = 1000

#: The status of each family of errors, most special first; any other refusal is 422.
_STATUS: Final[tuple[tuple[type[FloraError], int], ...]] = (
    (Unknown, 404),
    (NotAllowed, 403),
    (TooLarge, 413),
    (Unavailable, 503),
)


class Front(Protocol):
    """What the front door knows: the open house, or why it is not open."""

    def house(self) -> House:
        """The open house; raises Unavailable while it is not."""

    def doing(self) -> str:
        """What is being done while the house opens; "" once it is open."""


class IdentifyRequest(BaseModel):
    """Plants to be identified."""

    model_config = ConfigDict(extra="forbid", strict=True)

    study: str = Field("iris", description="The plant group.", max_length=64)
    unit: str = Field("", description="Unit of all values, like mm; empty for the study's own.", max_length=32)
    record: bool = Field(False, description="Whether to record the identifications.")
    by: str = Field("", max_length=200, description="Who identifies; where keys are used, the key's owner.")
    rows: list[dict[str, float | str | None]] = Field(
        min_length=1, max_length=MAX_ROWS, description="For each plant {measurement: value}; left out or null: missing."
    )


class Suggested(BaseModel):
    """The one change that would make a plant fit."""

    question: str
    change: str
    measurements: dict[str, float | None]


class Identified(BaseModel):
    """What is said of one plant."""

    study: str
    model_version: int
    measurements: dict[str, float | None] = Field(description="As used, in the study's units.")
    species: str = Field(description='The likeliest species, or "none of these".')
    probability: float = Field(description="Of the likeliest species; of no meaning where `fits` is false.")
    probabilities: dict[str, float]
    prediction_set: list[str] = Field(description="Still possible at 95 %, likeliest first; empty where none fits.")
    fits: bool = Field(description="Whether the plant lies within the limits of any species.")
    did_you_mean: Suggested | None
    qualifier: str = Field(description='"", "cf. ..." where others are possible, or "none of these".')
    sentence: str
    notes: list[str] = Field(description="What was converted or is unusual.")
    id: str | None = Field(description="Of the record, where it was recorded.")


class IdentifyResponse(BaseModel):
    """One answer for each plant, in order."""

    model_version: int
    rows: list[Identified]


class ErrorResponse(BaseModel):
    """What every refusal looks like."""

    error: str
    detail: str
    issues: list[dict[str, Any]]


def create_api(front: Front) -> FastAPI:
    """The API, with its OpenAPI document at /openapi.json and a page of it at /docs."""
    api = FastAPI(
        title="Flora Classification",
        version="1",
        description="Measure a plant, learn its name, and know how far to trust it.",
        docs_url=None,
        redoc_url=None,
    )
    _answer_errors(api)

    async def caller(request: Request) -> str:
        """The owner of the request's key; "" where the API needs none."""
        return _caller(front.house(), request)

    @api.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(docs_page(api.openapi()))

    @api.post(
        "/v1/identify",
        response_model=None,
        responses={200: {"model": IdentifyResponse}, **_errors(400, 401, 403, 404, 413, 422, 503)},
    )
    async def identify(body: IdentifyRequest, who: str = Depends(caller)) -> JSONResponse:
        """Name plants; record them where asked, all or none."""
        house = front.house()
        # One plant is named faster than another thread could be woken for it.
        if len(body.rows) == 1 and not body.record:
            return JSONResponse(_identify(house, body, who))
        return JSONResponse(await run_in_threadpool(_identify, house, body, who))

    return api


def _identify(house: House, body: IdentifyRequest, who: str) -> dict[str, Any]:
    model = house.champion(body.study)
    unit = parse_unit(body.unit)
    answers, issues = [], []
    refused: BadValues | None = None
    for number, row in enumerate(body.rows, start=1):
        typed = {name: "" if value is None else str(value) for name, value in row.items()}
        try:
            answers.append(workflow.identify_with(model, typed, unit))
        except BadValues as error:
            refused = error
            issues += [Issue(number, i.column, i.value, i.problem, i.suggestion) for i in error.issues]
    if refused is not None:
        question = refused.question if len(body.rows) == 1 else ""
        raise BadValues(tuple(issues), question, refused.correction)
    identifiers: list[str | None] = [None] * len(answers)
    if body.record:
        identifiers = [found.id for found in workflow.record(house, answers, by=who or body.by, door="api")]
    return {
        "model_version": model.card.version,
        "rows": [found.as_json(identifier) for found, identifier in zip(answers, identifiers, strict=True)],
    }


def _caller(house: House, request: Request) -> str:
    keys = house.settings.api_keys_by_name()
    if not keys:
        return ""
    given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    given = given or request.headers.get("x-api-key", "")
    if not given:
        raise HTTPException(401, "A key is needed", headers={"WWW-Authenticate": "Bearer"})
    # Every key is compared, in constant time, so that the answer's speed tells nothing.
    owners = [owner for owner, key in keys.items() if hmac.compare_digest(key.encode(), given.encode())]
    if not owners:
        raise NotAllowed("This key is not known. Ask the operator for one (FLORA_API_KEYS).")
    return owners[0]


def _errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": ErrorResponse} for status in statuses}


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
            "detail": "The program made a mistake; it was written to its log.",
            "issues": [],
        }
        return JSONResponse(document, 503)
