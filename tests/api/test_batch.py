"""A table handed in at the API: streamed to the disk, worked on, its results kept for a while and for its owner only."""

import csv
import datetime
import io
import os
import re
import subprocess
import sys
import threading
import time
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import time_machine

from flora_core.settings import Settings
from flora_core.storage.files.batch_store import BatchFolder
from flora_core.workflows.batch import queue
from flora_core.workflows.context import open_context
from tests.api.test_api import Front, client_of
from tests.builders import FLOWERS, HEADER, table_text
from tests.servers import ROOT, WebServer

SPECIES = ["Iris setosa", "Iris setosa", "Iris versicolor", "Iris virginica"]
KEYS = {"one": "0123456789abcdef", "two": "fedcba9876543210"}


def opened(context, **settings):
    """A client of the same context with other settings."""
    changed = Settings(
        database_url=f"sqlite:///{context.database.path}", models=context.settings.models, _env_file=None, **settings
    )
    return open_context(changed)


@pytest.fixture
def client(context):
    return client_of(Front(context))


def hand_in(client, content=None, headers=None, **parameters):
    return client.post(
        "/api/v1/batch", content=table_text() if content is None else content, params=parameters, headers=headers
    )


def done(client, answer, headers=None):
    """What is said of a table once it is no longer waited for."""
    address = answer.json()["address"]
    end = time.monotonic() + 60
    while (found := client.get(address, headers=headers).json())["state"] in ("waiting", "running"):
        assert time.monotonic() < end
        time.sleep(0.01)
    return found


def rows_of(content):
    return list(csv.DictReader(io.StringIO(content, newline="")))


def folder_of(context):
    return context.database.path.parent / "batches"


def test_a_table_is_handed_in_worked_on_and_fetched(client):
    answer = hand_in(client, name="flowers.csv")
    assert answer.status_code == 202
    job = answer.json()
    assert re.fullmatch("[2-9a-z]{26}", job["id"])
    assert job["state"] in ("waiting", "running", "done")
    assert answer.headers["location"] == job["address"] == f"/api/v1/batch/{job['id']}"
    found = done(client, answer)
    assert (found["state"], found["progress"], found["name"]) == ("done", 1.0, "flowers.csv")
    assert found["addresses"] == {"result": f"{job['address']}/result", "issues": f"{job['address']}/issues"}
    result = client.get(found["addresses"]["result"])
    assert [row["flora_species"] for row in rows_of(result.text)] == SPECIES
    assert result.headers["content-type"].startswith("text/csv")
    assert result.headers["content-disposition"].startswith('attachment; filename="flowers-identified.csv"')
    assert int(result.headers["content-length"]) == len(result.content)


def test_what_came_of_it_is_what_the_command_says(client):
    found = done(client, hand_in(client, table_text([*FLOWERS, ["a5", "x", "3.5", "1.4", "0.2"]])))
    assert {
        "rows",
        "identified",
        "not_identified",
        "issues",
        "mapping",
        "notes",
        "model_version",
        "output",
    } <= found.keys()
    assert (found["rows"], found["identified"], found["not_identified"], found["model_version"]) == (5, 4, 1, 1)
    assert found["issues"][0]["row"] == 6
    assert found["mapping"]["petal length"] == "petal_length"
    assert found["output"] == found["addresses"]["result"]
    issues = rows_of(client.get(found["addresses"]["issues"]).text)
    assert [(i["row"], i["column"]) for i in issues] == [("6", "sepal length")]


def test_parameters_say_what_a_person_would(client):
    text = "nr;c1;c2;c3;c4\n1;51;35;1,4;2\n1;70;32;4,7;14\n"
    found = done(
        client,
        hand_in(
            client,
            text,
            map=["c1=sepal_length", "c2=sepal_width", "c3=petal_length", "c4=petal_width"],
            unit=["c1=mm", "c2=mm", "c4=mm"],
            id="nr",
            duplicates="error",
            decimal=",",
            separator=";",
        ),
    )
    assert (found["state"], found["rows"], found["identified"]) == ("done", 2, 0)
    assert found["units"] == {"c1": "mm", "c2": "mm", "c3": "cm", "c4": "mm"}
    assert "Give each specimen a number of its own." in found["issues"][0]["suggestion"]


def test_a_darwin_core_archive_is_made_where_it_is_asked_for(client):
    found = done(client, hand_in(client, darwin_core="true"))
    archive = client.get(found["addresses"]["darwin-core"])
    assert archive.headers["content-type"] == "application/zip"
    assert "meta.xml" in zipfile.ZipFile(io.BytesIO(archive.content)).namelist()
    without = done(client, hand_in(client))
    refused = client.get(f"{without['address']}/darwin-core")
    assert (refused.status_code, refused.json()["detail"]) == (
        422,
        "A Darwin Core archive was not asked for; send the table again with darwin_core=true.",
    )


