"""What is said around a name, on five tables: sets that hold what they promise and stay small, strangers that are noticed."""

import pytest

from flora_core.learning.training import train
from tests.conformance.datasets import study_and_plants


@pytest.mark.slow
@pytest.mark.parametrize(
    ("table", "accuracy", "largest_set", "noticed"),
    [
        ("wheat_seeds", 0.95, 1.08, 0.83),
        ("leaf_uci", 0.78, 3.6, 0.30),
        ("rice_cammeo_osmancik", 0.92, 1.10, 0.67),
        ("physaria_herbarium", 0.66, 4.6, 0.04),
        ("dry_bean", 0.88, 1.25, 0.70),
    ],
)
def test_sets_strangers_and_accuracy_hold(table, accuracy, largest_set, noticed):
    study, plants = study_and_plants(table)
    card = train(study, plants, algorithm="lda").card
    assert card.scores.accuracy >= accuracy
    # Where nearly every name is right, no rule that keeps the best name can hold less than the names do.
    assert 0.94 <= card.scores.set_coverage <= max(0.97, card.scores.accuracy + 0.02)
    assert card.scores.set_size <= largest_set
    assert card.unknown_species.noticed >= noticed
    assert card.unknown_species.own_none + card.unknown_species.own_unusual <= 0.06
