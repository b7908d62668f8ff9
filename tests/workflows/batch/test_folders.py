"""Tables in a folder or bucket: each part as the table alone, the whole as its parts, and nothing done twice."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from flora_core.errors import Refused
from flora_core.storage.files.object_files import files_below
from flora_core.workflows.batch import BatchRequest, plan_batch, run_batch
from flora_core.workflows.batch.folders import FolderJob, name_folder
from flora_core.workflows.batch.sinks import TableSink
from tests.builders import FLOWERS, table_text
from tests.servers import ROOT

IRIS = BatchRequest(study="iris", name="")


def rows(*places):
    return [FLOWERS[i % len(FLOWERS)] for i in places]


@pytest.fixture(params=["folder", "bucket"])
def place(request, tmp_path):
    return str(tmp_path / "tables") if request.param == "folder" else request.getfixturevalue("bucket")


def filled(place):
    """Three tables below an address, one of them Parquet, and a file that is none."""
    below = files_below(f"{place}/in")
    for name, places in (("a.csv", (0, 1)), ("2026/b.csv", (2, 3, 0))):
        below.put(name, io.BytesIO(table_text(rows(*places)).encode()))
    table = pyarrow.csv.read_csv(io.BytesIO(table_text(rows(1, 2)).encode()))
    stream = io.BytesIO()
    pq.write_table(table, stream)
    below.put("c.parquet", stream)
    below.put("notes.md", io.BytesIO(b"nothing"))
    return FolderJob(f"{place}/in", f"{place}/out", IRIS)


def read(place, name):
    with files_below(f"{place}/out").open(name) as stream:
        return stream.read()


def test_every_part_is_named_as_alone_and_the_counts_add_up(context, place):
    job = filled(place)
    found = name_folder(context, job)
    assert (found.parts, found.earlier, found.rows, found.identified, found.failed) == (3, 0, 7, 7, {})
    assert found.sentence == "3 parts, 7 rows: 7 identified, 0 not."
    alone = io.BytesIO()
    stream = io.BytesIO(table_text(rows(2, 3, 0)).encode())
    understood = plan_batch(context, stream, replace(IRIS, name="b.csv"))
    sink = TableSink(alone, "csv", understood)
    run_batch(context, stream, understood, sinks=[sink], record=False)
    sink.close()
    assert read(place, "2026/b.csv") == alone.getvalue()
    named = pq.read_table(io.BytesIO(read(place, "c.parquet")))
    assert named.num_rows == 2
    assert str(named.schema.field("flora_probability").type) == "double"
    summary = json.loads(read(place, "_flora/summary.json"))
    assert (summary["rows"], sum(summary["species"].values())) == (7, 7)


def test_the_merged_profile_is_that_of_one_table(context, tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    files_below(str(whole)).put("t.csv", io.BytesIO(table_text(rows(0, 1, 2, 3)).encode()))
    for i in range(4):
        files_below(str(parts)).put(f"{i}.csv", io.BytesIO(table_text(rows(i)).encode()))
    one = name_folder(context, FolderJob(str(whole), str(tmp_path / "one"), IRIS))
    four = name_folder(context, FolderJob(str(parts), str(tmp_path / "four"), IRIS, processes=2))
    assert one.profile == four.profile
    assert one.species == four.species


def test_what_was_done_is_not_done_again_and_what_changed_is(context, place):
    job = filled(place)
    name_folder(context, job)
    before = {f.name: f.mark for f in files_below(f"{place}/out").files()}
    again = name_folder(context, job)
    assert (again.parts, again.earlier, again.rows) == (3, 3, 7)
    after = {f.name: f.mark for f in files_below(f"{place}/out").files()}
    assert {n: m for n, m in after.items() if "summary" not in n and "issues" not in n} == {
        n: m for n, m in before.items() if "summary" not in n and "issues" not in n
    }
    files_below(f"{place}/in").put("a.csv", io.BytesIO(table_text(rows(0, 1, 2, 3)).encode()))
    assert (name_folder(context, job).earlier, name_folder(context, job).rows) == (2, 9)
    other = replace(job, request=replace(IRIS, middle_of_ranges=True))
    assert name_folder(context, other).earlier == 0


def test_a_part_that_is_no_table_is_said_and_the_others_are_named(context, tmp_path):
    job = filled(str(tmp_path))
    files_below(job.source).put("bad.csv", io.BytesIO(b"x,y\n1,2\n"))
    found = name_folder(context, job)
    assert (found.parts, found.rows) == (3, 7)
    assert list(found.failed) == ["bad.csv"]
    assert "No column of this file was recognised" in found.failed["bad.csv"]
    assert found.sentence.endswith("1 part could not be named.")


def test_issues_of_all_parts_stand_in_one_table(context, tmp_path):
    below = files_below(str(tmp_path / "in"))
    below.put("a.csv", io.BytesIO(table_text([("x", 5.1, 3.5, 1.4, "?")]).encode()))
    below.put("b.csv", io.BytesIO(table_text([*FLOWERS, ["y", "5.1", "=A1*2", "1.4", "0.2"]]).encode()))
    name_folder(context, FolderJob(str(tmp_path / "in"), str(tmp_path / "out"), IRIS))
    lines = (tmp_path / "out" / "_flora" / "issues.csv").read_text().splitlines()
    assert lines[0] == "part,row,column,value,problem,suggestion"
    assert {line.split(",")[0] for line in lines[1:]} <= {"a.csv", "b.csv"}
    assert any("'=A1*2" in line for line in lines)


def test_a_pattern_chooses(context, tmp_path):
    job = filled(str(tmp_path))
    assert name_folder(context, replace(job, source=f"{job.source}/*.parquet")).parts == 1
    assert name_folder(context, replace(job, source=f"{job.source}/2026/*", target=f"{job.target}2")).rows == 3


def test_what_can_t_be_done_is_refused_before_anything_is(context, tmp_path):
    job = filled(str(tmp_path))
    with pytest.raises(Refused, match="can't go among the tables"):
        name_folder(context, replace(job, target=job.source))
    with pytest.raises(Refused, match="There is no table at"):
        name_folder(context, replace(job, source=f"{job.source}/*.xlsx"))
    files_below(job.source).put("a.txt", io.BytesIO(table_text(FLOWERS).encode()))
    with pytest.raises(Refused, match=r"would both become a\.csv"):
        name_folder(context, job)
    assert not (tmp_path / "out").exists()


def test_identifications_are_recorded_once_however_often_it_runs(either, tmp_path):
    job = replace(filled(str(tmp_path)), record=True)
    assert name_folder(either, job, by="Ada").recorded == 7
    assert name_folder(either, job, by="Ada").earlier == 3
    (tmp_path / "out" / "_flora" / "parts" / "a.csv.json").unlink()
    name_folder(either, job, by="Ada")
    assert len(either.records.newest("iris", 100)) == 7


@pytest.mark.slow
def test_a_run_that_is_killed_is_ended_by_the_next_one(context, tmp_path):
    below = files_below(str(tmp_path / "in"))
    for i in range(12):
        below.put(
            f"{i:02}.csv", io.BytesIO(table_text([[f"{i}-{k}", *FLOWERS[k % 4][1:]] for k in range(400)]).encode())
        )
    environment = {
        **os.environ,
        "FLORA_DATABASE_URL": context.settings.database_url,
        "FLORA_MODELS": str(context.settings.models),
    }
    words = [sys.executable, "-m", "flora_core", "batch", "in", "-o", "out", "--by", "Ada"]
    run = subprocess.Popen(words, cwd=tmp_path, env={**environment, "PYTHONPATH": str(ROOT)}, start_new_session=True)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and len(list(tmp_path.glob("out/_flora/parts/*"))) < 3:
        time.sleep(0.05)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    job = FolderJob(str(tmp_path / "in"), str(tmp_path / "out"), IRIS, record=True)
    found = name_folder(context, replace(job, source=str(tmp_path / "in")), by="Ada")
    assert (found.parts, found.rows) == (12, 4800)
    assert len(context.records.newest("iris", 10_000)) == 4800
    assert sorted(p.name for p in (tmp_path / "out").glob("*.csv")) == [f"{i:02}.csv" for i in range(12)]
