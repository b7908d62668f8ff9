import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flora_core.errors import BadTable, FloraError, Unknown
from flora_core.study import IRIS
from flora_core.tables.columns.matching import correct_columns, guess_columns, header_checksum, unit_by_values

ROWS = [["5.1"], ["4.9"]]


def guessed(*header, rows=None, decimal=""):
    assignment = guess_columns(IRIS, header, rows or [["5.1"] * len(header), ["4.9"] * len(header)], decimal)
    return {header[a.column]: f"{a.measurement} {a.unit}" for a in assignment.assigned}


def test_columns_are_found_in_any_order_with_their_units():
    assert guessed("place", "PW [mm]", "petal length (cm)", "SL", "sepal_width_mm") == {
        "SL": "sepal_length cm",
        "sepal_width_mm": "sepal_width mm",
        "petal length (cm)": "petal_length cm",
        "PW [mm]": "petal_width mm",
    }


def test_initials_stand_for_a_measurement_where_no_other_has_them():
    assert guessed("SL", "sw_mm", "P.L.", "PW (mm)") == {
        "SL": "sepal_length cm",
        "sw_mm": "sepal_width mm",
        "P.L.": "petal_length cm",
        "PW (mm)": "petal_width mm",
    }


def test_a_column_of_words_is_no_measurement():
    assert guessed("petal length", "sepal length", rows=[["long", "5.1"], ["short", "4.9"]]) == {
        "sepal length": "sepal_length cm"
    }


@pytest.mark.parametrize("cell", ["2.0-2.5", "1,234", "2023-05-03", "", "NA"])
def test_a_column_of_ranges_dates_or_nothing_may_be_one(cell):
    assert guessed("petal length", rows=[[cell], [cell]]) == {"petal length": "petal_length cm"}


def test_a_unit_that_measures_something_else_is_no_measurement():
    assert guessed("petal length (px)", "petal width (mm²)") == {}


def test_of_two_columns_with_one_meaning_the_one_of_plain_numbers_is_read_and_the_other_named():
    header = ("Petal_length_mm", "Petal_length_mm_mid")
    assignment = guess_columns(IRIS, header, [["9-11", "10"], ["8-9", "8.5"]])
    assert [header[a.column] for a in assignment.assigned] == ["Petal_length_mm_mid"]
    assert assignment.remarks == ("'Petal_length_mm' could be petal length too; 'Petal_length_mm_mid' is read.",)


@pytest.mark.parametrize(
    ("header", "cell", "remark"),
    [
        ("petal length", "long", "'petal length' is named like petal length, but holds words; it is not read."),
        (
            "petal length (px)",
            "5",
            "'petal length (px)' is named like petal length, but px can't be converted to cm; it is not read.",
        ),
    ],
)
def test_a_column_that_is_named_like_a_measurement_and_not_read_is_said(header, cell, remark):
    assert guess_columns(IRIS, [header, "x"], [[cell, "1"]] * 3).remarks == (remark,)


def test_a_spread_is_not_taken_for_a_missing_measurement():
    assert guessed("petal_length_sd", "sepal_length") == {"sepal_length": "sepal_length cm"}


@pytest.mark.parametrize(
    ("header", "rows", "column"),
    [
        (["SL", "catalogNumber"], [["5.1", "A1"], ["4.9", "A2"]], 1),
        (["id", "SL"], [["1", "5.1"], ["2", "4.9"]], 0),
        (["id", "SL"], [["1", "5.1"], ["1", "4.9"], ["2", "4.9"]], None),
        (["Herbarium", "Accession", "Barcode"], [["K", "---", "K001"], ["K", "---", "K002"]], 2),
        (["Beleg-Nr.", "SL"], [["7", "5.1"], ["8", "4.9"]], 0),
        (["specimen", "SL"], [["a", "5.1"], ["a", "4.9"], ["b", "5"], ["c", "5"]], 0),
        (["place", "SL"], [["bog", "5.1"], ["fen", "4.9"]], None),
        (["id", "SL"], [["1", "5.1"]], None),
    ],
)
def test_the_column_of_catalogue_numbers(header, rows, column):
    assert guess_columns(IRIS, header, rows).id_column == column


def correct(header, **said):
    return correct_columns(IRIS, header, guess_columns(IRIS, header, [["5.1"] * len(header)] * 2), **said)


