"""The site of the documents builds strictly, its notebook runs, and what stands beside the code is well made."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from flora_core import __version__
from tests.servers import ROOT


@pytest.mark.slow
def test_the_site_of_the_documents_builds_strictly(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-d", tmp_path / "site"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    reference = (tmp_path / "site" / "reference" / "monitoring" / "index.html").read_text()
    assert "wasserstein_test" in reference
    decisions = sorted(path.stem for path in (ROOT / "docs" / "decisions").glob("*.md"))
    start = (tmp_path / "site" / "index.html").read_text()
    for name in decisions:
        assert f"decisions/{name}/" in start, name
    for page in (tmp_path / "site").rglob("*.html"):
        assert 'src="http' not in page.read_text(), f"{page} fetches from outside"


@pytest.mark.slow
def test_the_notebook_runs_from_top_to_bottom(tmp_path):
    code = (
        "import sys, nbformat, nbclient; book = nbformat.read(sys.argv[1], 4); "
        "nbclient.NotebookClient(book, timeout=300, resources={'metadata': {'path': sys.argv[2]}}).execute(); "
        "print(*[o.get('text', '') for c in book.cells if c.cell_type == 'code' for o in c.outputs])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, ROOT / "docs" / "example.ipynb", ROOT],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert done.returncode == 0, done.stderr
    assert "Still possible: " in done.stdout
    assert "named right (" in done.stdout


def test_the_notebook_is_kept_without_results():
    import json

    for cell in json.loads((ROOT / "docs" / "example.ipynb").read_text())["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@pytest.mark.parametrize(
    "path",
    [
        "CITATION.cff",
        ".pre-commit-config.yaml",
        ".github/dependabot.yml",
        ".github/ISSUE_TEMPLATE/config.yml",
        ".github/ISSUE_TEMPLATE/wish.yml",
        ".github/ISSUE_TEMPLATE/wrong.yml",
    ],
)
def test_what_other_programs_read_is_well_made(path):
    assert yaml.safe_load((ROOT / path).read_text())


def test_the_citation_is_of_this_version():
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"] == __version__
    assert f"## {__version__}\n" in (ROOT / "docs" / "release-notes.md").read_text()


def test_a_user_reads_the_release_notes_in_a_minute():
    notes = (ROOT / "docs" / "release-notes.md").read_text().split("## ")[1].split("### Upgrading")[0]
    assert len(notes.split()) < 240


def test_the_hooks_are_made_of_the_checks_that_the_tests_make():
    hooks = {
        h["id"]: h for r in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"] for h in r["hooks"]
    }
    entries = " ".join(h["entry"] for h in hooks.values())
    for tool in (
        "ruff check",
        "ruff format --check",
        "mypy",
        "lint-imports",
        "mkdocs build --strict",
        "tests/test_project.py",
    ):
        assert tool in entries, tool
    for hook in hooks.values():
        assert (ROOT / hook["entry"].split()[0]).is_file()


def test_the_task_file_is_read_and_says_what_each_task_does():
    just = Path(sys.executable).parent / "just"
    done = subprocess.run([just, "--list", "--unsorted"], cwd=ROOT, capture_output=True, text=True, check=True)
    tasks = [line for line in done.stdout.splitlines()[1:] if line.strip()]
    assert len(tasks) >= 10
    assert all("# " in line for line in tasks), done.stdout
    dry = subprocess.run([just, "--dry-run", "pins"], cwd=ROOT, capture_output=True, text=True, check=True)
    contributing = (ROOT / "CONTRIBUTING.md").read_text()
    for line in dry.stderr.strip().splitlines():
        assert line.replace(" -q -o", " -o") in contributing
