"""No cell that is downloaded is run by a spreadsheet, and numbers, dashes and words stay as they are."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flora_core.tables.export.formula_escaping import escape_formulas, harmless_text

cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=8)


@pytest.mark.parametrize(
    "formula",
    [
        "=1+1",
        "=cmd|' /C calc'!A0",
        "+A1",
        "-A1",
        "@SUM(A1)",
        "\t=1",
        "\n=1",
        " =1",
        "\u00a0=1",
        "\ufeff=1",
        "＝1+1",
        "＠A1",
        "-2+3",
        "- note",
        '=HYPERLINK("x")',
    ],
)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(formula):
    assert harmless_text(formula) == f"'{formula}"


@pytest.mark.parametrize(
    "text",
    [
        "5.1",
        "-5.1",
        "+5,1",
        "-1.234,5",
        "-5 cm",
        "-1e-5",
        "-",
        "---",
        "- -",
        "+49 30 901820",
        "a=1",
        "",
        "'=1",
        "–5",
        "x@y",
    ],
)
def test_numbers_dashes_and_words_stay_as_they_are(text):
    assert harmless_text(text) == text


def test_codes_are_made_harmless_once_for_all_their_rows():
    column = pa.DictionaryArray.from_arrays(pa.array([0, 1, 0], pa.int32()), pa.array(["=1", "a"]))
    assert escape_formulas(column).to_pylist() == ["'=1", "a", "'=1"]


def test_a_slice_of_a_column_is_looked_at_alone():
    column = pa.array(["=1", "a", "b"], pa.string())[1:]
    assert escape_formulas(column).to_pylist() == ["a", "b"]


@given(cells)
def test_no_cell_that_is_written_begins_with_a_formula(text):
    begins = harmless_text(text).lstrip()
    if begins[:1] in ("=", "@"):
        pytest.fail(begins)
    if begins[:1] in ("+", "-"):
        assert all(
            c.isdigit() or c in "+-.,' eE\u00a0\n\t" or c.isspace() or c.isalpha() or c in "µ²°%" for c in begins
        )


@pytest.mark.parametrize("sign", ["=1+1", "+1+cmd", "-2+3|cmd", "@SUM(A1)", "＝1", "＋a", "－a", "＠a"])
@pytest.mark.parametrize("separator", [";", "\t", "\r", "\n", "; ", ';"', "\t \u200b"])
def test_nor_does_another_separator_make_a_formula_of_a_part(sign, separator):
    written = harmless_text(f"foo{separator}{sign}")
    assert written == f"foo{separator}'{sign}"
    assert harmless_text(written) == written


@pytest.mark.parametrize("sign", ["=1+1", "+a", "-a", "@a", "＝1"])
def test_nor_a_quotation_mark(sign):
    assert harmless_text(f'"{sign}') == f"'\"{sign}"


@pytest.mark.parametrize("text", ["a;-5", "a;b", "1;+2,5 cm", "x; - ", '"quoted"', "a;\tb"])
def test_a_part_that_is_none_stays(text):
    assert harmless_text(text) == text
