import pytest
from hypothesis import given
from hypothesis import strategies as st

from flora_core.errors import Unknown
from flora_core.units import AREAS, LENGTHS, convertible, factor, parse_unit


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("mm", "mm"),
        ("[mm]", "mm"),
        ("(cm)", "cm"),
        ("Millimetres", "mm"),
        ("µm", "µm"),
        ("μm", "µm"),
        ("", ""),
        ("mm2", "mm²"),
        ("px", "px"),
    ],
)
def test_units_are_read_as_people_write_them(text, unit):
    assert parse_unit(text) == unit


def test_what_is_no_unit_is_refused_with_those_there_are():
    with pytest.raises(Unknown, match="'furlong' is not a unit .* There are: µm, mm, cm"):
        parse_unit("furlong")


@pytest.mark.parametrize(
    ("source", "target", "ratio"),
    [("mm", "cm", 0.1), ("cm", "mm", 10.0), ("in", "cm", 2.54), ("mm²", "cm²", 0.01), ("px", "px", 1.0)],
)
def test_factors_are_exact(source, target, ratio):
    assert factor(source, target) == ratio


def test_lengths_are_not_areas():
    with pytest.raises(Unknown, match="mm can't be converted to mm²"):
        factor("mm", "mm²")


@given(st.sampled_from([tuple(LENGTHS), tuple(AREAS)]), st.data())
def test_there_and_back_is_where_one_began(table, data):
    a, b = data.draw(st.sampled_from(table)), data.draw(st.sampled_from(table))
    assert factor(a, b) * factor(b, a) == pytest.approx(1.0, rel=1e-9)
    assert b in convertible(a)
