import numpy as np
import pytest

from flora_core.errors import Refused, Unknown
from flora_core.learning.algorithms.catalogue import ALGORITHMS, algorithm_named, resolve_hyperparameters
from flora_core.learning.algorithms.pipelines import Recipe
from tests.builders import iris_table

X, y = iris_table()


@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_algorithm_learns_iris_with_its_defaults(name):
    pipeline = Recipe(ALGORITHMS[name], resolve_hyperparameters(ALGORITHMS[name], {}), seed=0).fit(X, y, 3)
    p = pipeline.predict_proba(X)
    assert p.shape == (150, 3)
    assert p.sum(axis=1) == pytest.approx(np.ones(150))
    assert (p.argmax(axis=1) == y).mean() > 0.95


@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_algorithm_learns_from_a_table_with_gaps(name):
    gappy = X.copy()
    gappy[np.random.default_rng(0).random(X.shape) < 0.2] = np.nan
    # As a program outside this one would, which is handed the pipeline alone.
    recipe = Recipe(ALGORITHMS[name], resolve_hyperparameters(ALGORITHMS[name], {}), seed=0, gaps=True)
    pipeline = recipe.pipeline(np.array([50, 50, 50])).fit(gappy, y)
    assert (pipeline.predict(X) == y).mean() > 0.9


@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_algorithm_and_knob_says_in_a_sentence_what_it_does(name):
    algorithm = ALGORITHMS[name]
    assert algorithm.sentence.endswith(".")
    for h in algorithm.hyperparameters:
        assert h.sentence.endswith(".")
        assert h.parse(h.default) == h.default


def test_given_values_are_taken_and_the_rest_are_defaults():
    assert resolve_hyperparameters(ALGORITHMS["forest"], {"trees": "50"}) == {
        "trees": 50,
        "depth": 0,
        "leaf": 1,
        "features": "sqrt",
    }


@pytest.mark.parametrize(
    ("algorithm", "given", "sentence"),
    [
        ("forest", {"trees": "5"}, "trees can't be 5; it lies between 10 and 1000."),
        ("forest", {"trees": "many"}, "trees can't be 'many'; it is a whole number from 10 to 1000."),
        ("forest", {"trees": 50.5}, "trees can't be '50.5'; it is a whole number from 10 to 1000."),
        ("svm", {"C": "nan"}, "C can't be 'nan'; it is a number from 0.01 to 1000."),
        ("svm", {"C": "inf"}, "C can't be inf; it lies between 0.01 and 1000."),
        ("svm", {"C": None}, "C can't be 'None'; it is a number from 0.01 to 1000."),
        ("lda", {"shrinkage": "0.2"}, "shrinkage can't be 0.2; it is one of none, auto, 0.1, 0.3, 0.5, 0.9."),
        ("lda", {"depth": 3}, "'depth' is not a hyperparameter of linear discriminant analysis. There are: shrinkage."),
    ],
)
def test_a_wrong_knob_or_value_is_refused_with_what_would_be_right(algorithm, given, sentence):
    with pytest.raises((Refused, Unknown)) as refused:
        resolve_hyperparameters(ALGORITHMS[algorithm], given)
    assert refused.value.message == sentence


def test_an_unknown_algorithm_is_refused_with_those_there_are():
    with pytest.raises(Unknown, match="'magic' is not an algorithm. There are: auto, lda"):
        algorithm_named("magic")


def test_a_number_may_be_written_in_any_way():
    assert resolve_hyperparameters(ALGORITHMS["lda"], {"shrinkage": 0.10}) == {"shrinkage": "0.1"}
    assert resolve_hyperparameters(ALGORITHMS["forest"], {"trees": "50.0", "leaf": 2.0})["trees"] == 50


def test_a_tree_s_end_wants_no_more_plants_than_half_of_the_rarest_species():
    leaf = {n: resolve_hyperparameters(ALGORITHMS["boosting"], {}, rarest=n)["leaf"] for n in (100, 10, 6, 2)}
    assert leaf == {100: 5, 10: 5, 6: 3, 2: 1}
    # Whoever sets it is taken at the word.
    assert resolve_hyperparameters(ALGORITHMS["boosting"], {"leaf": 20}, rarest=6)["leaf"] == 20


def test_neighbours_are_never_more_than_the_plants_there_are():
    recipe = Recipe(ALGORITHMS["knn"], resolve_hyperparameters(ALGORITHMS["knn"], {"neighbours": 100}), seed=0)
    assert recipe.fit(X[::10], y[::10], 3).predict_proba(X).shape == (150, 3)
