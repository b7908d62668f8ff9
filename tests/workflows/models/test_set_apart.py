"""Determined plants that chance chose never train: they tell what a name that was merely confirmed can't."""

from dataclasses import replace

import numpy as np
import pytest

from flora_core.determination import AT_RANDOM
from flora_core.identification.naming import predict_plants
from flora_core.identification.sentences import scores_sentence
from flora_core.learning.training import score_on_drawn, train
from flora_core.study import IRIS
from flora_core.workflows.determine import determine
from flora_core.tables.rows.determinations import WrittenDetermination
from flora_core.workflows.determine import DeterminationRecorder, defaults, determine
from flora_core.workflows.models.comparison import compare_versions
from flora_core.workflows.models.determined_plants import DeterminedPlants, determined_plants, with_determined
from flora_core.workflows.models.printed_pages import card_page
from flora_core.workflows.models.training import train_version
from tests.builders import make_plants, make_study
from tests.workflows.determine.conftest import recorded


def by_chance(context, *plants, name="setosa"):
    laying = DeterminationRecorder(context, "iris", defaults=defaults("Ada"), entered_by="Ada", source=AT_RANDOM)
    laying.lay([WrittenDetermination(None, plant, name) for plant in plants])


def test_plants_that_chance_chose_are_a_test_set_and_the_others_train(context):
    plants = recorded(context, *map(str, range(6)))
    by_chance(context, *plants[:2])
    for plant in plants[2:5]:
        determine(context, "iris", plant, "setosa", by="Ada")
    # A later word on a drawn plant does not make it a chosen one.
    determine(context, "iris", plants[0], "versicolor", by="Grace")
    known = determined_plants(context, IRIS)
    assert (len(known), known.drawn.tolist()) == (5, [True, True, False, False, False])
    card = train_version(context, "iris", algorithm="bayes", with_determinations=True, by="Ada")
    assert (card.table.rows, card.table.determined, card.table.set_apart) == (153, 3, 2)
    assert card.scores.plants == 150
    assert (card.drawn_scores.plants, card.drawn_scores.right) == (2, 1)
    said = scores_sentence(card)
    assert said.startswith("The scores are of 150 plants of the study's own table. 3 determined plants were learned from too")
    assert "Of 2 determined plants that chance chose, and that no version learns from, it named 1 right (50 %" in said
    assert "chance chose" in card_page(card)
    # Both versions are asked about them: neither has learned from them.
    assert compare_versions(context, "iris", 1, card.version)[0].determined.plants == 2


def test_a_version_that_set_nothing_apart_has_learned_from_drawn_plants_too(context, monkeypatch):
    plants = recorded(context, *map(str, range(4)))
    by_chance(context, *plants[:2])
    monkeypatch.setattr(DeterminedPlants, "to_learn_from", lambda self: self)
    monkeypatch.setattr("flora_core.learning.training.score_on_drawn", lambda model, *_: model)
    card = train_version(context, "iris", algorithm="bayes", with_determinations=True, by="Ada")
    assert (card.table.determined, card.table.set_apart) == (2, None)
    assert "the scores are too good" in scores_sentence(card)
    monkeypatch.undo()
    assert compare_versions(context, "iris", 1, card.version)[0].determined is None


def test_without_determined_plants_nothing_is_said(champion):
    assert scores_sentence(champion.card) == ""


def determined(values, species, drawn):
    n = len(species)
    return DeterminedPlants(values, species, [str(i) for i in range(n)], [None] * n, np.full(n, drawn))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_cycle_of_confirmations_claims_no_more_than_is_true(seed):
    """Names of a model that a person merely confirmed train the next one, three times over."""
    study, counts = make_study(3, 3), (40, 40, 40)

    def fresh(n, number):
        return make_plants((n,) * 3, 3, gap=0.9, seed=1000 * seed + number)

    table = fresh(40, 0)
    values, names = np.empty((0, 3)), np.empty(0, dtype=np.int64)
    model = train(study, table, algorithm="lda")
    for cycle in range(1, 4):
        new = fresh(100, cycle).values
        values = np.concatenate([values, new])
        names = np.concatenate([names, predict_plants(model, new).best])
        plants = with_determined(study, table, determined(values, names, drawn=False))
        model = train(study, plants, algorithm="lda")
    asked_too = train(study, replace(plants, asked=None), algorithm="lda")
    others = fresh(1000, 9)
    true = (predict_plants(model, others.values).best == others.species).mean()
    lot = fresh(50, 7)
    card = score_on_drawn(model, lot.values, lot.species).card
    assert asked_too.card.scores.accuracy > true + 0.04
    assert card.scores.plants == sum(counts)
    assert card.scores.low < true < card.scores.high
    assert card.drawn_scores.low < true < card.drawn_scores.high
