"""The two colour schemes, for what is drawn outside Streamlit's own elements; the same values as in .streamlit/config.toml."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import streamlit as st


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of lettering and of the ground below it."""

    ink: str
    ground: str


LIGHT: Final = Theme(ink="#06100a", ground="#fdfcf8")
DARK: Final = Theme(ink="#e6ebe5", ground="#161c18")


def theme() -> Theme:
    """The scheme this visitor sees."""
    return DARK if st.context.theme.type == "dark" else LIGHT


def show_styles(stylesheet: str) -> None:
    """Send the style sheet, with the visitor's colours for it."""
    seen = theme()
    # The style sheet names the colours of both schemes; those of the dark one replace the others where it is seen.
    chosen = stylesheet.replace(".flora-dark{", ":root{") if seen is DARK else stylesheet
    st.html(f"<style>:root{{--flora-ground:{seen.ground};--flora-ink:{seen.ink}}}{chosen}</style>")
