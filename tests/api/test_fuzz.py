"""Requests that nobody thought of, made from the API's own description: never a fault of ours, never a shape not described."""

import shutil

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi import checks
from starlette.applications import Starlette

from flora_core.api import routes
from flora_core.workflows.batch import queue
from flora_core.workflows.context import open_context
from tests.api.test_api import Front
from tests.conftest import examples, settings_in

load_all_checks()


@pytest.fixture(scope="module")
def api(first_start, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzz") / "context"
    shutil.copytree(first_start, folder)
    context = open_context(settings_in(folder))
    patch = pytest.MonkeyPatch()
    patch.setattr(queue, "MOST_WAITING", 100_000)
    yield schemathesis.openapi.from_asgi("/api/openapi.json", Starlette(routes=routes(Front(context))))
    patch.undo()
    context.close()


#: What the description allows may still be refused: a name that is no measurement, a file that is no table.
NOT_ASKED = [checks.positive_data_acceptance, checks.negative_data_rejection]


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_any_request_is_answered_as_described(api, mode):
    asked = []
    for found in api.get_all_operations():
        operation = found.ok()

        @given(operation.as_strategy(generation_mode=mode))
        @settings(max_examples=examples(30), suppress_health_check=list(HealthCheck))
        def ask(case):
            case.call_and_validate(excluded_checks=NOT_ASKED)

        try:
            ask()
        except Unsatisfiable:
            # Any text is an identifier: there is nothing that its description forbids.
            assert mode is GenerationMode.NEGATIVE
            continue
        asked.append(operation.label)
    expected = {"POST /v1/identify", "POST /v1/batch", "POST /v1/determinations", "GET /v1/monitor"}
    if mode is GenerationMode.POSITIVE:
        expected |= {"GET /v1/batch/{id}", "GET /v1/batch/{id}/result"}
    assert expected <= set(asked)
