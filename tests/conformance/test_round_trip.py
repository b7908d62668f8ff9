"""A study finds each of its columns in the very table it was made from, whatever they are called."""

import io

import pytest

from flora_core.tables.columns.matching import guess_columns
from flora_core.workflows.batch import BatchRequest, plan_batch, run_batch
from flora_core.workflows.models.training import train_version
from flora_core.workflows.studies import Choices, create, propose
from tests.conformance.datasets import DATASETS, UPLOADS, manifest
from tests.servers import SHARED

TABLES = [*DATASETS.glob("*.csv"), *UPLOADS.glob("*"), *(SHARED / "cases").glob("*.*")] if SHARED.exists() else []
LABELS = {facts["file"]: facts["target"] for facts in manifest().values()} if SHARED.exists() else {}


def proposed(context, path):
    said = Choices(study="again", label=LABELS.get(path.name))
    return propose(context, io.BytesIO(path.read_bytes()), path.name, said)


@pytest.mark.parametrize("path", TABLES, ids=[path.name for path in TABLES])
def test_every_column_of_the_training_table_is_found_again(context, path):
    if path.suffix == ".md":
        return
    found = proposed(context, path)
    if found.study is None:
        assert found.refusals
        return
    guessed = guess_columns(found.study, found.layout.header, found.layout.preview, found.layout.decimal)
    assert {found.layout.header[a.column]: a.measurement for a in guessed.assigned} == dict(
        zip(found.measured, found.study.names, strict=True)
    )
    assert [a.unit for a in guessed.assigned] == [m.unit for m in found.study.measurements]


@pytest.mark.parametrize("name", ["wheat_seeds.csv", "physaria_herbarium.csv"])
def test_a_batch_of_the_training_table_names_its_plants_by_all_columns(context, name):
    path = DATASETS / name
    view = create(context, proposed(context, path), "Eva")
    version = train_version(context, "again", algorithm="lda", by="Eva").version
    context.registry.promote("again", version, by="Eva", why="the only one")
    stream = io.BytesIO(path.read_bytes())
    plan = plan_batch(context, stream, BatchRequest(study="again", name=name))
    assert plan.without is None
    assert set(plan.mapping.values()) == set(view.study.names)
    summary = run_batch(context, stream, plan, record=False)
    assert summary.identified >= sum(view.plants.values())
