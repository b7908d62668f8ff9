"""`POST /v1/batch`: a table, streamed to the disk; then its progress, and what became of it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import AbstractContextManager, ExitStack
from typing import Annotated, Any, BinaryIO, Final, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, StreamingResponse

from flora_core.access import UseCase
from flora_core.api.dependencies import Caller, ContextProvider, name_given, refusals
from flora_core.api.lanes import FILES, READING
from flora_core.errors import BadTable, Refused
from flora_core.tables.columns.assignments import read_assignments
from flora_core.tables.layout import FORMATS, Arrangement
from flora_core.tables.rows.checking import DuplicatePolicy
from flora_core.workflows.authorisation import require
from flora_core.workflows.batch import BatchRequest, check_size
from flora_core.workflows.batch.orders import BatchJob
from flora_core.workflows.batch.queue import BatchQueue, batch_queue
from flora_core.workflows.context import AppContext

#: Bytes of a body that are gathered before they are written.
_WRITTEN_AT_ONCE: Final = 1 << 20
_READ_AT_ONCE: Final = 1 << 18

Signs = Literal["", ".", ","]


class BatchParameters(BaseModel):
    """What is to be done with a table."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field("table", max_length=300, description="The file's name, for messages and the record.")
    study: str = Field("iris", max_length=64, description="The plant group.")
    map: list[str] = Field([], max_length=2000, description="Which column is which, as COLUMN=NAME; may be repeated.")
    unit: list[str] = Field([], max_length=2000, description="The unit of a column, as NAME=UNIT; may be repeated.")
    sheet: str = Field("", max_length=300, description="The sheet of a workbook; the first with a table where empty.")
    id: str | None = Field(None, max_length=1000, description="The column of catalogue numbers; empty for none.")
    decimal: Signs = Field("", description="The decimal sign, where the file does not tell.")
    separator: str = Field("", max_length=5, description="What parts columns: one sign, tab or space.")
    middle_of_ranges: bool = Field(False, description="Read 2.0-2.5 as 2.25.")
    arrangement: Arrangement = Field(
        "", description="Join two header rows to one, or spread a long table so that each plant is a row."
    )
    duplicates: DuplicatePolicy = Field(
        DuplicatePolicy.FLAG, description="What is done with rows of one catalogue number."
    )
    change: list[str] = Field(
        [], max_length=100, description="Mix-ups to be undone, as they were offered; may be repeated."
    )
    record: bool = Field(False, description="Whether to record the identifications: all of them, or none.")
    again: bool = Field(False, description="Record a file that was recorded before once more.")
    by: str = Field("", max_length=200, description="Who identifies; where keys are used, the key's owner.")
    collector: str = Field("", max_length=500, description="Who gathered the plants, where their rows don't say.")
    site: str = Field("", max_length=500, description="Where they grew, for the record.")
    darwin_core: bool = Field(False, description="Whether to make a Darwin Core archive too.")
    parquet: bool = Field(False, description="Whether to make the table as Parquet too, with typed columns.")

    def order(self, context: AppContext) -> BatchJob:
        """As the workflow takes it."""
        request = BatchRequest(
            study=self.study,
            name=self.name,
            sheet=self.sheet,
            decimal=self.decimal,
            separator={"tab": "\t", "space": " "}.get(self.separator, self.separator),
            columns=read_assignments(self.map, "map", "COLUMN=NAME", empty=True),
            units=read_assignments(self.unit, "unit", "NAME=UNIT"),
            id_column=self.id,
            middle_of_ranges=self.middle_of_ranges,
            arrangement=self.arrangement,
            duplicates=self.duplicates,
            changes=tuple(self.change),
        )
        return BatchJob(
            request,
            context.principal,
            self.record,
            self.again,
            name_given(context, self.by),
            self.collector,
            self.site,
            self.darwin_core,
            self.parquet,
        )


