import numpy as np

from flora_core.learning.algorithms.candidates import candidates
from flora_core.learning.algorithms.pipelines import Recipe
from flora_core.learning.algorithms.refinement import refinements
from flora_core.learning.training import train
from flora_core.learning.validation.final_assessment import StepProgress
from flora_core.learning.validation.folds import make_folds
from flora_core.learning.validation.screening import screen
from flora_core.progress import no_progress
from flora_core.study import IRIS
from flora_core.workflows.models.lifecycle import iris_plants
from tests.learning.test_novelty import made


def recipes_of(plants):
    tried = candidates("auto", {}, 0, plants, 0)
    return [Recipe(a, h, 0) for a, h in tried], [Recipe(a, h, 0) for a, h in refinements(tried, plants)]


def test_refinements_are_of_the_families_tried_and_new():
    plants = iris_plants()
    defaults, refined = recipes_of(plants)
    keys = {(r.algorithm.name, *sorted(r.hyperparameters.items())) for r in (*defaults, *refined)}
    assert len(keys) == len(defaults) + len(refined)
    assert {r.algorithm.name for r in refined} <= {r.algorithm.name for r in defaults}


def test_boosting_is_tried_where_every_species_is_large():
    plants = made(k=2, n=120)
    assert "boosting" in {r.algorithm.name for r in recipes_of(plants)[1]}


def test_what_is_stopped_says_after_how_many_plants_and_few_go_on():
    plants = made(k=3, n=30, apart=1.0)
    defaults, refined = recipes_of(plants)
    found = screen(defaults, refined, plants, make_folds(plants, 10, 0), StepProgress(no_progress, 1), 0)
    assert len(found.go_on) <= 3
    assert len(found.go_on) + len(found.stopped) == len(refined)
    assert all(c.plants < 90 and "stopped after" in c.why for c in found.stopped)
    assert all("on these its log loss was 0." in c.why and "plant by plant" in c.why for c in found.stopped)


def test_one_family_alone_is_not_refined_and_boosting_is_where_it_was_chosen():
    plants = iris_plants()
    assert refinements(candidates("svm", {}, 0, plants, 0), plants) == []
    names = {a.name for a, _ in refinements(candidates("lda,boosting", {}, 0, plants, 0), plants)}
    assert names == {"lda", "boosting"}


def test_every_candidate_of_a_training_stands_on_the_leaderboard():
    card = train(IRIS, iris_plants()).card
    chosen = [c for c in card.candidates if c.chosen]
    assert [c.algorithm for c in chosen] == [card.algorithm] == ["lda"]
    assert all(c.low <= c.accuracy <= c.high and c.why for c in card.candidates)
    assert card.scores.right == 147


def test_where_chance_cannot_tell_the_one_that_names_most_right_is_taken():
    """Two recipes of one loss: the second names more right."""
    from flora_core.learning.validation.out_of_fold import OutOfFold
    from flora_core.learning.validation.selection import ModelSelection

    species = np.repeat([0, 1], 50)
    rng = np.random.default_rng(0)
    first = np.clip(rng.normal(0.62, 0.2, 100), 0.05, 0.95)
    second = np.where(first < 0.5, 0.51, np.minimum(first, 0.70))
    raws = []
    for own in (first, second):
        raw = np.empty((100, 2))
        raw[np.arange(100), species], raw[np.arange(100), 1 - species] = own, 1 - own
        raws.append(OutOfFold(raw, 0.1))
    plants = iris_plants()
    defaults, _ = recipes_of(plants)
    choice = ModelSelection.among(defaults[:2], raws, species)
    assert choice.best == 1
    assert choice.candidates()[1].chosen


def test_larger_forests_are_not_tried_where_hardly_a_plant_is_named_wrong():
    for apart, forests in ((9.0, 0), (0.4, 2)):
        plants = made(k=3, n=30, apart=apart)
        defaults, refined = recipes_of(plants)
        found = screen(defaults, refined, plants, make_folds(plants, 10, 0), StepProgress(no_progress, 1), 0)
        tried = [r.algorithm.name for r in found.go_on] + [c.algorithm for c in found.stopped]
        assert tried.count("forest") == forests
