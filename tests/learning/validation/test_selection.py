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
    assert ModelSelection.among([recipe("svm"), recipe("knn")], [sure(0.9), sure(0.9)], SPECIES).best == 0


def naming(wrong, p=0.8):
    """Names all but the first `wrong` plants right, each time as sure."""
    mine = np.where(np.arange(60) < wrong, 1 - p, p)
    return OutOfFold(np.where(np.eye(2)[SPECIES] == 1, mine[:, None], 1 - mine[:, None]), 0.0)


@pytest.mark.parametrize("wrong", [11, 12, 15])
def test_plain_discriminant_analysis_stays_where_another_names_no_more_right(wrong):
    """Whatever the other's log loss: `auto` names no fewer plants right than plain discriminant analysis."""
    other = naming(wrong)
    ours = np.clip(naming(11, 0.97).raw, 0.001, 0.999)
    choice = ModelSelection.among([recipe("svm"), recipe("lda")], [other, OutOfFold(ours, 0.0)], SPECIES)
    assert choice.recipe.algorithm.name == "lda"


def test_another_is_chosen_where_it_names_more_right_than_chance_explains():
    choice = ModelSelection.among([recipe("lda"), recipe("svm")], [naming(12), naming(4)], SPECIES)
    assert choice.recipe.algorithm.name == "svm"


def test_another_is_chosen_where_it_names_as_many_right_and_is_surely_better_calibrated():
    rng = np.random.default_rng(0)
    noisy = rng.uniform(0.51, 0.99, 60)
    vague = OutOfFold(np.where(np.eye(2)[SPECIES] == 1, noisy[:, None], 1 - noisy[:, None]), 0.0)
    choice = ModelSelection.among([recipe("lda"), recipe("svm")], [vague, sure(0.97)], SPECIES)
    assert choice.recipe.algorithm.name == "svm"


def test_what_stays_says_so():
    ours = naming(12, 0.7)
    raw = naming(13, 0.9).raw.copy()
    raw[:13] = 0.5 + np.sign(raw[:13] - 0.5) * 0.01
    choice = ModelSelection.among([recipe("lda"), recipe("svm")], [ours, OutOfFold(raw, 0.0)], SPECIES)
    assert choice.recipe.algorithm.name == "lda"
    assert choice.reason().startswith("Linear discriminant analysis stays: no other named more plants right")


def test_of_one_family_none_stays_for_its_own_sake():
    shrunk = recipe("lda", shrinkage="0.5")
    choice = ModelSelection.among([recipe("lda"), shrunk], [coin(1), sure(0.9)], SPECIES)
    assert choice.recipe is shrunk


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
