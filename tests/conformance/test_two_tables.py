"""The commands on the shared tables: what they say is what the tools said, whichever door it comes through."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from flora_core.cli import app
from tests.servers import SHARED

TABLES = [str(SHARED / "goldens" / name) for name in ("flora_reference.csv", "flora_analysis.csv")]
SPECIES = [word for s in ("setosa", "versicolor", "virginica") for word in ("--probability", f"{s}=p_{s}")]


def golden(name):
    return json.loads((SHARED / "goldens" / name).read_text())


def document(*words):
    done = CliRunner().invoke(app, [*words, "--json"], catch_exceptions=False)
    assert done.exit_code == 0
    return json.loads(done.stdout)


def test_drift_as_nannyml():
    columns = "sepal_length,sepal_width,petal_length,petal_width,y_pred"
    found = document("drift", *TABLES, "--columns", columns, "--as", "nannyml", "--chunk-size", "100")
    for key, series in golden("nannyml.json")["univariate"].items():
        ours = [row for row in found if f"{row['column']}|{row['method']}" == key]
        np.testing.assert_allclose([row["value"] for row in ours], series["value"][10:], rtol=0, atol=1e-9)
        assert [row["alert"] for row in ours] == series["alert"][10:]
        assert [(row["start"], row["end"]) for row in ours[:2]] == [(0, 99), (100, 199)]


@pytest.mark.parametrize("size", [["--chunk-size", "100"], []])
def test_estimate_as_nannyml(size):
    found = document(
        "estimate", *TABLES, "--identified", "y_pred", "--true", "y_true", *SPECIES, "--as", "nannyml", *size
    )
    for metric in ("accuracy", "f1", "precision", "recall", "specificity", "roc_auc"):
        ours, series = [row for row in found if row["metric"] == metric], golden("nannyml.json")[f"cbpe_{metric}"]
        for name, theirs in (("value", "value"), ("standard_error", "sampling_error"), ("realised", "realized")):
            np.testing.assert_allclose([row[name] for row in ours], series[theirs][10:], rtol=0, atol=1e-9)


def test_drift_as_evidently_by_windows():
    columns = "sepal_length,sepal_width,petal_length,petal_width,y_pred,y_true"
    found = document("drift", *TABLES, "--columns", columns, "--as", "evidently", "--chunk-size", "500")
    expected = golden("evidently.json")
    compared = 0
    for row in found:
        key = f"{'AB'[row['window']]}|{row['column']}|{row['method']}"
        if row["method"] != "default":
            assert row["value"] == pytest.approx(expected[key][0], abs=1e-9), key
            assert row["alert"] == expected[key][1], key
            compared += 1
    assert compared == 56


def test_our_own_verdict_turns_where_the_plants_did():
    found = document(
        "drift", *TABLES, "--columns", "sepal_length,sepal_width,petal_length,petal_width", "--chunk-size", "100"
    )
    alerts = {name: [r["alert"] for r in found if r["column"] == name] for name in ("sepal_length", "petal_width")}
    assert alerts["sepal_length"] == [False] * 5 + [True] * 5  # + 0.8 cm from row 500 on
    assert alerts["petal_width"] == [False] * 10
