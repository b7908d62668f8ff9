"""Scores that are known of these tables, reproduced: plain accuracy, which calibration by a temperature never changes."""

import pytest

from flora_core.learning.training import train
from flora_core.study import IRIS
from flora_core.workflows.models.lifecycle import iris_plants
from tests.conformance.datasets import study_and_plants


def test_nested_cross_validation_of_iris():
    card = train(IRIS, iris_plants()).card
    # Choosing on the same folds, less what choosing flatters, stands for the outer loop.
    assert 100 * (card.scores.accuracy - card.selection_optimism) == pytest.approx(97.7, abs=0.7)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("table", "algorithm", "accuracy"),
    [
        ("wheat_seeds", "lda", 96.7),
        ("wheat_seeds", "logistic", 93.1),
        ("leaf_uci", "lda", 81.2),
        ("rice_cammeo_osmancik", "lda", 93.0),
        ("dry_bean", "logistic", 92.4),
        ("dry_bean", "forest", 92.5),
        ("dry_bean", "svm", 93.2),
        ("physaria_herbarium", "logistic", 70.5),
    ],
)
def test_ten_fold_accuracy_within_a_point(table, algorithm, accuracy):
    study, plants = study_and_plants(table)
    scores = train(study, plants, algorithm=algorithm, processes=2).card.scores
    assert 100 * scores.accuracy == pytest.approx(accuracy, abs=1.0)


@pytest.mark.slow
def test_seven_in_ten_right_is_less_than_half_where_every_species_counts_the_same():
    study, plants = study_and_plants("physaria_herbarium")
    scores = train(study, plants, algorithm="logistic").card.scores
    assert scores.balanced_accuracy == pytest.approx(0.47, abs=0.04)
