import contextlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flora_core.errors import BadTable
from flora_core.tables.files.reading import read_layout
from flora_core.tables.rows.determinations import ROLES, match_columns, read_determinations


def test_the_likeliest_header_of_each_role_is_taken():
    found = match_columns(("ID", "No.", "Species", "Determination", "Det.", "Date", "Date identified", "Notes", ""))
    assert found.mapping == {
        "ID": "id",
        "No.": "number",
        "Determination": "name",
        "Det.": "by",
        "Date identified": "date",
        "Notes": "remark",
    }
    assert found.called("level") == "level"


def test_what_a_person_says_of_columns_has_the_first_word():
    found = match_columns(("plant", "name", "what it really is"), {"what it really is": "name"})
    assert found.mapping == {"what it really is": "name", "plant": "number"}


@given(st.lists(st.sampled_from([n for names in ROLES.values() for n in names]), unique=True, min_size=3))
def test_no_column_holds_two_things(header):
    with contextlib.suppress(BadTable):
        found = match_columns(header)
        assert len(set(found.places.values())) == len(found.places)


@pytest.mark.parametrize(
    ("name", "qualifier", "expected"),
    [
        ("Iris versicolor", "", "Iris versicolor"),
        ("Iris", "cf. versicolor", "Iris cf. versicolor"),
        ("Iris versicolor", "cf. versicolor", "Iris cf. versicolor"),
        ("Iris versicolor", "aff.", "Iris aff. versicolor"),
        ("Iris versicolor", "?", "Iris ? versicolor"),
    ],
)
def test_rows_are_read_as_written_with_their_qualifier(name, qualifier, expected):
    stream = io.BytesIO(f"id,number,name,qualifier\n,7,{name},{qualifier}\nx-1,8,{name},\n".encode())
    layout = read_layout(stream, "a.csv")
    first, second = next(read_determinations(stream, layout, match_columns(layout.header)))
    assert (first.row, first.plant, first.name, first.by) == (2, "7", expected, "")
    assert (second.row, second.plant) == (3, "x-1")
