"""A bounded sample is even: of a table that is sorted by species, and of plants that were recorded one by one."""

import dataclasses

import numpy as np
import pytest

from flora_core.storage.records.samples import Samples
from tests.storage.records.test_identifications import PLANT, record, records  # noqa: F401

KINDS = ((0,), (1,), (2,))


def plants(count):
    """A table sorted by species."""
    return [
        dataclasses.replace(
            PLANT, row=2 + i, species=3 * i // count, possible=KINDS[3 * i // count], catalogue_number=None
        )
        for i in range(count)
    ]


def of(records):  # noqa: F811
    return Samples(records._database)


def test_all_plants_where_they_are_few(records):  # noqa: F811
    record(records, *plants(30), collector="Ada", site="Shore", source="t.csv")
    found = of(records).systematic("iris", 1, most=30)
    assert len(found) == 30
    assert np.isnan(found.values[0, 1])
    assert (set(found.collectors), set(found.sites), set(found.sources)) == ({"Ada"}, {"Shore"}, {"t.csv"})
    assert len(of(records).systematic("iris", 2)) == len(of(records).systematic("rosa", 1)) == 0


@pytest.mark.parametrize("most", [30, 100, 299])
def test_a_sorted_table_gives_each_species_its_share(records, most):  # noqa: F811
    record(records, *plants(300))
    found = of(records).systematic("iris", 1, most=most)
    counts = np.bincount(found.species, minlength=3)
    assert most / 2 <= len(found) <= most
    assert counts.max() - counts.min() <= 1
    assert (found.species == of(records).systematic("iris", 1, most=most).species).all()


def test_plants_recorded_one_by_one_are_sampled_evenly_too(records):  # noqa: F811
    for plant in plants(60):
        record(records, dataclasses.replace(plant, row=1))
    found = of(records).systematic("iris", 1, most=20)
    assert np.bincount(found.species, minlength=3).tolist() == pytest.approx([20 / 3] * 3, abs=1)
