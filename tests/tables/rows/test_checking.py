import io
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flora_core.study import IRIS
from flora_core.tables.columns.matching import correct_columns, guess_columns
from flora_core.tables.files.reading import read_layout, read_parts
from flora_core.tables.rows.checking import Rules, check_part, twelve_digits
from tests.builders import HEADER, table_text


def checked(text, middle=False, decimal="", **said):
    """What checking makes of a table: values, usable rows, sentences of the issues."""
    stream = io.BytesIO(text.encode())
    layout = read_layout(stream, "t.csv", decimal=decimal)
    assignment = guess_columns(IRIS, layout.header, layout.preview, layout.decimal)
    assignment = correct_columns(IRIS, layout.header, assignment, **said)
    (part,) = read_parts(stream, layout)
    return check_part(IRIS, layout.header, Rules(assignment, layout.decimal, middle), part)


def flowers(*petal_lengths, header="petal length"):
    """A table in which only petals were measured."""
    return f"id;{header};petal width\n" + "".join(f"a{i};{text};0.2\n" for i, text in enumerate(petal_lengths))


def sentences(found):
    return [issue.sentence() for _, issue in found.issues]


def test_good_rows_are_numbers_in_the_studys_order_and_units():
    found = checked(table_text(header=["id", "PW (mm)", "PL (cm)", "SW_mm", "Sepal.Length"]))
    assert found.values[0].tolist() == [0.2, 0.14, 3.5, 0.51]
    assert found.as_typed[0].to_pylist() == ["0.2", "0.2", "1.4", "2.5"]


def test_a_table_without_a_fault_has_no_issue():
    found = checked(table_text())
    assert found.usable.all()
    assert sentences(found) == []
    assert found.values[2].tolist() == [7.0, 3.2, 4.7, 1.4]


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("five", "Row 3: petal length 'five' is not a number. Write a number like 5.1, or leave the cell empty."),
        (
            "<5",
            "Row 3: petal length '<5' says less or more than a value, not a value. Write the value, or leave the cell empty.",
        ),
        (
            "2.0-2.5",
            "Row 3: petal length '2.0-2.5' is a range. Write one number, or ask for the middle of ranges (here 2.25).",
        ),
        (
            "(3-)4-6(-8)",
            "Row 3: petal length '(3-)4-6(-8)' is a range. Write one number, or ask for the middle of ranges (here 5).",
        ),
        (
            "3-May",
            "Row 3: petal length '3-May' is a date. Spreadsheet programs turn 3.5 into 3-May; write the number again and format the column as text.",
        ),
        (
            "2023-05-03",
            "Row 3: petal length '2023-05-03' is a date. Spreadsheet programs turn 3.5 into 3-May; write the number again and format the column as text.",
        ),
        ("inf", "Row 3: petal length 'inf' is infinite. Leave the cell empty if it was not measured."),
        (
            "1e400",
            "Row 3: petal length '1e400' is too large for a measurement. Write the value, or leave the cell empty.",
        ),
        (
            "9" * 60,
            f"Row 3: petal length '{'9' * 39}…' is too large for a measurement. Write the value, or leave the cell empty.",
        ),
        (
            "1e60-1e61",
            "Row 3: petal length '1e60-1e61' is not a number. Write a number like 5.1, or leave the cell empty.",
        ),
        ("1,234", "Row 3: petal length '1,234' can be read in two ways. Write 1234 or 1.234."),
        (
            "5 furlongs",
            "Row 3: petal length '5 furlongs' is not a number. Write a number like 5.1, or leave the cell empty.",
        ),
        ("2 px", "Row 3: petal length '2 px': px can't be converted to cm. Give it in cm."),
        (
            "0",
            "Row 3: petal length is 0.0 cm. It must be above 0; leave it empty if not measured. These plants have 0.8 to 8.0 cm.",
        ),
        (
            "-1.4",
            "Row 3: petal length is -1.4 cm. It must be above 0; leave it empty if not measured. These plants have 0.8 to 8.0 cm.",
        ),
        (
            "-9",
            "Row 3: petal length is -9.0 cm. -9 often stands for a missing value; leave the cell empty then. It must be above 0; leave it empty if not measured. These plants have 0.8 to 8.0 cm.",
        ),
        (
            "9999",
            "Row 3: petal length is 9999.0 cm. 9999 often stands for a missing value; leave the cell empty then. These plants have 0.8 to 8.0 cm. Is it in millimetres?",
        ),
        ("57", "Row 3: petal length is 57.0 cm. These plants have 0.8 to 8.0 cm. Is it in millimetres?"),
        (
            "x" * 60,
            f"Row 3: petal length '{'x' * 39}…' is not a number. Write a number like 5.1, or leave the cell empty.",
        ),
    ],
)
def test_a_bad_cell_is_an_issue_with_its_row_and_bars_its_row_alone(cell, sentence):
    found = checked(flowers("1.4", cell, "1.3", "4.5"))
    assert sentences(found) == [sentence]
    assert found.issues[0][1].column == "petal length"
    assert found.issues[0][1].value == cell
    assert found.usable.tolist() == [True, False, True, True]


