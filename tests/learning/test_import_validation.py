"""Models whose parts don't fit together, each by one change of a whole one."""

import dataclasses

import numpy as np
import pytest

from flora_core.learning.algorithms.catalogue import ALGORITHMS
from flora_core.learning.algorithms.pipelines import Recipe
from flora_core.learning.import_validation import model_problems, named_right
from flora_core.workflows.models.lifecycle import iris_plants


def with_algorithm(champion, name, **settings):
    """The champion with a pipeline of another algorithm."""
    plants, algorithm = iris_plants(), ALGORITHMS[name]
    known = {h.name: h.default for h in algorithm.hyperparameters} | settings
    pipeline = Recipe(algorithm, known, seed=0).fit(plants.values, plants.species, 3)
    card = champion.card.model_copy(update={"algorithm": name, "algorithm_title": algorithm.title})
    return dataclasses.replace(champion, card=card, pipeline=pipeline)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_model_of_ours_is_sound(champion, name):
    settings = {"trees": 10} if name in ("forest", "boosting") else {}
    assert model_problems(with_algorithm(champion, name, **settings)) == ()


def test_what_it_names_right_of_a_table_is_measured(champion):
    share, low, high = named_right(champion, iris_plants())
    assert share == 147 / 150
    assert low < share < high


@pytest.mark.parametrize(
    ("part", "value", "said"),
    [
        ("conformal_thresholds", np.ones(2), "set limits have the shape"),
        ("conformal_thresholds", np.array([1, np.nan, 1]), "infinite or missing"),
        ("pipeline", "no pipeline", "no pipeline"),
    ],
)
def test_parts_of_the_wrong_shape(champion, part, value, said):
    (found,) = model_problems(dataclasses.replace(champion, **{part: value}))
    assert said in found


def test_a_card_of_another_algorithm(champion):
    card = champion.card.model_copy(update={"algorithm": "forest", "algorithm_title": "random forest"})
    assert model_problems(dataclasses.replace(champion, card=card)) == (
        "its card says random forest, its pipeline is a LinearDiscriminantAnalysis",
    )


def test_a_covariance_that_is_none(champion):
    gaussians = dataclasses.replace(champion.gaussians, covariances=-champion.gaussians.covariances)
    assert model_problems(dataclasses.replace(champion, gaussians=gaussians)) == ("a covariance in it is none",)


def test_a_tree_whose_branch_leads_astray_or_in_a_circle(champion):
    for branch in (10**6, 0):
        model = with_algorithm(champion, "tree")
        # children_left is a view into the tree itself.
        model.pipeline[-1].tree_.children_left[0] = branch
        assert model_problems(model) == ("the inside of its pipeline does not hang together",)


def test_a_boosted_tree_whose_branch_leads_astray(champion):
    model = with_algorithm(champion, "boosting", trees=10)
    model.pipeline[-1]._predictors[0][0].nodes["right"][0] = 10**6
    assert model_problems(model) == ("the inside of its pipeline does not hang together",)


def test_support_vectors_that_are_not_there(champion):
    model = with_algorithm(champion, "svm")
    svc = model.pipeline[-1]
    svc._n_support = svc._n_support * 100
    assert model_problems(model) == ("the inside of its pipeline does not hang together",)


def test_species_in_another_order_or_other_measurements(champion):
    model = with_algorithm(champion, "bayes")
    model.pipeline[-1].classes_ = np.array([2, 1, 0])
    assert "other species" in model_problems(model)[0]
    model = with_algorithm(champion, "bayes")
    model.pipeline[-1].n_features_in_ = 7
    assert "measures 7 characters" in model_problems(model)[0]
    del model.pipeline[-1].classes_
    assert "lacks something" in model_problems(model)[0]
