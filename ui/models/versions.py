"""The parts of the Models page: versions and cards, comparing and promoting, the key, the history."""

from __future__ import annotations

from functools import lru_cache
from html import escape
from typing import Any

import streamlit as st

from flora_core.access import UseCase
from flora_core.errors import ArtifactRefused
from flora_core.identification.key import Key, key_of, surrogate_key
from flora_core.model import Model
from flora_core.study import Study
from flora_core.workflows.context import AppContext
from flora_core.workflows.models.lifecycle import VersionView, history, list_versions, show_version
from flora_core.workflows.models.printed_pages import card_page, key_page, key_table
from flora_core.workflows.models.runs import run_document
from ui.components.facts_table import facts_table
from ui.components.named_heading import show_named_heading
from ui.models.card import show_card
from ui.models.deeds import act, sign
from ui.site.person import allowed_here
from ui.site.text import escape_markdown


def show_champion(context: AppContext, study: Study, versions: list[VersionView]) -> None:
    """Which version identifies now, and the way back to the one before."""
    champion = next((v for v in versions if v.champion), None)
    if champion is None:
        st.info("None of the versions identifies yet. Promote one below, under “Compare”.")
        return
    earlier = context.registry.earlier_champion(study.name)
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        title = context.registry.card(study.name, champion.version).algorithm_title
        st.markdown(
            f"**Version {champion.version}** identifies now: {escape_markdown(title)}, registered {champion.registered_at[:10]} by "
            f"{escape_markdown(champion.registered_by)}."
        )
        if earlier is not None and allowed_here(context, UseCase.ROLL_BACK):
            with st.popover(f"Roll back to version {earlier}", icon=":material/undo:"):
                by, why = sign(
                    context,
                    "rollback",
                    f"Version {earlier} identifies again at once; version {champion.version} is kept.",
                )
                st.button(
                    f"Roll back to version {earlier}",
                    type="primary",
                    key="rollback",
                    on_click=act,
                    args=("rollback", context, study.name, 0),
                    disabled=not (by.strip() and why.strip()),
                )


def show_versions(context: AppContext, study: Study, versions: list[VersionView]) -> None:
    """All versions as a table, and the card of one."""
    numbers = [v.version for v in versions][::-1]
    champion = next((v.version for v in versions if v.champion), numbers[0])
    show_named_heading("Versions", "runs side by side; a click on a row opens its card", level=2)
    rows = _rows(context, study, versions)
    clicked: Any = st.dataframe(
        rows,
        hide_index=True,
        width="stretch",
        on_select="rerun",
        selection_mode="single-cell",
        key=f"models.{study.name}.table",
        alt=f"{len(rows)} versions, newest first: {', '.join(row['Version'] for row in rows[:20])}.",
    )
    selected = [row for row, _ in clicked["selection"]["cells"]] if clicked else []
    asked = st.query_params.get("version", "")
    version = int(asked) if asked.isdecimal() and int(asked) in numbers else champion
    if selected and selected[0] < len(numbers):
        version = numbers[selected[0]]
    row, card, events = show_version(context, study.name, version)
    st.header(f"Version {version}: {escape_markdown(card.algorithm_title)}")
    show_card(card, "models")
    with st.container(horizontal=True):
        st.download_button(
            "Card to print",
            data=lambda: card_page(card, events),
            file_name=f"{study.name}-v{version}-card.html",
            mime="text/html",
            on_click="ignore",
            icon=":material/print:",
        )
        view = next(v for v in versions if v.version == version)
        if not view.champion and not view.retired and allowed_here(context, UseCase.RETIRE):
            with st.popover("Retire this version", icon=":material/archive:"):
                by, why = sign(
                    context, "retire", "It stays to be read, and can’t be promoted any more. This can’t be undone."
                )
                st.button(
                    f"Retire version {version}",
                    key="retire",
                    on_click=act,
                    args=("retire", context, study.name, version),
                    disabled=not (by.strip() and why.strip()),
                )
    st.caption(
        escape_markdown(f"Files: SHA-256 {row.checksums.artifact[:16]}… (model), {row.checksums.card[:16]}… (card).")
    )


def show_key(context: AppContext, study: Study, versions: list[VersionView]) -> None:
    """The key that a tree is, or a short one that answers much as the model does."""
    numbers = [v.version for v in versions][::-1]
    champion = next((v.version for v in versions if v.champion), numbers[0])
    version = int(
        st.selectbox("Key of version", numbers, index=numbers.index(champion), key=f"key.{study.name}") or champion
    )
    model = context.model(study.name, version)
    key = _key(model)
    st.markdown(escape_markdown(key.sentence))
    st.html(f"<div class='flora-key'>{key_table(study, key)}</div>")
    st.caption("At each endpoint: how many training plants reach it, and the percentage that belong to the species.")
    st.download_button(
        "Key to print",
        data=lambda: key_page(model.card, key),
        file_name=f"{study.name}-v{version}-key.html",
        mime="text/html",
        on_click="ignore",
        icon=":material/print:",
    )


@lru_cache(maxsize=8)
def _key(model: Model) -> Key:
    return key_of(model) or surrogate_key(model)


def show_history(context: AppContext, study: Study, versions: list[VersionView]) -> None:
    """Who did what, when and why, newest first."""
    rows = [
        (
            f"{e.at:%Y-%m-%d %H:%M}",
            f"v{e.version}",
            e.kind,
            escape(e.by),
            escape(e.why) + (f"<br><small><b>Over the gate.</b> {escape(e.gate)}</small>" if e.overruled else ""),
        )
        for e in reversed(history(context, study.name))
    ]
    st.html(facts_table(("When (UTC)", "Version", "What", "Who", "Why"), rows))
    st.caption("Nothing is ever taken out of this list.")


def _rows(context: AppContext, study: Study, versions: list[VersionView]) -> list[dict[str, Any]]:
    """The versions side by side, newest first: scores, parameters, data and code of each."""
    rows = []
    for v in reversed(versions):
        try:
            run = run_document(context.registry.card(study.name, v.version))
        except ArtifactRefused:
            lost = {"Version": f"v{v.version}", "State": "files lost", "Registered": v.registered_at[:10]}
            rows.append({**lost, "By": v.registered_by})
            continue
        stated = " (stated)" if run["imported"] else ""
        rows.append(
            {
                "Version": f"v{v.version}",
                "State": "identifies" if v.champion else "retired" if v.retired else "",
                "Family": run["algorithm_title"],
                "Named right": f"{100 * run['accuracy']:.1f} %{stated}",
                "95 % interval": f"{100 * run['low']:.1f} to {100 * run['high']:.1f} %, n = {run['plants_scored']}",
                "Log loss": round(run["log_loss"], 3),
                "Settings": ", ".join(f"{name} {value}" for name, value in run["hyperparameters"].items()) or "none",
                "Candidates": run["candidates"],
                "Plants": run["plants"],
                "Table": run["table_sha256"][:8],
                "Seed": run["seed"],
                "Code": ", ".join(f"{name} {version}" for name, version in run["libraries"].items()),
                "Registered": v.registered_at[:10],
                "By": v.registered_by,
            }
        )
    return rows


__all__ = ["list_versions", "show_champion", "show_history", "show_key", "show_versions"]
