import datetime
import io

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.chart import BarChart

from flora_core.errors import BadTable, TooLarge
from tests.builders import HEADER, read_table, workbook

NOON = datetime.datetime(2023, 5, 3, 12, 30)  # noqa: DTZ001  a spreadsheet knows no time zones
NUMBERS = [["a1", 5.1, 3.5, 1.4, 0.2], ["a2", 4.9, 3, 1.4, 0.2], ["a3", 7, 3.2, 4.7, 1.4]]


def saved(book):
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def sheet_of(rows):
    return workbook(("flowers", [HEADER, *rows]))


def test_cells_are_read_as_a_person_reads_them():
    read = read_table(sheet_of(NUMBERS), "t.xlsx")
    assert read.layout.header == tuple(HEADER)
    assert read.rows == [
        ["a1", "5.1", "3.5", "1.4", "0.2"],
        ["a2", "4.9", "3", "1.4", "0.2"],
        ["a3", "7", "3.2", "4.7", "1.4"],
    ]
    assert read.numbers == [2, 3, 4]
    assert (read.layout.sheet, read.layout.sheets, read.layout.notes) == ("flowers", ("flowers",), ())


def test_text_in_number_cells_stays_text():
    rows = [["00042", "5,1", "1E5", "s.n.", "10-May"], [42, 4.9, 0.1, 12345678901234, 1e-7]]
    read = read_table(sheet_of(rows), "t.xlsx")
    assert read.rows == [["00042", "5,1", "1E5", "s.n.", "10-May"], ["42", "4.9", "0.1", "12345678901234", "1e-07"]]


def test_dates_and_times_show_that_they_are():
    rows = [["a", datetime.date(2023, 5, 3), NOON, datetime.time(3, 5), True]]
    read = read_table(sheet_of(rows), "t.xlsx")
    assert read.rows == [["a", "2023-05-03", "2023-05-03T12:30:00", "03:05:00", "TRUE"]]


def test_the_first_sheet_with_a_table_is_read_and_the_others_are_named():
    content = workbook(
        ("README", [["Irises of the bog"], ["by A. Gray"]]),
        ("flowers", [HEADER, *NUMBERS]),
        ("leaves", [["id", "length"], [1, 2]]),
    )
    read = read_table(content, "t.xlsx")
    assert read.layout.sheet == "flowers"
    assert read.layout.notes == ("Sheet 'flowers' was read; there are 'README', 'leaves' too.",)
    assert read_table(content, "t.xlsx", sheet="leaves").rows == [["1", "2"]]
    with pytest.raises(BadTable, match=r"t.xlsx has no sheet 'roots'. There are: README, flowers, leaves."):
        read_table(content, "t.xlsx", sheet="roots")


def test_a_hidden_sheet_comes_last_and_is_said():
    book = load_workbook(io.BytesIO(workbook(("old", [HEADER, NUMBERS[0]]), ("new", [HEADER, NUMBERS[1]]))))
    book["old"].sheet_state = "hidden"
    assert read_table(saved(book), "t.xlsx").layout.sheet == "new"
    assert "Sheet 'old' is hidden in the workbook." in read_table(saved(book), "t.xlsx", sheet="old").layout.notes


def test_hidden_columns_are_said_of_the_sheet_that_is_read():
    book = load_workbook(io.BytesIO(workbook(("new", [HEADER, NUMBERS[1]]), ("old", [HEADER, NUMBERS[0]]))))
    book["new"].column_dimensions["B"].hidden = True
    book["new"].column_dimensions["Z"].hidden = True
    book["old"].column_dimensions["A"].hidden = True
    (said,) = [note for note in read_table(saved(book), "t.xlsx").layout.notes if "hidden" in note]
    assert (
        said
        == f"Column {HEADER[1]} is hidden in the workbook: read like the others. Delete it if it does not belong to the table."
    )


def test_a_sheet_that_is_broken_does_not_keep_another_from_being_read():
    content = workbook(("flowers", [HEADER, *NUMBERS]), ("broken", [["a"]]))
    read = read_table(replaced(content, "xl/worksheets/sheet2.xml", lambda old: old[:250]), "t.xlsx")
    assert len(read.rows) == 3
    with pytest.raises(BadTable, match=r"The sheet 'flowers' of t.xlsx can't be read: .* save it again as .xlsx"):
        read_table(replaced(sheet_of(NUMBERS), "xl/worksheets/sheet1.xml", lambda old: old[:250]), "t.xlsx")