class BatchAnswer(BaseModel):
    """A table that was handed in: how far it is, and what came of it once it is done."""

    model_config = ConfigDict(extra="allow")

    id: str = Field(description="Cannot be guessed; only the key that made it is told of it.")
    state: Literal["waiting", "running", "done", "refused", "failed", "interrupted"]
    address: str = Field(description="Where to ask again.")
    progress: float = Field(description="The share that is done, from 0 to 1.")
    doing: str
    name: str
    created: str
    kept_until: str = Field(description="When the results are deleted, in UTC.")
    addresses: dict[str, str] = Field(
        description="Of the results: result (csv), issues (csv), parquet, darwin-core (zip)."
    )
    rows: int | None = Field(None, description="From here on: once done, as the command `batch --json` prints it.")
    identified: int | None = None
    not_identified: int | None = None
    recorded: int | None = None
    mapping: dict[str, str] | None = None
    notes: list[str] | None = None
    model_version: int | None = None
    issues: list[dict[str, Any]] | None = Field(None, description="The first of them; all stand in their own table.")
    output: str | None = Field(None, description="The address of the result.")
    error: str | None = Field(None, description="Where it was refused or failed.")
    detail: str | None = None


def batch(front: ContextProvider, caller: Caller) -> APIRouter:
    """The routes."""
    router = APIRouter()

    def may_hand_in(context: AppContext, given: BatchParameters) -> None:
        require(context, UseCase.UPLOAD_TABLE, given.study)
        if given.record:
            require(context, UseCase.RECORD, given.study)

    def may_read(context: AppContext) -> None:
        require(context, UseCase.READ_OWN_RECORDS)

    def queue() -> BatchQueue:
        return batch_queue(front.context())

    @router.post(
        "/v1/batch",
        status_code=202,
        response_model=None,
        responses={202: {"model": BatchAnswer}, **refusals(400, 401, 403, 404, 408, 413, 422, 503)},
        openapi_extra={"requestBody": _BODY},
    )
    async def hand_in(
        request: Request, given: Annotated[BatchParameters, Query()], context: AppContext = Depends(caller)
    ) -> JSONResponse:
        """Hand in a table; the body is the file itself, or a form with a field `file`."""
        await READING.run(may_hand_in, context, given)
        at = await FILES.run(queue)
        most = front.context().settings.max_upload_mb
        stated = request.headers.get("content-length", "")
        check_size(int(stated) if stated.isdecimal() else 0, most)
        order = given.order(context)
        await FILES.run(at.check, order)
        place = await FILES.run(at.reserve, context.principal)
        try:
            if request.headers.get("content-type", "").startswith("multipart/form-data"):
                order = await _from_form(request, at.upload(place), given, context, most)
                await FILES.run(at.check, order)
            else:
                await _from_body(request, at.upload(place), most)
        except BaseException:
            await FILES.run(at.discard, place)
            raise
        answer = await FILES.run(at.submit, place, order)
        return JSONResponse(_addressed(answer), 202, headers={"Location": f"/api/v1/batch/{answer['id']}"})

    @router.get(
        "/v1/batch/{id}",
        response_model=None,
        responses={200: {"model": BatchAnswer}, **refusals(401, 403, 404, 422, 503)},
    )
    async def look(id: str, context: AppContext = Depends(caller)) -> JSONResponse:
        """How far a table is, and what came of it."""
        await READING.run(may_read, context)
        return JSONResponse(await FILES.run(lambda: _addressed(queue().status(id, context.principal))))

    def result(kind: str, media_type: str, ending: str) -> Callable[..., Awaitable[StreamingResponse]]:
        async def download(id: str, context: AppContext = Depends(caller)) -> StreamingResponse:
            await READING.run(may_read, context)
            name, stream, size = await FILES.run(lambda: queue().result(id, context.principal, kind))
            headers = {"Content-Length": str(size), "Content-Disposition": _attachment(name, ending)}
            return StreamingResponse(FILES.blocks(_blocks(stream)), media_type=media_type, headers=headers)

        return download

    for kind, media_type, ending, said in (
        ("result", "text/csv", "-identified.csv", "The table: every row in order, its own columns and ours."),
        ("issues", "text/csv", "-issues.csv", "All issues: row, column, value, problem, suggestion."),
        ("parquet", _PARQUET_TYPE, "-identified.parquet", "The table as Parquet, where it was asked for."),
        ("darwin-core", "application/zip", "-darwin-core.zip", "A Darwin Core archive, where it was asked for."),
    ):
        router.add_api_route(
            f"/v1/batch/{{id}}/{kind}",
            result(kind, media_type, ending),
            response_model=None,
            response_class=StreamingResponse,
            responses={200: {"content": {media_type: {}}, "description": said}, **refusals(401, 403, 404, 422, 503)},
            name=f"batch {kind}",
            description=said,
        )
    return router