def test_an_unusual_value_is_questioned_and_kept():
    found = checked(flowers("1.4", "9", "1.3"))
    assert sentences(found) == ["Row 3: petal length is 9.0 cm. Unusual: these plants have 0.8 to 8.0 cm."]
    assert found.usable.all()


def test_which_rows_are_barred_by_a_number_alone():
    found = checked(flowers("57", "x", "1.4"))
    assert found.impossible.tolist() == [True, False, False]


@pytest.mark.parametrize("cell", ["", "NA", "Na", "n/a", "---", "**", "–", "?", "null"])
def test_what_people_write_for_not_measured_is_missing_and_no_issue(cell):
    found = checked(flowers("1.4", cell, "1.3"))
    assert math.isnan(found.values[1, 2])
    assert found.usable.all()
    assert sentences(found) == []


def test_a_row_in_which_nothing_was_measured_is_said():
    found = checked("id,petal length,petal width\na,,\nb,1.4,0.2\n")
    assert sentences(found) == ["Row 2: nothing was measured. It needs at least one of petal length, petal width."]
    assert found.usable.tolist() == [False, True]


@pytest.mark.parametrize(
    ("cell", "value", "said"),
    [
        ("5.1 cm", 5.1, {}),
        ("51 mm", 5.1, {}),
        ("ca. 5", 5.0, {"'ca.' was read past": 1}),
        ("~5", 5.0, {"'~' was read past": 1}),
        ("5,1", 5.1, {"',' was read as its decimal sign": 1}),
        ("\u00a05.1", 5.1, {}),
        ("+5.1", 5.1, {}),
    ],
)
def test_what_stands_around_a_number_is_read_past(cell, value, said):
    found = checked(flowers("1.4", cell, "1.3"))
    assert found.values[1, 2] == value
    assert found.usable.all()
    assert {note: n for note, n in found.read_past.items() if "middle" not in note} == said


def test_a_range_becomes_its_middle_on_request_and_that_is_said():
    found = checked(flowers("1.4", "2.0-2.5", "(3-)4-6(-8)"), middle=True)
    assert found.values[:, 2].tolist() == [1.4, 2.25, 5.0]
    assert found.read_past == {"ranges were read as their middle": 2}


def test_the_unit_of_a_cell_comes_before_that_of_its_column():
    found = checked(flowers("14", "1.4 cm", "13", header="petal length (mm)"))
    assert found.values[:, 2].tolist() == [1.4, 1.4, 1.3]


def test_decimal_commas_and_thousands():
    text = "id;petal length (mm);petal width (mm)\na;14,5;2,0\nb;1.234,5;2,0\nc;13,0;0,0\n"
    found = checked(text)
    assert found.values[:, 2].tolist() == [1.45, 123.45, 1.3]
    assert sentences(found) == [
        "Row 3: petal length is 123.45 cm. These plants have 0.8 to 8.0 cm. Is it in millimetres?",
        "Row 4: petal width is 0.0 cm. It must be above 0; leave it empty if not measured. These plants have 0.05 to 3.5 cm.",
    ]


def test_a_row_with_surplus_cells_is_barred_with_its_cells():
    found = checked(table_text([["a", "5.1", "3.5", "1.4", "0.2"], ["b", "5", "1", "3.5", "1.4", "0.2"]]))
    assert sentences(found)[0] == (
        "Row 3: the row has 6 cells and the header 5. A separator stands within a cell, or one too many between two; put "
        "quotes around such a cell."
    )
    assert found.issues[0][1].value == "'0.2'"
    assert found.usable.tolist() == [True, False]


