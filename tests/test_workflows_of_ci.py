"""The files of GitHub Actions: least rights, pinned actions, and only commands that a person can run here."""

import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml
from typer.main import get_command

from flora_core.cli import app
from tests.servers import ROOT

FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def read(path):
    return yaml.safe_load(path.read_text())


def steps():
    for path in FILES:
        for name, job in read(path)["jobs"].items():
            for step in job["steps"]:
                yield path.name, name, step


def test_there_is_one_file_for_each_part_of_the_cycle():
    assert [path.name for path in FILES] == ["image.yml", "model.yml", "test.yml", "watch.yml"]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_rights_are_least(path):
    document = read(path)
    assert document["permissions"] == {"contents": "read"}
    for job in document["jobs"].values():
        more = {right: level for right, level in job.get("permissions", {}).items() if level == "write"}
        assert set(more) <= {"pull-requests", "packages", "id-token"}
        # Only what signs may say to others which workflow it is.
        assert ("id-token" in more) == any("cosign sign" in step.get("run", "") for step in job["steps"])
        assert job["timeout-minutes"] <= 60
    # Secrets and a checkout of somebody else's code never meet.
    assert "pull_request_target" not in path.read_text()


def test_actions_are_pinned_by_commit_and_leave_no_credentials():
    for file, job, step in steps():
        if "uses" in step:
            assert re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", step["uses"]), (file, job, step["uses"])
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_what_a_visitor_of_the_repository_wrote_never_becomes_a_command():
    for file, job, step in steps():
        assert "${{" not in step.get("run", ""), (file, job, "hand it over by env")


def test_the_image_that_is_published_is_the_one_that_was_tried_and_signed():
    (job,) = read(ROOT / ".github" / "workflows" / "image.yml")["jobs"].values()
    runs = [step.get("run", "") for step in job["steps"]]
    assert sum("docker build" in run and " build " in run and "--sbom=true" in run for run in runs) == 1
    built = next(i for i, run in enumerate(runs) if "--sbom=true" in run)
    tried = next(i for i, run in enumerate(runs) if "docker run -d --name flora" in run)
    published = next(i for i, run in enumerate(runs) if "cosign sign" in run)
    assert built < tried < published
    assert 'docker tag "$BUILT@$DIGEST" flora' in "\n".join(runs[built:tried])
    assert '"$BUILT@$DIGEST"' in runs[published]
    assert "buildx build" not in runs[published]
    assert 'cosign sign --yes "${IMAGE,,}@$DIGEST"' in runs[published]


def test_no_secret_comes_near_the_installation_of_packages():
    for file, job, step in steps():
        if re.search(r"pip install|docker (buildx )?build ", step.get("run", "")):
            assert not any(
                "token" in str(value) or "secrets." in str(value) for value in step.get("env", {}).values()
            ), (file, job)
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert "--mount=type=secret" not in dockerfile
    assert not re.search(r"^ARG", dockerfile, re.MULTILINE)


def test_every_step_calls_what_a_person_can_run_here():
    known = set(get_command(app).commands)
    for file, job, step in steps():
        for line in step.get("run", "").splitlines():
            for command in re.findall(r"python -m flora_core (\w+)", line):
                assert command in known, (file, job, command)
            for path in re.findall(r"(?:^|\s)(?:bash|source) (\S+)", line):
                assert (ROOT / path).exists(), (file, job, path)


def test_every_block_is_a_script_the_shell_can_read():
    for file, job, step in steps():
        if "run" in step:
            done = subprocess.run(["bash", "-n"], input=step["run"], text=True, capture_output=True)
            assert done.returncode == 0, (file, job, done.stderr)


def test_the_whole_cycle_is_there():
    text = "\n".join(path.read_text() for path in FILES)
    for command in ("train", "retrain --if-needed", "models verify", "report -o report", "watch --once"):
        assert f"python -m flora_core {command}" in text
    assert "bash .ci/run" in text
    assert "--sbom=true" in text
    assert "GITHUB_STEP_SUMMARY" in text
    assert read(ROOT / ".github" / "workflows" / "watch.yml")[True]["schedule"]


#: What needs a hosted service, or is this very suite.
ELSEWHERE = ("docker ", "gh pr ", ".ci/run", "pip install")


@pytest.fixture
def clone(tmp_path):
    """The checkout as a fresh clone would be, with the environment that its first step would have made."""
    files = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    folder = tmp_path / "clone"
    for name in filter(None, files.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", ["model.yml", "watch.yml"])
def test_every_block_runs_in_a_fresh_clone(clone, name):
    summary = clone / "summary.md"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FLORA_")} | {
        "GITHUB_STEP_SUMMARY": str(summary)
    }
    blocks = [step["run"] for file, _, step in steps() if file == name and "run" in step]
    here = [block for block in blocks if not any(word in block for word in ELSEWHERE)]
    assert len(here) >= 4
    for block in here:
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", block], cwd=clone, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, (block, done.stdout, done.stderr)
    assert summary.read_text().startswith("# Fisher's irises")
    assert (clone / "report" / "junit.xml").exists()