_PARQUET_TYPE: Final = "application/vnd.apache.parquet"
_BODY: Final = {
    "required": True,
    "content": {
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        "text/csv": {"schema": {"type": "string"}},
        _PARQUET_TYPE: {"schema": {"type": "string", "format": "binary"}},
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {"file": {"type": "string", "format": "binary"}},
                "description": "A field `file`; any parameter may be a field too.",
            }
        },
    },
}


async def _from_body(request: Request, upload: AbstractContextManager[BinaryIO], most_mb: int) -> None:
    """Write the body to the disk as it comes, and stop at the limit."""
    came, held, opened = 0, bytearray(), ExitStack()
    try:
        file = await FILES.run(opened.enter_context, upload)
        async for chunk in request.stream():
            came += len(chunk)
            check_size(came, most_mb)
            held += chunk
            if len(held) >= _WRITTEN_AT_ONCE:
                await FILES.run(file.write, bytes(held))
                held.clear()
        await FILES.run(file.write, bytes(held))
    except ClientDisconnect:
        raise BadTable("The table did not come whole; send it again.") from None
    finally:
        await FILES.run(opened.close)


async def _from_form(
    request: Request,
    upload: AbstractContextManager[BinaryIO],
    given: BatchParameters,
    context: AppContext,
    most_mb: int,
) -> BatchJob:
    """The table of a form, which its parser puts down on the disk; its other fields are parameters."""
    limited = Request(request.scope, _limited(request.receive, most_mb))
    try:
        form = await limited.form(max_files=1, max_fields=200)
    except ClientDisconnect:
        raise BadTable("The table did not come whole; send it again.") from None
    try:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise Refused("The form has no field 'file' with the table in it.")
        fields: dict[str, Any] = given.model_dump(exclude_unset=True)
        for name in set(form) - {"file"}:
            values = [value for value in form.getlist(name) if isinstance(value, str)]
            fields[name] = values if name in ("map", "unit", "change") else values[-1] if values else ""
        fields.setdefault("name", file.filename or "table")
        try:
            order = BatchParameters.model_validate(fields).order(context)
        except ValidationError as error:
            raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in error.errors()]) from None
        await FILES.run(_copy, file.file, upload)
    finally:
        await form.close()
    return order


def _copy(source: BinaryIO, upload: AbstractContextManager[BinaryIO]) -> None:
    source.seek(0)
    with upload as file:
        while block := source.read(_WRITTEN_AT_ONCE):
            file.write(block)


Message = MutableMapping[str, Any]


def _limited(receive: Callable[[], Awaitable[Message]], most_mb: int) -> Callable[[], Awaitable[Message]]:
    came = 0

    async def counted() -> Message:
        nonlocal came
        message = await receive()
        came += len(message.get("body", b""))
        check_size(came, most_mb)
        return message

    return counted


def _addressed(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer with the addresses of what became of the table."""
    here = f"/api/v1/batch/{answer['id']}"
    answer["address"] = here
    answer["addresses"] = {kind: f"{here}/{kind}" for kind in answer.pop("results")}
    if "output" in answer:
        answer["output"] = f"{here}/result"
    return answer


def _attachment(name: str, ending: str) -> str:
    """How a download is called: after the table, in letters that any header may hold."""
    bare = name.replace("\\", "/").rsplit("/", 1)[-1]
    stem = next((bare[: -len(end)] for end in FORMATS if bare.lower().endswith(end)), bare) or "table"
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", stem)[:80]
    return f"attachment; filename=\"{plain}{ending}\"; filename*=UTF-8''{quote(stem[:80], safe='')}{ending}"


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    with stream:
        while block := stream.read(_READ_AT_ONCE):
            yield block
