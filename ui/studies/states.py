"""The characters with states of a new study: their kind, their states and order, and how to recognise each."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any, Final

import streamlit as st

from flora_core.ontology import TERM_PATTERN, ontology_term
from flora_core.states import CharacterKind
from flora_core.tables.columns.measurements import header_label
from flora_core.tables.columns.state_columns import StateChoices, StateColumn
from flora_core.workflows.context import AppContext
from flora_core.workflows.studies import Choices
from ui.site.text import escape_markdown
from ui.studies.create import proposed

_LEFT_OUT: Final = "left out"
_KINDS: Final[dict[str, CharacterKind | None]] = {
    "states without order": "unordered",
    "states in order": "ordered",
    _LEFT_OUT: None,
}
#: Bytes of a picture of a state.
_LARGEST: Final = 120_000


def states_chosen(context: AppContext, file: Any, choices: Choices) -> Choices:
    """The choices with what is said of columns of words: which are characters, what their states are, and in which order."""
    first = proposed(context, file, choices)
    if not first.state_columns:
        return choices
    st.header("What is seen")
    st.markdown(
        "Columns of words, of yes and no, of + and -. Give two states the same name, and they are one; empty a name, and the "
        "state counts as not known. Numbers under “Order” put states in order."
    )
    header = first.layout.header
    said, used = dict(choices.states), set(first.measured)
    for one in first.state_columns:
        name = header[one.column]
        kind, chosen = _one(file, name, one, used=name in used)
        said[name] = chosen
        used = used - {name} if kind is None else used | {name}
    shown = {header[one.column] for one in first.state_columns}
    if not choices.measurements and used == set(first.measured):
        return replace(choices, states=said)
    kept = {name: choices.measurements.get(name, "") for name in first.measured if name in used}
    return replace(choices, states=said, measurements={**kept, **dict.fromkeys(used & shown, "")})


def _one(file: Any, name: str, found: StateColumn, *, used: bool) -> tuple[CharacterKind | None, StateChoices]:
    labels = [state.label for state in found.states]
    kinds = list(_KINDS)
    proposed_kind = _LEFT_OUT if not used else kinds[1] if found.kind == "ordered" else kinds[0]
    order = " < " if found.kind == "ordered" else ", "
    title = f"{header_label(name)}: {order.join(labels[:8])}" + (" …" if len(labels) > 8 else "")
    with st.expander(escape_markdown(title), icon=":material/category:"):
        if found.because:
            st.markdown(escape_markdown(f"{found.because}."))
        for rarer, commoner in found.alike[:4]:
            st.markdown(escape_markdown(f"'{rarer}' may be '{commoner}': give it the same name if it is."))
        kind = st.segmented_control(
            "This column holds", kinds, default=proposed_kind, required=True, key=f"kind.{file.file_id}.{name}"
        )
        edited: Any = st.data_editor(
            {
                "State": labels,
                "Cells": [state.cells for state in found.states],
                "Written": [", ".join(state.spellings[:6]) for state in found.states],
                "Counts as": labels,
                "How to recognise it": [""] * len(labels),
                "Order": list(range(1, len(labels) + 1)),
                "Term": [next(filter(None, map(ontology_term, state.spellings)), "") for state in found.states],
            },
            disabled=["State", "Cells", "Written"],
            hide_index=True,
            width="stretch",
            key=f"states.{file.file_id}.{name}",
            column_config={
                "Order": st.column_config.NumberColumn(min_value=1, step=1, help="Only for states in order."),
                "How to recognise it": st.column_config.TextColumn(max_chars=300),
                "Term": st.column_config.TextColumn(
                    validate=TERM_PATTERN, help="Of the Plant Trait or Flora Phenotype Ontology: TO:0000499."
                ),
            },
        )
        pictures = _pictures(file, name, labels)
    counts_as = [str(text or "").strip() for text in edited["Counts as"]]
    merged = {label: becomes for label, becomes in zip(labels, counts_as, strict=True) if becomes != label}
    hints = {
        becomes or label: str(how).strip()
        for label, becomes, how in zip(labels, counts_as, edited["How to recognise it"], strict=True)
        if str(how or "").strip()
    }
    wanted = _KINDS[str(kind)]
    ranked = sorted(zip(edited["Order"], counts_as, strict=True), key=lambda pair: pair[0] or 99)
    order_said = tuple(dict.fromkeys(label for _, label in ranked if label)) if wanted == "ordered" else ()
    terms = {
        becomes or label: term
        for label, becomes, written in zip(labels, counts_as, edited["Term"], strict=True)
        if (term := ontology_term(str(written or "")))
    }
    return wanted, StateChoices(wanted or None, merged, order_said, hints, pictures, terms)


def _pictures(file: Any, name: str, labels: list[str]) -> dict[str, str]:
    """Small pictures of states, one file for each, called as the state is."""
    given = st.file_uploader(
        "Pictures of the states, each called as its state is: serrate.png",
        type=["png", "jpg", "jpeg", "webp"],
        accept_multiple_files=True,
        key=f"pictures.{file.file_id}.{name}",
    )
    found = {}
    for picture in given or ():
        stem = picture.name.rsplit(".", 1)[0].strip().casefold()
        label = next((one for one in labels if one.casefold() == stem), None)
        kind = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"RIFF": "webp"}
        content = picture.getvalue()
        format_ = next((k for sign, k in kind.items() if content.startswith(sign)), None)
        if label is None:
            st.warning(escape_markdown(f"'{picture.name}' is called as no state is: {', '.join(labels[:8])}."))
        elif format_ is None or len(content) > _LARGEST:
            st.warning(escape_markdown(f"'{picture.name}' is no PNG, JPEG or WebP picture of at most 120 kB."))
        else:
            found[label] = f"data:image/{format_};base64,{base64.b64encode(content).decode()}"
    return found
