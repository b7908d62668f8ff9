"""`POST /v1/determinations`: what persons say of identified plants."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from flora_core.access import UseCase
from flora_core.api.dependencies import Caller, ContextProvider, name_given, refusals
from flora_core.api.lanes import RECORDING
from flora_core.api.request_body import StrictRoute
from flora_core.errors import BadValues
from flora_core.tables.rows.determinations import WrittenDetermination
from flora_core.workflows.authorisation import require
from flora_core.workflows.context import AppContext
from flora_core.workflows.determine import DeterminationRecorder, defaults

MAX_ROWS: Final = 1000


class DeterminationRow(BaseModel):
    """One determination as a person wrote it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: str = Field(
        "", max_length=300, description="Identifier of the record, like k7f3q2mh4p-1; or give catalogue_number."
    )
    catalogue_number: str = Field("", max_length=300, description="A number that one record of the study bears.")
    name: str = Field(
        max_length=500, description='"Iris versicolor", "Iris sp.", "cf. versicolor", "a × b", "none of these".'
    )
    by: str = Field("", max_length=500, description="Who determined; else the request's `by`, else the key's owner.")
    date: str = Field("", max_length=50, description="When, like 2026-06-03, 2026-06 or 2026; empty for today.")
    level: int | None = Field(
        None, ge=-1_000_000, le=1_000_000, description="HISPID's verification level, 0 to 4; 2 where left out."
    )
    remark: str = Field("", max_length=5000, description="What the slip says besides.")


class DeterminationsRequest(BaseModel):
    """Determinations to be laid beside their identifications."""

    model_config = ConfigDict(extra="forbid", strict=True)

    study: str = Field("iris", max_length=64, description="In which catalogue numbers are looked up.")
    by: str = Field("", max_length=500, description="Who determined, where a row does not say.")
    rows: list[DeterminationRow] = Field(min_length=1, max_length=MAX_ROWS)


class FoundIssue(BaseModel):
    """A row that was not added: what is wrong, what would be right."""

    row: int
    column: str
    value: str
    problem: str
    suggestion: str


class DeterminationsResponse(BaseModel):
    """What became of them; rows = added + unchanged + refused."""

    rows: int
    added: int
    unchanged: int = Field(description="The same person had said the same before.")
    refused: int
    blank: int
    issues: list[FoundIssue]
    notes: list[str] = Field(description="What counts as what, and what was dated today.")


def determining(front: ContextProvider, caller: Caller) -> APIRouter:
    """The route."""
    router = APIRouter(route_class=StrictRoute)

    @router.post(
        "/v1/determinations",
        response_model=None,
        responses={200: {"model": DeterminationsResponse}, **refusals(400, 401, 403, 404, 408, 413, 422, 503)},
    )
    async def determine(body: DeterminationsRequest, context: AppContext = Depends(caller)) -> JSONResponse:
        """Lay determinations beside identifications: good rows are added, each bad one is an issue; 422 where none is good."""
        return JSONResponse(await RECORDING.run(_determine, context, body))

    return router


def _determine(context: AppContext, body: DeterminationsRequest) -> dict[str, Any]:
    require(context, UseCase.DETERMINE, body.study)
    context.studies.get(body.study)
    by = body.by or context.principal.name
    laying = DeterminationRecorder(
        context, body.study, defaults=defaults(by), entered_by=name_given(context, by) or "API"
    )
    rows = [
        WrittenDetermination(
            number,
            slip.id or slip.catalogue_number,
            slip.name,
            slip.by,
            slip.date,
            "" if slip.level is None else str(slip.level),
            slip.remark,
        )
        for number, slip in enumerate(body.rows, start=1)
    ]
    laying.lay(rows, may_be_blank=False)
    outcome = laying.finish()
    if outcome.refused == outcome.rows:
        raise BadValues(tuple(outcome.issues))
    return outcome.as_json()
