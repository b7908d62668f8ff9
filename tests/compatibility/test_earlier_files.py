"""A backup, models, exports, jobs and profiles that an earlier version wrote are read, and answer as they did."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from flora_core.cli import app
from flora_core.errors import BadValues
from flora_core.model import Model
from flora_core.storage.files.backup import restore_backup
from flora_core.workflows.context import AppContext, open_context
from flora_core.workflows.determine import determine
from flora_core.workflows.identify import identify_with
from flora_core.workflows.jobs.requests import ComparisonRequest, ComparisonResult, TrainingResult
from flora_core.workflows.models.training import TrainingRequest
from flora_core.workflows.models.transfer import import_version
from tests.conftest import settings_in

DATA = Path(__file__).parent / "data"
EXPECTED = json.loads((DATA / "expected.json").read_text())
VERSIONS = sorted(map(int, EXPECTED["versions"]))


def restore(folder: Path) -> None:
    """The earlier version's backup, restored in a folder and its database brought up to date."""
    context = open_context(settings_in(folder))
    try:
        restore_backup(DATA / "backup.zip", context.database, context.registry.files)
        context.database.migrate()
    finally:
        context.close()


@pytest.fixture(scope="module")
def restored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what was restored, for tests that only read it."""
    folder = tmp_path_factory.mktemp("restored")
    restore(folder)
    return folder


@pytest.fixture
def own_copy(tmp_path: Path) -> Iterator[AppContext]:
    """The same for a test that writes to it."""
    restore(tmp_path)
    context = open_context(settings_in(tmp_path))
    yield context
    context.close()


@pytest.fixture
def earlier(restored: Path) -> Iterator[AppContext]:
    context = open_context(settings_in(restored))
    yield context
    context.close()


def assert_same(found: Any, expected: Any, where: str = "") -> None:
    """Everything that was said before is said now, numbers to 1e-9; more may be said besides."""
    if isinstance(expected, dict):
        assert isinstance(found, dict), where
        for key, value in expected.items():
            assert key in found, f"{where}.{key} is gone"
            assert_same(found[key], value, f"{where}.{key}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), where
        for i, (a, b) in enumerate(zip(found, expected, strict=True)):
            assert_same(a, b, f"{where}[{i}]")
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-9), where
    else:
        assert found == expected, where


def answer_of(model: Model, flower: dict[str, str]) -> dict[str, Any]:
    """The contract's document without its sentences, which may be worded anew."""
    try:
        found = identify_with(model, {name: text for name, text in flower.items() if text})
    except BadValues as error:
        return {"error": "BadValues", "measurements": [issue.column for issue in error.issues]}
    document = found.as_json()
    suggestion = document["did_you_mean"]
    return {**document, "misfits": list(found.misfits), "did_you_mean": suggestion and suggestion["measurements"]}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_answers_as_it_did(earlier, version):
    model = earlier.model("iris", version)
    answers = [answer_of(model, flower) for flower in EXPECTED["flowers"]]
    assert_same(answers, EXPECTED["versions"][str(version)])


def test_the_backup_holds_every_algorithm():
    assert {card["algorithm"] for card in EXPECTED["cards"].values()} == {
        "lda",
        "svm",
        "forest",
        "logistic",
        "boosting",
        "knn",
        "tree",
        "bayes",
    }


@pytest.mark.parametrize("name", sorted(EXPECTED["exports"]))
def test_an_export_is_imported_and_answers_as_it_did(own_copy, name):
    card = import_version(own_copy, "iris", (DATA / name).read_bytes(), name, by="A. Gray")
    assert card.version == len(VERSIONS) + 1
    model = own_copy.model("iris", card.version)
    answers = [{**answer_of(model, flower), "model_version": None} for flower in EXPECTED["flowers"]]
    assert_same(answers, [{**answer, "model_version": None} for answer in EXPECTED["exports"][name]])


@pytest.mark.parametrize("command", sorted(EXPECTED["commands"]))
def test_the_commands_say_what_they_said(restored, monkeypatch, command):
    monkeypatch.setenv("FLORA_DATABASE_URL", f"sqlite:///{restored}/flora.db")
    monkeypatch.setenv("FLORA_MODELS", str(restored / "models"))
    done = CliRunner().invoke(app, [*command.split(), "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    found, expected = json.loads(done.stdout), EXPECTED["commands"][command]
    for row in [row for row in expected if isinstance(row, dict)] if isinstance(expected, list) else []:
        for worded in ("what", "outcome", "why"):  # sentences for people
            row.pop(worded, None)
    assert_same(found, expected)


@pytest.mark.parametrize("version", VERSIONS)
def test_cards_are_read(earlier, version):
    card = earlier.registry.load("iris", version).card
    assert_same(json.loads(card.model_dump_json()), EXPECTED["cards"][str(version)])


def test_done_jobs_and_the_waiting_one_are_read(earlier):
    waiting, compared, trained = earlier.jobs.newest("iris")
    assert TrainingResult.model_validate_json(trained.result).version == 10
    assert TrainingRequest.model_validate_json(trained.request).algorithm == "lda"
    assert TrainingRequest.model_validate_json(waiting.request).algorithm == "bayes"
    request = ComparisonRequest.model_validate_json(compared.request)
    assert (request.champion, request.challenger) == (1, 2)
    comparison, gate = ComparisonResult.model_validate_json(compared.result).read()
    expected = EXPECTED["comparison"]
    assert comparison.overall.plants == expected["overall"]["plants"]
    assert comparison.overall.low == pytest.approx(expected["overall"]["low"], rel=1e-9)
    assert comparison.log_loss == pytest.approx(expected["log_loss"], rel=1e-9)
    assert list(gate.reasons) == expected["gate"]["reasons"]
    assert gate.passed


def test_an_equal_request_is_found_among_the_earlier_jobs(earlier):
    """The text of a request is how two are told to be one; a new field with a default would make every old one another."""
    compared = earlier.jobs.get(2)
    request = ComparisonRequest.model_validate_json(compared.request)
    found = earlier.jobs.find_identical("iris", "compare", request.model_dump_json())
    assert found is not None
    assert found.id == compared.id


def test_the_monitor_reads_the_earlier_profiles(restored, monkeypatch):
    monkeypatch.setenv("FLORA_DATABASE_URL", f"sqlite:///{restored}/flora.db")
    monkeypatch.setenv("FLORA_MODELS", str(restored / "models"))
    words = ["monitor", "--since", "2026-11-01", "--until", "2026-11-28", "--json"]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert_same(document, EXPECTED["monitor"])


def rows_of(name: str) -> list[dict[str, str]]:
    with open(DATA / name, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_identifiers_of_an_earlier_result_find_their_plants(earlier):
    rows = [row for row in rows_of("named.csv") if row["flora_id"]]
    assert len(rows) == 38  # of 39: one was refused
    for row in rows:
        record = earlier.records.get(row["flora_id"])
        names = earlier.studies.get("iris").species_names
        found = "none of these" if record.plant.species is None else names[record.plant.species]
        assert found == row["flora_species"]
        assert f"iris v{record.recording.version}" == row["flora_model"]


def test_determinations_that_were_entered_before_are_not_entered_twice(own_copy):
    for row in rows_of("determinations.csv"):
        words = {"by": row["by"], "date": row["date"], "level": row["status"], "entered_by": "A. Gray"}
        assert not determine(own_copy, "iris", row["flora_id"], row["name"], **words).added, row
