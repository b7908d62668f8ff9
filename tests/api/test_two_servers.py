"""Two servers on one database and one folder of models: both write, and each sees at once what the other did."""

import http.client
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from sqlalchemy import func, select

from flora_core.settings import Settings
from flora_core.storage.schema import identifications, recordings
from flora_core.workflows.context import open_context
from tests.servers import ROOT, WebServer

FLOWER = {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}
EACH = 25
pytestmark = pytest.mark.slow


def identify(server, by):
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)) as connection:
        body = {"rows": [FLOWER], "record": True, "by": by}
        connection.request("POST", "/api/v1/identify", json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def test_both_write_and_each_sees_what_the_other_did(tmp_path, database_url):
    settings = {"FLORA_DATABASE_URL": database_url, "FLORA_MODELS": str(tmp_path / "models")}
    one, other = (WebServer(tmp_path / name, settings=settings) for name in ("one", "other"))
    # Both begin at once, on an installation where nothing is yet.
    with ThreadPoolExecutor(8) as threads:
        began = list(threads.map(WebServer.__enter__, (one, other)))
        try:
            for server in began:
                server.wait_for("/readyz", 200, 300)
            asked = [
                threads.submit(identify, server, f"{name} {i}")
                for i in range(EACH)
                for name, server in (("one", one), ("other", other))
            ]
            answers = [question.result() for question in asked]
            # Nothing was answered that is not there, and nothing is there twice.
            kept = [document["rows"][0]["id"] for status, document in answers if status == 200]
            assert {status for status, _ in answers} <= {200, 503}
            assert len(kept) == len(set(kept)) > EACH
            command = [sys.executable, "-m", "flora_core"]
            run = {"cwd": ROOT, "check": True, "capture_output": True}
            environment = {**os.environ, **settings}
            subprocess.run([*command, "train", "--algorithm", "lda", "--by", "Ada"], env=environment, **run)
            promote = ["models", "promote", "2", "--overrule", "--by", "Ada", "--why", "a test"]
            subprocess.run([*command, *promote], env=environment, **run)
            assert {identify(server, "x")[1]["model_version"] for server in (one, other)} == {2}
        finally:
            for server in began:
                server.__exit__(None, None, None)
    context = open_context(Settings(database_url=database_url, models=tmp_path / "models", _env_file=None))
    with context.database.read() as connection:
        rows = connection.execute(select(func.count()).select_from(identifications)).scalar()
        finished = connection.execute(select(func.count()).select_from(recordings)).scalar()
    assert rows == finished == len(kept) + 2
    versions, spare = context.registry.verify("iris")
    assert [one.problem for one in versions if one.problem] == []
    assert spare == []
    context.close()
