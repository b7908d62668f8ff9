import numpy as np
import pytest

from flora_core.study import IRIS
from flora_core.tables.rows.single_plant import check_plant
from flora_core.tables.values.limits import limits_text
from tests.builders import SETOSA, typed_flower


def test_good_values_come_back_in_the_study_s_order_with_what_was_typed():
    plant = check_plant(IRIS, typed_flower())
    assert plant.values.tolist() == list(SETOSA.values())
    assert plant.typed == ("5.1", "3.5", "1.4", "0.2")
    assert plant.issues == ()
    assert plant.unusual == ()


def test_a_value_left_out_or_empty_is_missing():
    plant = check_plant(IRIS, {"petal_length": "1.4", "petal_width": " "})
    assert np.isnan(plant.values[[0, 1, 3]]).all()
    assert plant.values[2] == 1.4
    assert plant.issues == ()


def test_millimetres_are_converted_and_said():
    plant = check_plant(IRIS, typed_flower(sepal_length=51, sepal_width=35, petal_length=14, petal_width=2), "mm")
    assert plant.values.tolist() == list(SETOSA.values())
    assert plant.notes[0] == "sepal length: 51 mm is 5.1 cm."
    assert plant.typed[0] == "51"


def test_a_unit_in_the_cell_is_stronger_than_the_form_s():
    assert check_plant(IRIS, {"petal_length": "1.4 cm"}, "mm").values[2] == 1.4


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"petal_length": "57.0"}, "Petal length is 57.0 cm. These plants have 0.8 to 8.0 cm. Is it in millimetres?"),
        (
            {"petal_length": "0"},
            "Petal length is 0.0 cm. It must be above 0; leave it empty if not measured. These plants have 0.8 to 8.0 cm.",
        ),
        (
            {"petal_width": "-1"},
            "Petal width is -1.0 cm. It must be above 0; leave it empty if not measured. These plants have 0.05 to 3.5 cm.",
        ),
        (
            {"petal_width": "abc"},
            "Petal width 'abc' is not a number. Write a number like 5.1, or leave the cell empty.",
        ),
        ({"petal_width": "inf"}, "Petal width 'inf' is infinite. Leave the cell empty if it was not measured."),
        (
            {"petl": "3"},
            "'petl' is not a measurement of iris. There are: sepal_length, sepal_width, petal_length, petal_width.",
        ),
        ({"petal_width": "2 px"}, "Petal width '2 px': px can't be converted to cm. Give it in cm."),
        ({"petal_width": "2", "Petal Width": "3"}, "Petal width is given twice. Give it once."),
        ({}, "Nothing was measured. Give at least one of sepal_length, sepal_width, petal_length, petal_width."),
        (
            {"sepal_length": ""},
            "Nothing was measured. Give at least one of sepal_length, sepal_width, petal_length, petal_width.",
        ),
    ],
)
def test_each_bad_value_gets_its_sentence(typed, sentence):
    assert [issue.sentence() for issue in check_plant(IRIS, typed).issues] == [sentence]


def test_every_bad_value_is_listed_not_only_the_first():
    assert [i.column for i in check_plant(IRIS, {"sepal_length": "abc", "petal_width": "-3"}).issues] == [
        "sepal_length",
        "petal_width",
    ]


def test_an_unusual_value_is_questioned_and_kept():
    plant = check_plant(IRIS, typed_flower(petal_length=9))
    assert plant.issues == ()
    assert plant.unusual == ("The petal length of 9.0 cm is unusual: these plants have 0.8 to 8.0 cm.",)


def test_limits_are_written_with_their_unit():
    assert limits_text(IRIS.measurement("petal_width")) == "0.05 to 3.5 cm"
