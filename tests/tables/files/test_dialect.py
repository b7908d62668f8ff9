import pytest

from flora_core.tables.files.dialect import (
    cells_of,
    find_decimal,
    find_separator,
    has_row_names,
    header_place,
    looks_like_number,
    separator_line,
)
from tests.builders import table_text


@pytest.mark.parametrize(
    ("separator", "decimal"), [(",", "."), (";", "."), ("\t", "."), ("|", "."), (";", ","), ("\t", ","), ("|", ",")]
)
def test_the_sign_that_gives_rows_of_one_width_parts_the_columns(separator, decimal):
    text = table_text(separator=separator).replace(".", decimal)
    assert find_separator(text) == separator


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("id sepal_length\n1 5.1\n2 4.9\n", " "),
        ("sepal length\n5.1\n4.9\n", ","),
        ("sepal length,petal length\n5.1,1.4\n", ","),
        ("SL\tPL\n1\t5.1\t1.4\n2\t4.9\t1.4\n", "\t"),
        ('"SL" "PL" "Species"\n"1" 5.1 1.4 "I. setosa"\n"2" 4.9 1.4 "I. setosa"\n', " "),
        ("Irises; measured by A, B\nid;SL\n1;5,1\n2;4,9\n3;4,7\n", ";"),
        ("id;note;SL\n1;bog, wet, cold;5,1\n2;dry;4,9\n", ";"),
        ("id|note|SL\n1|a,b|5.1\n2|c,d|4.9\n", "|"),
    ],
)
def test_what_parts_columns_is_found_among_signs_that_stand_in_cells(text, separator):
    assert find_separator(text) == separator


@pytest.mark.parametrize(
    ("line", "sign"),
    [("sep=;\na;b\n", ";"), ('"sep=,"\na,b\n', ","), ("SEP=\t\na\tb", "\t"), ("a;b\n", ""), ("sep=;x\n", "")],
)
def test_spreadsheet_programs_name_the_separator_in_a_first_line(line, sign):
    assert separator_line(line) == sign


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("id,SL,PL\n1,5.1,1.4\n", 0),
        ("Irises of the bog\n\nid,SL,PL\n1,5.1,1.4\n2,4.9,1.4\n", 2),
        ("Collector,A. Gray\nDate,2023-05-03\n\nSL,SW,PL,PW\n5.1,3.5,1.4,0.2\n4.9,3,1.4,0.2\n", 3),
        ("# by X, on Y, with Z\n# cm\nid,SL,PL,PW\n1,5.1,1.4,0.2\n2,5,1.4,0.2\n", 2),
        ("#id,SL,PL\n1,5.1,1.4\n2,4.9,1.4\n", 0),
        (",SL,,PL\n1,5.1,2,1.4\n2,4.9,2,1.4\n3,4.9,2,1.4\n", 0),
        ("a,,,\n1,5.1,2,1.4\n2,4.9,2,1.4\n", 1),
        ("SL,PL\n1,5.1,1.4\n2,4.9,1.4\n", 0),
        ("id,SL,PL,note\n1,5.1,1.4,\n2,4.9,,\n3,,,\n", 0),
    ],
)
def test_the_header_is_the_first_row_as_wide_and_full_as_those_below(text, place):
    assert header_place(cells_of(text, ",")) == place


def test_an_empty_table_has_its_header_at_the_top():
    assert header_place([]) == 0
    assert header_place([[""], [""]]) == 0


def test_a_header_of_r_names_one_column_less_than_there_are():
    assert has_row_names(["SL", "PL"], [["1", "5.1", "1.4"], ["2", "4.9", "1.4"]])
    assert not has_row_names(["SL", "PL"], [["5.1", "1.4", ""], ["4.9", "1.4", ""]])
    assert not has_row_names(["SL", "PL"], [["5.1", "1.4"], ["4.9", "1.4", "x"]])


@pytest.mark.parametrize(
    ("cells", "separator", "decimal"),
    [
        (["5,1", "4,9"], ";", ","),
        (["5.1", "4.9"], ",", "."),
        (["5", "4"], ",", ""),
        (["35,2", "5.1", "4.9"], "\t", "."),
        (["1.234,5", "1.204"], ";", ","),
        (["1,234.5", "1,204"], ",", "."),
        (["1.234.567", "12"], ";", ","),
        (["0,123"], ";", ","),
        (["0.123"], ";", "."),
        (["1.234"], "\t", "."),
        (["2,0-2,5"], ";", ","),
        (["(3-)4,5-6(-8)"], ";", ","),
        (["5,1 cm"], ";", ","),
        (["ca. 5,1"], ";", ","),
        (["27.03.2023", "5"], ";", ""),
        (["Smith, A", "1,5 or so"], ",", ""),
    ],
)
def test_the_decimal_sign_is_what_the_cells_show(cells, separator, decimal):
    assert find_decimal([cells], separator) == (decimal, "")


@pytest.mark.parametrize(
    ("cell", "question"),
    [
        ("1,234", "Is 1,234 one number with a decimal comma (1.234), or 1234? Say which the decimal sign is."),
        ("5.123", "Is 5.123 one number with a decimal point (5.123), or 5123? Say which the decimal sign is."),
    ],
)
def test_what_can_be_read_in_two_ways_is_asked(cell, question):
    assert find_decimal([[cell], [cell]], ";") == ("", question)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("5.1", True), (" -5,1 ", True), ("5", True), ("", False), ("5.1.2", False), ("a", False), ("5 cm", False)],
)
def test_plain_numbers_are_told_from_words(text, is_one):
    assert looks_like_number(text) is is_one
