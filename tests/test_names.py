"""One word for one thing: no public class or function of one name in two modules, but for the exceptions and their reasons."""

import ast
import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

#: Names that stand in several modules, and why.
EXCEPTIONS = {
    # A command is named for the use case that it calls; nobody imports a command.
    "audit": "command, and the look through a file of a model, which is qualified by its module",
    "batch": "command and API router",
    "determine": "command and use case",
    "estimate": "command, and the estimators of two methods, each qualified by its module",
    "drift": "command, and the drift of two other tools, each qualified by its module",
    "identify": "command and use case",
    "main": "entry points of processes",
    "rebuild": "command and use case",
    "restore": "command and use case",
    "retrain": "command and use case",
    "train": "command and use case",
    # The two readers of files offer the same functions, qualified by their modules.
    "layout": "text files and workbooks",
    "parts": "text files and workbooks",
}


def public_names() -> dict[str, set[str]]:
    found = defaultdict(set)
    for path in [*ROOT.glob("flora_core/**/*.py"), *ROOT.glob("ui/**/*.py")]:
        if "migrations" in path.parts:
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith(
                "_"
            ):
                found[node.name].add(str(path.relative_to(ROOT)))
    return found


def test_no_two_public_names_are_alike():
    twice = {name: sorted(places) for name, places in public_names().items() if len(places) > 1}
    assert {name: places for name, places in twice.items() if name not in EXCEPTIONS} == {}
    assert sorted(set(EXCEPTIONS) - set(twice)) == [], "an exception that is needed no longer"


def test_the_glossary_defines_each_word_once():
    rows = [
        line for line in (ROOT / "docs/glossary.md").read_text(encoding="utf-8").splitlines() if line.startswith("| ")
    ]
    words = [row.split("|")[1].strip() for row in rows]
    assert sorted({word for word in words if words.count(word) > 1}) == []


def test_no_metaphor_stands_for_a_part_of_the_program():
    pattern = re.compile(
        r"\b(house|foreman|the desk|staircase|stairs|heartbeat of|crowned|dealt|deals)\b", re.IGNORECASE
    )
    folders = ("flora_core", "ui", "pages", "docs", "tests")
    places = [
        f"{path.relative_to(ROOT)}: {found[0]}"
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".md", ".j2"} and path != Path(__file__)
        for found in pattern.finditer(path.read_text(encoding="utf-8"))
    ]
    assert places == []
