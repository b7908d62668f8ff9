"""`batch` as a newcomer would type it, in a process of its own; and what is left when that process is killed."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from dwca.read import DwCAReader
from openpyxl import load_workbook

from flora_core.cli import main
from flora_core.tables.files.reading import read_layout
from tests.builders import FLOWERS, HEADER, table_text, workbook
from tests.servers import ROOT

SPECIES = ["Iris setosa", "Iris setosa", "Iris versicolor", "Iris virginica"]


@pytest.fixture
def environment(context):
    return {
        **os.environ,
        "FLORA_DATABASE_URL": f"sqlite:///{context.database.path}",
        "FLORA_MODELS": str(context.settings.models),
    }


@pytest.fixture
def batch(environment, tmp_path):
    """Runs `batch` in the folder of the test."""

    def run(*words):
        return subprocess.run(
            [sys.executable, "-W", "error", "-m", "flora_core", "batch", *map(str, words)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            env={**environment, "PYTHONPATH": str(ROOT)},
        )

    return run


@pytest.fixture
def here(environment, tmp_path, monkeypatch, capsys):
    """Runs `batch` in this process, which is much quicker: (exit code, stdout, stderr)."""

    def run(*words):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["flora", "batch", *map(str, words)])
        for name in ("FLORA_DATABASE_URL", "FLORA_MODELS"):
            monkeypatch.setenv(name, environment[name])
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code, *capsys.readouterr()

    return run


@pytest.fixture
def document(here):
    """The JSON that `batch` prints."""

    def run(*words):
        code, said, complained = here(*words, "--json")
        assert code == 0, complained
        return json.loads(said)

    return run


@pytest.fixture
def flowers(tmp_path):
    path = tmp_path / "flowers.csv"
    path.write_text(table_text([*FLOWERS, ["a5", "x", "3.5", "1.4", "0.2"]]))
    return path


def rows_of(path):
    return list(csv.DictReader(io.StringIO(path.read_text(), newline="")))


def test_a_table_in_words(batch, flowers, tmp_path):
    done = batch("flowers.csv", "--by", "Ada")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "5 rows: 4 identified, 1 not. Iris setosa 2, Iris versicolor 1 and Iris virginica 1.",
        "  sepal length is sepal_length",
        "  sepal width is sepal_width",
        "  petal length is petal_length",
        "  petal width is petal_width",
        "  Row 6: sepal length 'x' is not a number. Write a number like 5.1, or leave the cell empty.",
        "Written to flowers-identified.csv. Recorded 4.",
    ]
    assert "flowers.csv: 100 %, 5 rows" in done.stderr
    assert [row["flora_species"] for row in rows_of(tmp_path / "flowers-identified.csv")] == [*SPECIES, ""]
    # A second result does not take the place of the first.
    assert "Written to flowers-identified-2.csv" in batch("flowers.csv", "--by", "Ada").stdout


def test_a_table_as_a_document_and_nothing_else_on_stdout(batch, flowers, context):
    done = batch(flowers, "-o", "out.csv", "--json", "--by", "Ada")
    document = json.loads(done.stdout)
    assert {
        "rows",
        "identified",
        "not_identified",
        "issues",
        "mapping",
        "notes",
        "model_version",
        "output",
    } <= document.keys()
    assert (document["rows"], document["identified"], document["not_identified"], document["recorded"]) == (5, 4, 1, 4)
    assert [i["row"] for i in document["issues"]] == [6]
    assert document["output"] == "out.csv"
    assert context.records.newest("iris")[0].recording.by == "Ada"


def test_nothing_is_recorded_on_request_and_nothing_twice(document, flowers, context):
    assert document(flowers, "--no-record")["recorded"] == 0
    assert context.records.newest("iris") == ()
    assert document(flowers, "--by", "Ada")["recorded"] == 4
    again = document(flowers, "--by", "Ada")
    assert again["recorded"] == 0
    assert "This file was recorded before," in " ".join(again["notes"])
    assert document(flowers, "--by", "Ada", "--again")["recorded"] == 4


def test_columns_units_sheet_and_catalogue_numbers_are_said_and_remembered(document, tmp_path):
    rows = [["bog 1", 51, 35, 14, 2], ["bog 2", 70, 32, 47, 14]]
    (tmp_path / "t.xlsx").write_bytes(
        workbook(("notes", [["a", "b"], [1, 2]]), ("plants", [["where", "w", "x", "y", "z"], *rows]))
    )
    names = dict(zip("wxyz", ("sepal_length", "sepal_width", "petal_length", "petal_width"), strict=True))
    said = [f"--map={column}={name}" for column, name in names.items()] + [f"--unit={column}=mm" for column in names]
    first = document("t.xlsx", "--sheet", "plants", *said, "--id", "where", "--no-record")
    assert (first["mapping"], first["id_column"]) == (names, "where")
    second = document("t.xlsx", "--sheet", "plants", "--no-record")
    assert (second["mapping"], second["units"]) == (names, dict.fromkeys("wxyz", "mm"))
    assert (second["identified"], second["id_column"]) == (2, "where")


@pytest.mark.parametrize("kind", ["csv", "tsv", "xlsx"])
def test_the_result_is_written_in_the_form_its_name_says(here, flowers, tmp_path, kind):
    assert here(flowers, "-o", f"out.{kind}", "--no-record")[0] == 0
    content = (tmp_path / f"out.{kind}").read_bytes()
    if kind == "xlsx":
        sheet = load_workbook(io.BytesIO(content)).active
        assert [cell.value for cell in sheet[2]][:6] == ["a1", "5.1", "3.5", "1.4", "0.2", None]
    else:
        assert read_layout(io.BytesIO(content), "out").separator == {"csv": ",", "tsv": "\t"}[kind]


def test_issues_and_darwin_core_are_written_too(here, flowers, tmp_path):
    assert here(flowers, "-o", "out.csv", "--issues", "issues.csv", "--darwin-core", "dwc.zip", "--by", "Ada")[0] == 0
    assert [path.name for path in tmp_path.iterdir() if "unfinished" in path.name] == []
    assert rows_of(tmp_path / "issues.csv") == [
        {
            "row": "6",
            "column": "sepal length",
            "value": "x",
            "problem": "sepal length 'x' is not a number",
            "suggestion": "Write a number like 5.1, or leave the cell empty.",
        }
    ]
    with DwCAReader(str(tmp_path / "dwc.zip")) as reader:
        found = [(row.data["http://rs.tdwg.org/dwc/terms/scientificName"], len(row.extensions)) for row in reader]
    # Four measurements and an identification each; three measurements where nothing could be named.
    assert found == [*((name, 5) for name in SPECIES), ("", 3)]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["missing.csv"], "flora: missing.csv can't be read: No such file or directory."),
        (
            ["flowers.csv", "-o", "flowers.csv"],
            "flora: flowers.csv is the file that is read; choose another name for the result.",
        ),
        (
            ["flowers.csv", "-o", "out.pdf"],
            "flora: The result can't be written as .pdf; choose .csv, .tsv, .xlsx, .parquet or .arrow.",
        ),
        (
            ["flowers.csv", "-o", "no/folder/out.csv"],
            "flora: no/folder/out.csv can't be written: No such file or directory.",
        ),
        (["flowers.csv", "--map", "petal"], "flora: --map 'petal' is not COLUMN=NAME."),
        (["flowers.csv", "--unit", "petal length=ell"], "flora: 'ell' is not a unit that is known here."),
        (["flowers.csv", "--decimal", ";"], "flora: ';' is not a decimal sign; it is . or ,"),
        (
            ["flowers.csv", "--duplicates", "x"],
            "flora: --duplicates can't be 'x'; it is flag, replicate, latest, error.",
        ),
        (["flowers.csv", "--sheet", "x"], "flora: flowers.csv is a text file and has no sheets."),
        (["flowers.csv", "--change", "x"], "flora: 'x' is not a change that is known here."),
        (["flowers.csv", "--separator", "x"], "flora: 'x' can't part columns."),
        (["."], "flora: . holds several tables. Name a folder or an address for their results, with -o."),
    ],
)
def test_a_refusal_is_one_line_exit_1_and_no_file(here, flowers, tmp_path, words, line):
    before = sorted(path.name for path in tmp_path.iterdir())
    code, said, complained = here(*words, "--no-record")
    assert (code, said) == (1, "")
    assert complained.startswith(line)
    assert complained.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_wrong_usage_is_exit_2(here):
    assert here()[0] == 2
    assert here("a.csv", "--nonsense")[0] == 2


def test_a_table_may_come_through_a_pipe(environment, tmp_path):
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "flora_core",
            "batch",
            "/dev/stdin",
            "-o",
            str(tmp_path / "out.csv"),
            "--no-record",
            "--json",
        ],
        cwd=ROOT,
        env=environment,
        input=table_text().encode(),
        capture_output=True,
        timeout=120,
    )
    assert json.loads(done.stdout)["identified"] == 4, done.stderr


def test_what_lay_there_before_stays_where_a_table_can_t_be_read(here, tmp_path):
    (tmp_path / "out.csv").write_text("earlier")
    (tmp_path / "bad.csv").write_text("id,petal length,petal width\n")
    assert here("bad.csv", "-o", "out.csv")[0] == 1
    assert (tmp_path / "out.csv").read_text() == "earlier"


def test_an_earlier_result_is_replaced_whole(here, flowers, tmp_path):
    (tmp_path / "out.csv").write_text("earlier")
    assert here(flowers, "-o", "out.csv", "--no-record")[0] == 0
    assert len(rows_of(tmp_path / "out.csv")) == 5


@pytest.mark.slow
def test_killed_in_the_middle_nothing_counts_and_it_works_when_started_again(environment, tmp_path, context, batch):
    many = tmp_path / "many.csv"
    with open(many, "w") as file:
        file.write(",".join(HEADER) + "\n")
        for i in range(400_000):
            file.write(f"p{i}," + ",".join(FLOWERS[i % 4][1:]) + "\n")
    command = [sys.executable, "-m", "flora_core", "batch", str(many), "-o", str(tmp_path / "out.csv"), "--by", "Ada"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while count(context, "identifications") == 0:
        assert time.monotonic() < end
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert count(context, "identifications") > 0
    assert context.records.newest("iris") == ()
    assert not (tmp_path / "out.csv").exists()
    # Started again it is a first time, not a second.
    document = json.loads(batch(many, "-o", "out.csv", "--by", "Ada", "--json").stdout)
    assert (document["rows"], document["recorded"]) == (400_000, 400_000)
    assert not any("recorded before" in note for note in document["notes"])
    assert len(rows_of(tmp_path / "out.csv")) == 400_000
    # What the killed one left is swept up once it is a day old; the finished one stays.
    import datetime

    assert context.records.sweep(older_than=datetime.timedelta(0)) == 1
    assert count(context, "identifications") == 400_000


def count(context, table):
    from sqlalchemy import text

    with context.database.read() as connection:
        return connection.execute(text(f"SELECT count(*) FROM {table}")).scalar()
