"""Whatever a file holds: an answer or a refusal in words, never a lost row, never a changed cell."""

import csv
import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flora_core.errors import FloraError, Refused
from flora_core.tables.files.reading import read_layout, read_parts
from tests.builders import FLOWERS, HEADER, read_table, table_text, workbook


def assert_is_a_sentence(message):
    assert message[:1].isalnum() or message[:1] in "'\""
    assert message.endswith((".", "?", ")"))
    assert "Traceback" not in message


#: Cells as they stand in tables of plants: numbers, words, dates, formulas, nothing, and what nobody expects.
plausible = st.sampled_from(
    [
        "5.1",
        "5,1",
        "1,234",
        "1.234,5",
        "NA",
        "",
        "---",
        "ca. 5",
        "<5",
        "2.0-2.5",
        "3-May",
        "s.n.",
        "00042",
        "1E5",
        "=1+1",
        "bog, wet",
        'the "big" one',
        "a\nb",
        "Köln",
        "5.1 cm",
        "-9",
        "'",
        "\u00a05.1",
        "x;y",
        "a|b",
        "+49 30",
    ]
)
anything = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=12)
cells = plausible | anything


@st.composite
def tables(draw):
    """A header of distinct names, and rows of cells in which something stands."""
    width = draw(st.integers(2, 5))
    header = [*HEADER, "note"][:width]
    rows = draw(st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=8))
    rows[0][0] = "first"  # the header is found by being as full as the rows below it
    return [header, *rows]


def written(table, separator, **options):
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator="\n", **options).writerows(table)
    return out.getvalue()


@given(tables(), st.sampled_from([",", ";", "\t", "|"]), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
@settings(max_examples=150)
def test_every_row_and_cell_of_a_written_table_comes_back(table, separator, encoding):
    content = written(table, separator, quoting=csv.QUOTE_ALL).encode(encoding)
    try:
        read = read_table(content, separator=separator)
    except Refused:
        return  # a first row of words may be a second header
    assert list(read.layout.header) == table[0]
    assert read.rows == table[1:]
    assert read.numbers == list(range(2, len(table) + 1))


@given(tables())
@settings(max_examples=60)
def test_every_row_and_cell_of_a_workbook_comes_back(table):
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    table = [[ILLEGAL_CHARACTERS_RE.sub("", cell) for cell in row] for row in table]
    content = workbook(
        ("flowers", [[cell if not cell.startswith("=") else f" {cell}" for cell in row] for row in table])
    )
    try:
        read = read_table(content, "t.xlsx")
    except Refused:
        return
    assert list(read.layout.header) == table[0]
    found = [[cell.strip() for cell in row] for row in read.rows]
    wanted = [[cell.strip() for cell in row] for row in table[1:]]
    # What lies below the last filled row is no row.
    while wanted and not any(wanted[-1]):
        wanted.pop()
    assert found == wanted


@given(st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
@settings(max_examples=300)
def test_any_bytes_are_read_or_refused_in_words(content):
    stream = io.BytesIO(content)
    try:
        layout = read_layout(stream, "flowers.csv")
        for part in read_parts(stream, layout):
            assert {len(column) for column in part.columns} == {len(part)}
            assert len(part.columns) == len(layout.header)
    except FloraError as refused:
        assert_is_a_sentence(refused.message)


@given(st.text(st.sampled_from('ab1,;\t "\n.'), max_size=200))
@settings(max_examples=300)
def test_any_text_of_separators_and_quotes_is_read_or_refused_in_words(text):
    try:
        read = read_table(text)
    except FloraError as refused:
        assert_is_a_sentence(refused.message)
        return
    assert {len(row) for row in read.rows} <= {len(read.layout.header)}
    assert read.numbers == sorted(set(read.numbers))


@pytest.mark.parametrize("kind", ["text", "workbook"])
def test_a_damaged_table_is_read_or_refused_in_words(kind):
    shuffled = random.Random(kind)
    whole = table_text().encode() if kind == "text" else workbook(("flowers", [HEADER, *FLOWERS]))
    for _ in range(150):
        content = bytearray(whole)
        for _ in range(shuffled.randrange(1, 5)):
            content[shuffled.randrange(len(content))] = shuffled.randrange(256)
        try:
            read_table(bytes(content), f"t.{kind}")
        except FloraError as refused:
            assert_is_a_sentence(refused.message)


def test_the_stream_is_left_at_its_beginning():
    stream = io.BytesIO(table_text().encode())
    stream.seek(7)
    read_layout(stream, "t.csv")
    assert stream.tell() == 0


def test_reading_does_not_import_what_only_learning_needs():
    import subprocess
    import sys

    code = "import sys, flora_core.tables.files.reading; print([m for m in ('pandas', 'sklearn', 'openpyxl', 'python_calamine') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
