"""Columns of collectors and sites, as herbaria of several countries head them."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flora_core.tables.columns.provenance import Provenance, provenance_columns, provenance_texts


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (["no", "recordedBy", "locality"], Provenance(1, 2)),
        (["Sammler", "Fundort"], Provenance(0, 1)),
        (["Leg.", "Collector", "Site"], Provenance(0, 2)),
        (["Récolteur", "Localité"], Provenance(0, 1)),
        (["petal length", "species"], Provenance()),
        (["site_name", "collected by"], Provenance(1, 0)),
        (["identifiedBy", "population"], Provenance()),
        ([], Provenance()),
    ],
)
def test_the_first_column_of_each_kind_is_found(header, found):
    assert provenance_columns(header, {None}) == found


def test_a_column_that_is_read_for_something_else_is_none():
    assert provenance_columns(["site", "location"], {0}) == Provenance(None, 1)


@given(st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"])), max_size=6))
def test_cells_are_names_or_nothing(cells):
    found = provenance_texts(pa.array(cells, pa.string())).to_pylist()
    assert [name is None for name in found] == [not (cell or "").strip() for cell in cells]
    assert all(len(name) <= 200 for name in found if name)
