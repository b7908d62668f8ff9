"""The project itself: style, types, layers, pins, and documents that say what is so."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.servers import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
BIN = Path(sys.executable).parent
README = (ROOT / "README.md").read_text()


def run(*command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_style():
    run(sys.executable, "-m", "ruff", "check", ".")


def test_format():
    run(sys.executable, "-m", "ruff", "format", "--check", ".")


def test_types():
    run(sys.executable, "-m", "mypy")


def test_layers():
    run(BIN / "lint-imports")


def test_nothing_imports_the_front_door_or_a_page():
    for path in (*ROOT.glob("flora_core/**/*.py"), *ROOT.glob("ui/**/*.py")):
        assert not re.search(r"^\s*(from|import) (app|pages)\b", path.read_text(), re.MULTILINE), path


FILES_OF_PINS = ["requirements.txt", "requirements-server.txt", "requirements-dev.txt"]
EXTRAS = {name: lines for name, lines in PROJECT["project"]["optional-dependencies"].items() if name != "server"}
#: What few servers need, and an operator installs who wants it: not part of `server`.
BY_CHOICE = {"cluster"}
SERVER = [text for name, lines in EXTRAS.items() for text in lines if name not in BY_CHOICE]
DEVELOPMENT = [text for group in PROJECT["dependency-groups"].values() for text in group if isinstance(text, str)]


def blocks_of(name):
    """Each pin of a file with its checksums, as one line."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / name).read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip()]


def pins(name):
    found = [Requirement(block.split(" --hash")[0].strip()) for block in blocks_of(name)]
    return {r.name.lower().replace("_", "-"): r for r in found}


@pytest.mark.parametrize("name", FILES_OF_PINS)
def test_every_pin_has_checksums_and_the_files_name_no_place_to_fetch_from(name):
    for block in blocks_of(name):
        assert re.search(r"==\S+.* --hash=sha256:[0-9a-f]{64}", block), block
    assert "://" not in (ROOT / name).read_text()


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        "CONTRIBUTING.md",
        ".ci/run",
        "Dockerfile",
        *(f".github/workflows/{n}.yml" for n in ("model", "watch")),
    ],
)
def test_checksums_are_checked_wherever_pins_are_installed(path):
    installs = [line for line in (ROOT / path).read_text().splitlines() if "pip install" in line and "-r req" in line]
    assert installs
    for line in installs:
        assert "--require-hashes -r requirements" in line, line


def test_the_server_s_extra_is_all_that_servers_need():
    (whole,) = PROJECT["project"]["optional-dependencies"]["server"]
    assert Requirement(whole).extras == set(EXTRAS) - BY_CHOICE


def test_the_start_stays_lean():
    assert (
        len({name for name, pin in pins("requirements.txt").items() if pin.marker is None}) <= 78
    )  # pip, setuptools too


@pytest.mark.parametrize("name", FILES_OF_PINS)
def test_every_pin_is_exact_and_every_range_of_the_project_holds_it(name):
    pinned = pins(name)
    ranges = [Requirement(text) for text in PROJECT["project"]["dependencies"]]
    if name != "requirements.txt":
        ranges += [Requirement(text) for text in SERVER]
    if "dev" in name:
        ranges += [Requirement(text) for text in DEVELOPMENT]
    for requirement in pinned.values():
        assert [s.operator for s in requirement.specifier] == ["=="], requirement
    for wanted in ranges:
        found = pinned[wanted.name.lower().replace("_", "-")]
        (version,) = [s.version for s in found.specifier]
        assert wanted.specifier.contains(version), f"{wanted} is not met by {found}"


def test_the_files_of_pins_agree():
    start, server, development = (
        {name: str(r.specifier) for name, r in pins(file).items()}.items() for file in FILES_OF_PINS
    )
    assert start <= server <= development


def test_every_dependency_has_its_reason():
    reasons = (ROOT / "docs" / "decisions" / "0003-dependencies.md").read_text()
    wanted = PROJECT["project"]["dependencies"] + [text for lines in EXTRAS.values() for text in lines] + DEVELOPMENT
    for text in wanted:
        assert Requirement(text).name in reasons, text


def commands_of_readme():
    return [line for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.strip().splitlines()]


def test_two_commands_of_the_readme_do_everything_and_ci_runs_the_second_word_for_word():
    start, test, *_ = commands_of_readme()
    assert start.endswith("streamlit run app.py")
    assert test.endswith("pytest")
    assert test in (ROOT / ".ci" / "run").read_text().splitlines()
    assert test in (ROOT / "CONTRIBUTING.md").read_text()


def test_every_link_of_the_papers_leads_somewhere():
    for paper in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", paper.read_text()):
            assert (paper.parent / target).exists(), f"{paper.name}: {target}"


def test_every_line_of_streamlit_s_configuration_has_its_reason():
    lines = (ROOT / ".streamlit" / "config.toml").read_text().splitlines()
    section_has_reason = False
    for i, line in enumerate(lines):
        if line.startswith("["):
            section_has_reason = "#" in line
        elif "=" in line and not line.startswith("#"):
            above = lines[i - 1].startswith("#")
            obvious = line.startswith(
                (
                    "family",
                    "url",
                    "style",
                    "weight",
                    "enableXsrf",
                    "enableCORS",
                    "baseRadius",
                    "buttonRadius",
                    "headingFontSizes",
                    "headingFontWeights",
                    "metricValueFontSize",
                )
            )
            assert "#" in line.split("=", 1)[1].replace('"#', "") or above or section_has_reason or obvious, line


def test_the_container_runs_as_nobody_special_keeps_its_data_and_says_how_it_is():
    text = (ROOT / "Dockerfile").read_text()
    assert re.search(r"^USER flora$", text, re.MULTILINE)
    assert "HEALTHCHECK" in text
    assert 'VOLUME ["/app/data", "/app/models"]' in text


def test_decisions_are_numbered_without_a_gap():
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs" / "decisions").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))
    for path in (ROOT / "docs" / "decisions").glob("*.md"):
        text = path.read_text()
        for part in ("**Context.**", "**Decision.**", "**Status.**"):
            assert part in text, f"{path.name} lacks {part}"


def test_no_page_holds_unsafe_or_deprecated_streamlit():
    for path in (*ROOT.glob("ui/**/*.py"), *ROOT.glob("pages/*.py")):
        text = path.read_text()
        for word in ("unsafe_allow_html=True", "use_container_width", "components.v1", "unsafe_allow_javascript"):
            assert word not in text, f"{path.name}: {word}"