def test_parquet_goes_in_and_comes_out_with_its_types(client):
    table = pa.table(
        {
            "sepal length (cm)": [5.1, 6.3],
            "sepal width (cm)": [3.5, 3.3],
            "petal length (cm)": [1.4, 6.0],
            "petal width (cm)": [0.2, None],
            "plant": [7, 8],
        }
    )
    body = io.BytesIO()
    pq.write_table(table, body)
    found = done(client, hand_in(client, body.getvalue(), name="t.parquet", parquet="true"))
    answer = client.get(found["addresses"]["parquet"])
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    assert 't-identified.parquet"' in answer.headers["content-disposition"]
    named = pq.read_table(io.BytesIO(answer.content))
    assert named.select(table.column_names).equals(table)
    assert named["flora_species"].to_pylist() == ["Iris setosa", "Iris virginica"]
    assert named.schema.field("flora_probability").type == pa.float64()
    without = done(client, hand_in(client))
    assert client.get(f"{without['address']}/parquet").json()["detail"] == (
        "Parquet was not asked for; send the table again with parquet=true."
    )


def test_identifications_are_recorded_on_request_and_once(client, context):
    assert done(client, hand_in(client))["recorded"] == 0
    found = done(
        client, hand_in(client, name="flowers.csv", record="true", by="a program", collector="Ada", site="the bog")
    )
    assert found["recorded"] == 4
    r = context.records.newest("iris")[0].recording
    assert (r.door, r.by, r.source, r.collector, r.site) == ("api", "a program", "flowers.csv", "Ada", "the bog")
    assert done(client, hand_in(client, record="true", by="a program"))["recorded"] == 0
    assert done(client, hand_in(client, record="true", by="a program", again="true"))["recorded"] == 4


def test_a_form_is_taken_too_and_its_fields_are_parameters(client):
    answer = client.post(
        "/api/v1/batch",
        files={"file": ("flowers of the bog.csv", table_text(), "text/csv")},
        data={"id": "", "map": ["petal width="]},
        params={"middle_of_ranges": "true"},
    )
    assert answer.status_code == 202, answer.text
    found = done(client, answer)
    assert (found["name"], found["id_column"], found["rows"]) == ("flowers of the bog.csv", None, 4)
    assert "petal width" not in found["mapping"]


@pytest.mark.parametrize(
    ("form", "status", "words"),
    [
        ({"files": {"other": ("t.csv", "a,b\n1,2\n")}}, 422, "The form has no field 'file' with the table in it."),
        ({"files": {"file": ("t.csv", table_text())}, "data": {"nonsense": "1"}}, 422, "nonsense"),
        ({"content": b"--x\r\nbroken", "headers": {"content-type": "multipart/form-data"}}, 400, "Missing boundary"),
        (
            {"content": b"--x\r\nbroken", "headers": {"content-type": "multipart/form-data; boundary=x"}},
            422,
            "The form",
        ),
    ],
)
def test_a_form_that_is_none_is_refused(client, context, form, status, words):
    answer = client.post("/api/v1/batch", **form)
    assert answer.status_code == status
    assert words in answer.json()["detail"]
    assert list(folder_of(context).iterdir()) == []


@pytest.mark.parametrize(
    ("content", "parameters", "status", "words"),
    [
        (b"", {}, 422, "t.csv is empty."),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", {}, 422, "is in the old Excel format (.xls)"),
        ("petal length\n1\n", {}, 422, "has only one column"),
        (table_text(), {"study": "rosa"}, 404, "There is no study 'rosa'"),
        (table_text(), {"record": "true"}, 422, "Who identifies?"),
        (table_text(), {"map": "petal"}, 422, "map 'petal' is not COLUMN=NAME."),
        (table_text(), {"unit": "petal"}, 422, "unit 'petal' is not NAME=UNIT."),
        (table_text(), {"duplicates": "x"}, 422, "duplicates"),
        (table_text(), {"decimal": ";"}, 422, "decimal"),
        (table_text(), {"separator": "x"}, 422, "'x' can't part columns."),
        (table_text(), {"sheet": "x"}, 422, "is a text file and has no sheets."),
        (table_text(), {"nonsense": "x"}, 422, "nonsense"),
    ],
)
def test_what_can_be_refused_at_once_is_and_nothing_stays(client, context, content, parameters, status, words):
    answer = hand_in(client, content, name="t.csv", **parameters)
    assert answer.status_code == status
    assert words in answer.json()["detail"]
    assert set(answer.json()) == {"error", "detail", "issues"}
    assert not folder_of(context).exists() or list(folder_of(context).iterdir()) == []


