"""Two replicas behind the proxy: what one does the other knows, and one that is killed in the middle loses nothing."""

import http.cookies
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from sqlalchemy import func, select

from flora_core.storage.schema import identifications, recordings
from tests.servers import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.postgresql]

FLOWER = {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}
ROWS = 150_000


def ask(address, path, body=None, headers=None):
    """The status, headers and document of an answer."""
    data = json.dumps(body).encode() if isinstance(body, dict) else body
    kind = "application/json" if isinstance(body, dict) else "text/csv"
    request = urllib.request.Request(f"{address}{path}", data, {"Content-Type": kind, **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, answer.headers, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, error.headers, {}


def identify(address, headers=None):
    return ask(address, "/api/v1/identify", {"rows": [FLOWER], "record": True, "by": "Ada"}, headers)


def until(condition, seconds=240):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.1)
    return found


def flora(site, *words):
    environment = {**os.environ, **site.settings}
    command = [sys.executable, "-m", "flora_core", *words]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)


def large_table(rows=ROWS):
    kinds = ("5.1,3.5,1.4,0.2", "6.0,2.8,4.5,1.4", "6.5,3.0,5.6,2.1")
    lines = "\n".join(kinds[i % 3] for i in range(rows))
    return f"sepal length,sepal width,petal length,petal width\n{lines}\n".encode()


def plants_recorded(context):
    """Plants of whole recordings, and rows of plants, whole or not."""
    with context.database.read() as connection:
        whole = connection.execute(select(func.sum(recordings.c.plants)).where(recordings.c.complete)).scalar()
        return int(whole or 0)


def test_two_replicas_are_one_program_and_one_that_is_killed_loses_nothing(start_site):
    site = start_site()
    one, other = site.replicas
    # A visitor of the proxy is kept on one replica by a cookie.
    status, headers, _ = identify(site.proxy.address)
    assert status == 200
    cookie = http.cookies.SimpleCookie(headers["Set-Cookie"])
    assert "flora_replica" in cookie
    kept = {"Cookie": f"flora_replica={cookie['flora_replica'].value}"}
    assert ask(site.proxy.address, "/metrics")[0] == ask(site.proxy.address, "/readyz")[0] == 404

    # A promotion is seen by both at once.
    flora(site, "train", "--algorithm", "lda", "--by", "Ada")
    flora(site, "models", "promote", "2", "--overrule", "--by", "Ada", "--why", "a test")
    assert [identify(server.address)[2]["model_version"] for server in (one, other)] == [2, 2]

    # A table handed to one is fetched from the other.
    _, _, job = ask(one.address, "/api/v1/batch?name=small.csv", large_table(30))
    until(lambda: ask(other.address, job["address"])[2]["state"] == "done")
    with urllib.request.urlopen(f"{other.address}{job['address']}/result", timeout=60) as result:
        assert len(result.read().splitlines()) == 31

    # One is killed in the middle of a large table, while plants are recorded through the proxy.
    before = plants_recorded(site.context)
    _, _, job = ask(one.address, "/api/v1/batch?name=large.csv&record=true&by=Ada", large_table())
    until(lambda: ask(other.address, job["address"])[2]["state"] == "running")
    one.process.kill()
    one.process.wait()
    # Whoever was on it goes to the other one, and so does the table; what was answered is recorded.
    statuses = [identify(site.proxy.address, headers)[0] for headers in [kept, {}] * 6]
    answered = statuses.count(200)
    # Whoever finds out that nobody is there any more is told so, and sends it again; the others do not notice.
    assert set(statuses) <= {200, 502}
    assert answered >= 8
    assert ask(site.proxy.address, "/healthz", headers=kept)[0] == 200
    found = until(lambda: (a := ask(site.proxy.address, job["address"])[2]).get("state") == "done" and a)
    assert (found["rows"], found["identified"], found["recorded"]) == (ROWS, ROWS, ROWS)
    assert plants_recorded(site.context) == before + answered + ROWS
    # Whoever sends it again is told that it is there.
    _, _, job = ask(other.address, "/api/v1/batch?name=large.csv&record=true&by=Ada", large_table())
    found = until(lambda: (a := ask(other.address, job["address"])[2]).get("state") == "done" and a)
    assert found["recorded"] == 0
    assert plants_recorded(site.context) == before + answered + ROWS
    versions, spare = site.context.registry.verify("iris")
    assert ([one.problem for one in versions], spare) == (["", ""], [])


def test_no_row_of_a_killed_recording_counts(start_site):
    """The plants of every identification belong to a whole recording once what was left is swept."""
    from datetime import timedelta

    site = start_site()
    one, other = site.replicas
    _, _, job = ask(one.address, "/api/v1/batch?name=large.csv&record=true&by=Ada", large_table())
    until(lambda: ask(other.address, job["address"])[2]["state"] == "running")
    for server in (one, other):
        server.process.kill()
        server.process.wait()
    assert plants_recorded(site.context) == 0
    # Both start again, and go on where they were.
    for server in (one, other):
        server.__enter__()
    until(lambda: ask(other.address, job["address"])[2].get("state") == "done")
    site.context.records.sweep(timedelta(seconds=-5))
    with site.context.database.read() as connection:
        rows = connection.execute(select(func.count()).select_from(identifications)).scalar()
    assert rows == plants_recorded(site.context) == ROWS
