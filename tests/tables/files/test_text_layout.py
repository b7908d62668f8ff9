import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flora_core.errors import BadTable
from tests.builders import FLOWERS, HEADER, read_table, table_text


def test_a_plain_table_is_read_without_a_word():
    read = read_table(table_text())
    assert read.layout.header == tuple(HEADER)
    assert (read.layout.separator, read.layout.decimal, read.layout.encoding) == (",", ".", "utf-8")
    assert (read.layout.notes, read.layout.question) == ((), "")
    assert read.rows == FLOWERS
    assert read.numbers == [2, 3, 4, 5]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_line_ends_and_encodings_of_every_program(ending, encoding):
    header = ["id", "Länge", "SW", "PL", "place"]
    rows = [["a1", "5.1", "3.5", "1.4", "Köln"], ["a2", "4.9", "3.0", "1.4", "“bog”"]]
    content = table_text(rows, header).replace("\n", ending).encode(encoding)
    read = read_table(content)
    assert read.layout.header == tuple(header)
    assert read.rows == rows


def test_mixed_line_ends_part_rows_all_the_same():
    read = read_table("id,SL\r\n1,5.1\r2,4.9\n3,4.7")
    assert read.rows == [["1", "5.1"], ["2", "4.9"], ["3", "4.7"]]


def test_a_mark_of_utf8_does_not_stay_in_the_first_name():
    assert read_table('\ufeff"id",SL\n1,5.1\n').layout.header == ("id", "SL")


@pytest.mark.parametrize(
    ("separator", "note"),
    [
        (";", "Columns are separated by semicolons."),
        ("\t", "Columns are separated by tabs."),
        ("|", "Columns are separated by vertical bars."),
    ],
)
def test_a_separator_that_is_no_comma_is_said(separator, note):
    read = read_table(table_text(separator=separator))
    assert read.rows == FLOWERS
    assert read.layout.notes == (note,)


def test_semicolons_with_decimal_commas():
    read = read_table(table_text(separator=";").replace(".", ","))
    assert read.layout.decimal == ","
    assert read.layout.notes == ("Columns are separated by semicolons.", "The decimal sign is the comma.")
    assert read.rows[0] == ["a1", "5,1", "3,5", "1,4", "0,2"]


def test_columns_set_out_with_spaces():
    read = read_table(
        "  id  sepal_length  petal_length\n   1           5.1           1.4\n   2           4.9           1.4\n"
    )
    assert read.layout.header == ("id", "sepal_length", "petal_length")
    assert read.rows == [["1", "5.1", "1.4"], ["2", "4.9", "1.4"]]


def test_a_table_as_r_writes_it():
    text = '"Sepal.Length" "Petal.Length" "Species"\n"1" 5.1 1.4 "I. setosa"\n"2" 4.9 1.4 "I. setosa"\n'
    read = read_table(text, "iris.txt")
    assert read.layout.header == ("", "Sepal.Length", "Petal.Length", "Species")
    assert read.rows[0] == ["1", "5.1", "1.4", "I. setosa"]
    assert (
        "The header names one column less than there are: the first column holds the rows' names." in read.layout.notes
    )


def test_the_line_in_which_excel_names_the_separator_is_not_counted():
    read = read_table("sep=;\n" + table_text(separator=";"))
    assert read.layout.header == tuple(HEADER)
    assert read.layout.header_row == 1
    assert read.numbers == [2, 3, 4, 5]


def test_what_stands_above_the_table_is_passed_over_and_said():
    read = read_table("Irises of the bog\nby A. Gray\n\n" + table_text())
    assert read.layout.header_row == 4
    assert read.layout.notes == ("Rows 1 to 3 above the table were passed over.",)
    assert [row[0] for row in read.layout.above] == ["Irises of the bog", "by A. Gray", ""]
    assert read.numbers == [5, 6, 7, 8]
    assert read_table("Irises\n" + table_text()).layout.notes == ("Row 1 above the table was passed over.",)


def test_blank_lines_are_no_rows_but_are_counted():
    read = read_table("id,SL\n1,5.1\n\n   \n2,4.9\n\n")
    assert read.rows == [["1", "5.1"], ["2", "4.9"]]
    assert read.numbers == [2, 5]


def test_a_row_of_empty_cells_is_a_row():
    assert read_table("id,SL\n1,5.1\n,\n2,4.9\n").rows == [["1", "5.1"], ["", ""], ["2", "4.9"]]


def test_rows_of_another_length_are_kept_and_counted():
    read = read_table("id,SL,PL\n1,5.1\n2,4.9,1.4,x,y\n3,4.7,1.3,\n4\n")
    assert read.rows == [["1", "5.1", ""], ["2", "4.9", "1.4"], ["3", "4.7", "1.3"], ["4", "", ""]]
    assert read.ragged == {2: (2, ()), 3: (5, ("x", "y")), 5: (1, ())}


def test_quoted_cells_hold_separators_and_line_breaks_and_count_as_one_row():
    read = read_table('id,SL,note\n1,5.1,"a, b\nand ""c"""\n2,4.9,d\n')
    assert read.rows == [["1", "5.1", 'a, b\nand "c"'], ["2", "4.9", "d"]]
    assert read.numbers == [2, 3]


def test_quotes_that_begin_far_below_are_understood_too():
    rows = [[str(i), "5.1", "dry"] for i in range(900)]
    read = read_table(table_text(rows, ["id", "SL", "note"]) + '900,4.9,"bog, wet"\n')
    assert read.rows[-1] == ["900", "4.9", "bog, wet"]
    assert read.ragged == {}


def test_a_name_broken_into_lines_is_one_that_can_be_typed():
    assert read_table('id,"petal\nlength  (mm)"\n1,14\n').layout.header == ("id", "petal length (mm)")


