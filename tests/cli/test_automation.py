"""`report`, `retrain` and `watch` as a machine types them."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.servers import ROOT


@pytest.fixture
def flora(context):
    environment = {
        **os.environ,
        "FLORA_DATABASE_URL": f"sqlite:///{context.database.path}",
        "FLORA_MODELS": str(context.settings.models),
    }

    def run(*words, **more):
        return subprocess.run(
            [sys.executable, "-W", "error", "-m", "flora_core", *words],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=180,
            env={**environment, **more},
        )

    run.environment = environment
    return run


def test_a_report_is_written_whole_and_twice_the_same(flora, tmp_path):
    first, second = (flora("report", "-o", str(tmp_path / name), "--json") for name in ("a", "b"))
    assert first.returncode == 0, first.stderr
    document = json.loads(first.stdout)
    assert document["verdict"] == "too few"
    assert {"report.md", "report.html", "report.json", "junit.xml"} <= set(document["files"])
    assert first.stdout == second.stdout
    for name in document["files"]:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_folder_that_can_t_be_written_is_one_line(flora, tmp_path):
    (tmp_path / "file").write_text("")
    done = flora("report", "-o", str(tmp_path / "file" / "report"))
    assert done.returncode == 1
    assert done.stderr.startswith("flora: The report can't be written to ")
    assert len(done.stderr.splitlines()) == 1


def test_a_night_without_news_says_why_nothing_was_done(flora):
    done = flora("retrain", "--if-needed", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert set(document) == {"needed", "version", "promoted", "why"}
    assert (document["needed"], document["version"], document["promoted"]) == (False, None, False)
    assert document["why"].startswith("Not needed: the verdict is too few")


def test_a_look_says_what_it_saw(flora):
    done = flora("watch", "--once")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "Too few plants to say; the verdict before stands.\n"


def test_wrong_settings_are_one_line_with_an_exit_code(flora):
    for words, setting, said in (
        (("watch", "--once"), {"FLORA_ALERTS": "nonsense"}, "FLORA_ALERTS: address 1 of 1 can't be read"),
        (
            ("retrain",),
            {"FLORA_DATABSE_URL": "x"},
            "FLORA_DATABSE_URL is not a setting. Did you mean FLORA_DATABASE_URL?",
        ),
        (("watch", "--retrain-at", "25:00"), {}, "--retrain-at '25:00' is no time of day"),
    ):
        done = flora(*words, **setting)
        assert done.returncode == 1, (words, done.stdout)
        assert said in done.stderr
        assert "Traceback" not in done.stderr


def test_the_watch_ends_cleanly_when_it_is_told_to(flora):
    process = subprocess.Popen(
        [sys.executable, "-m", "flora_core", "watch"],
        cwd=ROOT,
        text=True,
        stderr=subprocess.PIPE,
        env={**flora.environment, "FLORA_LOG": "json"},
    )
    line = ""
    end = time.monotonic() + 60
    while "before stands" not in line and time.monotonic() < end:
        line = process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    _, rest = process.communicate(timeout=60)
    assert json.loads(line)["verdict"] == "too few"
    assert json.loads(rest.splitlines()[-1])["message"] == "stopped"
    assert process.returncode == 0
