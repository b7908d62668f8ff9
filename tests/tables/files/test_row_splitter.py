import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flora_core.tables.files.row_splitter import is_orderly, join_rows, outside_quotes, row_ends, split_rows

cells = st.text(st.sampled_from('ab1.5 ",;\t|\n'), max_size=6)
tables = st.integers(2, 4).flatmap(lambda n: st.lists(st.lists(cells, min_size=n, max_size=n), min_size=1, max_size=5))
separators = st.sampled_from([",", ";", "\t", "|"])


def rows_of(text, separator=","):
    rows, end = split_rows(text.encode(), separator.encode())
    assert end == len(text.encode())
    return [[cell.decode() for cell in row] for row in rows]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("a,b\n1,2\n", [["a", "b"], ["1", "2"]]),
        ("a,b", [["a", "b"]]),
        ("a,\n", [["a", ""]]),
        ("a,", [["a", ""]]),
        ("\na\n", [[""], ["a"]]),
        ('"a, b",c\n', [["a, b", "c"]]),
        ('a, "b, c"\n', [["a", "b, c"]]),
        ('"a ""b"" c",d\n', [['a "b" c', "d"]]),
        ('"a\nb",c\nd,e\n', [["a\nb", "c"], ["d", "e"]]),
        ('5" tall,6\n7,8\n', [['5" tall', "6"], ["7", "8"]]),
        ('"Big" tree,6\n', [['"Big" tree', "6"]]),
        ('1,"open,2\n3,4\n', [["1", '"open', "2"], ["3", "4"]]),
        ('"1,2\n"3",4\n5,6\n', [['"1', "2"], ["3", "4"], ["5", "6"]]),
        ('"",""\n', [["", ""]]),
        ('""""\n', [['"']]),
    ],
)
def test_quotes_enclose_a_cell_or_are_letters_of_it(text, rows):
    assert rows_of(text) == rows


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("id  sepal   petal\n 1 5.1  1.4 \n", [["id", "sepal", "petal"], ["1", "5.1", "1.4"]]),
        ('"1" 5.1 "I. setosa"\n', [["1", "5.1", "I. setosa"]]),
        ('1 5" x\n', [["1", '5"', "x"]]),
        ("\na b\n", [[""], ["a", "b"]]),
    ],
)
def test_runs_of_spaces_part_cells(text, rows):
    assert rows_of(text, " ") == rows


@pytest.mark.parametrize("text", ['a,b\n"1,2\n3,', 'a,b\n"1,2\n"', "a,b\n1,2", 'a,b\n1,"2"', "a,b\n1,2,"])
def test_a_row_that_may_go_on_is_not_cut(text):
    rows, end = split_rows(text.encode(), b",", final=False)
    assert rows == [[b"a", b"b"]]
    assert text[:end] == "a,b\n"


@given(tables, separators)
def test_what_a_program_wrote_is_read_as_pythons_csv_reads_it(table, separator):
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator="\n").writerows(table)
    assert (
        rows_of(out.getvalue(), separator)
        == [row or [""] for row in csv.reader(io.StringIO(out.getvalue()), delimiter=separator)]
        == table
    )


@given(st.text(st.sampled_from('ab ",\n'), max_size=40))
def test_no_letter_is_lost_whatever_the_quotes(text):
    rows = rows_of(text)
    letters = "".join(cell for row in rows for cell in row)
    assert [c for c in letters if c in "ab"] == [c for c in text if c in "ab"]


@given(st.text(st.sampled_from('ab ",\n'), max_size=40))
def test_rows_joined_again_are_orderly_and_the_same(text):
    rows, _ = split_rows(text.encode(), b",")
    written = join_rows(rows, b",")
    assert is_orderly(written, b",")
    assert split_rows(written, b",")[0] == rows
    assert len(row_ends(written, outside_quotes(written))) == len(rows)


@given(st.text(st.sampled_from('ab",\n'), max_size=30))
def test_where_a_text_is_orderly_counting_quotes_finds_the_same_rows(text):
    content = text.encode() + b"\n"
    if not is_orderly(content, b",") or content.count(b'"') % 2:
        return
    ends = row_ends(content, outside_quotes(content))
    rows, _ = split_rows(content, b",")
    assert len(ends) == len(rows)


@given(st.text(st.sampled_from('ab ",\n'), max_size=60), st.integers(1, 59))
def test_a_text_in_two_pieces_gives_the_rows_of_the_whole(text, cut):
    content = text.encode() + b"\n"
    first, end = split_rows(content[:cut], b",", final=False)
    second, _ = split_rows(content[end:], b",")
    assert first + second == split_rows(content, b",")[0]


def test_many_quotes_that_are_never_closed_take_no_time():
    # A pattern that tried every length of each quoted cell would need hours for this.
    content = b'1,"a""b\n' * 20_000
    rows, _ = split_rows(content, b",")
    assert len(rows) == 20_000
