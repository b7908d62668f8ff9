"""The folder for MLflow's servers: whole, without a pickle, and answering as the program does; served by MLflow where it is."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
import yaml

from flora_core.errors import Refused
from flora_core.storage.registry.mlflow_folder import write_mlflow_folder
from flora_core.workflows.identify import identify_with
from tests.builders import SETOSA, typed_flower
from tests.servers import ROOT


@pytest.fixture
def folder(champion, tmp_path):
    write_mlflow_folder(champion, tmp_path / "model")
    return tmp_path / "model"


def test_it_says_what_mlflow_wants_to_know_and_holds_no_pickle(folder, champion):
    document = yaml.safe_load((folder / "MLmodel").read_text())
    flavour = document["flavors"]["python_function"]
    assert (folder / flavour["data"]).exists()
    assert (folder / flavour["code"] / "flora_core" / "workflows" / "models" / "mlflow_loader.py").exists()
    assert [i["name"] for i in json.loads(document["signature"]["inputs"])] == list(champion.study.names)
    assert not [p for p in folder.rglob("*") if p.suffix in (".pkl", ".joblib", ".pyc")]
    assert all("==" in line for line in (folder / "requirements.txt").read_text().splitlines())


def test_it_answers_as_the_program_does_from_its_own_copy_of_the_code(folder, champion, tmp_path):
    script = (
        "import sys, json; sys.path.insert(0, 'code'); import pandas as pd;"
        "from flora_core.workflows.models.mlflow_loader import _load_pyfunc; import flora_core;"
        "assert flora_core.__file__.startswith(sys.argv[1]);"
        "print(_load_pyfunc('model.skops').predict(pd.DataFrame(json.loads(sys.argv[2]))).to_json(orient='records'))"
    )
    rows = [SETOSA, {**SETOSA, "petal_length": None}]
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder), json.dumps(rows)], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    first, second = json.loads(done.stdout)
    ours = identify_with(champion, typed_flower())
    assert first["species"] == ours.answer.species
    assert first["probability"] == pytest.approx(float(ours.probability[ours.best]))
    assert second["probability"] < first["probability"] + 1e-9


def test_nothing_is_written_over(folder, champion):
    with pytest.raises(Refused, match="is there already"):
        write_mlflow_folder(champion, folder)


@pytest.mark.slow
def test_mlflow_serves_it(folder, tmp_path):
    """With the program of an environment of its own, named in MLFLOW or beside the checkout as .venv-mlflow."""
    program = os.environ.get("MLFLOW") or shutil.which("mlflow") or str(ROOT / ".venv-mlflow" / "bin" / "mlflow")
    if not os.path.exists(program):
        pytest.skip(
            "MLflow is not installed; python3 -m venv .venv-mlflow && .venv-mlflow/bin/pip install mlflow skops pydantic"
        )
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    environment = {**os.environ, "PATH": f"{os.path.dirname(program)}:{os.environ['PATH']}"}
    with open(tmp_path / "log", "wb") as log:
        server = subprocess.Popen(
            [program, "models", "serve", "-m", str(folder), "-p", str(port), "--env-manager", "local"],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        body = json.dumps({"dataframe_records": [SETOSA]}).encode()
        end, answer = time.monotonic() + 180, None
        while answer is None and time.monotonic() < end:
            asked = urllib.request.Request(
                f"http://127.0.0.1:{port}/invocations", body, {"Content-Type": "application/json"}
            )
            try:
                with urllib.request.urlopen(asked, timeout=30) as given:
                    answer = json.load(given)
            except urllib.error.HTTPError as refused:
                pytest.fail(refused.read().decode())
            except OSError:
                assert server.poll() is None, (tmp_path / "log").read_text()
                time.sleep(1)
        assert answer["predictions"][0]["species"] == "Iris setosa"
    finally:
        server.terminate()
        server.wait(30)
