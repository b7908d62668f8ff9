"""Files of the first format: their models go on identifying as they did."""

import dataclasses
import io

import joblib
import numpy as np
import pytest

from flora_core.identification.fitness import misfits
from flora_core.identification.naming import predict_plants
from flora_core.identification.prediction_sets import cumulative_probability
from flora_core.storage.registry import artifacts
from flora_core.storage.registry.skops_file import pack, read_model_data
from flora_core.workflows.models.incoming import model_of_parts
from flora_core.workflows.models.lifecycle import iris_plants

THRESHOLDS = np.array([0.95, 0.97, 0.99])


def first_format(model):
    """What the first version wrote: no rule of the sets, no usual range, a temperature for the average."""
    return dataclasses.replace(model, conformal_thresholds=THRESHOLDS, set_rule="cumulative", novelty=None)


def as_joblib(model):
    parts = joblib.load(io.BytesIO(artifacts._packed(first_format(model))))
    del parts["set_rule"], parts["novelty"], parts["calibration"]["each_completion"]
    return artifacts._unpacked(model.card, parts)


def as_skops(model):
    return model_of_parts(read_model_data(pack(first_format(model))))


@pytest.mark.parametrize("reread", [as_joblib, as_skops])
def test_an_older_model_keeps_its_rule_of_sets_and_its_one_grade(champion, reread):
    model = reread(champion)
    X = iris_plants().values.copy()
    X[::7, 1] = np.nan
    named = predict_plants(model, X)
    assert model.set_rule == "cumulative"
    assert model.novelty is None
    assert not named.unusual.any()
    fits = misfits(model.gaussians, X).min(axis=1) <= 1.0
    assert (named.in_set == ((cumulative_probability(named.probabilities) <= THRESHOLDS) & fits[:, None])).all()


@pytest.mark.parametrize(
    "reread",
    [
        lambda m: artifacts._unpacked(m.card, joblib.load(io.BytesIO(artifacts._packed(m)))),
        lambda m: model_of_parts(read_model_data(pack(m))),
    ],
)
def test_a_new_model_is_read_as_it_was_written(champion, reread):
    model = reread(champion)
    X = iris_plants().values
    X = np.concatenate([X, X + 0.4, np.where(np.arange(4) == 2, np.nan, X)])
    before, after = predict_plants(champion, X), predict_plants(model, X)
    assert before.unusual.any()
    for name in ("probabilities", "unusual", "in_set", "fits"):
        assert np.array_equal(getattr(before, name), getattr(after, name)), name
