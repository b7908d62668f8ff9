import pytest
from hypothesis import given
from hypothesis import strategies as st

from flora_core.study import IRIS
from flora_core.tables.names.lookup import distance, known_species, near_species


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("", "", 0),
        ("setosa", "setosa", 0),
        ("setosa", "sertosa", 1),
        ("setosa", "setsoa", 1),
        ("setosa", "stosae", 2),
        ("setosa", "rosa", 3),
        ("a", "abcd", 9),
    ],
)
def test_a_distance_counts_letters_changed_added_left_out_or_exchanged(a, b, expected):
    assert distance(a, b) == expected


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_a_distance_is_the_same_both_ways_and_nothing_only_between_equals(a, b):
    assert distance(a, b) == distance(b, a)
    assert (distance(a, b) == 0) == (a == b)


def test_a_name_is_known_or_near_or_neither():
    assert known_species("i. SETOSA", IRIS) == near_species("setose", IRIS) == "Iris setosa"
    assert known_species("setose", IRIS) == near_species("Rosa canina", IRIS) == ""
