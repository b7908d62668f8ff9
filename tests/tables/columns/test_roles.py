import numpy as np
import pytest

from flora_core.tables.columns.roles import (
    guess_genus,
    guess_group,
    guess_id,
    guess_label,
    number_columns,
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
