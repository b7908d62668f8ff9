"""The pages in the order of the navigation, and links between them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import streamlit as st

from flora_core.languages import translate

_FOLDER: Final = Path(__file__).resolve().parents[2] / "pages"


@dataclass(frozen=True, slots=True)
class _Place:
    name: str
    title: str
    icon: str
    #: Whether it stands in the navigation; another is reached by a link, by those who may use it.
    listed: bool = True


_PLACES: Final = (
    _Place("home", "Home", "home"),
    _Place("identify", "Identify", "search"),
    _Place("batch", "Batch", "table_rows"),
    _Place("determine", "Determine", "edit_note"),
    _Place("train", "Train", "model_training"),
    _Place("models", "Models", "inventory_2"),
    _Place("monitor", "Monitor", "monitoring"),
    _Place("studies", "Studies", "local_florist"),
    _Place("guide", "Guide", "menu_book"),
    _Place("access", "People and access", "manage_accounts", listed=False),
)


def pages() -> list[st.Page]:
    """All pages, the first one at the address "/"."""
    return [
        st.Page(
            _FOLDER / f"{place.name}.py",
            title=translate(place.title),
            icon=f":material/{place.icon}:",
            url_path=place.name,
            default=place.name == "home",
            visibility="visible" if place.listed else "hidden",
        )
        for place in _PLACES
        if (_FOLDER / f"{place.name}.py").exists()
    ]


def has_page(name: str) -> bool:
    """Whether there is such a page."""
    return (_FOLDER / f"{name}.py").exists()


def page_link(name: str, label: str, **query: str) -> None:
    """A link to another page; nothing where that page is not there."""
    path = _FOLDER / f"{name}.py"
    if path.exists():
        icon = next(place.icon for place in _PLACES if place.name == name)
        st.page_link(path, label=label, icon=f":material/{icon}:", query_params=query or None)


#: The places of the bar at the foot of a phone's screen; the others are behind "More".
_MAIN: Final = ("home", "identify", "determine", "batch")


def show_places() -> None:
    """The bar at the foot of a phone's screen; a wide screen has the places at its top, and hides it."""
    with st.container(key="places", horizontal=True):
        for name in _MAIN:
            page_link(name, translate(next(place.title for place in _PLACES if place.name == name)))
        with st.popover(translate("More"), icon=":material/menu:", key="more-places"):
            for place in _PLACES:
                if place.listed and place.name not in _MAIN:
                    page_link(place.name, translate(place.title))


def switch_to(name: str) -> None:
    """Turn to another page at once."""
    st.switch_page(_FOLDER / f"{name}.py")
