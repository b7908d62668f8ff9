"""Determinations as a program sends them."""

import pytest

from flora_core.errors import DatabaseUnavailable
from flora_core.settings import Settings
from tests.api.test_api import Front, client_of
from tests.workflows.determine.conftest import recorded


@pytest.fixture
def client(context):
    return client_of(Front(context))


def determine(client, *rows, **more):
    return client.post("/api/v1/determinations", json={"rows": rows, **more})


def test_good_rows_are_added_and_each_bad_one_is_an_issue(client, context):
    first, second = recorded(context, "1", "2")
    rows = [
        {"id": first, "name": "versicolor", "by": "Grace", "date": "2024-06", "level": 3, "remark": "fresh"},
        {"catalogue_number": "2", "name": "Iris sp."},
        {"catalogue_number": "3", "name": "Iris setosa"},
    ]
    answer = determine(client, *rows, by="Ada")
    assert answer.status_code == 200
    document = answer.json()
    assert (document["rows"], document["added"], document["unchanged"], document["refused"]) == (3, 2, 0, 1)
    assert [(i["row"], i["column"], i["problem"]) for i in document["issues"]] == [(3, "id", "'3' is no plant of iris")]
    (slip,) = context.determinations.of(first)
    assert (slip.by, slip.at, slip.level, slip.remark, slip.entered_by) == ("Grace", "2024-06", 3, "fresh", "Ada")
    assert context.determinations.of(second)[0].by == "Ada"
    assert determine(client, *rows, by="Ada").json()["unchanged"] == 2


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"rows": []}, 422, "rows"),
        ({"rows": [{"id": "x"}]}, 422, "name"),
        ({"rows": [{"id": "x", "name": "setosa"}], "by": "Ada"}, 422, "Row 1: 'x' is no plant of iris"),
        ({"rows": [{"name": "setosa"}], "by": "Ada"}, 422, "Row 1: no plant is named"),
        ({"rows": [{"id": "x", "name": "setosa", "level": "2"}]}, 422, "level"),
        ({"rows": [{"id": "x", "name": "setosa", "nonsense": 1}]}, 422, "nonsense"),
        ({"rows": [{"id": "x", "name": "setosa"}], "study": "rosa"}, 404, "There is no study 'rosa'"),
    ],
)
def test_each_refusal_has_its_status_and_its_words(client, body, status, words):
    answer = client.post("/api/v1/determinations", json=body)
    assert answer.status_code == status
    assert answer.json().keys() == {"error", "detail", "issues"}
    assert words in answer.json()["detail"]


def test_a_level_that_is_none_and_a_person_that_nobody_names_are_issues(client, context):
    (plant,) = recorded(context)
    rows = [{"id": plant, "name": "setosa", "level": 7}, {"id": plant, "name": "setosa\u0000"}]
    issues = determine(client, *rows).json()["issues"]
    assert [i["column"] for i in issues] == ["by", "by"]
    (issue,) = determine(client, rows[0], by="Ada").json()["issues"]
    assert (issue["row"], issue["column"], issue["value"]) == (1, "level", "7")
    assert determine(client, rows[1], by="Ada").json()["added"] == 1


def test_a_keys_owner_signs_where_nobody_else_is_named(context):
    object.__setattr__(
        context, "settings", Settings(**{**context.settings.model_dump(), "api_keys": "herbarium:0123456789abcdef"})
    )
    (plant,) = recorded(context)
    client = client_of(Front(context))
    assert determine(client, {"id": plant, "name": "setosa"}).status_code == 401
    client.headers["X-API-Key"] = "0123456789abcdef"
    determine(client, {"id": plant, "name": "setosa"}, {"id": plant, "name": "setosa", "by": "Ada"})
    assert [(s.by, s.entered_by) for s in context.determinations.of(plant)] == [
        ("herbarium", "herbarium"),
        ("Ada", "herbarium"),
    ]


def test_a_server_that_is_still_starting_is_503():
    client = client_of(Front(error=DatabaseUnavailable("gone")))
    assert determine(client, {"id": "x", "name": "setosa"}).status_code == 503
