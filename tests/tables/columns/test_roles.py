import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flora_core.tables.columns.roles import (
    guess_genus,
    guess_group,
    guess_id,
    guess_label,
    is_own,
    number_columns,
    numbered_series,
    range_columns,
    separates,
)
from tests.builders import labelled_part

NAMES = ["Iris setosa"] * 10 + ["Iris virginica"] * 10
LENGTHS = [f"{20 + (7 * i) % 13 / 10}" for i in range(20)]


def columns(**more):
    return {"species": NAMES, "petal length (mm)": LENGTHS, **more}


def faults(**more):
    header, part = labelled_part(columns(**more))
    species = np.repeat([0, 1], 10)
    found = number_columns(header, part, "", species, {0})
    return {header[c.column]: c.fault for c in found}


def test_the_column_of_names_is_found_by_its_header():
    header, part = labelled_part({"remark": ["a", "b"] * 10, **columns(Taxon=NAMES)})
    assert header[guess_label(header, part)] == "species"


def test_or_as_the_only_column_of_texts_that_repeat():
    header, part = labelled_part({"who is it": NAMES, "no": [f"{i}" for i in range(20)], "size": LENGTHS})
    assert header[guess_label(header, part)] == "who is it"
    header, part = labelled_part({"one": NAMES, "other": NAMES})
    assert guess_label(header, part) is None


def test_genus_and_epithet_in_two_columns_are_seen():
    header, part = labelled_part({"Genus": ["Iris"] * 20, "species": ["setosa", "virginica"] * 10})
    assert guess_genus(header, part, 1) == 0
    header, part = labelled_part({"Genus": ["Iris"] * 20, "species": NAMES})
    assert guess_genus(header, part, 1) is None


def test_populations_and_catalogue_numbers():
    header, part = labelled_part(
        columns(ID=[f"a{i}" for i in range(20)], Population=["bog", "wall"] * 10, site=["x", "y"] * 10)
    )
    assert header[guess_group(header, part, {0})] == "Population"
    assert header[guess_id(header, part, {0})] == "ID"


@pytest.mark.parametrize(
    ("header", "cells", "fault"),
    [
        ("petal width (mm)", [f"{5 + (3 * i) % 7 / 10}" for i in range(20)], ""),
        ("ovule number", ["2", "4", "6", "8"] * 5, ""),
        ("flower length", [f"{30 + (3 * i) % 7}" for i in range(20)], ""),
        ("constant", ["5.0"] * 20, "constant"),
        ("Collection_Number", [f"{(i * 37) % 101}" for i in range(20)], "number"),
        ("year", ["1999", "2003"] * 10, "place or time"),
        ("Elev_(ft.)", [f"{4000 + (i * 37) % 101}" for i in range(20)], "place or time"),
        ("counter", [f"{i + 5}" for i in range(20)], "running"),
        ("kind", ["1"] * 10 + ["2"] * 10, "code"),
        ("petal length (cm)", [f"{float(x) / 10:.3f}" for x in LENGTHS], "copy"),
        ("half", ["5.1", "4.1", "many"] * 6 + ["3", "2"], "text"),
    ],
)
def test_numbers_are_measurements_unless_they_are_something_else(header, cells, fault):
    assert faults(**{header: cells})[header] == fault


def test_texts_dates_and_empty_columns_are_no_numbers():
    assert set(faults(colour=["blue"] * 20, date=["3-May"] * 20, empty=[""] * 20)) == {"petal length (mm)"}


def test_ranges_are_seen_and_read_on_request():
    header, part = labelled_part(columns(style=["4-5", "5-6"] * 10))
    assert range_columns(header, part, "", {0}) == ("style",)
    found = number_columns(header, part, "", np.repeat([0, 1], 10), {0}, middle_of_ranges=True)
    assert [header[c.column] for c in found] == ["petal length (mm)", "style"]


