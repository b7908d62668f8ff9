"""Trainings side by side, and as a file store that MLflow reads: experiments, runs, nested candidates, what each folder holds."""

import json

import pytest

from flora_core.errors import Refused
from flora_core.workflows.models.runs import export_runs, list_runs
from flora_core.workflows.models.training import train_version


def meta(folder):
    lines = (folder / "meta.yaml").read_text().splitlines()
    return {line.partition(": ")[0]: json.loads(line.partition(": ")[2]) for line in lines}


@pytest.fixture
def two_runs(context):
    train_version(context, "iris", algorithm="logistic", hyperparameters={"C": 3.0}, seed=7, by="Ada Field")
    return list_runs(context, "iris")


def test_runs_tell_parameters_data_and_code(two_runs, context):
    first, second = two_runs
    assert (first["version"], second["version"]) == (1, 2)
    assert (second["algorithm"], second["hyperparameters"], second["seed"]) == ("logistic", {"C": 3.0}, 7)
    assert first["table_sha256"] == second["table_sha256"]
    assert second["low"] < second["accuracy"] < second["high"]
    assert "scikit-learn" in second["libraries"]
    json.dumps(two_runs)


def test_a_file_store_of_mlflow_holds_a_run_a_version_and_a_nested_one_a_candidate(two_runs, context, tmp_path):
    store = tmp_path / "mlruns"
    written = export_runs(context, "iris", store)
    (experiment,) = store.iterdir()
    told = meta(experiment)
    assert told["name"] == "iris"
    assert told["experiment_id"] == experiment.name
    assert experiment.name.isdecimal()
    runs = [place for place in experiment.iterdir() if place.name != "tags" and place.is_dir()]
    assert len(runs) == written == sum(1 + run["candidates"] for run in two_runs)
    for place in runs:
        run = meta(place)
        assert run["run_id"] == run["run_uuid"] == place.name
        assert len(place.name) == 32
        assert run["start_time"] <= run["end_time"]
        assert (run["status"], run["lifecycle_stage"], run["experiment_id"]) == (3, "active", experiment.name)
        assert {part.name for part in place.iterdir()} == {"meta.yaml", "params", "metrics", "tags", "artifacts"}
        for metric in (place / "metrics").iterdir():
            moment, value, step = metric.read_text().split()
            assert int(moment) == run["end_time"]
            float(value)
            assert step == "0"
    second = next(place for place in runs if meta(place)["run_name"] == "v2")
    assert (second / "params" / "C").read_text() == "3.0"
    assert (second / "params" / "table_sha256").read_text() == two_runs[1]["table_sha256"]
    assert float((second / "metrics" / "accuracy").read_text().split()[1]) == two_runs[1]["accuracy"]
    assert json.loads((second / "artifacts" / "card.json").read_text())["version"] == 2
    nested = [place for place in runs if (place / "tags" / "mlflow.parentRunId").exists()]
    parents = {(place / "tags" / "mlflow.parentRunId").read_text() for place in nested}
    assert parents <= {place.name for place in runs}
    assert len(nested) == written - 2


def test_nothing_is_written_over(context, tmp_path):
    with pytest.raises(Refused, match="is there already"):
        export_runs(context, "iris", tmp_path)
