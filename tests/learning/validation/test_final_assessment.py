import numpy as np
import pytest

from flora_core.learning.algorithms.catalogue import ALGORITHMS, resolve_hyperparameters
from flora_core.learning.algorithms.pipelines import Recipe
from flora_core.learning.validation.final_assessment import AssessmentFolds, StepProgress, examine
from flora_core.progress import no_progress
from tests.builders import make_plants, make_study, with_groups

LDA = Recipe(ALGORITHMS["lda"], resolve_hyperparameters(ALGORITHMS["lda"], {}), seed=0)


def examined(plants, progress=no_progress):
    study = make_study(int(plants.species.max()) + 1, plants.values.shape[1])
    parts = AssessmentFolds.of(plants, seed=0)
    work = StepProgress(progress, processes=1, total=parts.steps(1))
    (first,) = work.ask([(LDA, parts.folds)], plants, ["trying"])
    return examine(study, plants, LDA, first, parts, work), work


def test_small_tables_are_parted_five_times_and_large_ones_once():
    assert AssessmentFolds.of(make_plants((30, 30)), seed=0).repeats == 5
    assert AssessmentFolds.of(make_plants((300, 300)), seed=0).repeats == 1


def test_every_fitting_is_a_step_and_is_told():
    told = []
    result, work = examined(make_plants((20, 20), groups=4), lambda done, total, doing: told.append((done, doing)))
    # 10 folds; four times again; 4 groups; a quarter, a half and three quarters of the plants in 10 folds.
    assert work.done == work.total == 10 + 40 + 4 + 30
    assert told[0] == (1, "trying, fold 1 of 10")
    assert "asking linear discriminant analysis about groups it has not seen, fold 4 of 4" in [
        doing for _, doing in told
    ]
    assert result.scores.method == "10-fold cross-validation, stratified by species, 5 times over"
    assert len(result.held_out) == 5


def test_populations_that_differ_cost_accuracy_and_widen_the_interval():
    plants = make_plants((60, 60), 3, gap=1.5, groups=6, between_groups=2.0)
    result, _ = examined(plants)
    by_group = result.group_scores
    assert by_group.method == "6-fold cross-validation by group (6 groups)"
    assert by_group.accuracy < result.scores.accuracy
    assert by_group.high - by_group.low > result.scores.high - result.scores.low


def test_populations_that_do_not_differ_cost_nothing():
    result, _ = examined(make_plants((60, 60), 3, gap=1.5, groups=6))
    assert result.group_scores.accuracy == pytest.approx(result.scores.accuracy, abs=0.03)


def test_a_species_of_one_population_is_left_out_and_named():
    plants = with_groups(make_plants((12, 12, 6)), ["a", "b", "c"] * 4 + ["b", "c", "a"] * 4 + ["d"] * 6)
    result, _ = examined(plants)
    assert result.group_scores.plants == 24
    assert result.group_scores.by_species["Planta speciesc"].plants == 0
    assert result.group_scores.method.endswith("(4 groups), without Planta speciesc, of one group only")


def test_a_learning_curve_ends_at_the_score_itself_where_all_plants_were_asked():
    result, _ = examined(make_plants((30, 30), gap=1.0))
    assert result.points[-1].accuracy == pytest.approx(
        (result.held_out[0].argmax(axis=1) == np.repeat([0, 1], 30)).mean()
    )
    assert result.points[-1].plants == 54


def test_without_groups_there_is_no_score_by_group():
    assert examined(make_plants((12, 12)))[0].group_scores is None
    two = with_groups(make_plants((12, 12)), ["a", "b"] * 12)
    assert examined(two)[0].group_scores is None


def test_where_one_training_part_holds_one_species_alone_scoring_goes_on():
    plants = with_groups(make_plants((20, 20)), ["a"] * 10 + ["b"] * 9 + ["c"] + ["b"] + ["c"] * 19)
    result, _ = examined(plants)
    assert np.isfinite(result.group_scores.log_loss)