@pytest.mark.parametrize("rows", [[], [[None, " "]]])
def test_a_workbook_without_cells_is_empty(rows):
    with pytest.raises(
        BadTable, match=r"t.xlsx is empty: none of its sheets holds a cell. Pictures and charts can't be read."
    ):
        read_table(workbook(("flowers", rows)), "t.xlsx")


def test_a_workbook_of_pictures_is_empty():
    book = Workbook()
    book.active.add_chart(BarChart(), "A1")
    book.create_chartsheet("chart")
    with pytest.raises(BadTable, match="Pictures and charts can't be read"):
        read_table(saved(book), "t.xlsx")


def test_an_empty_sheet_among_others_is_named():
    with pytest.raises(BadTable, match=r"The sheet 'nothing' of t.xlsx is empty."):
        read_table(workbook(("flowers", [HEADER, *NUMBERS]), ("nothing", [])), "t.xlsx", sheet="nothing")


def test_a_header_alone_is_said_with_its_sheet():
    with pytest.raises(BadTable, match=r"The sheet 'flowers' of t.xlsx has a header and no rows below it."):
        read_table(workbook(("flowers", [HEADER])), "t.xlsx")


def test_notes_above_and_beside_the_table_are_passed_over_and_said():
    rows = [
        ["Irises of the bog"],
        [],
        [None, *HEADER, None, "measured wet"],
        *([None, *row, None, None] for row in NUMBERS),
    ]
    rows[4][7] = "see map"
    rows.append([None] * 7 + ["end of notes"])
    read = read_table(workbook(("flowers", rows)), "t.xlsx")
    assert read.layout.header == ("", *HEADER)
    assert read.numbers == [4, 5, 6]
    assert [row[1] for row in read.rows] == ["a1", "a2", "a3"]
    assert read.layout.notes == (
        "Rows 1 to 2 above the table were passed over.",
        "3 cells beside the table were passed over.",
        "Column 1 without a name: kept, not read.",
    )


def test_an_empty_row_between_others_is_a_row_and_those_below_the_last_are_not():
    book = Workbook()
    for row in [HEADER, NUMBERS[0], [], NUMBERS[1], [" "], []]:
        book.active.append(row)
    book.active["A50"].number_format = "0.00"
    read = read_table(saved(book), "t.xlsx")
    assert [row[0] for row in read.rows] == ["a1", "", "a2"]
    assert read.numbers == [2, 3, 4]


def test_formulas_without_a_result_and_errors_are_counted():
    book = load_workbook(io.BytesIO(sheet_of(NUMBERS)))
    sheet = book["flowers"]
    sheet["B2"] = "=1+1"
    sheet["B3"] = "#DIV/0!"
    sheet["B3"].data_type = "e"
    read = read_table(saved(book), "t.xlsx")
    assert read.layout.notes == (
        "1 cell of the workbook holds an error like #DIV/0!; read as missing.",
        "1 formula of the workbook has no result; read as missing. Open the workbook in a spreadsheet program and save it.",
    )


def test_merged_cells_are_said():
    book = load_workbook(io.BytesIO(sheet_of(NUMBERS)))
    book["flowers"].merge_cells("A2:A3")
    read = read_table(saved(book), "t.xlsx")
    assert "1 cell merged downwards: the text was filled into each row it spans." in read.layout.notes
    assert [row[0] for row in read.rows] == ["a1", "a1", "a3"]


def test_many_rows_come_a_part_at_a_time():
    rows = [[f"a{i}", 5.1, 3.5, 1.4, 0.2] for i in range(500)]
    read = read_table(sheet_of(rows), "t.xlsx", rows=100)
    assert read.numbers == list(range(2, 502))
    assert read.rows[499][0] == "a499"


def test_too_many_sheets_are_refused_with_the_limit():
    with pytest.raises(TooLarge, match=r"t.xlsx has 101 sheets; the limit is 100. Save the one that is needed."):
        read_table(workbook(*((f"s{i}", [["a"]]) for i in range(101))), "t.xlsx")


def replaced(content, name, change):
    """The archive with one of its entries changed."""
    import zipfile

    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.namelist():
            new.writestr(entry, change(old.read(entry)) if entry == name else old.read(entry))
    return stream.getvalue()
