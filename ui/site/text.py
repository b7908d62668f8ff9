"""Text on its way to a screen: names in italics, and nothing of a visitor's taken for markup."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape
from typing import Any, Final

import numpy as np

from flora_core.study import Study, epithet, genus_of, short_name

_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>$:~&^=@])")
#: What is made a link, a picture or another sign after the Markdown was read, where a backslash does not count any more:
#: addresses, e-mail addresses, names between colons, arrows. An invisible sign that joins words keeps their parts asunder.
_LIVE: Final = re.compile(
    r"(?<=:)(?=//)|(?<=www)(?=\.)|(?=@)|(?<=:)(?!\d\d:)(?=[\w+\-/]+:)|(?<=[-<>~=])(?=[->=])|(?<=/)(?=/)", re.IGNORECASE
)
_JOINER: Final = "\N{WORD JOINER}"


def escape_markdown(text: str) -> str:
    """The text for a Markdown element or a label, so that it shows as it is, whatever it holds."""
    return _MARKDOWN.sub(r"\\\1", _LIVE.sub(_JOINER, text))


_LABEL: Final = re.compile(r"([\\`*_\[\]|<>$:~&^=@]|^[#+\-])")


def escape_label(text: str) -> str:
    """The text for the label of a box or a slider: one line of Markdown, in which brackets and stops mean nothing."""
    return _LABEL.sub(r"\\\1", _LIVE.sub(_JOINER, " ".join(text.split())))


#: The tags that figures of ours are written with; Plotly would make links of others.
_NO_TAG: Final = re.compile(r"<(?!/?(?:i|b|em|br|sub|sup|extra)\s*/?>)", re.IGNORECASE)


def harmless_figure(figure: Any) -> Any:
    """A figure in which no text makes a link or an element: only what slants, raises or breaks a line.

    Every figure goes to the screen through here, so that no name has to be thought of where it is drawn.
    """
    document = figure.to_plotly_json() if hasattr(figure, "to_plotly_json") else figure
    return _without_tags(document) if _holds_tag(document) else figure


def _holds_tag(part: Any) -> bool:
    if isinstance(part, str):
        return "<" in part and _NO_TAG.search(part) is not None
    if isinstance(part, dict):
        return any(map(_holds_tag, part.values()))
    return any(map(_holds_tag, part)) if isinstance(part, list | tuple) or _is_text(part) else False


def _without_tags(part: Any) -> Any:
    if isinstance(part, str):
        return _NO_TAG.sub("&lt;", part)
    if isinstance(part, dict):
        return {key: _without_tags(value) for key, value in part.items()}
    return [_without_tags(value) for value in part] if isinstance(part, list | tuple) or _is_text(part) else part


def _is_text(part: Any) -> bool:
    return isinstance(part, np.ndarray) and part.dtype.kind in "OUT"


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
