import numpy as np
import pytest

from flora_core.errors import Refused, Unknown
from flora_core.learning.algorithms import ALGORITHMS, algorithm_named, settled
from flora_core.learning.pipelines import build_pipeline
from tests.builders import iris_table

X, y = iris_table()


@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_algorithm_learns_iris_with_its_defaults(name):
    algorithm = ALGORITHMS[name]
    pipeline = build_pipeline(algorithm, settled(algorithm, {}), gaps=False, seed=0, rarest=45).fit(X, y)
    p = pipeline.predict_proba(X)
    assert p.shape == (150, 3)
    assert p.sum(axis=1) == pytest.approx(np.ones(150))
    assert (p.argmax(axis=1) == y).mean() > 0.95


@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_algorithm_learns_from_a_table_with_gaps(name):
    gappy = X.copy()
    gappy[np.random.default_rng(0).random(X.shape) < 0.2] = np.nan
    algorithm = ALGORITHMS[name]
    pipeline = build_pipeline(algorithm, settled(algorithm, {}), gaps=True, seed=0, rarest=45).fit(gappy, y)
    assert (pipeline.predict(X) == y).mean() > 0.9


@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_algorithm_and_knob_says_in_a_sentence_what_it_does(name):
    algorithm = ALGORITHMS[name]
    assert algorithm.sentence.endswith(".")
    for h in algorithm.hyperparameters:
        assert h.sentence.endswith(".")
        assert h.parse(h.default) == h.default


def test_given_values_are_taken_and_the_rest_are_defaults():
    assert settled(ALGORITHMS["forest"], {"trees": "50"}) == {"trees": 50, "depth": 0, "leaf": 1, "features": "sqrt"}


@pytest.mark.parametrize(
    ("algorithm", "given", "sentence"),
    [
        ("forest", {"trees": "5"}, "trees can't be 5; it lies between 10 and 1000."),
        ("forest", {"trees": "many"}, "trees can't be 'many'; it is a number from 10 to 1000."),
        ("lda", {"shrinkage": "0.2"}, "shrinkage can't be 0.2; it is one of none, auto, 0.1, 0.3, 0.5, 0.9."),
        ("lda", {"depth": 3}, "'depth' is not a hyperparameter of linear discriminant analysis. There are: shrinkage."),
    ],
)
def test_a_wrong_knob_or_value_is_refused_with_what_would_be_right(algorithm, given, sentence):
    with pytest.raises((Refused, Unknown)) as refused:
        settled(ALGORITHMS[algorithm], given)
    assert refused.value.message == sentence


def test_an_unknown_algorithm_is_refused_with_those_there_are():
    with pytest.raises(Unknown, match="'magic' is not an algorithm. There are: auto, lda"):
        algorithm_named("magic")
