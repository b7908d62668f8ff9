"""Headers of two rows, joined to one."""

import pytest

from flora_core.errors import BadTable
from tests.builders import read_table, workbook

ROWS = "Iris setosa,5.1,3.5,1.4,0.2\nIris setosa,4.9,3.0,1.4,0.2\nIris virginica,6.3,3.3,6.0,2.5\n"
FULL = ("species", "sepal length", "sepal width", "petal length", "petal width")
IN_TWO_ROWS = {
    "groups above, blanks as in merged cells": "species,sepal,,petal,\n,length,width,length,width\n",
    "groups above, repeated": "species,sepal,sepal,petal,petal\n,length,width,length,width\n",
    "a title above them": "Irises of the bog\nspecies,sepal,,petal,\n,length,width,length,width\n",
}


@pytest.mark.parametrize("above", IN_TWO_ROWS.values(), ids=IN_TWO_ROWS.keys())
def test_two_rows_are_refused_with_the_offer_and_joined_on_request(above):
    with pytest.raises(BadTable, match=r"two header rows.*--join-headers") as refused:
        read_table(above + ROWS)
    assert refused.value.arrangement == "join-headers"
    read = read_table(above + ROWS, arrangement="join-headers")
    assert read.layout.header == FULL
    assert [row[0] for row in read.rows] == ["Iris setosa", "Iris setosa", "Iris virginica"]
    assert read.numbers[0] == above.count("\n") + 1
    passed = [note for note in read.layout.notes if "above the table" in note or "without a name" in note]
    assert passed == (["Row 1 above the table was passed over."] if above.startswith("Irises") else [])


def test_units_below_the_names_go_into_brackets():
    text = "species,sepal length,sepal width,petal length,petal width\n,mm,mm,(mm),mm\n" + ROWS
    read = read_table(text, arrangement="join-headers")
    assert read.layout.header == ("species", *(f"{name} (mm)" for name in FULL[1:]))
    assert len(read.rows) == 3


def test_a_workbook_too():
    rows = [[cell if i == 0 else float(cell) for i, cell in enumerate(row.split(","))] for row in ROWS.splitlines()]
    content = workbook(
        ("flowers", [["species", "sepal", None, "petal", None], [None, *["length", "width"] * 2], *rows])
    )
    read = read_table(content, "t.xlsx", arrangement="join-headers")
    assert read.layout.header == FULL
    assert len(read.rows) == 3


def test_one_header_row_is_not_joined_with_plants():
    with pytest.raises(BadTable, match="has one header row"):
        read_table("species,a,b\n" + "x,1,2\n" * 3, arrangement="join-headers")


@pytest.mark.parametrize(
    "text",
    ["Iris setosa,bog,5.1,3.5\n" * 8, "Iris setosa,Ada,bog,5.1,3.5,1.4\n" * 8, "1,5.1,3.5\n2,4.9,3.0\n3,4.7,3.2\n"],
)
def test_a_table_without_a_header_says_so(text):
    with pytest.raises(BadTable, match="begins with numbers .* instead of the columns' names"):
        read_table(text)


def test_the_numbers_of_a_series_are_names():
    assert read_table("species,site,1,2,3\n" + "x,a,5.1,4.1,3.1\n" * 8).layout.header[2:] == ("1", "2", "3")
