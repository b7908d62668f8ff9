"""One measurement as typed: read as a table's cell is, never changed, and asked about where it may mean something else."""

import pytest

from flora_core.study import IRIS
from flora_core.tables.rows.typed_value import read_typed, said_in

WIDTH = IRIS.measurement("petal_width")
LENGTH = IRIS.measurement("sepal_length")


@pytest.mark.parametrize(
    "text", ["0,2", "0.2", ".2", ",2", "2 mm", "2mm", "0,2 cm", " 0.2 ", "0.2 cm", "ca. 0,2", "2e-1"]
)
def test_two_millimetres_however_they_are_written(text):
    read = read_typed(WIDTH, text)
    assert read.value == 0.2
    assert read.said.startswith("0.2 cm")
    assert read.text == text.strip()
    assert not read.problem


@pytest.mark.parametrize("text", ["", " ", "-", "NA", "—"])
def test_nothing_is_not_measured_and_no_problem(text):
    read = read_typed(WIDTH, text)
    assert (read.value, read.problem, read.offers) == (None, "", ())


@pytest.mark.parametrize(
    ("text", "offers"),
    [
        ("1/2", ("0.5 cm",)),
        ("1 / 2 cm", ("0.5 cm",)),
        ("½", ("0.5 cm",)),
        ("1½", ("1.5 cm",)),
        ("1 1/2", ("1.5 cm",)),
        ("0,1-0,3", ("0.2 cm",)),
        ("1–3 mm", ("0.2 cm",)),
        ("1,234", ("1.234 cm",)),
        ("3/0", ()),
        ("1/2/3", ()),
        ("two", ()),
        ("<0.2", ()),
        ("-0.2", ()),
        ("0", ()),
        ("2 kg", ()),
        ("9" * 40, ()),
    ],
)
def test_what_may_mean_something_else_is_refused_with_what_would_be_right(text, offers):
    read = read_typed(WIDTH, text)
    assert read.value is None
    assert read.problem
    assert read.offers == offers
    for offer in offers:
        assert read_typed(WIDTH, offer).said == offer


def test_a_length_ten_times_too_long_is_offered_as_its_tenth():
    assert read_typed(LENGTH, "51").offers == ("5.1 cm",)
    assert read_typed(LENGTH, "510").offers == ()


def test_plain_numbers_are_read_in_the_unit_of_the_form_and_said_in_it():
    assert read_typed(LENGTH, "51", "mm", "mm").value == 5.1
    assert read_typed(LENGTH, "51", "mm", "mm").said == "51 mm"
    assert read_typed(LENGTH, "5.1 cm", "mm", "mm").said == "51 mm"


def test_what_was_read_is_never_rounded():
    assert read_typed(LENGTH, "5.1234").said == "5.1234 cm"
    assert said_in(LENGTH, 5.1, "furlong") == "5.1 cm"


@pytest.mark.parametrize(("text", "offers"), [("95", ("9.5 cm",)), ("96", ()), ("1e300", ())])
def test_a_tenth_is_offered_up_to_the_limit_itself(text, offers):
    assert LENGTH.high == 9.5
    assert read_typed(LENGTH, text).offers == offers
