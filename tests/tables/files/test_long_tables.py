"""Long tables are recognised by what their cells do, and spread; what is no long table is left alone."""

import csv
import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flora_core.errors import BadTable
from flora_core.tables.files.reading import long_table_refused, read_layout, read_parts, read_whole
from tests.builders import iris_table, read_table

CHARACTERS = ("sepal length", "sepal width", "petal length", "petal width")
VALUES, SPECIES = iris_table()


def long_text(header, rows):
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return text.getvalue()


def rows_of(plants=30, shuffle=0):
    rows = [
        [f"p{i}", f"Iris {SPECIES[i]}", name, f"{VALUES[i, j]}"]
        for i in range(0, 5 * plants, 5)
        for j, name in enumerate(CHARACTERS)
    ]
    random.Random(shuffle).shuffle(rows) if shuffle else None
    return rows


def refused(text, name="t.csv"):
    stream = io.BytesIO(text.encode())
    layout = read_layout(stream, name)
    return long_table_refused(layout, read_whole(stream, layout, 10_000), name)


HEADERS = st.sampled_from(
    [
        ("plant", "species", "character", "value"),
        ("Pflanze", "Art", "Merkmal", "Wert"),
        ("occurrenceID", "scientificName", "measurementType", "measurementValue"),
        ("individu", "espèce", "caractère", "valeur"),
        ("растение", "вид", "признак", "значение"),
        ("a", "b", "c", "d"),
    ]
)


@given(HEADERS, st.integers(0, 99), st.permutations(range(4)))
@settings(max_examples=40)
def test_it_is_offered_and_spread_whatever_its_headers_and_order(header, shuffle, order):
    rows = [[row[j] for j in order] for row in rows_of(shuffle=shuffle)]
    text = long_text([header[j] for j in order], rows)
    found = refused(text)
    assert found is not None
    assert found.arrangement == "spread"
    assert "is a long table" in found.message
    read = read_table(text, arrangement="spread")
    assert set(CHARACTERS) <= set(read.layout.header)
    assert len(read.rows) == 30
    table = [dict(zip(read.layout.header, row, strict=True)) for row in read.rows]
    by_plant = {one[header[0]]: one for one in table}
    for i in range(0, 150, 5):
        assert [float(by_plant[f"p{i}"][name]) for name in CHARACTERS] == VALUES[i].tolist()
        assert by_plant[f"p{i}"][header[1]] == f"Iris {SPECIES[i]}"


def test_units_stand_in_the_new_headers_and_gaps_stay_empty():
    rows = [[*row, "mm" if "length" in row[2] else "cm"] for row in rows_of()]
    text = long_text(("plant", "species", "trait", "value", "unit"), rows[:-1])
    read = read_table(text, arrangement="spread")
    assert read.layout.header == ("plant", "species", *(f"{c} ({'mm' if 'length' in c else 'cm'})" for c in CHARACTERS))
    assert read.rows[-1][-1] == ""


def test_plants_numbered_within_their_species():
    rows = [[str(int(row[0][1:]) % 50), *row[1:]] for row in rows_of()]
    read = read_table(long_text(("no", "species", "trait", "value"), rows), arrangement="spread")
    assert len(read.rows) == 30


def test_a_second_value_of_one_character_is_counted():
    rows = rows_of()
    read = read_table(
        long_text(("plant", "species", "trait", "value"), [*rows, [*rows[0][:3], "99"]]), arrangement="spread"
    )
    assert read.rows[0][2] == "5.1"
    assert any(note.startswith("1 value was left out") for note in read.layout.notes)


@pytest.mark.parametrize(
    "text",
    [
        # Replicate leaves of a plant, sides of a leaf, sexes, sites: each row measures one thing, and none is a character's name.
        "plant,species,leaf,length\n"
        + "".join(f"p{i // 3},{'ab'[i % 2]},{i % 3 + 1},{5 + i / 10}\n" for i in range(60)),
        "plant,species,sex,length,width\n"
        + "".join(f"p{i},{'ab'[i % 2]},{'mf'[i % 2]},{5 + i / 9},{i}\n" for i in range(60)),
        "species,site,sepal length\n" + "".join(f"{'ab'[i % 2]},{'xyz'[i % 3]},{5 + i / 10}\n" for i in range(60)),
    ],
)
def test_other_tables_are_left_alone(text):
    assert refused(text) is None
    with pytest.raises(BadTable, match="can't be spread"):
        read_table(text, arrangement="spread")


def test_rows_bear_the_number_of_their_plants_first_row():
    stream = io.BytesIO(long_text(("plant", "species", "trait", "value"), rows_of()).encode())
    layout = read_layout(stream, "t.csv", arrangement="spread")
    parts = list(read_parts(stream, layout, rows=7))
    assert [len(part) for part in parts] == [7, 7, 7, 7, 2]
    assert parts[0].rows[:3].tolist() == [2, 6, 10]
