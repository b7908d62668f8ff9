import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flora_core.tables.values.cells import LARGEST, read_cell
from flora_core.tables.values.numbers import read_numbers

odd = st.sampled_from(
    [
        "",
        "NA",
        "5,1",
        "1,234",
        "1.234",
        "ca. 5",
        "5.1 cm",
        "<5",
        "2-3",
        "+5",
        "-0.2",
        ".5",
        "5.",
        "1e3",
        "inf",
        "nan",
        " 5.1",
        "1_000",
        "٣",
    ]
)


def column(*cells):
    return pa.array(cells, pa.string())


@given(
    st.lists(odd | st.text(max_size=6) | st.floats(allow_nan=False, allow_infinity=False).map(repr), max_size=8),
    st.sampled_from(["", ".", ","]),
    st.booleans(),
)
def test_a_column_is_read_as_its_cells_are(cells, decimal, middle):
    numbers = read_numbers(column(*cells), decimal, middle_of_ranges=middle)
    for place, text in enumerate(cells):
        cell = read_cell(text, decimal=decimal, middle_of_ranges=middle)
        assert numbers.values[place] == cell.value or (math.isnan(cell.value) and math.isnan(numbers.values[place]))
        assert (place in numbers.odd) == (cell.kind == "bad" or (place in numbers.odd and cell.kind == "number"))
        if place in numbers.odd:
            assert numbers.odd[place] == cell


@given(st.lists(st.floats(-LARGEST, LARGEST), min_size=1, max_size=20))
def test_numbers_a_program_wrote_are_read_to_the_last_digit(values):
    numbers = read_numbers(column(*map(repr, values)), ".")
    assert numbers.values.tolist() == values


@pytest.mark.parametrize("text", ["1e51", "-1e51", "1e999", "9" * 60, "-" + "9" * 400])
@pytest.mark.parametrize("others", [("5.1",), ("5.1", "ca. 5")])
def test_a_number_beyond_everything_that_is_measured_is_none(text, others):
    numbers = read_numbers(column(*others, text), ".")
    place = len(others)
    assert np.isnan(numbers.values[place])
    assert numbers.values[0] == 5.1
    assert numbers.odd[place].problem == "it is too large for a measurement"


def test_plain_cells_are_no_odd_ones():
    numbers = read_numbers(column("5.1", "", "4.9"), ".")
    assert np.isnan(numbers.values[1])
    assert numbers.odd == {}
    assert read_numbers(column("5,1", "", "+4,9"), ",").odd == {}


def test_spaces_around_numbers_are_nothing():
    numbers = read_numbers(column(" 5.1", "4.9 ", "\u00a04.7\t", " "), ".")
    assert numbers.values[:3].tolist() == [5.1, 4.9, 4.7]
    assert numbers.odd == {}


def test_nan_and_infinity_are_words_not_numbers():
    numbers = read_numbers(column("5.1", "nan", "inf"), ".")
    assert np.isnan(numbers.values[1:]).all()
    assert numbers.odd[2].problem == "it is infinite"


@pytest.mark.parametrize("decimal", ["", ".", ","])
def test_an_empty_column_holds_nothing(decimal):
    assert read_numbers(column(), decimal).values.shape == (0,)
    assert np.isnan(read_numbers(column("", ""), decimal).values).all()
