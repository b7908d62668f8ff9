"""The tables people send, and the answer to each: one test for each line of what is known of them."""

import datetime
import io

import pytest
from openpyxl import load_workbook

from flora_core.errors import BadTable, TooLarge
from flora_core.tables.rows.checking import DuplicatePolicy
from tests.builders import FLOWERS, HEADER, run_table, table_text, workbook

SPECIES = ["Iris setosa", "Iris setosa", "Iris versicolor", "Iris virginica"]
MORE = [
    ["a5", "5.0", "3.4", "1.5", "0.2"],
    ["a6", "6.4", "3.2", "4.5", "1.5"],
    ["a7", "6.9", "3.1", "5.4", "2.1"],
    ["a8", "5.7", "2.8", "4.1", "1.3"],
]


def times_ten(rows, columns=(1, 2, 3, 4)):
    """The rows with some columns in millimetres."""
    return [[f"{float(cell) * 10:g}" if j in columns else cell for j, cell in enumerate(row)] for row in rows]


# A whole table or one column in another unit.


def test_a_table_in_millimetres_is_asked_about_and_nothing_is_converted(context):
    ran = run_table(context, table_text(times_ten(FLOWERS + MORE)))
    assert (
        "Is 'sepal length' in mm? Read as cm, its values are not those of Fisher's irises; as mm they would be."
        in ran.said
    )
    assert "say --unit 'sepal length=mm'" in ran.said
    assert ran.summary.identified == 0
    assert ran.table[0]["sepal length"] == "51"
    assert "Did you mean" in ran.table[0]["flora_issues"]


def test_a_table_in_millimetres_is_read_so_once_that_is_said(context):
    ran = run_table(context, table_text(times_ten(FLOWERS)), units=dict.fromkeys(HEADER[1:], "mm"))
    assert ran.names == SPECIES
    assert (
        "'sepal length', 'sepal width', 'petal length' and 'petal width' are in mm and were converted to cm (times 0.1)."
        in ran.said
    )


def test_one_column_in_millimetres_is_asked_about(context):
    ran = run_table(context, table_text(times_ten(FLOWERS + MORE, columns=(3,))))
    assert "Is 'petal length' in mm?" in ran.said
    assert "Is 'sepal length'" not in ran.said
    assert "would fit with petal length divided by 10. Nothing was changed." in ran.said


def test_a_unit_in_the_header_is_converted_and_said(context):
    header = ["id", *(f"{name} (mm)" for name in HEADER[1:])]
    ran = run_table(context, table_text(times_ten(FLOWERS), header))
    assert ran.names == SPECIES
    assert ran.understood.questions == ()
    assert "were converted to cm (times 0.1)." in ran.said


# A decimal point lost in part of a column.


def test_rows_that_lost_their_decimal_point_are_listed_and_the_others_named(context):
    rows = [*FLOWERS, *MORE]
    for i in (1, 3, 5, 6):
        rows[i] = [*rows[i][:3], rows[i][3].replace(".", ""), rows[i][4]]
    ran = run_table(context, table_text(rows))
    assert [i.row for i in ran.summary.issues if "Did you mean petal length" in i.suggestion] == [3, 5, 7, 8]
    assert [name for i, name in enumerate(ran.names) if i not in (1, 3, 5, 6)] == [
        "Iris setosa",
        "Iris versicolor",
        "Iris setosa",
        "Iris versicolor",
    ]
    assert "4 rows of 4 that fit no species would fit with petal length divided by 10. Nothing was changed." in ran.said


def test_a_mix_up_that_a_person_agrees_to_is_undone_in_the_rows_that_need_it_and_said(context):
    rows = [*FLOWERS[:3], [*FLOWERS[3][:3], "60", "2.5"]]
    ran = run_table(context, table_text(rows), changes=("Petal length divided by 10",))
    assert ran.names == SPECIES
    assert ran.sentences == ["Row 5: read as petal length 6.0 cm. Petal length divided by 10, as was agreed."]
    assert ran.table[3]["petal length"] == "60"
    assert "Petal length divided by 10, as was agreed, in 1 row." in ran.said


# Columns swapped, width longer than length.


