"""`GET /v1/monitor`: what the monitor says of a study."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel
from starlette.responses import JSONResponse

from flora_core.api.dependencies import Caller, ContextProvider, refusals
from flora_core.api.lanes import READING
from flora_core.workflows.context import AppContext
from flora_core.workflows.monitor import asked_days, asked_window, monitor_document, monitor_study


class DriftEntry(BaseModel):
    """One measurement of one window and version, by one figure."""

    window: str
    version: int
    n: int
    measurement: str
    metric: str
    value: float | None
    p: float | None
    threshold: float | None
    alert: bool
    verdict: str
    mean: float | None
    reference_mean: float | None


class AccuracyEntry(BaseModel):
    """How right the names of one window and version are: by determinations, and estimated without them."""

    window: str
    version: int
    identified: int
    determined: int
    right: int
    realised: float | None
    low: float | None
    high: float | None
    estimated: float | None
    estimated_low: float | None
    estimated_high: float | None
    threshold: float | None
    alert: bool


class MonitorResponse(BaseModel):
    """The verdict on the last plants, and every window before; `window` is a window's first day."""

    study: str
    champion: int | None
    since: str
    until: str
    verdict: str
    word: str
    sentence: str
    current: dict[str, Any] | None
    reasons: list[str]
    notes: list[str]
    last: dict[str, Any] | None
    windows: list[dict[str, Any]]
    drift: list[DriftEntry]
    accuracy: list[AccuracyEntry]
    mix: list[dict[str, Any]]
    unfit: list[dict[str, Any]]


def monitoring(front: ContextProvider, caller: Caller) -> APIRouter:
    """The route."""
    router = APIRouter()

    @router.get(
        "/v1/monitor",
        response_model=None,
        responses={200: {"model": MonitorResponse}, **refusals(401, 403, 404, 422, 503)},
    )
    async def monitor(
        study: Annotated[str, Query(max_length=64)] = "iris",
        since: Annotated[
            str, Query(max_length=10, description="The first day, like 2026-06-01; a year back if empty.")
        ] = "",
        until: Annotated[str, Query(max_length=10, description="The last day, like 2026-06-30; today if empty.")] = "",
        window: Annotated[str, Query(max_length=10, description="day, week or month.")] = "week",
        version: Annotated[
            int | None, Query(ge=1, le=2**31 - 1, description="Only what this version identified.")
        ] = None,
        context: AppContext = Depends(caller),
    ) -> JSONResponse:
        """Do the plants still look like the training plants, and how right is the model still?"""
        first, last = asked_days(since, until)
        kind = asked_window(window)

        def found() -> dict[str, Any]:
            return monitor_document(
                monitor_study(context, study, since=first, until=last, window=kind, version=version)
            )

        return JSONResponse(await READING.run(found))

    return router
