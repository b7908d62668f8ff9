"""The command monitor: its words, its document, its exit codes; and the API's route, which says the same."""

from __future__ import annotations

import json

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from flora_core import cli
from flora_core.api.mount import routes
from flora_core.workflows.context import AppContext
from tests.workflows.monitor.seasons import flowers, record_flowers


@pytest.fixture
def run(context: AppContext, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setenv("FLORA_DATABASE_URL", context.settings.database_url)
    monkeypatch.setenv("FLORA_MODELS", str(context.settings.models))

    def command(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["flora", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return command


JUNE = ("--since", "2026-06-01", "--until", "2026-06-07")


def test_ordinary_plants_exit_0_and_the_verdict_stands_first(context: AppContext, run) -> None:
    record_flowers(context, flowers(context.champion("iris"), 40, seed=1)[0], 0)
    code, out, _ = run("monitor", *JUNE)
    assert code == 0
    lines = out.splitlines()
    assert lines[0].startswith("GREEN: The last 40 flowers look like the training flowers")
    assert lines[-1].split()[:5] == ["1", "to", "7", "June", "2026"]
    assert lines[-1].endswith("green")


def test_a_red_verdict_exits_3_and_says_why(context: AppContext, run) -> None:
    record_flowers(context, flowers(context.champion("iris"), 40, seed=1)[0] + np.array([1.0, 0, 0, 0]), 0)
    code, out, _ = run("monitor", *JUNE)
    assert code == 3
    assert out.startswith("RED: ")
    code, out, _ = run("monitor", *JUNE, "--json")
    assert code == 3
    assert json.loads(out)["verdict"] == "red"


def test_nothing_recorded_is_too_few(run) -> None:
    code, out, _ = run("monitor", "--json")
    document = json.loads(out)
    assert (code, document["verdict"], document["drift"]) == (0, "too few", [])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--window", "year"), "A window can't be 'year'; it is a day, a week or a month."),
        (("--since", "June"), "'June' is no day; write it like 2026-06-30."),
        (
            ("--since", "2026-06-09", "--until", "2026-06-01"),
            "The first day, 2026-06-09, lies after the last, 2026-06-01; change them round.",
        ),
        (("--study", "roses"), "There is no study 'roses'"),
    ],
)
def test_what_can_t_be_asked_is_refused_in_one_line(run, arguments: tuple[str, ...], said: str) -> None:
    code, out, err = run("monitor", *arguments)
    assert (code, out) == (1, "")
    assert said in err
    assert len(err.strip().splitlines()) == 1


class Door:
    def __init__(self, context: AppContext) -> None:
        self._context = context

    def context(self) -> AppContext:
        return self._context

    def doing(self) -> str:
        return ""


def test_the_api_says_the_same_as_the_command(context: AppContext, run) -> None:
    record_flowers(context, flowers(context.champion("iris"), 40, seed=1)[0], 0)
    client = TestClient(Starlette(routes=routes(Door(context))))
    answer = client.get("/api/v1/monitor?since=2026-06-01&until=2026-06-07")
    assert answer.status_code == 200
    assert answer.json() == json.loads(run("monitor", *JUNE, "--json")[1])
    assert client.get("/api/v1/monitor?window=year").status_code == 422
    assert client.get("/api/v1/monitor?study=roses").status_code == 404