def test_swapped_columns_are_offered(context):
    swapped = [[row[0], *row[3:5], *row[1:3]] for row in (FLOWERS + MORE) if row[0] in ("a1", "a2", "a5")]
    ran = run_table(context, table_text(swapped))
    assert "3 rows of 3 that fit no species would fit with sepal and petal swapped. Nothing was changed." in ran.said
    assert "are sepal and petal swapped?" in ran.sentences[-1]
    assert run_table(context, table_text(swapped), changes=("sepal and petal swapped",)).names == ["Iris setosa"] * 3


# Decimal comma; semicolon, tab, space or comma separators; "1,234" alone.


@pytest.mark.parametrize(
    ("separator", "decimal"),
    [(",", "."), (";", ","), (";", "."), ("\t", ","), ("\t", "."), (" ", "."), (" ", ","), ("|", ",")],
)
def test_every_separator_with_every_decimal_sign(context, separator, decimal):
    header = [name.replace(" ", "_") for name in HEADER]
    ran = run_table(context, table_text(header=header, separator=separator).replace(".", decimal))
    assert ran.names == SPECIES
    assert ran.understood.first.values[0].tolist() == [5.1, 3.5, 1.4, 0.2]


def test_a_number_that_can_be_read_in_two_ways_is_asked(context):
    text = "id;SL;PL\na;5,123;1,402\nb;4,912;1,399\n"
    ran = run_table(context, text)
    assert ran.summary.identified == 0
    assert "Is 5,123 one number with a decimal comma (5.123), or 5123? Say which the decimal sign is." in ran.said
    assert run_table(context, text, decimal=",").names == ["Iris setosa"] * 2


# Thousands, non-breaking spaces, units, "ca.", "<5", ranges in cells.


def test_what_stands_around_a_number_in_its_cell(context):
    rows = [
        ["b1", "5.1 cm", "35 mm", "ca. 1.4", "\u00a00.2"],
        ["b2", "4.9", "3.0", "<1.4", "0.2"],
        ["b3", "4.9", "3.0", "1.3-1.5", "0.2"],
    ]
    ran = run_table(context, table_text(rows))
    assert ran.names == ["Iris setosa", "", ""]
    assert ran.sentences == [
        "Row 3: petal length '<1.4' says less or more than a value, not a value. Write the value, or leave the cell empty.",
        "Row 4: petal length '1.3-1.5' is a range. Write one number, or ask for the middle of ranges (here 1.4).",
    ]
    assert "'ca.' was read past in 1 cell." in ran.said
    ran = run_table(context, table_text(rows), middle_of_ranges=True)
    assert ran.names == ["Iris setosa", "", "Iris setosa"]
    assert ran.table[2]["petal length"] == "1.3-1.5"
    assert "Ranges were read as their middle in 1 cell." in ran.said


def test_thousands_are_read_with_their_points(context):
    text = "id;SL (µm);PL (µm)\na;51.000,0;14.000,0\nb;49.000,5;14.000,0\n"
    assert run_table(context, text).names == ["Iris setosa"] * 2


# BOM, UTF-16, Windows-1250/1252, CR-only or mixed line ends.


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252", "cp1250", "mac_roman"])
@pytest.mark.parametrize("ending", ["\r\n", "\r", "\n"])
def test_encodings_and_line_ends(context, encoding, ending):
    text = table_text(header=["ÜID", *HEADER[1:]]).replace("a1", "Löß").replace("\n", ending)
    ran = run_table(context, text.encode(encoding))
    assert ran.names == SPECIES
    assert ran.table[0]["ÜID"] == "Löß"
    assert ("not in UTF-8" in ran.said) == (encoding in ("cp1252", "cp1250", "mac_roman"))


# Excel: several sheets, two-line headers, notes beside the table, dates for numbers, .xls.


def as_numbers(rows):
    return [[row[0], *map(float, row[1:])] for row in rows]


def test_the_sheet_with_the_table_is_chosen_and_said(context):
    content = workbook(
        ("README", [["by A. Gray"]]), ("flowers", [HEADER, *as_numbers(FLOWERS)]), ("old", [HEADER, *as_numbers(MORE)])
    )
    ran = run_table(context, content, "t.xlsx")
    assert ran.names == SPECIES
    assert "Sheet 'flowers' was read; there are 'README', 'old' too." in ran.said
    assert run_table(context, content, "t.xlsx", sheet="old").table[0]["id"] == "a5"