@pytest.mark.parametrize(
    ("text", "parameters", "words"),
    [
        ("place,colour\nbog,blue\n", {}, "No column of this file was recognised as a measurement of iris"),
        (table_text(), {"map": "petl=petal_length"}, "There is no column 'petl'."),
        (table_text(), {"change": "x"}, "'x' is not a change that is known here."),
    ],
)
def test_what_is_only_seen_at_work_is_refused_with_the_same_words(client, text, parameters, words):
    found = done(client, hand_in(client, text, **parameters))
    assert found["state"] == "refused"
    assert words in found["detail"]
    assert found["addresses"] == {}
    answer = client.get(f"{found['address']}/result")
    assert (answer.status_code, answer.json()["detail"]) == (422, "There is no result: the table is refused.")


def test_a_table_beyond_the_limit_is_413_by_its_stated_size_and_while_it_comes(context):
    small = opened(context, max_upload_mb=1)
    client = client_of(Front(small))
    answer = hand_in(client, b"x" * 1_000_001)
    assert (answer.status_code, answer.json()["error"]) == (413, "TooLarge")
    assert "the limit is 1 MB (FLORA_MAX_UPLOAD_MB)" in answer.json()["detail"]

    def unstated():
        for _ in range(20):
            yield b"y" * 100_000

    assert client.post("/api/v1/batch", content=unstated()).status_code == 413
    form = client.post("/api/v1/batch", files={"file": ("t.csv", b"z" * 1_000_001)})
    assert form.status_code == 413
    assert not folder_of(context).exists() or list(folder_of(context).iterdir()) == []
    small.close()


def test_a_table_in_many_pieces_is_put_together(client):
    content = table_text(FLOWERS * 30_000).encode()

    def pieces():
        for start in range(0, len(content), 70_001):
            yield content[start : start + 70_001]

    found = done(client, client.post("/api/v1/batch", content=pieces(), params={"id": ""}))
    assert (found["rows"], found["identified"]) == (120_000, 120_000)


def test_a_table_belongs_to_the_key_that_made_it(context):
    locked = opened(context, api_keys=",".join(f"{name}:{key}" for name, key in KEYS.items()))
    client = client_of(Front(locked))
    mine, theirs = ({"Authorization": f"Bearer {key}"} for key in KEYS.values())
    assert hand_in(client).status_code == 401
    answer = hand_in(client, headers=mine, record="true", by="somebody else")
    found = done(client, answer, headers=mine)
    assert found["recorded"] == 4
    assert context.records.newest("iris")[0].recording.by == "one"
    for path in ("", "/result", "/issues", "/darwin-core"):
        assert client.get(f"{found['address']}{path}").status_code == 401
        other = client.get(f"{found['address']}{path}", headers=theirs)
        missing = client.get(f"/api/v1/batch/{'a' * 26}{path}", headers=theirs)
        assert (other.status_code, other.json()) == (404, missing.json())
    locked.close()


@pytest.mark.parametrize(
    "identifier", ["a" * 26, "..", "%2e%2e%2fflora.db", "a/../b", "x", "A" * 26, "0" * 26, "a%0Ab", "%00"]
)
def test_a_table_that_is_not_there_is_404_and_no_path(client, identifier):
    for path in ("", "/result"):
        answer = client.get(f"/api/v1/batch/{identifier}{path}")
        assert answer.status_code == 404
        assert set(answer.json()) == {"error", "detail", "issues"}


def test_results_are_kept_for_a_while_and_then_swept(client, context):
    found = done(client, hand_in(client))
    created, kept = (datetime.datetime.fromisoformat(found[name]) for name in ("created", "kept_until"))
    assert kept - created == datetime.timedelta(hours=24)
    with time_machine.travel(kept + datetime.timedelta(minutes=5)):
        done(client, hand_in(client))
        assert client.get(found["address"]).status_code == 404
    assert len(list(folder_of(context).iterdir())) == 1


def test_the_table_itself_is_deleted_once_it_is_named(client, context):
    found = done(client, hand_in(client))
    end = time.monotonic() + 5
    while "upload" in (names := {path.name for path in (folder_of(context) / found["id"]).iterdir()}):
        assert time.monotonic() < end
    assert names == {"batch.json", "issues.csv", "lock", "result.csv"}
    assert oct((folder_of(context) / found["id"]).stat().st_mode & 0o777) == "0o700"