def test_what_a_person_says_counts():
    header = ["a", "petal length", "sepal length"]
    assignment = correct(
        header,
        columns={"A": "petal length", "sepal length": ""},
        units={"petal_length": "mm"},
        id_column="sepal length",
    )
    assert [(a.column, a.measurement, a.unit, a.because) for a in assignment.assigned] == [
        (0, "petal_length", "mm", "so it was said")
    ]
    assert assignment.id_column == 2
    assert correct(header, id_column="").id_column is None


def test_a_unit_may_be_said_of_the_column_or_of_the_measurement():
    for name in ("Petal L.", "petal_length", "Petal Length"):
        (a,) = correct(["Petal L.", "x"], units={name: "millimetres"}).assigned
        assert a.unit == "mm"


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        (
            {"columns": {"petl length": "petal_length"}},
            Unknown,
            "There is no column 'petl length'. Did you mean 'petal length'? There are: petal length, b.",
        ),
        ({"columns": {"b": "petl"}}, Unknown, "'petl' is not a measurement of iris. There are: sepal_length"),
        (
            {"columns": {"b": "sepal_length", "petal length": "sepal length"}},
            BadTable,
            "'b' and 'petal length' can't both be sepal length; say which one is.",
        ),
        (
            {"units": {"b": "mm"}},
            Unknown,
            "'b' is neither a column that is read (petal length) nor a measurement (sepal_length",
        ),
        (
            {"units": {"sepal_width": "mm"}},
            BadTable,
            "No column holds sepal width; say which one does, with COLUMN=sepal_width.",
        ),
        ({"units": {"petal length": "px"}}, Unknown, "px can't be converted to cm."),
        ({"units": {"petal length": "ell"}}, Unknown, "'ell' is not a unit"),
        ({"id_column": "number"}, Unknown, "There is no column 'number'."),
    ],
)
def test_what_a_person_says_is_checked(said, kind, words):
    with pytest.raises(kind) as refused:
        correct(["petal length", "b"], **said)
    assert words in refused.value.message


def test_pixels_are_not_read_as_centimetres_because_a_person_says_which_column():
    with pytest.raises(
        BadTable, match=r"'PL \(px\)' is in px, and petal length is in cm: px can't be converted.*--unit 'PL \(px\)=cm'"
    ):
        correct(["PL (px)", "b"], columns={"PL (px)": "petal_length"})
    (a,) = correct(["PL (px)", "b"], columns={"PL (px)": "petal_length"}, units={"PL (px)": "mm"}).assigned
    assert a.unit == "mm"


def test_a_header_is_remembered_by_its_names_and_its_study():
    assert header_checksum(IRIS, ["a", "b"]) == header_checksum(IRIS, ("a", "b"))
    assert header_checksum(IRIS, ["a", "b"]) != header_checksum(IRIS, ["b", "a"])
    assert header_checksum(IRIS, ["a", "b"]) != header_checksum(IRIS.model_copy(update={"name": "rosa"}), ["a", "b"])


@pytest.mark.parametrize(
    ("values", "unit"),
    [
        ([14.0, 45.0, 60.0, 13.0, 51.0], "mm"),
        ([0.014, 0.045, 0.06, 0.013, 0.051], "m"),
        ([1.4, 4.5, 6.0, 1.3, 5.1], ""),
        ([14.0, 45.0, 60.0, 13.0], ""),
        ([1.4, 4.5, 6.0, 130.0, 51.0], ""),
        ([np.nan, 14.0, 45.0, 60.0, 13.0, 51.0], "mm"),
        ([1e6] * 5, ""),
    ],
)
def test_a_unit_is_asked_about_where_nearly_all_values_would_fit_it_alone(values, unit):
    assert unit_by_values(IRIS.measurement("petal_length"), np.array(values)) == unit


@given(
    st.lists(st.text(max_size=12), min_size=1, max_size=6),
    st.lists(st.lists(st.text(max_size=6), max_size=6), max_size=4),
)
def test_any_header_over_any_cells_gives_each_measurement_one_column_at_most(header, rows):
    assignment = guess_columns(IRIS, header, rows)
    columns = [a.column for a in assignment.assigned]
    assert len(set(columns)) == len(columns)
    assert assignment.id_column not in columns


@given(
    st.lists(st.text(max_size=8), min_size=1, max_size=4),
    st.dictionaries(st.text(max_size=8), st.text(max_size=12), max_size=2),
    st.dictionaries(st.text(max_size=8), st.text(max_size=5), max_size=2),
)
def test_anything_a_person_says_is_taken_or_refused_in_words(header, columns, units):
    with contextlib.suppress(FloraError):
        correct(header, columns=columns, units=units)
