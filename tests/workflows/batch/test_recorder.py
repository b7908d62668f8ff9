"""What a table leaves in the database: as it was typed, and who gathered each plant and where."""

import io
import json

import pyarrow as pa
import pytest
from dwca.read import DwCAReader
from hypothesis import given
from hypothesis import strategies as st

from flora_core.storage.records.samples import Samples
from flora_core.workflows.batch import BatchRequest, plan_batch, run_batch
from flora_core.workflows.batch.recorder import _json_texts
from flora_core.workflows.batch.sinks import DarwinCoreSink
from flora_core.workflows.determine.slips import slip_page
from tests.builders import table_text

letters = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


@given(st.lists(st.tuples(letters, letters), max_size=5))
def test_what_was_typed_is_written_as_json_writes_it(rows):
    cells = [pa.array([row[i] for row in rows], pa.string()) for i in range(2)]
    assert [json.loads(text) for text in _json_texts(cells).to_pylist()] == [list(row) for row in rows]


HEADED = ["catalogNumber", "recordedBy", "Locality", "sepal_length", "sepal_width", "petal_length", "petal_width"]
GATHERED = [
    ["1", " Ada ", "north hill", "5.1", "3.5", "1.4", "0.2"],
    ["2", "", "=marsh", "6.0", "2.7", "4.9", "1.6"],
    ["3", "Bo" * 200, "", "6.3", "3.3", "6.0", "2.5"],
]


@pytest.fixture
def gathered(either):
    """A table that says row by row who gathered each plant and where; recorded on SQLite and on PostgreSQL."""
    stream = io.BytesIO(table_text(GATHERED, HEADED).encode())
    understood = plan_batch(either, stream, BatchRequest(study="iris", name="field.csv"))
    archive = io.BytesIO()
    sink = DarwinCoreSink(archive, understood)
    summary = run_batch(either, stream, understood, sinks=[sink], record=True, by="Cy", collector="Cy", site="garden")
    sink.close()
    return either, summary, archive


def test_each_row_says_who_gathered_the_plant_and_where_and_the_table_where_it_does_not(gathered):
    context, summary, _ = gathered
    assert "Read row by row: who gathered each plant from 'recordedBy' and where from 'Locality'." in summary.notes
    of = {one.plant.catalogue_number: (one.collector, one.site) for one in context.records.newest("iris")}
    assert of["1"] == ("Ada", "north hill")
    assert of["2"][0] == "Cy"
    assert of["2"][1].startswith("=marsh")
    assert of["3"] == ("Bo" * 100, "garden")
    sample = Samples(context.database).systematic("iris", 1)
    assert sorted(zip(sample.collectors, sample.sites, strict=True)) == sorted(of.values())


def test_a_slip_and_an_archive_bear_the_collector(gathered, tmp_path):
    context, _, archive = gathered
    first = next(one for one in context.records.newest("iris") if one.plant.catalogue_number == "1")
    assert "north hill, leg. Ada" in slip_page(context, (first,))
    (tmp_path / "dwc.zip").write_bytes(archive.getvalue())
    with DwCAReader(str(tmp_path / "dwc.zip")) as reader:
        rows = [row.data for row in reader]
    assert [row["http://rs.tdwg.org/dwc/terms/recordedBy"] for row in rows] == ["Ada", "", "Bo" * 100]
    assert rows[0]["http://rs.tdwg.org/dwc/terms/locality"] == "north hill"
    assert rows[1]["http://rs.tdwg.org/dwc/terms/locality"].startswith("'=marsh")
