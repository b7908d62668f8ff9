"""Trees asked about few plants in one go say what scikit-learn says, to the last digit."""

import gc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from flora_core.identification.stacked_trees import _STACKED, _TELL_APART, answers_of_trees


def flora(seed=0, n=90, p=4, k=3):
    rng = np.random.default_rng(seed)
    species = np.arange(n) % k
    return np.round(rng.normal(5.0, 1.0, (n, p)) + species[:, None], 1), species


def fitted(kind, seed=0, k=3, **settings):
    values, species = flora(seed, k=k)
    end = {
        "forest": lambda: RandomForestClassifier(n_estimators=30, random_state=seed, **settings),
        "boosting": lambda: HistGradientBoostingClassifier(max_iter=15, random_state=seed, **settings),
    }[kind]()
    return make_pipeline(StandardScaler(), end).fit(values, species)


@pytest.mark.parametrize("kind", ["forest", "boosting"])
@pytest.mark.parametrize("k", [2, 3, 6])
def test_few_plants_are_answered_as_by_the_pipeline_itself(kind, k):
    pipeline = fitted(kind, k=k)
    for rows in (1, 2, 50):
        values = flora(9, n=90, k=k)[0][:rows] + 0.05
        found = answers_of_trees(pipeline, values)
        assert found.shape == (rows, k)
        np.testing.assert_allclose(found, pipeline.predict_proba(values), rtol=0, atol=1e-14)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([1, 2, 5]), st.sampled_from(["forest", "boosting"]))
def test_whatever_was_learned_and_wherever_the_plant_lies(seed, leaf, kind):
    pipeline = fitted(kind, seed, min_samples_leaf=leaf)
    rng = np.random.default_rng(seed)
    values = np.vstack([flora(seed)[0][:5], rng.normal(0, 1e3, (3, 4)), np.zeros((1, 4)), np.full((1, 4), -1e30)])
    np.testing.assert_allclose(answers_of_trees(pipeline, values), pipeline.predict_proba(values), rtol=0, atol=1e-14)


def test_a_tree_that_never_splits_answers_too():
    values, species = flora(n=12)
    pipeline = make_pipeline(RandomForestClassifier(n_estimators=3, min_samples_leaf=12, random_state=0)).fit(
        values, species
    )
    np.testing.assert_array_equal(answers_of_trees(pipeline, values[:2]), pipeline.predict_proba(values[:2]))


def test_what_is_fitted_again_is_asked_anew():
    pipeline = fitted("forest")
    values = flora(3)[0][:4]
    first = answers_of_trees(pipeline, values)
    pipeline.fit(*flora(77))
    again = answers_of_trees(pipeline, values)
    np.testing.assert_array_equal(again, pipeline.predict_proba(values))
    assert not np.array_equal(first, again)


def test_it_leaves_to_the_pipeline_what_is_many_has_gaps_or_no_trees():
    pipeline = fitted("forest")
    values = flora()[0]
    assert answers_of_trees(pipeline, np.repeat(values, 20, axis=0)) is None
    assert answers_of_trees(pipeline, np.array([[5.0, np.nan, 5.0, 5.0]])) is None
    assert answers_of_trees(make_pipeline(LogisticRegression()).fit(*flora()), values[:1]) is None
    assert answers_of_trees(object(), values[:1]) is None


@pytest.mark.parametrize("kind", ["forest", "boosting"])
def test_many_plants_read_to_a_step_are_asked_about_once_each_kind(kind, monkeypatch):
    pipeline = fitted(kind)
    rng = np.random.default_rng(4)
    values = flora()[0][rng.integers(90, size=4000)] + rng.integers(-1, 2, (4000, 1)) / 10
    expected, asked = pipeline.predict_proba(values), []
    own = type(pipeline[-1]).predict_proba
    monkeypatch.setattr(type(pipeline[-1]), "predict_proba", lambda self, X: asked.append(len(X)) or own(self, X))
    np.testing.assert_array_equal(answers_of_trees(pipeline, values), expected)
    assert len(asked) == 1
    assert asked[0] <= 270


def test_where_trees_tell_most_plants_apart_the_pipeline_is_asked_and_it_is_not_tried_again():
    values, species = flora(n=600)
    rng = np.random.default_rng(5)
    pipeline = fitted("forest")
    pipeline.fit(values + rng.normal(0, 0.1, values.shape), species)
    many = rng.normal(5.5, 1.5, (3000, 4))
    assert answers_of_trees(pipeline, many) is None
    assert pipeline[-1] in _TELL_APART


def test_nothing_is_kept_of_a_model_that_is_gone():
    pipeline = fitted("forest")
    answers_of_trees(pipeline, flora()[0][:1])
    end = pipeline[-1]
    assert end in _STACKED
    known = len(_STACKED)
    del pipeline, end
    gc.collect()
    assert len(_STACKED) < known
