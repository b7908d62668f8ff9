"""The language of who looks at a page: that of the browser, or another that was chosen."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from flora_core.languages import LANGUAGES, speak_as_asked, spoken_language, translate

_CHOSEN: Final = "language"
_PICKER: Final = "language-picker"
#: The language of the page that this thread is drawing.
_settled: Final = threading.local()


def visitor_language() -> str:
    """The code of the language of this page's visitor; English where no page is being made."""
    settled: str | None = getattr(_settled, "code", None)
    if settled is not None:
        return settled
    if get_script_run_ctx(suppress_warning=True) is None:
        return "en"
    chosen = st.session_state.get(_CHOSEN) or st.query_params.get("lang") or st.context.locale or ""
    return str(chosen)[:2].lower()


speak_as_asked(visitor_language)


@contextmanager
def language_read_once() -> Iterator[None]:
    """Ask the visitor's browser once for all that is drawn within: a page has a hundred texts."""
    _settled.code = visitor_language()
    try:
        yield
    finally:
        _settled.code = None


def show_language_picker() -> None:
    """A chip with the language, and the others behind it."""
    st.menu_button(
        spoken_language().upper(),
        list(LANGUAGES),
        key=_PICKER,
        icon=":material/translate:",
        format_func=LANGUAGES.__getitem__,
        on_click=_choose,
        help=translate("Language"),
    )


def _choose() -> None:
    st.session_state[_CHOSEN] = st.session_state[_PICKER]
