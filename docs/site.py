"""What the site of the documents is made of beside the Markdown in this folder: see mkdocs.yml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent


def on_config(config: Any) -> Any:
    """Put every decision into the navigation, in the order of its number."""
    decisions = [{_title(path): f"decisions/{path.name}"} for path in sorted((_HERE / "decisions").glob("*.md"))]
    config.nav = [_filled(item, decisions) for item in config.nav]
    return config


def on_files(files: Any, config: Any) -> Any:
    """Take the logo from where the pages have it."""
    from mkdocs.structure.files import File

    logo = _HERE.parent / "ui" / "static" / "logo.svg"
    files.append(File.generated(config, "logo.svg", content=logo.read_bytes()))
    return files


def _title(path: Path) -> str:
    return path.read_text(encoding="utf-8").split("\n", 1)[0].removeprefix("# ")


def _filled(item: Any, decisions: list[dict[str, str]]) -> Any:
    if isinstance(item, list):
        return [_filled(one, decisions) for one in item]
    if isinstance(item, dict):
        return {name: decisions if inner == "decisions" else _filled(inner, decisions) for name, inner in item.items()}
    return item
