"""Text on its way to a screen: names in italics, and nothing of a visitor's taken for markup."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape
from typing import Final

from flora_core.study import Study, epithet, genus_of, short_name

_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>$:~])")


def escape_markdown(text: str) -> str:
    """The text for a Markdown element, so that it shows as it is."""
    return _MARKDOWN.sub(r"\\\1", text)


def without_options(text: str) -> str:
    """A sentence without the command's options in brackets: a page has boxes and buttons for them."""
    return re.sub(r" \((?:--|studies )[^)]*\)", "", text)


def italicised(text: str, study: Study) -> str:
    """The text as HTML, with the study's scientific names in italics and "cf." upright."""
    return _names(study.species_names).sub(_italic, escape(text, quote=False))


def _italic(match: re.Match[str]) -> str:
    genus, qualifier, rest = match["genus"], match["qualifier"], match["rest"]
    if qualifier:
        return f"<i>{genus}</i> {qualifier} <i>{rest}</i>"
    return f"<i>{match[0]}</i>"


@lru_cache(maxsize=64)
def _names(species: tuple[str, ...]) -> re.Pattern[str]:
    """Any of the names in full, abbreviated, or with "cf." between genus and epithet; nothing for names without a genus."""
    genera = sorted({g for name in species if (g := genus_of(name))}, key=len, reverse=True)
    rests = sorted({epithet(name) for name in species if genus_of(name)}, key=len, reverse=True)
    if not genera:
        return re.compile(r"(?!x)x(?P<genus>)(?P<qualifier>)(?P<rest>)")
    firsts = [escape(g, quote=False) for g in genera] + sorted({short_name(n).split(" ")[0] for n in species})
    genus = "|".join(map(re.escape, firsts))
    rest = "|".join(re.escape(escape(r, quote=False)) for r in rests)
    return re.compile(rf"\b(?P<genus>{genus}) (?:(?P<qualifier>cf\.|aff\.) )?(?P<rest>{rest})(?!\w)")
