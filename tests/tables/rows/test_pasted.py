import pytest

from flora_core.errors import BadTable
from flora_core.study import IRIS
from flora_core.tables.rows.pasted import read_row

FLOWER = {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}


@pytest.mark.parametrize(
    "text",
    [
        "5.1\t3.5\t1.4\t0.2",
        "5,1\t3,5\t1,4\t0,2\r\n",
        "5.1;3.5;1.4;0.2",
        "5.1, 3.5, 1.4, 0.2",
        "5.1,3.5,1.4,0.2",
        "5.1 3.5 1.4 0.2",
        "5,1 3,5 1,4 0,2",
        "petal width\tsepal length (mm)\tsepal width\tpetal length\n0.2\t51\t3.5\t1.4",
        "51 mm;3.5;14 mm;0.2",
    ],
)
def test_a_row_of_a_spreadsheet_is_a_plant(text):
    assert read_row(IRIS, text) == FLOWER


def test_an_empty_cell_was_not_measured():
    assert read_row(IRIS, "5.1\t\tNA\t0.2") == {"sepal_length": 5.1, "petal_width": 0.2}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("  ", "Nothing was pasted."),
        ("5.1\t3.5", "The row has 2 cells, and Fisher's irises has 4 measurements."),
        ("1\n2\n3", "3 rows were pasted; one plant is one row"),
        ("colour\tsite\nblue\tbog", "None of these columns is a measurement of iris: colour, site."),
        ("5.1\tx\t1.4\t0.2", "Sepal width 'x': it is not a number."),
        ("5.1\t3 g\t1.4\t0.2", "Sepal width '3 g': g can't be converted to cm."),
    ],
)
def test_what_is_no_row_is_refused_with_a_sentence(text, sentence):
    with pytest.raises(BadTable, match=sentence.replace("(", r"\(").replace(".", r"\.")):
        read_row(IRIS, text)
