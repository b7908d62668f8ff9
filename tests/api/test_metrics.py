"""/metrics as a monitoring system reads it, and what the API's watching writes."""

import io
import json
import logging

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.testclient import TestClient

from flora_core.api import routes
from flora_core.errors import Unavailable
from flora_core.workflows.batch import BatchRequest, plan_batch, run_batch
from flora_core.workflows.monitor.alerts import announce_change
from tests.builders import SETOSA, table_text


class Front:
    def __init__(self, context):
        self._context = context

    def context(self):
        if self._context is None:
            raise Unavailable("The program is starting.")
        return self._context

    def doing(self):
        return "" if self._context else "opening"


@pytest.fixture
def client(context):
    return TestClient(Starlette(routes=routes(Front(context))), raise_server_exceptions=False)


def scraped(client):
    """{(name, labels): value}, as an independent reader of the format sees them."""
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_the_statistics_of_the_records(client, context):
    before = scraped(client)
    assert before["flora_ready", ()] == 1
    assert before["flora_champion_version", (("study", "iris"),)] == 1
    assert 0 <= before["flora_champion_age_seconds", (("study", "iris"),)] < 3600
    assert before["flora_identifications_total", (("study", "iris"),)] == 0
    assert not any(name == "flora_verdict" for name, _ in before)
    client.post("/api/v1/identify", json={"rows": [SETOSA, SETOSA], "record": True, "by": "Ada"})
    announce_change(context, "iris", "amber", "Look.")
    after = scraped(client)
    assert after["flora_identifications_total", (("study", "iris"),)] == 2
    assert after["flora_determinations_total", (("study", "iris"),)] == 0
    assert after["flora_coverage_ratio", (("study", "iris"),)] == 0
    assert after["flora_verdict", (("study", "iris"), ("verdict", "amber"))] == 1
    assert after["flora_verdict", (("study", "iris"), ("verdict", "green"))] == 0


def test_rows_with_issues_and_rows_that_could_not_be_identified_are_counted(client, context):
    rows = [["5.1", "3.5", "1.4", "0.2"], ["5.1", "3.5", "14", "0.2"], ["x", "y", "", ""], ["", "", "", ""]]
    table = io.BytesIO(table_text(rows, ["sepal_length", "sepal_width", "petal_length", "petal_width"]).encode())
    understood = plan_batch(context, table, BatchRequest(study="iris", name="flowers.csv"))
    summary = run_batch(context, table, understood, record=True, by="Ada")
    found = scraped(client)
    assert found["flora_identifications_total", (("study", "iris"),)] == 2
    assert found["flora_rows_refused_total", (("study", "iris"),)] == summary.rows - 2
    assert found["flora_rows_with_issues_total", (("study", "iris"),)] == summary.rows - 1


def test_requests_are_counted_by_route_and_never_by_what_a_caller_wrote(client):
    client.post("/api/v1/identify", json={"rows": [SETOSA]})
    client.post("/api/v1/identify", json={"rows": []})
    client.get("/api/secret-of-mine")
    client.request("BREW", "/api/v1/identify")
    found = {key: value for key, value in scraped(client).items() if key[0] == "flora_request_seconds_count"}
    labels = {tuple(value for _, value in key[1]) for key in found}
    assert ("POST", "/v1/identify", "200") in labels
    assert ("POST", "/v1/identify", "422") in labels
    assert not any("secret" in part or "BREW" in part for label in labels for part in label)


def test_a_server_that_is_still_starting_is_not_ready_and_the_page_still_answers():
    client = TestClient(Starlette(routes=routes(Front(None))), raise_server_exceptions=False)
    assert scraped(client) == {("flora_ready", ()): 0}


def test_every_answer_carries_its_request_s_identifier_and_the_log_has_it(client, caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("flora"), "propagate", True)
    with caplog.at_level(logging.INFO, logger="flora"):
        answer = client.post("/api/v1/identify", json={"rows": [SETOSA]}, headers={"X-Request-ID": "night-7"})
    assert answer.headers["x-request-id"] == "night-7"
    # Where another test had the log go elsewhere, the one record comes here by two ways.
    (line,) = {id(r): r for r in caplog.records if r.name == "flora.api"}.values()
    assert line.getMessage() == "POST /v1/identify"
    assert line.facts["status"] == 200
    other = client.get("/api/v1/nothing", headers={"X-Request-ID": "a b\nc"})
    assert other.headers["x-request-id"].isalnum()
    assert json.loads(other.text)["error"] == "NotFound"
