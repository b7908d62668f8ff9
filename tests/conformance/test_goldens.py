"""What NannyML 0.13.1 and Evidently 0.7.23 said of the same tables, to 1e-9."""

import json

import numpy as np
import pandas as pd
import pytest

from flora_core.monitoring.compat import evidently, nannyml_drift, nannyml_performance
from flora_core.monitoring.predictions import PredictionSample
from flora_core.monitoring.windows import Column
from tests.servers import SHARED

GOLDENS = SHARED / "goldens"
SPECIES = ["setosa", "versicolor", "virginica"]


def golden(name):
    return json.loads((GOLDENS / name).read_text())


def tables():
    return pd.read_csv(GOLDENS / "flora_reference.csv"), pd.read_csv(GOLDENS / "flora_analysis.csv")


def column(name, reference, current):
    if reference[name].dtype.kind == "f":
        return Column(name, reference[name].to_numpy(), current[name].to_numpy())
    labels = tuple(sorted({*reference[name], *current[name]}))
    return Column(name, *(table[name].map(labels.index).to_numpy() for table in (reference, current)), labels)


def answers(table):
    return PredictionSample(
        table[[f"p_{s}" for s in SPECIES]].to_numpy(),
        table.y_pred.map(SPECIES.index).to_numpy(),
        table.y_true.map(SPECIES.index).to_numpy(),
    )


def test_every_series_of_drift_that_nannyml_gave():
    reference, current = tables()
    series = golden("nannyml.json")["univariate"]
    for key, expected in series.items():
        name, method = key.split("|")
        found = [f for f in nannyml_drift.drift(column(name, reference, current), 100) if f.method == method]
        np.testing.assert_allclose([f.value for f in found], expected["value"][10:], rtol=0, atol=1e-9, err_msg=key)
        assert [f.alert for f in found] == expected["alert"][10:], key
        for f, threshold in zip(found, expected["upper_threshold"][10:], strict=True):
            assert f.threshold_high == pytest.approx(threshold, abs=1e-9), key
    assert len(series) == 20


@pytest.mark.parametrize("metric", nannyml_performance.METRICS)
def test_every_series_of_estimated_accuracy_that_nannyml_gave(metric):
    reference, current = map(answers, tables())
    expected = golden("nannyml.json")[f"cbpe_{metric}"]
    found = [e for e in nannyml_performance.estimate(reference, current, 100) if e.metric == metric]
    for ours, theirs in {
        "value": "value",
        "standard_error": "sampling_error",
        "realised": "realized",
        "low": "lower_confidence_boundary",
        "high": "upper_confidence_boundary",
        "threshold_low": "lower_threshold",
        "threshold_high": "upper_threshold",
        "alert": "alert",
    }.items():
        np.testing.assert_allclose([getattr(e, ours) for e in found], expected[theirs][10:], rtol=0, atol=1e-9)


def test_every_figure_that_evidently_gave_with_the_methods_we_keep():
    reference, current = tables()
    expected = golden("evidently.json")
    spans = {
        "A": (reference, current[:500]),
        "B": (reference, current[500:]),
        "small": (reference[:75], current[500:575]),
    }
    compared = 0
    for span, (before, after) in spans.items():
        columns = [column(name, before, after) for name in [*before.columns[:4], "y_pred", "y_true"]]
        found = {(f.column, f.method): f for f in evidently.drift(tuple(columns))}
        for of in columns:
            assert (
                evidently.default_test(of.reference, of.current, of.categorical)
                == expected[f"{span}|{of.name}|default"]
            )
        for (name, method), figure in found.items():
            if method != "default":
                value, drifted = expected[f"{span}|{name}|{method}"]
                assert figure.value == pytest.approx(value, abs=1e-9), (span, name, method)
                assert figure.alert == drifted, (span, name, method)
                compared += 1
    assert compared == 84
