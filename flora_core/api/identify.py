"""`POST /v1/identify`: a few plants, named at once."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from flora_core.access import UseCase
from flora_core.api.dependencies import Caller, ContextProvider, name_given, refusals
from flora_core.api.lanes import NAMING, RECORDING
from flora_core.api.request_body import StrictRoute, strict
from flora_core.errors import BadValues, Issue
from flora_core.units import parse_unit
from flora_core.workflows import identify as workflow
from flora_core.workflows.authorisation import require
from flora_core.workflows.context import AppContext

MAX_ROWS: Final = 1000
#: Measurements of one plant in a request; a study has at most as many as a table has columns.
MAX_VALUES: Final = 4000
#: Issues of an answer: enough to see what is wrong.
MAX_ISSUES: Final = 200


def _not_too_many(row: Any) -> Any:
    """Refused by its number, before each of its values is looked at."""
    if isinstance(row, dict) and len(row) > MAX_VALUES:
        raise ValueError(f"A plant has at most {MAX_VALUES:,} values, this one has {len(row):,}")
    return row


Text = Annotated[str, Field(max_length=1000)]
Row = Annotated[dict[Annotated[str, Field(max_length=200)], float | Text | None], BeforeValidator(_not_too_many)]


class IdentifyRequest(BaseModel):
    """Plants to be identified."""

    model_config = ConfigDict(extra="forbid", strict=True)

    study: str = Field("iris", description="The plant group.", max_length=64)
    unit: str = Field("", description="Unit of all values, like mm; empty for the study's own.", max_length=32)
    record: bool = Field(False, description="Whether to record the identifications.")
    by: str = Field("", max_length=200, description="Who identifies; where keys are used, the key's owner.")
    collector: str = Field("", max_length=200, description="Who gathered the plants, for the record.")
    site: str = Field("", max_length=200, description="Where they grew, for the record.")
    rows: list[Row] = Field(
        min_length=1, max_length=MAX_ROWS, description="For each plant {measurement: value}; left out or null: missing."
    )


class Suggested(BaseModel):
    """The one change that would make a plant fit."""

    question: str
    change: str
    measurements: dict[str, float | str | None]


class Identified(BaseModel):
    """What is said of one plant."""

    study: str
    model_version: int
    measurements: dict[str, float | str | None] = Field(
        description="As used, in the study's units; states by their names."
    )
    species: str = Field(description='The likeliest species, or "none of these".')
    probability: float = Field(description="Of the likeliest species; of no meaning where `fits` is false.")
    probabilities: dict[str, float]
    prediction_set: list[str] = Field(description="Still possible at 95 %, likeliest first; empty where none fits.")
    fits: bool = Field(description="Whether the plant lies within the limits of any species.")
    unusual: bool = Field(description="Whether it does, but outside the usual range of every species.")
    did_you_mean: Suggested | None
    qualifier: str = Field(description='"", "cf. ..." where others are possible, or "none of these".')
    sentence: str
    notes: list[str] = Field(description="What was converted or is unusual.")
    id: str | None = Field(description="Of the record, where it was recorded.")


class IdentifyResponse(BaseModel):
    """One answer for each plant, in order."""

    model_version: int
    rows: list[Identified]


def _brief(caller: Caller) -> type[StrictRoute]:
    """A kind of route that reads its one body itself: FastAPI's general way there takes as long as naming a plant."""

    class Brief(StrictRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            usual, answer = super().get_route_handler(), self.endpoint

            async def handled(request: Request) -> Response:
                # Whatever is unusual, and every refusal, goes the general way.
                request = strict(request)
                if request.headers.get("content-type") != "application/json":
                    return await usual(request)
                try:
                    body = IdentifyRequest.model_validate_json(await request.body())
                except ValidationError:
                    return await usual(request)
                response: Response = await answer(body, await caller(request))
                return response

            return handled

    return Brief


def identifying(front: ContextProvider, caller: Caller) -> APIRouter:
    """The route."""
    router = APIRouter(route_class=_brief(caller))

    @router.post(
        "/v1/identify",
        response_model=None,
        responses={200: {"model": IdentifyResponse}, **refusals(400, 401, 403, 404, 408, 413, 422, 503)},
    )
    async def identify(body: IdentifyRequest, context: AppContext = Depends(caller)) -> JSONResponse:
        """Name plants; record them where asked, all or none."""
        # Never here: the database may be slow, or a model have many trees, and everybody's requests wait in this loop.
        lane = RECORDING if body.record else NAMING
        return JSONResponse(await lane.run(_identify, context, body))

    return router


def _identify(context: AppContext, body: IdentifyRequest) -> dict[str, Any]:
    require(context, UseCase.IDENTIFY, body.study)
    # What is recorded names the champion of that very moment.
    model = context.champion(body.study) if body.record else context.champion_cached(body.study)
    unit = parse_unit(body.unit)
    answers: list[workflow.Identification] = []
    issues: list[Issue] = []
    refused: BadValues | None = None
    for number, row in enumerate(body.rows, start=1):
        typed = {name: "" if value is None else str(value) for name, value in row.items()}
        try:
            answers.append(workflow.identify_with(model, typed, unit))
        except BadValues as error:
            refused = error
            if len(issues) >= MAX_ISSUES:
                break
            issues += [Issue(number, i.column, i.value, i.problem, i.suggestion) for i in error.issues]
    if refused is not None:
        question = refused.question if len(body.rows) == 1 else ""
        raise BadValues(tuple(issues[:MAX_ISSUES]), question, refused.correction)
    identifiers: list[str | None] = [None] * len(answers)
    if body.record:
        recorded = workflow.record(
            context, answers, by=name_given(context, body.by), door="api", collector=body.collector, site=body.site
        )
        identifiers = [found.id for found in recorded]
    return {
        "model_version": model.card.version,
        "rows": [found.as_json(identifier) for found, identifier in zip(answers, identifiers, strict=True)],
    }
