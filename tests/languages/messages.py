"""The messages of the source: every text that is handed to `translate`, found by reading the program."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: What speaks to who looks at Identify, Determine, and what stands around every page.
TRANSLATED = (
    *(ROOT / "ui" / "identify").glob("*.py"),
    ROOT / "ui" / "determine" / "inbox.py",
    ROOT / "ui" / "components" / "determination.py",
    ROOT / "ui" / "site" / "navigation.py",
    ROOT / "ui" / "site" / "language.py",
    ROOT / "pages" / "identify.py",
    ROOT / "pages" / "determine.py",
)
SPOKEN = (
    *TRANSLATED,
    ROOT / "ui" / "site" / "person.py",
    ROOT / "flora_core" / "identification" / "sentences.py",
    ROOT / "flora_core" / "identification" / "mix_ups.py",
    ROOT / "flora_core" / "tables" / "values" / "limits.py",
    ROOT / "flora_core" / "tables" / "rows" / "typed_value.py",
    ROOT / "flora_core" / "workflows" / "determine" / "inbox.py",
    ROOT / "flora_core" / "workflows" / "determine" / "progress.py",
)


def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def is_translate(node):
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "translate"


def constants(node):
    """The texts that a node may be: itself, either branch, the values of a table."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.IfExp):
        return constants(node.body) + constants(node.orelse)
    if isinstance(node, ast.Dict):
        return [text for value in node.values for text in constants(value)]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
        return [text for part in (node.func.value, *node.args[1:]) for text in constants(part)]
    return []


def messages(path):
    """The texts that a file hands to `translate`, directly or by a name that it gave them before."""
    tree = parsed(path)
    handed = [node.args[0] for node in ast.walk(tree) if is_translate(node) and node.args]
    names = {base.id for node in handed if isinstance(base := getattr(node, "value", node), ast.Name)}
    found = [text for node in handed for text in constants(node)]
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id in names for target in targets):
            found += constants(getattr(node, "value", None))
    return [text for text in found if any(c.isalpha() for c in text)]


def all_messages():
    return sorted({text for path in SPOKEN for text in messages(path)})
