import numpy as np
import pytest

from flora_core.learning.algorithms.catalogue import ALGORITHMS, resolve_hyperparameters
from flora_core.learning.algorithms.pipelines import Recipe
from flora_core.learning.validation.out_of_fold import OutOfFold
from flora_core.learning.validation.selection import ModelSelection

SPECIES = np.array([0, 1] * 30)


def recipe(name, **given):
    return Recipe(ALGORITHMS[name], resolve_hyperparameters(ALGORITHMS[name], given), seed=0)


def sure(p, seed=0):
    """Names every plant right, this sure of it; a little less of one or the other, so that there is something to fit."""
    rng = np.random.default_rng(seed)
    mine = np.clip(p + 0.02 * rng.normal(size=60), 0.01, 0.99)
    return OutOfFold(np.where(np.eye(2)[SPECIES] == 1, mine[:, None], 1 - mine[:, None]), 0.0)


def coin(seed=0):
    return OutOfFold(np.random.default_rng(seed).dirichlet([5, 5], 60), 0.0)


def test_the_lowest_calibrated_log_loss_is_chosen():
    choice = ModelSelection.among(
        [recipe("lda"), recipe("forest"), recipe("svm")], [coin(1), sure(0.9), coin(2)], SPECIES
    )
    assert choice.best == 1
    assert choice.recipe.algorithm.name == "forest"
    assert choice.reason().startswith("Random forest had the lowest cross-validated log loss, 0.0")
    assert "; linear discriminant analysis 0.6" in choice.reason()
    assert [c.accuracy for c in choice.candidates()][1] == 1.0


def test_of_equals_the_first_is_taken():
    assert ModelSelection.among([recipe("svm"), recipe("lda")], [sure(0.9), sure(0.9)], SPECIES).best == 0


def test_one_recipe_alone_was_asked_for():
    assert ModelSelection.among([recipe("tree")], [sure(0.8)], SPECIES).reason() == "Decision tree was asked for."


def test_the_best_of_a_family_s_settings():
    choice = ModelSelection.among([recipe("knn"), recipe("knn", neighbours=3)], [coin(), sure(0.9)], SPECIES)
    assert choice.reason().startswith(
        "Nearest neighbours with the best of 2 settings, by cross-validated log loss (0.0"
    )


def test_of_several_families_each_is_told_by_its_best():
    recipes = [recipe("lda"), recipe("knn"), recipe("knn", neighbours=3)]
    choice = ModelSelection.among(recipes, [sure(0.9), coin(1), coin(2)], SPECIES)
    assert choice.reason().count("nearest neighbours") == 1


def test_choosing_among_coins_flatters():
    coins = [OutOfFold(np.random.default_rng(i).dirichlet([1, 1], 60), 0.0) for i in range(20)]
    choice = ModelSelection.among([recipe("lda")] * 20, coins, SPECIES)
    assert choice.optimism(seed=0) > 0.01
    assert ModelSelection.among([recipe("lda")], coins[:1], SPECIES).optimism(seed=0) == pytest.approx(0.0)
