"""Texts as sentences need them: shortened, listed, counted in percent."""

from __future__ import annotations

from collections.abc import Sequence


def shortened(text: str, most: int = 60) -> str:
    """The text with at most so many characters; one that is longer ends in "…"."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def on_one_line(text: str, most: int = 60) -> str:
    """The text shortened, with one space for each run of spaces and line breaks."""
    return shortened(" ".join(text.split()), most)


def listed(items: Sequence[str], last: str = "and") -> str:
    """The items as they are spoken: "a", "a and b", "a, b and c"."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"