def test_an_inch_sign_in_a_note_costs_no_row():
    text = 'id,note,SL,PL\n"a1","bog, wet",5.1,1.4\n"a2",5" tall,4.9,1.4\n"a3","x, y",7.0,4.7\n'
    read = read_table(text)
    assert read.rows == [
        ["a1", "bog, wet", "5.1", "1.4"],
        ["a2", '5" tall', "4.9", "1.4"],
        ["a3", "x, y", "7.0", "4.7"],
    ]


def test_a_quote_that_is_never_closed_costs_its_own_cell_only():
    read = read_table('id,SL\n1,5.1\n"2,4.9\n3,4.7\n"4",4.6\n"5,5.0\n')
    assert [row[0] for row in read.rows] == ["1", '"2', "3", "4", '"5']


def test_a_quote_that_stays_open_for_megabytes_is_a_letter(monkeypatch):
    monkeypatch.setattr("flora_core.tables.files.text_reader.LONGEST_ROW", 400)
    monkeypatch.setattr("flora_core.tables.files.text_reader.BLOCK", 100)
    rows = [["0", "5.1"], ['"1', "4.9"], *([str(i), "4.9"] for i in range(2, 300))]
    read = read_table("".join(f"{a},{b}\n" for a, b in [["id", "SL"], *rows]))
    assert len(read.rows) == 300
    assert read.rows[1] == ['"1', "4.9"]


def test_a_row_without_an_end_is_refused(monkeypatch):
    monkeypatch.setattr("flora_core.tables.files.text_reader.LONGEST_ROW", 1000)
    monkeypatch.setattr("flora_core.tables.files.text_reader.BLOCK", 100)
    with pytest.raises(BadTable, match="A row is longer than 1,000 bytes; is this a table?"):
        read_table(table_text([["1", "5.1"], ["2", "4" * 5000]], ["id", "SL"]))


@given(
    st.lists(
        st.lists(st.text(st.sampled_from('ab1.ü"€ ,\n'), max_size=5), min_size=2, max_size=2), min_size=1, max_size=12
    ),
    st.integers(1, 40),
    st.integers(1, 4),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_where_blocks_and_parts_end_makes_no_difference(monkeypatch, cells, block, rows):
    quoted = "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\n" for row in cells)
    text = "id,SL\n" + quoted
    whole = read_table(text)
    with monkeypatch.context() as patch:
        patch.setattr("flora_core.tables.files.text_reader.BLOCK", block)
        cut = read_table(text, rows=rows)
    assert cut.rows == whole.rows == cells
    assert cut.numbers == whole.numbers


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_letters_of_several_bytes_may_be_cut_by_a_block(monkeypatch, encoding):
    monkeypatch.setattr("flora_core.tables.files.text_reader.BLOCK", 3)
    read = read_table(table_text([["ä", "ö"], ["ü", "é"]], ["größe", "SL"]).replace("\n", "\r\n").encode(encoding))
    assert read.rows == [["ä", "ö"], ["ü", "é"]]


def test_what_a_person_says_comes_before_what_is_guessed():
    assert read_table("a;b,c\n1;2,3\n", separator=",").layout.header == ("a;b", "c")
    assert read_table("id;SL\n1;1,234\n", decimal=",").layout.question == ""
    assert read_table("id;SL\n1;5,1\n", decimal=".").layout.decimal == "."
    with pytest.raises(
        BadTable, match="'x' can't part columns. Commas, semicolons, tabs, vertical bars and spaces can."
    ):
        read_table(table_text(), separator="x")
    with pytest.raises(BadTable, match=r"table.csv is a text file and has no sheets."):
        read_table(table_text(), sheet="flowers")


def test_columns_without_a_name_are_kept_and_said():
    read = read_table("id,SL,\n1,5.1,x\n2,4.9,y\n")
    assert read.rows == [["1", "5.1", "x"], ["2", "4.9", "y"]]
    assert read.layout.notes == ("Column 3 without a name: kept, not read.",)
    assert "Columns 2, 4 without a name: kept, not read." in read_table("id,,SL,\n1,a,5.1,x\n").layout.notes


def test_what_stands_in_the_way_is_said_and_not_that_there_is_nothing():
    with pytest.raises(BadTable, match=r"t.csv begins with [\d,]+ blank lines or more. Delete what stands above"):
        read_table("\n" * 1_000_000 + "a,b\n1,2\n", "t.csv")
    with pytest.raises(BadTable, match=r"t.csv is empty\."):
        read_table("\n" * 1_000_000, "t.csv")
    with pytest.raises(BadTable, match=r"The first line of t.csv is longer than 4,194,304 characters"):
        read_table("a," * 3_000_000 + "\n1,2\n", "t.csv")
    with pytest.raises(BadTable, match=r"t.csv begins with [\d,]+ blank lines or more"):
        read_table(",,,\n" * 1_000_000 + "a,b\n1,2\n", "t.csv")


@pytest.mark.parametrize("count", [5_000, 100_000, 2_000_000, 5_000_000])
def test_a_long_line_is_said_to_be_long_and_is_refused_at_once(count):
    with pytest.raises(BadTable, match=r"The first line of t.csv (is longer than|holds a text of) [\d,]+ characters"):
        read_table("x" * count + ",b\n1,2\n3,4\n", "t.csv")


def test_a_first_row_that_never_ends_is_not_said_to_be_none():
    header = table_text().partition("\n")[0]
    with pytest.raises(BadTable, match="The line after the columns' names of t.csv is longer than"):
        read_table(header + "\n" + "9" * 5_000_000 + ",1,2,3\n5,3,1,1\n", "t.csv")
