import pytest

from flora_core.errors import BadTable, TooLarge
from tests.builders import read_table, table_text, workbook


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            "sepal length\n5.1\n",
            "t.csv has only one column ('sepal length'). Columns are separated by commas, semicolons or tabs; if another sign separates them, say which (separator).",
        ),
        (
            table_text(header=["id", "petal length", "petal length", "x", "y"]),
            "t.csv has two columns called 'petal length' (columns 2 and 3). Rename one of them.",
        ),
        (
            "5.1,3.5,1.4,0.2\n4.9,3,1.4,0.2\n",
            "t.csv begins with numbers (5.1, 3.5, 1.4, 0.2 ...) instead of the columns' names. Add a first row with names, like 'petal length (mm)'.",
        ),
        (
            "sepal,,petal,\nlength,width,length,width\n5.1,3.5,1.4,0.2\n4.9,3,1.4,0.2\n",
            "t.csv seems to have two header rows: 'length' stands in columns 1 and 3, and the row above holds 'sepal, petal'. Put everything into one row, like 'petal length (mm)'.",
        ),
        (
            "id,sepal length,petal length\n,cm,mm\n1,5.1,14\n2,4.9,14\n",
            "t.csv seems to have two header rows: below the names, row 2 holds 'cm, mm' where numbers follow. Put everything into one row, like 'petal length (mm)'.",
        ),
        (
            "id,sepal,petal\n,length,length\n1,5.1,14\n",
            "t.csv seems to have two header rows: below the names, row 2 holds 'length, length' where numbers follow. Put everything into one row, like 'petal length (mm)'.",
        ),
        (",,\n1,2,3\n", "t.csv begins with numbers"),
        ("id,sepal length\n", "t.csv has a header and no rows below it."),
    ],
)
def test_a_header_that_does_not_name_the_columns_one_by_one_is_refused(content, words):
    with pytest.raises(BadTable) as refused:
        read_table(content, "t.csv")
    assert words in refused.value.message


def test_a_header_over_merged_cells_is_refused_with_the_reason():
    rows = [
        ["id", "Sepal", None, "Petal", None],
        [None, "length", "width", "length", "width"],
        ["a", 5.1, 3.5, 1.4, 0.2],
    ]
    with pytest.raises(
        BadTable, match="seems to have two header rows: below the names, row 2 holds 'length, width, length"
    ):
        read_table(workbook(("flowers", rows)), "t.xlsx")


def test_words_in_a_first_row_are_bad_cells_and_no_second_header():
    read = read_table("id,sepal length,petal length\n1,lost,eaten by a goat\n2,4.9,1.4\n3,4.7,1.3\n")
    assert len(read.rows) == 3


def test_missing_values_in_a_first_row_are_no_second_header():
    assert len(read_table("id,SL,PL\n1,NA,NA\n2,4.9,1.4\n3,4.7,1.3\n").rows) == 3


def test_too_many_columns_are_refused_with_the_limit():
    names = [f"c{i}" for i in range(2001)]
    with pytest.raises(TooLarge, match=r"t.csv has 2,001 columns; the limit is 2,000. Leave out those not needed."):
        read_table(table_text([["1"] * 2001], names), "t.csv")
    assert len(read_table(table_text([["1"] * 2000], names[:2000])).layout.header) == 2000


def test_a_sheet_of_one_column_is_refused_in_its_own_words():
    with pytest.raises(
        BadTable, match=r"The sheet 'notes' of t.xlsx has only one column \('Irises'\). A table needs two"
    ):
        read_table(workbook(("notes", [["Irises"], ["by A. Gray"]])), "t.xlsx")


def test_two_tables_side_by_side_are_said():
    header = "species,sepal length,sepal width,,species,sepal length,sepal width\n"
    with pytest.raises(BadTable, match="two tables side by side: the names from 'species' on stand in columns 1 and 5"):
        read_table(header + "a,5,3,,b,6,4\n" * 5)