def test_two_line_headers_are_refused_with_the_reason(context):
    rows = [["id", "Sepal", None, "Petal", None], [None, "length", "width", "length", "width"], *as_numbers(FLOWERS)]
    with pytest.raises(
        BadTable, match=r"seems to have two header rows.*Put everything into one row, like 'petal length \(mm\)'"
    ):
        run_table(context, workbook(("flowers", rows)), "t.xlsx")


def test_notes_beside_the_table_are_passed_over_and_said(context):
    rows = [
        [*HEADER, None, "measured wet"],
        *([*row, None, "see map" if i == 1 else None] for i, row in enumerate(as_numbers(FLOWERS))),
    ]
    ran = run_table(context, workbook(("flowers", rows)), "t.xlsx")
    assert ran.names == SPECIES
    assert "2 cells beside the table were passed over." in ran.said


def test_a_date_for_a_number_is_flagged_in_its_row(context):
    rows = as_numbers(FLOWERS)
    rows[1][2] = datetime.date(2026, 5, 3)
    ran = run_table(context, workbook(("flowers", [HEADER, *rows])), "t.xlsx")
    assert ran.sentences == [
        "Row 3: sepal width '2026-05-03' is a date. Spreadsheet programs turn 3.5 into 3-May; write the number again and format the column as text."
    ]
    assert ran.names == ["Iris setosa", "", "Iris versicolor", "Iris virginica"]


def test_the_old_excel_format_is_refused_with_the_reason(context):
    with pytest.raises(
        BadTable,
        match=r"t.xls is in the old Excel format \(.xls\), which hides dates and loses digits; save it as .xlsx or .csv.",
    ):
        run_table(context, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "t.xls")


# Empty file, header only, one column, duplicate headers, too large.


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "t.csv is empty."),
        (table_text([]), "t.csv has a header and no rows below it."),
        ("petal length\n1.4\n", "t.csv has only one column ('petal length')."),
        (
            table_text(header=["id", "petal length", "petal length", "x", "y"]),
            "t.csv has two columns called 'petal length' (columns 2 and 3). Rename one of them.",
        ),
        (
            "place,colour\nbog,blue\n",
            "No column of this file was recognised as a measurement of iris (sepal_length, sepal_width, petal_length, petal_width). Say which is which, for example --map 'place=sepal_length'. The columns are: place, colour.",
        ),
    ],
)
def test_a_file_without_a_table_is_refused_with_the_cause(context, content, words):
    with pytest.raises(BadTable) as refused:
        run_table(context, content, "t.csv")
    assert words in refused.value.message


def test_too_wide_is_refused_with_the_limit(context):
    names = [*HEADER, *(f"c{i}" for i in range(2000))]
    with pytest.raises(TooLarge, match="has 2,005 columns; the limit is 2,000"):
        run_table(context, table_text([["1"] * len(names)], names))


# Blank, NA, "Na", "---", "**"; 0 and negative; -9, 9999, inf, text.


def test_missing_values_are_missing_and_impossible_ones_are_errors_with_row_and_column(context):
    rows = [
        ["b1", "5.1", "", "NA", "0.2"],
        ["b2", "Na", "---", "1.4", "**"],
        ["b3", "5.1", "3.5", "0", "0.2"],
        ["b4", "5.1", "3.5", "-1.4", "0.2"],
        ["b5", "5.1", "-9", "1.4", "0.2"],
        ["b6", "5.1", "3.5", "9999", "0.2"],
        ["b7", "5.1", "3.5", "inf", "0.2"],
        ["b8", "5.1", "wet", "1.4", "0.2"],
    ]
    ran = run_table(context, table_text(rows))
    assert [bool(name) for name in ran.names] == [True, True] + [False] * 6
    assert [(i.row, i.column) for i in ran.summary.issues] == [
        (4, "petal length"),
        (5, "petal length"),
        (6, "sepal width"),
        (7, "petal length"),
        (8, "petal length"),
        (9, "sepal width"),
    ]
    assert (ran.summary.rows, ran.summary.identified, ran.summary.not_identified) == (8, 2, 6)


