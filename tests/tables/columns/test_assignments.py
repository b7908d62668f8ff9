import pytest

from flora_core.errors import Refused
from flora_core.tables.columns.assignments import read_assignments


def test_the_last_sign_divides_because_a_column_may_hold_one():
    assert read_assignments(["l = w=petal_length", " a = b "], "--map", "COLUMN=NAME") == {
        "l = w": "petal_length",
        "a": "b",
    }
    assert read_assignments(None, "--map", "COLUMN=NAME") == {}


def test_the_first_sign_divides_a_setting():
    assert read_assignments(["rule=a=b"], "--set", "NAME=VALUE", first_sign=True) == {"rule": "a=b"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("petals", "--map 'petals' is not COLUMN=NAME."),
        ("=name", "--map '=name' is not COLUMN=NAME."),
        ("a=", "--map 'a=' is not COLUMN=NAME."),
    ],
)
def test_a_missing_side_is_refused(text, message):
    with pytest.raises(Refused) as refused:
        read_assignments([text], "--map", "COLUMN=NAME")
    assert refused.value.message == message


def test_an_empty_value_where_it_means_something():
    assert read_assignments(["petal_length="], "", "NAME=VALUE", empty=True) == {"petal_length": ""}


def test_the_same_name_twice_is_refused():
    with pytest.raises(Refused, match="--map: a is given twice; give it once"):
        read_assignments(["a=b", "a=c"], "--map", "COLUMN=NAME")