def test_a_row_that_ends_before_what_is_read_is_barred():
    found = checked("id,petal length,petal width\na,1.4,0.2\nb,1.4\nc\n")
    assert sentences(found) == [
        "Row 3: the row has 2 cells and the header 3. It ends before petal width; add what is missing.",
        "Row 4: the row has 1 cell and the header 3. It ends before petal length, petal width; add what is missing.",
    ]


def test_a_row_that_lacks_only_what_is_not_read_is_named_and_counted():
    found = checked("id,petal length,petal width,note\na,1.4,0.2,x\nb,1.4,0.2\n")
    assert found.usable.all()
    assert (sentences(found), found.filled_up) == ([], 1)


@pytest.mark.parametrize(
    "word", ["Mean", "TOTAL", "sum:", " average ", "SD", "n", "Mittelwert", "Moyenne", "Écart-type", "Média"]
)
def test_rows_of_means_and_totals_below_the_table_are_no_plants(word):
    found = checked(table_text() + f"{word},5.8,3.2,3.4,1.1\n")
    assert sentences(found) == [
        f"Row 6: '{word.strip()}' names a summary of other rows, not a plant. Leave such rows out of the table; if it is a plant, "
        "give it another name."
    ]
    assert found.usable.tolist() == [True] * 4 + [False]


def test_a_column_in_which_such_words_stand_everywhere_names_something_else():
    rows = [["min", "5.1", "3.5", "1.4", "0.2"], ["max", "4.9", "3.0", "1.4", "0.2"]]
    assert checked(table_text(rows)).usable.all()


def test_the_header_again_is_no_plant():
    found = checked(table_text() + table_text())
    assert sentences(found) == [
        "Row 6: the row is the header again. Leave it out; tables that stand one below the other need one header."
    ]
    assert found.usable.tolist() == [True] * 4 + [False] + [True] * 4


def test_a_swap_of_length_and_width_is_left_to_those_who_know_the_plants():
    found = checked(table_text([["a", "5.1", "3.5", "0.2", "1.4"], ["b", "4.9", "3.0", "1.4", "0.2"]]))
    assert found.usable.all()
    assert sentences(found) == ["Row 2: petal length is 0.2 cm. Unusual: these plants have 0.8 to 8.0 cm."]


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        (14 * 0.1, 1.4),
        (0.1 + 0.2, 0.3),
        (5.1, 5.1),
        (0.0, 0.0),
        (-1.4000000000000001, -1.4),
        (1e300, 1e300),
        (5e-324, 5e-324),
        (math.inf, math.inf),
    ],
)
def test_twelve_digits_are_kept(value, rounded):
    assert twelve_digits(np.array([value]))[0] == rounded
    assert np.isnan(twelve_digits(np.array([math.nan]))[0])


@given(st.floats(1e-6, 1e6))
def test_rounding_changes_the_thirteenth_digit_at_most(value):
    assert twelve_digits(np.array([value]))[0] == pytest.approx(value, rel=1e-11)


cells = st.sampled_from(
    ["5.1", "5,1", "1,234", "", "NA", "ca. 5", "<5", "2-3", "3-May", "-9", "0", "57", "x", "5 mm", "2 px", "inf"]
)
values = cells | st.text(st.characters(exclude_categories=["Cs"], exclude_characters='\0\r\n",'), max_size=5)


@given(st.lists(st.lists(values, min_size=5, max_size=5), min_size=1, max_size=6))
@settings(max_examples=150)
def test_any_cells_give_a_number_nothing_or_an_issue_and_every_row_is_counted(rows):
    text = table_text([["first", "5.1", "3.5", "1.4", "0.2"], *rows])
    found = checked(text, columns=dict(zip(HEADER[1:], IRIS.names, strict=True)), decimal=".")
    n = len(rows) + 1
    assert found.values.shape == (n, 4)
    with_issue = {place for place, _ in found.issues}
    for place in range(n):
        if not found.usable[place]:
            assert place in with_issue
        else:
            assert not np.isnan(found.values[place]).all()
    for _, issue in found.issues:
        assert issue.row is not None
        assert issue.problem
        assert "None" not in issue.sentence()
    # A number that was used is the number that stands in the cell.
    for place, i in zip(*np.nonzero(~np.isnan(found.values)), strict=True):
        assert any(c.isdigit() for c in found.as_typed[i][int(place)].as_py())
