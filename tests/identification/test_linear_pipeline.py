"""A linear model asked without scikit-learn says what scikit-learn says, digit for digit, and nothing of it is imported."""

import io
import os
import subprocess
import sys

import joblib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from flora_core.identification.linear_pipeline import LinearPipeline
from flora_core.storage.registry.unpickling import unpickled

STEPS = {
    "lda": lambda: [("classify", LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.1))],
    "logistic": lambda: [("scale", StandardScaler()), ("classify", LogisticRegression(C=3.0))],
    "after gaps": lambda: [("fill", SimpleImputer(strategy="median")), ("classify", LinearDiscriminantAnalysis())],
}


def packed(pipeline):
    stream = io.BytesIO()
    joblib.dump({"format": 1, "pipeline": pipeline}, stream)
    return stream.getvalue()


def plants(seed, species, measurements):
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(species), 12)
    return rng.normal(0, 3, (species, measurements))[y] + rng.normal(size=(len(y), measurements)), y


@pytest.mark.parametrize("steps", STEPS)
@given(seed=st.integers(0, 2**32 - 1), species=st.integers(2, 6), measurements=st.integers(1, 5))
def test_digit_for_digit(steps, seed, species, measurements):
    X, y = plants(seed, species, measurements)
    pipeline = Pipeline(STEPS[steps]()).fit(X, y)
    found = unpickled(packed(pipeline))["pipeline"]
    assert isinstance(found, LinearPipeline)
    asked = np.random.default_rng(seed).normal(0, 5, (30, measurements))
    before = asked.copy()
    np.testing.assert_array_equal(found.predict_proba(asked), pipeline.predict_proba(asked))
    np.testing.assert_array_equal(asked, before)


def test_other_pipelines_are_loaded_whole():
    X, y = plants(1, 3, 2)
    pipeline = Pipeline([("classify", RandomForestClassifier(5, random_state=1))]).fit(X, y)
    assert type(unpickled(packed(pipeline))["pipeline"]) is Pipeline


def test_the_pipeline_itself_answers_for_all_else_and_is_what_other_processes_and_files_get():
    X, y = plants(1, 3, 2)
    pipeline = Pipeline(STEPS["logistic"]()).fit(X, y)
    found = unpickled(packed(pipeline))["pipeline"]
    assert type(found[-1]) is LogisticRegression
    assert list(found.named_steps) == ["scale", "classify"]
    assert type(unpickled(packed(found))["pipeline"]) is Pipeline
    with pytest.raises(AttributeError, match="nothing_such"):
        _ = found.nothing_such


def test_naming_a_plant_imports_no_scikit_learn(context):
    script = """
import sys
from flora_core.cli import main
sys.argv = ["flora", "identify", "petal_length=1.4", "petal_width=0.2"]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
assert "sklearn" not in sys.modules
"""
    settings = {"FLORA_DATABASE_URL": context.settings.database_url, "FLORA_MODELS": str(context.settings.models)}
    said = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, **settings}, capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith("Iris setosa")
