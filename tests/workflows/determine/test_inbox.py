import dataclasses

import numpy as np
import pytest

from flora_core.learning.training import train
from flora_core.study import IRIS
from flora_core.workflows.determine import determine
from flora_core.workflows.determine.inbox import Reason, at_random, inbox, known_plants
from flora_core.workflows.determine.plants import answers_of, as_rows
from flora_core.workflows.models.lifecycle import iris_plants
from tests.builders import SETOSA
from tests.workflows.determine.conftest import recorded

UNSURE = {"sepal_length": 6.0, "sepal_width": 2.7, "petal_length": 4.9, "petal_width": 1.6}
STRANGER = {"petal_length": 7.9}


@pytest.fixture
def challenger(context):
    """A second version that takes every versicolor for a virginica."""
    plants = iris_plants()
    swapped = dataclasses.replace(plants, species=np.where(plants.species == 0, 0, 3 - plants.species))
    return context.registry.register(train(IRIS, swapped, algorithm="lda"), "a test")


def test_what_teaches_most_comes_first_with_its_reasons(context):
    (sure,) = recorded(context)
    (unsure,) = recorded(context, **UNSURE)
    (stranger,) = recorded(context, **STRANGER)
    found = inbox(context, "iris")
    assert [w.recorded.id for w in found.waiting] == [stranger, unsure, sure]
    assert [list(w.reasons) for w in found.waiting] == [[Reason.STRANGER], [Reason.UNSURE], []]
    assert found.waiting[0].reasons[Reason.STRANGER] == "The flower fits no species of the study."
    assert found.waiting[1].reasons[Reason.UNSURE] == "2 species are possible: I. virginica and I. versicolor."
    assert (found.undetermined, found.looked_through, found.challenger) == (3, 3, None)
    assert [w.recorded.id for w in inbox(context, "iris", Reason.UNSURE).waiting] == [unsure]
    assert len(inbox(context, "iris", most=1).waiting) == 1


def test_an_unusual_plant_waits_before_a_sure_one_and_says_why(context):
    (sure,) = recorded(context)
    (unusual,) = recorded(context, sepal_length=5.5, sepal_width=4.6)
    found = inbox(context, "iris")
    assert [w.recorded.id for w in found.waiting] == [unusual, sure]
    said = found.waiting[0].reasons[Reason.UNUSUAL]
    assert said == "The flower is unusual for every species of the study, and may be none of them."
    assert [w.recorded.id for w in inbox(context, "iris", Reason.UNUSUAL).waiting] == [unusual]


def test_a_determined_plant_leaves_the_inbox(context):
    first, second = recorded(context, "1", "2")
    determine(context, "iris", first, "setosa", by="Ada")
    found = inbox(context, "iris")
    assert [w.recorded.id for w in found.waiting] == [second]
    assert found.undetermined == 1


def test_of_many_alike_the_first_teaches_more_than_the_tenth(context):
    strangers = recorded(context, *map(str, range(12)), **STRANGER)
    (unsure,) = recorded(context, **UNSURE)
    order = [w.recorded.id for w in inbox(context, "iris").waiting]
    assert order[0] in strangers
    assert 0 < order.index(unsure) < 12


def test_champion_and_challenger_are_heard_where_they_disagree(context, challenger):
    (versicolor,) = recorded(context, sepal_length=5.9, sepal_width=2.8, petal_length=4.3, petal_width=1.3)
    (setosa,) = recorded(context)
    (gap,) = recorded(context, sepal_length=5.9, sepal_width="", petal_length=4.3, petal_width=1.3)
    found = inbox(context, "iris")
    assert found.challenger == 2
    assert {w.recorded.id for w in inbox(context, "iris", Reason.DISAGREEMENT).waiting} == {versicolor, gap}
    assert found.waiting[-1].recorded.id == setosa
    said = found.waiting[0].reasons[Reason.DISAGREEMENT]
    assert said == "The champion (v1) says I. versicolor, the challenger (v2) I. virginica."


def test_a_rare_species_teaches_more(context, champion):
    (plant,) = recorded(context)
    study = champion.study
    table = champion.card.table.model_copy(update={"plants": dict(zip(study.species_names, (5, 60, 60), strict=True))})
    rare = dataclasses.replace(champion, card=champion.card.model_copy(update={"table": table}))
    context._loaded["iris", 1] = rare
    assert known_plants(context, rare).tolist() == [5, 60, 60]
    (waiting,) = inbox(context, "iris", Reason.RARE).waiting
    assert waiting.recorded.id == plant
    assert waiting.reasons[Reason.RARE] == "Only 5 plants of I. setosa are known."
    determine(context, "iris", *recorded(context), "setosa", by="Ada", date="2024", level="3")
    assert known_plants(context, rare).tolist() == [6, 60, 60]


def test_values_are_those_of_todays_study_whatever_version_named_the_plant(context, champion):
    found = context.records.get(recorded(context, petal_width="")[0])
    in_millimetres = tuple(m.model_copy(update={"unit": "mm"}) for m in reversed(IRIS.measurements))
    new = IRIS.measurements[0].model_copy(update={"name": "style_length"})
    today = IRIS.model_copy(update={"measurements": (*in_millimetres, new)})
    (row,) = as_rows(context, [found], today)
    assert row[1:4].tolist() == [14.0, 35.0, 51.0]
    assert np.isnan(row[[0, 4]]).all()
    assert as_rows(context, [], IRIS).shape == (0, 4)
    rows = np.array([list(SETOSA.values()), [np.nan] * 4, [5.1, 3.5, 7.9, 0.2]])
    assert answers_of(champion, rows).tolist() == [0, -2, -1]


def test_an_empty_study_has_an_empty_inbox(context, challenger):
    found = inbox(context, "iris")
    assert (found.waiting, found.undetermined) == ((), 0)


def test_chance_chooses_for_who_wants_to_know_how_often_it_is_right(context):
    plants = recorded(context, *map(str, range(5)))
    determine(context, "iris", plants[0], "setosa", by="Ada")
    found = at_random(context, "iris", most=3)
    assert (len(found.waiting), found.undetermined) == (3, 4)
    assert {w.recorded.id for w in found.waiting} < set(plants[1:])
    assert all(not w.reasons for w in found.waiting)
