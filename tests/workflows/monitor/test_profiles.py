"""What is recorded through any door is counted once, as it was recorded; and can be counted again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import update

from flora_core import cli
from flora_core.monitoring.profiles.profile import Profile
from flora_core.storage.schema import profiles, recordings
from flora_core.workflows.context import AppContext
from flora_core.workflows.identify import identify, record
from flora_core.workflows.monitor.profiles import day_profiles, rebuild, recount
from tests.builders import FLOWERS, run_table, table_text, typed_flower


def only_day(context: AppContext) -> Profile:
    ((day,), missing) = day_profiles(context, "iris")
    assert missing == ()
    return day.profile


def test_plants_of_the_form_and_of_tables_are_counted_as_they_were_recorded(context: AppContext) -> None:
    record(context, [identify(context, "iris", typed_flower(petal_width=""))], by="Ada", door="page")
    run_table(context, table_text([*FLOWERS, ["x", "5.1", "", "1.43", "0.2"], ["bad", "", "", "", ""]]), record=True)
    profile = only_day(context)
    assert (profile.plants, profile.rows, profile.refused, profile.incomplete) == (6, 7, 1, 2)
    (found,) = recount(context, "iris")
    assert (found.version, found.plants, found.days, found.differing) == (1, 6, 1, ())


def test_plants_that_are_not_recorded_are_not_counted(context: AppContext) -> None:
    identify(context, "iris", typed_flower())
    run_table(context, table_text())
    assert day_profiles(context, "iris") == ((), ())


def test_what_an_older_program_recorded_is_counted_before_it_is_read(context: AppContext) -> None:
    run_table(context, table_text(), record=True)
    before = only_day(context).as_document()
    with context.database.write() as connection:
        connection.execute(update(recordings).values(profiled=False))
        connection.execute(update(profiles).values(document=""))
    assert only_day(context).as_document() == before


def test_profiles_of_another_format_are_made_again_when_they_are_read(context: AppContext) -> None:
    run_table(context, table_text(), record=True)
    before = only_day(context).as_document()
    with context.database.write() as connection:
        connection.execute(update(profiles).values(document='{"format": 0, "bins": "of an older program"}'))
    assert only_day(context).as_document() == before


def test_identifications_of_a_version_that_can_t_be_opened_are_said(context: AppContext, tmp_path: Path) -> None:
    run_table(context, table_text(), record=True)
    with context.database.write() as connection:
        connection.execute(update(recordings).values(profiled=False))
        connection.execute(update(profiles).values(document=""))
    context._loaded.clear()
    for file in (tmp_path / "context" / "models" / "iris").rglob("*.joblib"):
        file.unlink()
    found, (missing,) = day_profiles(context, "iris")
    assert found == ()
    assert (missing.version, missing.plants) == (1, 4)
    assert missing.why


def test_rebuilding_gives_the_same(context: AppContext) -> None:
    run_table(context, table_text(), record=True)
    before = only_day(context).as_document()
    assert rebuild(context, "iris") == 4
    assert only_day(context).as_document() == before


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str]:
    monkeypatch.setattr("sys.argv", ["flora", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0), capsys.readouterr().out


def test_the_command_checks_and_rebuilds(
    context: AppContext, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLORA_DATABASE_URL", context.settings.database_url)
    monkeypatch.setenv("FLORA_MODELS", str(context.settings.models))
    assert run(capsys, monkeypatch, "profiles", "check") == (0, "Nothing was recorded in iris yet.\n")
    run_table(context, table_text(), record=True)
    assert run(capsys, monkeypatch, "profiles", "check") == (
        0,
        "iris v1: 4 plants on 1 day; profiles and records are the same.\n",
    )
    with context.database.write() as connection:
        row = connection.execute(profiles.select()).one()
        document = json.loads(row.document)
        document["plants"][0] += 1
        connection.execute(update(profiles).values(document=json.dumps(document)))
    code, said = run(capsys, monkeypatch, "profiles", "check")
    assert code == 3
    assert f"differ on {row.day}; run profiles rebuild" in said
    assert run(capsys, monkeypatch, "profiles", "rebuild") == (0, "Counted 4 recorded plants of iris again.\n")
    assert run(capsys, monkeypatch, "profiles", "check", "--json")[0] == 0
