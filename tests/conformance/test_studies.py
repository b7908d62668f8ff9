"""Every shared dataset becomes a study with nothing said but its column of names, trains, and names its own plants."""

import json

import numpy as np
import pytest

from flora_core.tables.columns.measurements import slug
from flora_core.workflows.identify import identify_with
from flora_core.workflows.studies import Choices, create, propose
from tests.servers import SHARED

NAMES = ("wheat_seeds", "rice_cammeo_osmancik", "leaf_uci", "dry_bean", "physaria_herbarium")


def proposed(context, name):
    about = json.loads((SHARED / "datasets" / "manifest.json").read_text())[name]
    with (SHARED / "datasets" / about["file"]).open("rb") as stream:
        return about, propose(context, stream, about["file"], Choices(study=name))


@pytest.mark.parametrize("name", NAMES)
def test_a_shared_table_is_proposed_as_its_manifest_has_it(context, name):
    about, found = proposed(context, name)
    assert found.refusals == ()
    assert found.label == about["target"]
    assert found.group == ""
    assert list(found.measured) == about["features"]
    assert found.plants.table.plants == about["class_counts"]
    assert len(found.plants.species) == about["rows"]
    assert np.isnan(found.plants.values).sum() == about["missing"]
    assert found.alike == ()
    for m, header in zip(found.study.measurements, about["features"], strict=True):
        assert header.lower().startswith(m.name)
        assert (
            m.unit == {"mm2": "mm²"}.get(header.split("_")[-1], header.split("_")[-1]) or not m.unit or "_mid" in header
        )
        assert slug(m.label) == m.name
    outside = sum(
        int(((column < m.low) | (column > m.high)).sum())
        for m, column in zip(found.study.measurements, found.plants.values.T, strict=True)
    )
    assert outside <= 1


@pytest.mark.parametrize("name", ["wheat_seeds", "rice_cammeo_osmancik", "leaf_uci"])
def test_a_study_of_it_names_its_own_plants(context, name):
    from flora_core.learning.training import train

    _, found = proposed(context, name)
    study = create(context, found, "Ada").study
    model = train(study, context.studies.plants(study), algorithm="lda")
    rows = np.linspace(0, len(found.plants.species) - 1, 40).round().astype(int)
    right = 0
    for i in rows:
        typed = {n: repr(float(v)) for n, v in zip(study.names, found.plants.values[i], strict=True) if not np.isnan(v)}
        given = identify_with(model, typed)
        right += study.species_names[int(found.plants.species[i])] in given.answer.prediction_set
    assert right >= 33