def test_tables_are_worked_on_in_turn_and_the_rest_waits(client, monkeypatch):
    begun, go_on = threading.Event(), threading.Event()

    def slow(*words, **named):
        begun.set()
        assert go_on.wait(30)
        return whole(*words, **named)

    whole = queue.run_batch
    monkeypatch.setattr(queue, "run_batch", slow)
    monkeypatch.setattr(queue, "MOST_WAITING", 2)
    first, second, third = hand_in(client), None, None
    assert begun.wait(30)
    second, third = hand_in(client), hand_in(client)
    assert client.get(first.json()["address"]).json()["state"] == "running"
    assert client.get(f"{first.json()['address']}/result").json()["detail"] == "The table is still worked on."
    assert client.get(second.json()["address"]).json()["doing"] == "waiting"
    assert client.get(third.json()["address"]).json()["doing"] == "waiting behind 1 other table"
    refused = hand_in(client)
    assert (refused.status_code, refused.json()["detail"]) == (
        503,
        "2 tables are waiting to be named. Try again later.",
    )
    assert refused.headers["retry-after"]
    go_on.set()
    assert [done(client, answer)["state"] for answer in (first, second, third)] == ["done"] * 3


def test_a_mistake_of_ours_is_no_traceback_and_the_next_table_is_worked_on(client, monkeypatch, caplog):
    def broken(*words, **named):
        raise RuntimeError("secret path /srv/x")

    with monkeypatch.context() as patch:
        patch.setattr(queue, "run_batch", broken)
        found = done(client, hand_in(client))
    assert (found["state"], found["error"]) == ("failed", "Internal")
    assert "secret" not in str(found)
    assert "secret path" in caplog.text
    assert done(client, hand_in(client))["state"] == "done"


def test_many_issues_are_shown_in_part_and_kept_whole(client, monkeypatch):
    monkeypatch.setattr(queue, "ISSUES_SHOWN", 3)
    text = table_text([["a", "x", "3.5", "1.4", "0.2"]] * 10)
    found = done(client, hand_in(client, text, id="", map="sepal length=sepal_length"))
    assert (len(found["issues"]), found["issue_count"]) == (3, 10)
    assert "The first 3 of 10 issues are shown; all stand in the issues' own table." in found["notes"]
    assert len(rows_of(client.get(found["addresses"]["issues"]).text)) == 10


@pytest.mark.parametrize("name", ['a"b\r\nX: y.csv', "Löß.csv", "../../etc/passwd", "花.xlsx", "", "x" * 300])
def test_a_download_is_called_after_the_table_in_letters_that_a_header_may_hold(client, name):
    found = done(client, hand_in(client, name=name))
    answer = client.get(found["addresses"]["result"])
    disposition = answer.headers["content-disposition"]
    assert "x" not in answer.headers
    assert re.fullmatch(r"attachment; filename=\"[A-Za-z0-9._-]+\"; filename\*=UTF-8''[A-Za-z0-9%._~-]+", disposition)
    assert "/" not in disposition.split("filename")[1]


def test_a_server_that_stops_stops_its_tables_and_records_nothing(context, monkeypatch):
    monkeypatch.setattr("flora_core.tables.files.text_reader.BLOCK", 2_000)
    own = opened(context)
    client = client_of(Front(own))
    answer = hand_in(client, table_text(FLOWERS * 20_000), id="", record="true", by="Ada")
    while client.get(answer.json()["address"]).json()["state"] == "waiting":
        time.sleep(0.001)
    own.close()
    again = client_of(Front(context)).get(answer.json()["address"]).json()
    assert (again["state"], again["doing"]) == ("interrupted", "the program was restarted; send the table again")
    assert context.records.newest("iris") == ()


_KILLED = """
import os, sys, time
sys.path.insert(0, sys.argv[2])
from flora_core.settings import Settings
from flora_core.workflows.batch import BatchRequest
from flora_core.workflows.batch.queue import BatchQueue
from flora_core.workflows.batch.orders import BatchJob
from flora_core.workflows.context import open_context
from flora_core.storage.files.batch_store import BatchFolder
from flora_core.workflows.batch import queue
context = open_context(Settings(database_url=sys.argv[1], models=sys.argv[3], _env_file=None))
at = BatchQueue(context)
queue.run_batch = lambda *words, **named: time.sleep(60)
place = at.reserve()
with place.open_upload() as file:
    file.write(open(sys.argv[4], "rb").read())
print(at.submit(place, BatchJob(BatchRequest(study="iris", name="t.csv"), context.principal))["id"], flush=True)
while at.status(place.identifier, context.principal)["state"] != "running":
    time.sleep(0.01)
os.kill(os.getpid(), 9)
"""