def test_a_column_that_tells_all_species_apart():
    assert separates(np.array([1.0, 2.0, np.nan, 5.0, 6.0]), np.array([0, 0, 0, 1, 1]))
    assert not separates(np.array([1.0, 5.5, 5.0, 6.0]), np.array([0, 0, 1, 1]))
    assert not separates(np.array([1.0, 5.0, 5.0, 6.0]), np.array([0, 0, 1, 1]))


def _faults(columns, species):
    header, part = labelled_part({name: [str(cell) for cell in cells] for name, cells in columns.items()})
    return {header[c.column]: c.fault for c in number_columns(header, part, ".", np.asarray(species), set())}


def test_columns_made_of_the_label_are_codes_whatever_their_name():
    species = np.repeat([0, 1, 2], 20)
    marks = {f"d{j}": (species == j).astype(int) for j in range(3)}
    faults = _faults({**marks, "hairs": np.tile([0, 1], 30)}, species)
    assert faults == {"d0": "code", "d1": "code", "d2": "code", "hairs": ""}


@pytest.mark.parametrize("header", ["V1", "Unnamed: 0", "whatever", "lfd. Nr.", "OBJECTID"])
@pytest.mark.parametrize("rows", [12, 150])
def test_row_numbers_in_any_order_and_under_any_header_are_no_measurement(header, rows):
    numbers = np.random.default_rng(1).permutation(rows) + 1
    assert _faults({header: numbers, "length": np.linspace(1, 2, rows)}, np.arange(rows) % 2)[header] != ""


@given(st.lists(st.integers(1, 30), min_size=20, max_size=60))
def test_counts_of_parts_stay_measurements(counts):
    if len(set(counts)) > 1 and len(set(counts)) < len(counts):
        assert _faults({"stamens": counts}, np.zeros(len(counts), int))["stamens"] in ("", "running")


@pytest.mark.parametrize(
    "header",
    [
        "LatN",
        "Geo_LongDegree",
        "Hochwert",
        "POINT_X",
        "asl",
        "m a.s.l.",
        "Höhe ü. NN",
        "Latitud",
        "широта",
        "GPS Lat (WGS84)",
        "Breitengrad",
    ],
)
def test_coordinates_in_any_spelling_are_no_characters(header):
    rng = np.random.default_rng(2)
    assert _faults({header: rng.normal(48, 1, 40).round(4)}, np.arange(40) % 2)[header] == "place or time"


@pytest.mark.parametrize(
    "header", ["leaf length", "leaf long", "latex amount", "long axis", "petal lat", "elongation", "Breite"]
)
def test_lengths_and_widths_are_no_coordinates(header):
    rng = np.random.default_rng(2)
    assert _faults({header: rng.normal(48, 1, 40).round(4)}, np.arange(40) % 2)[header] == ""


def test_columns_that_have_one_value_for_each_place_are_found_by_what_they_hold():
    rng = np.random.default_rng(3)
    site = rng.integers(0, 6, 60)
    faults = _faults(
        {
            "site": [f"s{i}" for i in site],
            "one": (9 + site * 7.77).round(2),
            "two": (site * site * 3.3).round(2),
            "length": rng.normal(5, 1, 60).round(2),
        },
        rng.integers(0, 2, 60),
    )
    assert faults == {"one": "place or time", "two": "place or time", "length": ""}


def test_a_numbered_series_is_never_parted():
    rng = np.random.default_rng(4)
    header = [f"{axis}{i}" for axis in "xyn" for i in range(1, 16)]
    assert set(numbered_series(header)) == set(header)
    faults = _faults({name: rng.normal(5, 1, 40).round(3) for name in header}, np.arange(40) % 2)
    assert set(faults.values()) == {""}
    assert numbered_series(("x1", "x2", "a3")) == frozenset()


def test_what_an_earlier_batch_added_is_never_learned_from():
    faults = _faults(
        {"flora_probability": np.linspace(0.5, 1, 20), "length": np.linspace(1, 2, 20) ** 2}, np.arange(20) % 2
    )
    assert faults == {"flora_probability": "own", "length": ""}
    assert is_own("FLORA_id")
    assert not is_own("florets")
