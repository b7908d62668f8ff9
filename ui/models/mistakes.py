"""The confusion matrix on a page: the picture, beside it the largest mistakes, look-alikes, and species too few to judge."""

from __future__ import annotations

import csv
import io
from html import escape
from string import ascii_uppercase
from typing import Final

import streamlit as st

from flora_core.identification.look_alikes import FEW_PLANTS, LookAlikes, look_alikes
from flora_core.learning.validation.scoring import clopper_pearson
from flora_core.model import ModelCard
from ui.charts.confusion import confusion_matrix_chart
from ui.components.named_heading import show_named_heading
from ui.components.picture import show_picture
from ui.site.text import escape_markdown, italicised
from ui.site.theme import theme

#: Mistakes in the list beside the picture; all of them are in the file.
_LISTED: Final = 9
#: Species from which on look-alikes stand together unless the other order is asked for.
_MANY: Final = 8
_TOGETHER: Final = "look-alikes together"
_IN_ORDER: Final = "as the study names them"


def show_mistakes(card: ModelCard, key: str) -> None:
    """The matrix and its lists; with a few species the matrix alone says it all."""
    found = look_alikes(card.scores.confusion)
    few_species = len(card.study.species) < _MANY
    left, right = st.columns([19, 10], gap="large") if not few_species else (st.container(), None)
    with left:
        show_named_heading("Taken for which?", "confusion matrix: row is, column named")
        together = False
        if not few_species:
            order = st.segmented_control(
                "Order of species", [_TOGETHER, _IN_ORDER], default=_TOGETHER, required=True, key=f"{key}.order",
                label_visibility="collapsed",
            )
            together = order == _TOGETHER
        show_picture(confusion_matrix_chart(card, theme().ink, together=together), card.study, f"{key}.taken for which")
        framed = " Framed: look-alikes, found from the mistakes themselves." if together and found.groups else ""
        st.caption(
            f"Green: named right, darker the larger its share; red: taken for another; numbers are {escape_markdown(card.study.plural)}; "
            f"empty: none.{framed}"
        )
    if right is None:
        if found.mistakes:
            _show_list(card, found, key)
        return
    with right:
        if found.mistakes:
            _show_list(card, found, key)
        _show_groups(card, found)
        _show_few(card)


def _show_list(card: ModelCard, found: LookAlikes, key: str) -> None:
    names = card.study.species_names
    show_named_heading("Largest mistakes")
    rows = "".join(
        f"<tr><th scope='row'>{italicised(names[m.true], card.study)} taken for {italicised(names[m.named], card.study)}</th>"
        f"<td><b>{m.count}</b> of {m.plants}</td></tr>"
        for m in found.mistakes[:_LISTED]
    )
    st.html(f"<table class='flora-mistakes'><tbody>{rows}</tbody></table>")
    shown = min(_LISTED, len(found.mistakes))
    pairs = "pair" if len(found.mistakes) == 1 else "pairs"
    st.caption(f"{shown} of {len(found.mistakes)} {pairs}.")
    st.download_button(
        "All pairs (.csv)", _pairs_csv(card, found), f"{card.study.name}-v{card.version}-mistakes.csv", "text/csv",
        on_click="ignore", key=f"{key}.pairs", type="tertiary", icon=":material/download:",
    )


def _show_groups(card: ModelCard, found: LookAlikes) -> None:
    if not found.groups:
        return
    names = card.study.species_names
    show_named_heading("Look-alikes", "and their mistakes among themselves")
    rows = "".join(
        f"<tr><td><b>{letter}</b></td><th scope='row'>{', '.join(italicised(names[i], card.study) for i in group)}</th>"
        f"<td>{found.within(group)}</td></tr>"
        for letter, group in zip(ascii_uppercase, found.groups, strict=False)
    )
    st.html(f"<table class='flora-mistakes'><tbody>{rows}</tbody></table>")


def _show_few(card: ModelCard) -> None:
    few = [(name, s.plants) for name, s in card.scores.by_species.items() if s.plants < FEW_PLANTS]
    if not few:
        return
    with st.container(border=True):
        show_named_heading("Too few to judge")
        said = ", ".join(f"{italicised(name, card.study)} {n}" for name, n in few)
        st.html(f"<p>{said}: fewer than {FEW_PLANTS} {escape(card.study.plural)}, their shares are guesses.</p>")


def _pairs_csv(card: ModelCard, found: LookAlikes) -> str:
    """Every pair with its share and the 95 % interval."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["species", "taken_for", "count", "plants", "share", "low", "high"])
    names = card.study.species_names
    for m in found.mistakes:
        low, high = clopper_pearson(m.count, m.plants)
        share = f"{m.count / m.plants:.4f}"
        writer.writerow([names[m.true], names[m.named], m.count, m.plants, share, f"{low:.4f}", f"{high:.4f}"])
    return out.getvalue()