# Ragged rows, trailing comma, quoted commas.


def test_ragged_rows_are_said_with_their_number_and_kept(context):
    text = (
        "id,petal length,petal width,place\na,1.4,0.2,bog\nb,1.4\nc,1.4,0.2,bog,\nd,1,4,0,2,bog\n"
        + 'e,1.4,0.2,"bog, wet"\nf,1.4,0.2\n'
    )
    ran = run_table(context, text)
    assert ran.names == ["Iris setosa", "", "Iris setosa", "", "Iris setosa", "Iris setosa"]
    assert [i.row for i in ran.summary.issues if "the row has" in i.problem] == [3, 5]
    assert ran.table[4]["place"] == "bog, wet"
    assert "1 row ends before the last column; nothing that is read is missing." in ran.said


# Duplicate ids; ids read as numbers, "s.n.", 1E5, 10-May.


def test_ids_are_text_to_the_letter(context):
    ids = ["00042", "1E5", "10-May", "s.n.", "1.0", "NA", "−5", "+49", "3/4"]
    ran = run_table(context, table_text([[number, *FLOWERS[0][1:]] for number in ids]), id_column="id")
    assert [row["id"] for row in ran.table] == ids
    rows = [[number, *as_numbers(FLOWERS)[0][1:]] for number in ids]
    assert [
        row["id"] for row in run_table(context, workbook(("f", [HEADER, *rows])), "t.xlsx", id_column="id").table
    ] == ids


DOUBLES = [
    ["42", *FLOWERS[0][1:]],
    ["43", *FLOWERS[2][1:]],
    ["42", *FLOWERS[1][1:]],
    ["s.n.", *FLOWERS[0][1:]],
    ["s.n.", *FLOWERS[1][1:]],
]


def test_duplicate_ids_are_flagged_and_named_all_the_same(context):
    ran = run_table(context, table_text(DOUBLES), id_column="id")
    assert ran.sentences == [
        "Row 2: catalogue number 42 stands in row 4 too.",
        "Row 4: catalogue number 42 stands in row 2 too.",
    ]
    assert ran.summary.issues[0].column == "id"
    assert all(ran.names)


@pytest.mark.parametrize(
    ("policy", "named", "words"),
    [
        (DuplicatePolicy.ERROR, [False, True, False, True, True], "Give each specimen a number of its own."),
        (DuplicatePolicy.LATEST, [False, True, True, True, True], "Row 4 counts."),
        (DuplicatePolicy.REPLICATE, [True] * 5, "Named by the mean of its rows."),
    ],
)
def test_duplicate_ids_may_be_replicates_versions_or_mistakes(context, policy, named, words):
    ran = run_table(context, table_text(DOUBLES), id_column="id", duplicates=policy)
    assert [bool(name) for name in ran.names] == named
    assert words in ran.sentences[0]


# Cells that begin with = + - @ on export.


def test_no_cell_that_is_downloaded_is_a_formula(context):
    rows = [
        ["=cmd|' /C calc'!A0", *FLOWERS[0][1:], "@x"],
        ["+A1", *FLOWERS[1][1:], "-2+3"],
        ["-5", *FLOWERS[2][1:], "=1"],
    ]
    ran = run_table(context, table_text(rows, [*HEADER, "=note"]))
    assert [row["id"] for row in ran.table] == ["'=cmd|' /C calc'!A0", "'+A1", "-5"]
    assert [row["'=note"] for row in ran.table] == ["'@x", "'-2+3", "'=1"]


def test_a_workbook_with_formulas_is_read_by_their_results(context):
    book = load_workbook(io.BytesIO(workbook(("flowers", [HEADER, *as_numbers(FLOWERS)]))))
    book["flowers"]["D3"] = "=1.4"
    stream = io.BytesIO()
    book.save(stream)
    ran = run_table(context, stream.getvalue(), "t.xlsx")
    assert "1 formula of the workbook has no result; read as missing." in ran.said
    assert ran.names == SPECIES
