import csv
import io
import re

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from flora_core.errors import TooLarge
from flora_core.tables.export import xlsx_writer
from flora_core.tables.export.formula_escaping import harmless_text
from flora_core.tables.export.table_writer import row_writer

cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=8)
tables = st.integers(2, 4).flatmap(lambda n: st.lists(st.lists(cells, min_size=n, max_size=n), min_size=1, max_size=6))


def written(rows, kind="csv"):
    stream = io.BytesIO()
    writer = row_writer(stream, kind, rows[0])
    if len(rows) > 1:
        writer.write([pa.array(column, pa.string()) for column in zip(*rows[1:], strict=True)])
    writer.close()
    return stream.getvalue()


@given(tables, st.sampled_from(["csv", "tsv"]))
def test_text_is_read_back_to_the_letter_but_for_formulas(table, kind):
    content = written(table, kind).decode()
    read = list(csv.reader(io.StringIO(content, newline=""), delimiter="\t" if kind == "tsv" else ","))
    assert read == [[harmless_text(cell) for cell in row] for row in table]


def test_cells_with_separators_quotes_and_line_breaks_are_quoted_and_others_are_not():
    assert written([["a", "b"], ["x,y", 'the "big"'], ["1", "c\nd"]]) == b'a,b\n"x,y","the ""big"""\n1,"c\nd"\n'
    assert written([["a", "b"], ["x,y", "t\tu"]], "tsv") == b'a\tb\nx,y\t"t\tu"\n'


def test_a_table_without_rows_is_its_header():
    assert written([["a", "b"]]) == b"a,b\n"


def rows_of(content):
    return [[cell.value for cell in row] for row in load_workbook(io.BytesIO(content)).active.iter_rows()]


def test_a_workbook_holds_text_so_that_nothing_becomes_a_date_or_loses_its_zeros():
    content = written([["id", "x"], ["00042", "3-5"], ["1E5", "5.10"]], "xlsx")
    assert rows_of(content) == [["id", "x"], ["00042", "3-5"], ["1E5", "5.10"]]
    sheet = load_workbook(io.BytesIO(content)).active
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s"}


def test_formulas_are_harmless_in_a_workbook_too():
    content = written([["=1", "x"], ["=1+1", "-5"]], "xlsx")
    assert rows_of(content) == [["'=1", "x"], ["'=1+1", "-5"]]


def test_signs_that_a_workbook_can_t_hold_are_left_out():
    assert rows_of(written([["a", "b"], ["x\x0by", "z"]], "xlsx"))[1] == ["xy", "z"]


def test_a_cell_longer_than_a_workbook_takes_is_cut_where_it_says_so():
    (_, row) = rows_of(written([["a", "b"], ["x" * 40_000, "z"]], "xlsx"))
    assert len(row[0]) == 32_767


def test_more_rows_than_a_sheet_holds_are_refused_with_the_limit(monkeypatch):
    monkeypatch.setattr(xlsx_writer, "MOST_ROWS", 3)
    with pytest.raises(TooLarge, match=r"An Excel sheet holds 3 rows; write .csv instead."):
        written([["a", "b"], *[["1", "2"]] * 3], "xlsx")


def test_the_same_rows_give_the_same_file():
    rows = [["a", "b"], ["1", "2"]]
    assert written(rows) == written(rows)


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufffe\uffff"), max_size=8)


@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=5))
@settings(max_examples=60)
def test_a_workbook_is_read_back_to_the_letter_by_two_readers(rows):
    import python_calamine

    table = [["a", "b"], *map(list, rows), ["last", "row"]]
    content = written(table, "xlsx")
    # A line break is a line feed there, as spreadsheet programs write it.
    wanted = [
        [re.sub("\r\n?", "\n", ILLEGAL_CHARACTERS_RE.sub("", harmless_text(cell))) for cell in row] for row in table
    ]
    assert [[cell or "" for cell in row] for row in rows_of(content)] == wanted
    sheet = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
    assert sheet.to_python() == wanted


def test_a_sheet_of_many_columns_has_the_letters_spreadsheets_use():
    header = [f"c{i}" for i in range(800)]
    assert rows_of(written([header, header], "xlsx"))[1] == header
