import numpy as np
import pytest

from flora_core.errors import Refused
from flora_core.identification.naming import name_plants
from flora_core.learning.training import REFERENCE_PLANTS, train
from flora_core.model import ModelCard
from flora_core.study import IRIS
from flora_core.workflows.models import iris_plants
from tests.builders import make_plants, make_study


def test_the_first_champion_is_lda_by_log_loss_with_the_known_accuracy(champion):
    card = champion.card
    assert card.algorithm == "lda"
    assert [c.algorithm for c in card.candidates] == ["lda", "logistic", "forest", "svm"]
    assert min(card.candidates, key=lambda c: c.log_loss).algorithm == "lda"
    # Nested cross-validation of Iris is known to give 97.7 % (+- 0.7).
    assert card.scores.accuracy - card.selection_optimism == pytest.approx(0.977, abs=0.007)
    assert card.scores.low < 0.95 < card.scores.high
    assert card.baseline == pytest.approx(1 / 3)
    assert card.scores.set_coverage >= 0.95


def test_the_same_plants_settings_and_seed_give_the_same_model():
    first, second = (
        train(IRIS, iris_plants(), algorithm="forest", hyperparameters={"trees": 10}, seed=5) for _ in range(2)
    )
    assert first.card.scores == second.card.scores
    assert (
        name_plants(first, iris_plants().values).probabilities
        == name_plants(second, iris_plants().values).probabilities
    ).all()
    other = train(IRIS, iris_plants(), algorithm="forest", hyperparameters={"trees": 10}, seed=6)
    assert other.card.scores != first.card.scores


def test_progress_is_told_to_the_end():
    told = []
    train(IRIS, iris_plants(), algorithm="lda", progress=lambda done, total, doing: told.append((done, total, doing)))
    assert [done for done, _, _ in told] == list(range(1, told[-1][1] + 1))
    assert told[-1] == (53, 53, "asking which measurement matters")


def test_whoever_watches_may_stop_it():
    def stop(done, total, doing):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(IRIS, iris_plants(), algorithm="lda", progress=stop)


def test_a_card_survives_being_written_down(champion):
    assert ModelCard.model_validate_json(champion.card.model_dump_json()) == champion.card


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ((20, 0), "A made-up genus has plants of one species only; a model needs at least two."),
        ((2, 2), "A made-up genus has 4 plants; a model of 2 species needs at least 6."),
        (
            (20, 1),
            "Planta speciesb has 1 plant; a model needs at least two of each species. Add plants, or leave the species out.",
        ),
    ],
)
def test_too_few_plants_are_refused_with_what_would_do(counts, sentence):
    with pytest.raises(Refused) as refused:
        train(make_study(), make_plants(counts))
    assert refused.value.message == sentence


def test_hyperparameters_belong_to_one_algorithm():
    with pytest.raises(Refused, match="name it, or leave them out"):
        train(make_study(), make_plants(), hyperparameters={"C": 1})


@pytest.mark.parametrize("algorithm", ["auto", "lda", "forest"])
def test_two_plants_a_species_are_enough_and_warned_of(algorithm):
    model = train(make_study(), make_plants((2, 4), gap=9.0), algorithm=algorithm)
    assert "Fewer than 10 plants: Planta speciesa (2), Planta speciesb (4)" in model.card.warnings[0]
    assert np.isfinite(name_plants(model, make_plants((2, 4)).values).probabilities).all()


def test_a_support_vector_machine_says_how_many_plants_it_needs():
    with pytest.raises(Refused, match="needs at least 4 plants of each species; the rarest has 3"):
        train(make_study(), make_plants((3, 9)), algorithm="svm")
    assert train(make_study(), make_plants((4, 9)), algorithm="svm").card.algorithm == "svm"


@pytest.mark.parametrize("algorithm", ["lda", "logistic", "forest", "svm"])
def test_gaps_in_training_and_in_identifying(algorithm):
    plants = make_plants((40, 40), 4, gap=3.0, missing=0.2)
    model = train(make_study(2, 4), plants, algorithm=algorithm)
    assert model.card.scores.accuracy > 0.93
    assert np.isfinite(name_plants(model, plants.values).probabilities).all()


def test_the_reference_of_a_large_table_is_a_sample_that_keeps_the_shares():
    plants = make_plants((6000, 3000), 2)
    model = train(make_study(), plants, algorithm="lda")
    assert len(model.reference.species) == REFERENCE_PLANTS
    assert np.bincount(model.reference.species) / REFERENCE_PLANTS == pytest.approx([2 / 3, 1 / 3], abs=0.001)
