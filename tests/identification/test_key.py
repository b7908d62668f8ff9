"""A key read by hand: numbers, units, plants at each end, and no question that does not change the name."""

import re

import numpy as np
import pytest

from flora_core.identification.key import _couplets, key_of, surrogate_key
from flora_core.identification.naming import predict_plants
from flora_core.learning.training import train
from flora_core.study import IRIS
from flora_core.workflows.models.lifecycle import iris_plants
from tests.builders import make_plants, make_study

FLOWERS = iris_plants()


@pytest.fixture(scope="module")
def tree():
    return train(IRIS, FLOWERS, algorithm="tree", hyperparameters={"depth": 2})


def follow(key, study, row):
    """The name that a reader who follows the key comes to."""
    if not key.couplets:
        return key.only
    number = 1
    while True:
        couplet = key.couplets[number - 1]
        border = float(re.search(r"at most ([-\d.e]+)", couplet.first.text)[1])
        label = couplet.first.text.rsplit(" at most ", 1)[0].lower()
        column = [m.label.lower() for m in study.measurements].index(label)
        lead = couplet.first if row[column] <= border else couplet.second
        if lead.species:
            return lead.species
        number = lead.goes_to


def test_the_key_of_two_questions_on_iris_is_the_one_in_every_textbook(tree):
    key = key_of(tree)
    lines = [re.sub(r" \.+ ", " ... ", line) for line in key.text().splitlines()]
    assert (
        lines[0] == "1a. Petal length at most 2 cm ... Iris setosa (n = 50, 100 %)"
        or "setosa (n = 50, 100 %)" in lines[0]
    )
    assert lines[1].endswith("... 2")
    assert "Iris versicolor (n = 54, 91 %)" in lines[2]
    assert "Iris virginica (n = 46, 98 %)" in lines[3]


def test_a_reader_comes_to_the_name_the_tree_gives_for_every_training_plant():
    tree = train(IRIS, FLOWERS, algorithm="tree", hyperparameters={"depth": 0, "leaf": 1})
    key = key_of(tree)
    named = [IRIS.species_names[j] for j in tree.pipeline.predict(FLOWERS.values)]
    assert [follow(key, IRIS, row) for row in FLOWERS.values] == named


def test_plants_add_up_and_no_couplet_ends_twice_in_one_name(tree):
    for key in (key_of(tree), surrogate_key(tree)):
        ends = [lead for c in key.couplets for lead in (c.first, c.second) if lead.species]
        assert sum(lead.plants for lead in ends) == 150
        assert all(c.first.species != c.second.species or not c.first.species for c in key.couplets)
        assert [c.number for c in key.couplets] == list(range(1, len(key.couplets) + 1))


def test_other_models_have_no_key_of_their_own_but_a_short_one_that_says_how_far_it_goes(champion):
    assert key_of(champion) is None
    key = surrogate_key(champion)
    assert key.surrogate
    assert key.tested == 150
    assert 0.85 < key.low < key.fidelity < key.high
    assert "of 150 plants not used to make it, it names" in key.sentence
    said = [IRIS.species_names[j] for j in predict_plants(champion, FLOWERS.values).best]
    assert np.mean([follow(key, IRIS, row) == name for row, name in zip(FLOWERS.values, said, strict=True)]) > 0.95
    assert surrogate_key(champion) == key


def test_a_tree_on_shape_ratios_is_no_key():
    assert key_of(train(IRIS, FLOWERS, algorithm="tree", shape_ratios=True)) is None


def test_plants_with_gaps_are_counted_where_what_was_measured_puts_them():
    plants = make_plants((40, 40), 1, gap=10.0)
    plants.values[:10] = np.nan
    kept = make_plants((40, 40), 2, gap=10.0)
    kept.values[:, 0] = plants.values[:, 0]
    model = train(make_study(2, 2), kept, algorithm="tree")
    key = key_of(model)
    assert [lead.plants for c in key.couplets for lead in (c.first, c.second)] == [40, 40]
    assert [lead.purity for c in key.couplets for lead in (c.first, c.second)] == [1.0, 1.0]


def test_a_tree_that_always_says_the_same_is_no_question():
    from sklearn.tree import DecisionTreeClassifier

    X, names = np.array([[1.0], [2.0], [3.0]]), np.array([1, 1, 1])
    fitted = DecisionTreeClassifier().fit(X, names)
    assert _couplets(make_study(2, 1), fitted.tree_, fitted.classes_, X, names) == ((), "Planta speciesb")


def test_a_key_of_many_species_is_long_enough_to_reach_them():
    plants = make_plants((12,) * 24, 6, gap=6.0)
    model = train(make_study(24, 6), plants, algorithm="lda")
    key = surrogate_key(model)
    ends = {lead.species for c in key.couplets for lead in (c.first, c.second) if lead.species}
    assert len(ends) >= 20
    assert key.fidelity > 0.6


def gappy(n, seed, share=0.35):
    plants = make_plants((n,) * 6, 5, gap=2.0, seed=seed)
    rng = np.random.default_rng(seed)
    lost = rng.random(plants.values.shape) < share
    lost[lost.all(axis=1), 0] = False
    plants.values[lost] = np.nan
    return plants


@pytest.mark.parametrize("seed", [0, 1])
def test_what_a_key_claims_of_plants_with_gaps_it_holds_on_others(seed):
    """Filled from the plant's own species the gaps would give the name away, and the key would claim what it can't hold."""
    study = make_study(6, 5)
    model = train(study, gappy(50, seed), algorithm="lda")
    key, others = surrogate_key(model), gappy(200, seed).values
    said = [study.species_names[j] for j in predict_plants(model, others).best]
    held = np.mean([key.name_of(row) == name for row, name in zip(others, said, strict=True)])
    assert key.low - 0.03 < held < key.high + 0.03


def test_a_reader_is_led_around_a_character_that_is_missing(champion):
    key = surrogate_key(champion)
    no_petal_width = FLOWERS.values.copy()
    no_petal_width[:, 3] = np.nan
    right = [IRIS.species_names[j] for j in FLOWERS.species]
    found = [key.name_of(row) for row in no_petal_width]
    assert np.mean([a == b for a, b in zip(found, right, strict=True)]) > 0.85
    assert key.couplets[0].missing.startswith(
        "By the petal length: at most 2 cm take 1a, more than that 1b (100 % go the same"
    )
    assert "Where a character can't be measured:\n1. By the petal length" in key.text()
    assert key.name_of(np.full(4, np.nan)) in IRIS.species_names


def test_following_the_key_by_its_words_and_by_its_numbers_is_the_same(champion):
    key = surrogate_key(champion)
    assert [key.name_of(row) for row in FLOWERS.values] == [follow(key, IRIS, row) for row in FLOWERS.values]


def test_a_key_says_which_species_it_never_comes_to():
    model = train(IRIS, FLOWERS, algorithm="tree", hyperparameters={"depth": 1})
    key = key_of(model)
    ends = {lead.species for c in key.couplets for lead in (c.first, c.second)}
    assert set(key.never) == set(IRIS.species_names) - ends
    assert len(key.never) == 1
    assert key.sentence.endswith(f"It never comes to {key.never[0]}.")
    assert surrogate_key(train(IRIS, FLOWERS, algorithm="lda")).never == ()