def test_a_table_of_a_process_that_was_killed_is_interrupted(context, tmp_path):
    (tmp_path / "t.csv").write_text(table_text())
    killed = subprocess.run(
        [
            sys.executable,
            "-c",
            _KILLED,
            f"sqlite:///{context.database.path}",
            str(ROOT),
            str(context.settings.models),
            str(tmp_path / "t.csv"),
        ],
        capture_output=True,
        text=True,
        env={**os.environ},
        check=False,
    )
    assert killed.returncode == -9, killed.stderr
    answer = client_of(Front(context)).get(f"/api/v1/batch/{killed.stdout.strip()}")
    assert (answer.status_code, answer.json()["state"]) == (200, "interrupted")


def test_a_table_that_is_done_while_somebody_looks_is_not_interrupted(client, context, monkeypatch):
    """What became of it is written between the look at its document and the look at its lock."""
    address = hand_in(client).json()["address"]
    batch = context.batches.get(address.rsplit("/", 1)[1])
    while batch.document()["state"] != "done" or batch.is_locked():
        time.sleep(0.01)
    after = batch.document()
    before = {name: value for name, value in after.items() if name != "outcome"} | {"state": "running"}
    read = iter([before])
    monkeypatch.setattr(BatchFolder, "document", lambda _: next(read, after))
    found = client.get(address).json()
    assert (found["state"], found["identified"]) == ("done", 4)


def test_the_routes_are_described(client):
    document = client.get("/api/openapi.json").json()
    post = document["paths"]["/v1/batch"]["post"]
    assert {"application/octet-stream", "multipart/form-data"} <= post["requestBody"]["content"].keys()
    assert {"name", "study", "map", "unit", "sheet", "id", "record", "duplicates", "by"} <= {
        p["name"] for p in post["parameters"]
    }
    assert {"202", "413", "422"} <= post["responses"].keys()
    for path in ("", "/result", "/issues", "/darwin-core"):
        assert "404" in document["paths"][f"/v1/batch/{{id}}{path}"]["get"]["responses"]
    assert "Darwin Core" in client.get("/api/docs").text


@pytest.mark.slow
def test_a_real_server_takes_a_large_table_without_holding_it_in_memory(first_start, tmp_path):
    """The file is larger than what the server's memory grows by while it takes it."""
    import shutil
    import urllib.request

    import psutil

    shutil.copytree(first_start, tmp_path / "server")
    line = ",".join(FLOWERS[0]) + "\n"
    block = (line * 50_000).encode()

    def pieces():
        yield (",".join(HEADER) + "\n").encode()
        for _ in range(40):
            yield block

    with WebServer(tmp_path / "server") as server:
        server.wait_for("/readyz", 200)
        urllib.request.urlopen(f"{server.address}/api/docs").read()
        process = psutil.Process(server.process.pid)
        before = process.memory_info().rss
        request = urllib.request.Request(
            f"{server.address}/api/v1/batch?id=&name=many.csv",
            data=pieces(),
            method="POST",
            headers={"Content-Type": "text/csv"},
        )
        import json

        with urllib.request.urlopen(request, timeout=60) as answer:
            job = json.load(answer)
            assert answer.status == 202
        after = process.memory_info().rss
        assert after - before < 40 * len(block)
        end = time.monotonic() + 120
        while (found := json.loads(server.get(job["address"])[1]))["state"] in ("waiting", "running"):
            assert time.monotonic() < end
            # The pages answer all the while.
            assert server.get("/healthz")[0] == 200
            time.sleep(0.2)
        assert (found["state"], found["rows"]) == ("done", 2_000_000)
        with urllib.request.urlopen(f"{server.address}{found['addresses']['result']}") as answer:
            assert int(answer.headers["content-length"]) > 40 * len(block)
            assert answer.readline().startswith(b"id,sepal length")


def test_another_arrangement_is_asked_for_by_a_parameter(client):
    values = dict(zip(("sepal length", "sepal width", "petal length", "petal width"), FLOWERS[0][1:], strict=True))
    text = "plant,character,value\n" + "".join(f"p{i},{c},{v}\n" for i in range(5) for c, v in values.items())
    refused = done(client, hand_in(client, text, name="long.csv"))
    assert refused["state"] == "refused"
    assert "long.csv is a long table" in refused["detail"]
    found = done(client, hand_in(client, text, name="long.csv", arrangement="spread"))
    assert (found["state"], found["rows"], found["identified"]) == ("done", 5, 5)
    assert hand_in(client, text, arrangement="sideways").status_code == 422
