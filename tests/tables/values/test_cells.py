import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flora_core.tables.values.cells import read_cell


@pytest.mark.parametrize(
    ("text", "decimal", "value", "unit"),
    [
        ("5.1", "", 5.1, None),
        ("5,1", "", 5.1, None),
        ("5,1", ",", 5.1, None),
        (" 5.1\u00a0", "", 5.1, None),
        ("\u22122.5", "", -2.5, None),
        (".5", "", 0.5, None),
        ("5.", "", 5.0, None),
        ("1e-3", "", 0.001, None),
        ("5.1 cm", "", 5.1, "cm"),
        ("51mm", "", 51.0, "mm"),
        ("ca. 5", "", 5.0, None),
        ("ca 5,2", ",", 5.2, None),
        ("~5", "", 5.0, None),
        ("1 234,5", ",", 1234.5, None),
        ("1'234.5", ".", 1234.5, None),
        ("1.234,5", ",", 1234.5, None),
        ("1,234.5", ".", 1234.5, None),
        ("1,234,567", "", 1234567.0, None),
        ("1,234", ",", 1.234, None),
        ("1.234", ".", 1.234, None),
        ("1.234", "", 1.234, None),
        ("610.291", "", 610.291, None),
        ("0,133", "", 0.133, None),
    ],
)
def test_numbers_are_read_as_they_were_meant(text, decimal, value, unit):
    cell = read_cell(text, decimal=decimal)
    assert (cell.kind, cell.value, cell.unit) == ("number", value, unit)


@pytest.mark.parametrize("text", ["", "  ", "NA", "Na", "n/a", "---", "**", "–", "null", "NaN", "\ufeff"])
def test_what_people_write_for_not_measured_is_missing(text):
    assert read_cell(text).kind == "missing"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("abc", "it is not a number"),
        ("5.1.2", "it is not a number"),
        ("1_000", "it is not a number"),
        ("5 1", "it is not a number"),
        ("inf", "it is infinite"),
        ("-Infinity", "it is infinite"),
        ("<5", "it says less or more than a value, not a value"),
        ("≥ 2", "it says less or more than a value, not a value"),
        ("2.0-2.5", "it is a range"),
        ("(3-)4-6(-8)", "it is a range"),
        ("3-May", "it is a date"),
        ("May-03", "it is a date"),
        ("2023-05-03 00:00:00", "it is a date"),
        ("1,234", "it can be read in two ways"),
        ("five", "it is not a number"),
        ("5 furlongs", "it is not a number"),
    ],
)
def test_what_is_no_number_is_sent_back_with_the_reason(text, problem):
    cell = read_cell(text)
    assert (cell.kind, cell.problem) == ("bad", problem)
    assert cell.suggestion


def test_a_thousand_or_one_point_two_is_asked_with_both_readings():
    assert read_cell("1,234").suggestion == "Write 1234 or 1.234."
    assert read_cell("1,234", decimal=".").kind == "bad"
    assert read_cell("1.234", decimal=",").suggestion == "Write 1234 or 1,234."


@pytest.mark.parametrize(
    ("text", "middle"), [("2.0-2.5", 2.25), ("(3-)4-6(-8)", 5.0), ("0,1–0,2", 0.15), ("4 to 6 mm", 5.0)]
)
def test_a_range_becomes_its_middle_only_on_request(text, middle):
    assert read_cell(text).kind == "bad"
    cell = read_cell(text, middle_of_ranges=True)
    assert cell.value == middle
    assert "the middle of" in cell.note


def test_what_was_read_past_is_noted():
    assert read_cell("ca. 5").note == "'ca.' was read past"
    assert read_cell("58.8", decimal=",").note == "'.' was read as its decimal sign"


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_every_number_a_program_writes_is_read_as_itself(number):
    cell = read_cell(repr(number))
    assert cell.kind == "number"
    assert cell.value == number


@given(st.text(max_size=40), st.sampled_from(["", ".", ","]), st.booleans())
def test_any_text_gives_a_number_nothing_or_a_reason(text, decimal, middle):
    cell = read_cell(text, decimal=decimal, middle_of_ranges=middle)
    if cell.kind == "number":
        assert math.isfinite(cell.value)
        assert any(c.isdigit() for c in text)
    elif cell.kind == "bad":
        assert cell.problem
        assert cell.suggestion
