"""The guide of docs/guide as a page of the program: it is there without a network, and pages lead to the right chapter."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import streamlit as st

_DOCS: Final = Path(__file__).resolve().parents[2] / "docs"
_PAGE: Final = "../pages/guide.py"
_LINK: Final = re.compile(r"\]\((?:\.\./)?(?:guide/)?(?P<name>[\w-]+)\.md(?P<anchor>#[\w-]+)?\)")
_DECISION: Final = re.compile(r"\[(?P<text>[^\]]+)\]\((?:\.\./)?decisions/[^)]+\)")
_PICTURE: Final = re.compile(r"^!\[(?P<alt>[^\]]*)\]\((?P<file>[\w-]+\.svg)\)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Chapter:
    """One file of the guide: its name in the address, its heading, where it lies."""

    name: str
    title: str
    path: Path


@lru_cache(maxsize=1)
def chapters() -> tuple[Chapter, ...]:
    """The chapters in the order of the guide's own table, then the papers it leads to."""
    order = re.findall(r"\]\(([\w-]+)\.md\)", (_DOCS / "guide" / "README.md").read_text(encoding="utf-8"))
    paths = [_DOCS / "guide" / f"{name}.md" for name in order]
    paths += [_DOCS / f"{name}.md" for name in ("glossary", "iris-data-sheet", "iris-model-card", "statistics")]
    return tuple(Chapter(path.stem, _title(path), path) for path in paths if path.exists())


def chapter_named(name: str) -> Chapter:
    """The chapter of that name; the first where there is none."""
    return next((chapter for chapter in chapters() if chapter.name == name), chapters()[0])


def show_chapter(chapter: Chapter) -> None:
    """The chapter's text, its links leading to pages of the program, its pictures with their words."""
    text = chapter.path.read_text(encoding="utf-8").split("\n", 1)[1]
    text = _LINK.sub(lambda m: f"](guide?chapter={m['name']}{m['anchor'] or ''})", _DECISION.sub(r"\g<text>", text))
    place = 0
    for picture in _PICTURE.finditer(text):
        st.markdown(text[place : picture.start()])
        st.image((chapter.path.parent / picture["file"]).read_text(encoding="utf-8"), alt=picture["alt"], width=640)
        place = picture.end()
    st.markdown(text[place:])


def guide_link(chapter: str, label: str) -> None:
    """A link to a chapter of the guide, for the page where its question comes up."""
    st.page_link(_PAGE, label=label, icon=":material/menu_book:", query_params={"chapter": chapter})


def _title(path: Path) -> str:
    return path.read_text(encoding="utf-8").split("\n", 1)[0].removeprefix("# ")
