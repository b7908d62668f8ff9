import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from flora_core.tables.columns.measurements import describe, far_out, header_label, header_unit, slug, unique_names
from flora_core.workflows.models.lifecycle import iris_plants


@pytest.mark.parametrize(
    ("header", "label", "unit"),
    [
        ("area_mm2", "area", "mm²"),
        ("Petal_length_mm_mid", "petal length", "mm"),
        ("Ovule_number_mid", "ovule number", ""),
        ("Sepal.Length", "sepal length", ""),
        ("MajorAxisLength", "major axis length", ""),
        ("LL", "LL", ""),
        ("EFD102", "EFD102", ""),
        ("LENGTH12", "length12", ""),
        ("seed mass (g)", "seed mass", "g"),
        ("angle (°)", "angle", "°"),
        ("plant_height_m", "plant height", "m"),
        ("KelchblattLänge [mm]", "kelchblatt länge", "mm"),
        ("labellum", "labellum", ""),
        ("petal length, cm", "petal length", "cm"),
        ("花瓣", "花瓣", ""),
    ],
)
def test_a_header_is_a_label_and_a_unit(header, label, unit):
    assert (header_label(header), header_unit(header)) == (label, unit)


def test_names_are_for_addresses_and_differ():
    assert slug("Kelchblatt Länge") == "kelchblatt_lange"
    assert unique_names(["length (mm)", "length (cm)", "length", "花瓣", "!"]) == (
        "length",
        "length_cm",
        "length_2",
        "measurement_4",
        "measurement_5",
    )


def described(values, unit="mm", species=None, cells=None):
    values = np.asarray(values, dtype=float)
    species = np.zeros(len(values), dtype=np.int64) if species is None else np.asarray(species)
    return describe("x", "x", unit, values, species, cells if cells is None else pa.array(cells))


def test_on_iris_the_rule_comes_near_to_the_limits_set_by_hand():
    plants = iris_plants()
    found = [described(v, "cm", plants.species, [repr(x) for x in v]) for v in plants.values.T.tolist()]
    assert [(m.low, m.high) for m in found] == [(3.4, 8.8), (1.4, 5.0), (0.5, 8.4), (0.05, 3.1)]
    assert {m.step for m in found} == {0.1}
    assert [m.refuse_above for m in found] == [50.0, 30.0, 50.0, 20.0]


def test_a_lost_decimal_point_is_set_aside_and_refused():
    values = [*np.linspace(400.0, 800.0, 40), 610291.0]
    assert far_out(np.array(values), np.zeros(41, dtype=np.int64)).tolist() == [False] * 40 + [True]
    m = described(values)
    assert (m.low, m.high) == (300.0, 900.0)
    assert m.refuse_above == 5000.0


def test_a_large_species_beside_a_small_one_is_no_slip():
    values = np.array([*np.linspace(1.0, 1.2, 100), *np.linspace(40.0, 45.0, 8)])
    species = np.repeat([0, 1], [100, 8])
    assert not far_out(values, species).any()


def test_a_narrow_column_of_ratios_loses_no_tail():
    values = np.array([*np.linspace(0.985, 0.995, 200), 0.92])
    assert not far_out(values, np.zeros(201, dtype=np.int64)).any()


def test_counts_may_be_zero_and_have_no_digits_behind_the_point():
    m = described([2, 4, 4, 6, 8], "", cells=["2", "4", "4", "6", "8"])
    assert (m.low, m.positive, m.step, m.decimals, m.refuse_above) == (1.0, False, 1.0, 0, None)


def test_a_coefficient_below_zero_is_no_mistake():
    m = described([-1.0, 0.5, 2.0], "")
    assert not m.positive
    assert m.low < -1.0


def test_a_column_without_a_value_and_a_constant_one_have_limits_too():
    assert described([np.nan, np.nan]).low < described([np.nan]).high
    m = described([5.0, 5.0])
    assert m.low < 5.0 < m.high


@settings(max_examples=150)
@given(
    arrays(np.float64, st.integers(1, 40), elements=st.floats(-1e9, 1e9, allow_subnormal=False, width=32)),
    st.sampled_from(["", "mm", "px"]),
)
def test_limits_hold_every_value_that_was_not_set_aside(values, unit):
    species = np.zeros(len(values), dtype=np.int64)
    m = describe("x", "x", unit, values, species)
    assert m.low < m.high
    assert m.step > 0
    kept = ~far_out(values, species) & ((values > 0) if m.positive else True)
    if kept.any():
        tolerance = 1e-9 * max(1.0, np.abs(values).max())
        assert values[kept].min() >= m.low - tolerance
        assert values[kept].max() <= m.high + tolerance


@pytest.mark.parametrize(
    ("header", "label", "unit"),
    [
        ("body_mass_g", "body mass", "g"),
        ("mass g", "mass", "g"),
        ("flipper length in mm", "flipper length", "mm"),
        ("weight_in_grams", "weight", "g"),
        ("length_millimetres", "length", "mm"),
        ("bill_length_mm", "bill length", "mm"),
        ("gene_g", "gene g", ""),
        ("step in", "step in", ""),
        ("petal", "petal", ""),
    ],
)
def test_a_unit_leaves_the_name(header, label, unit):
    assert (header_label(header), header_unit(header)) == (label, unit)
