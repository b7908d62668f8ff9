"""The parts of the Models page: versions and cards, comparing and promoting, the key, the history."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from html import escape
from typing import Final

import streamlit as st

from flora_core.access import UseCase
from flora_core.errors import FloraError
from flora_core.identification.key import Key, key_of, surrogate_key
from flora_core.learning.comparison.model_comparison import Comparison
from flora_core.learning.comparison.promotion_gate import Gate
from flora_core.model import Model
from flora_core.study import Study
from flora_core.workflows.context import AppContext
from flora_core.workflows.jobs.requests import (
    ComparisonResult,
    ask_for_comparison,
    comparison_asked,
    comparison_job,
)
from flora_core.workflows.models.lifecycle import VersionView, history, list_versions, promote, retire, roll_back, show_version
from flora_core.workflows.models.printed_pages import card_page, key_page, key_table
from ui.charts import model as model_charts
from ui.components.facts_table import facts_table
from ui.models.card import show_card
from ui.site.navigation import page_link
from ui.components.picture import show_picture
from ui.jobs.queue import show_queue
from ui.site.theme import theme
from ui.site.person import allowed_here, show_signing_name
from ui.site.text import escape_markdown
from ui.jobs.supervisor import SUPERVISOR

_PERSON: Final = "person"
_SAID: Final = "models.said"


def show_version_notice() -> None:
    """What the last click came to, once."""
    done, said = st.session_state.pop(_SAID, (True, ""))
    if said and done:
        st.success(escape_markdown(said), icon=":material/check_circle:")
    elif said:
        st.error(escape_markdown(said), icon=":material/error:")


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
                by, why = _sign(
                    context,
                    "rollback", f"Version {earlier} identifies again at once; version {champion.version} is kept."
                )
                st.button(
                    f"Roll back to version {earlier}", type="primary", key="rollback", on_click=_act,
                    args=("rollback", context, study.name, 0), disabled=not (by.strip() and why.strip()),
                )


def show_versions(context: AppContext, study: Study, versions: list[VersionView]) -> None:
    """All versions as a table, and the card of one."""
    st.html(_table(context, study, versions))
    numbers = [v.version for v in versions]
    champion = next((v.version for v in versions if v.champion), numbers[-1])
    version = st.selectbox(
        "Card of version", numbers[::-1], index=numbers[::-1].index(champion), key=f"models.{study.name}.card"
    )
    version = int(version or champion)
    row, card, events = show_version(context, study.name, version)
    st.header(f"Version {version}: {card.algorithm_title}")
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
                by, why = _sign(context, "retire", "It stays to be read, and can’t be promoted any more. This can’t be undone.")
                st.button(
                    f"Retire version {version}", key="retire", on_click=_act, args=("retire", context, study.name, version),
                    disabled=not (by.strip() and why.strip()),
                )
    st.caption(escape_markdown(f"Files: SHA-256 {row.checksums.artifact[:16]}… (model), {row.checksums.card[:16]}… (card)."))


def show_comparing(context: AppContext, study: Study, versions: list[VersionView]) -> None:
    """Two versions against each other; then the gate, and the promotion."""
    if not allowed_here(context, UseCase.COMPARE):
        return
    alive = [v.version for v in versions if not v.retired]
    champion = next((v.version for v in versions if v.champion), None)
    if champion is None:
        _show_first(context, study, alive)
        return
    others = [v for v in alive[::-1] if v != champion]
    if not others:
        st.info(
            "There is only one version. Train another one to compare it with the champion.", icon=":material/school:"
        )
        page_link("train", "Train a model")
        return
    asked = st.query_params.get("challenger", "")
    first = int(asked) if asked.isdecimal() and int(asked) in others else others[0]
    left, right = st.columns(2)
    base = int(
        left.selectbox(
            "Champion", alive[::-1], index=alive[::-1].index(champion), format_func=_labelled(versions), key="base"
        )
        or champion
    )
    candidates = [v for v in alive[::-1] if v != base]
    challenger = int(
        right.selectbox(
            "Challenger", candidates, index=candidates.index(first) if first in candidates else 0,
            format_func=_labelled(versions), key="challenger.version",
        )
        or candidates[0]
    )
    request = comparison_asked(context, study.name, base, challenger)
    job = comparison_job(context, study.name, request)
    if job is None or job.state in ("failed", "cancelled", "interrupted"):
        if job is not None and job.result:
            st.warning(escape_markdown(job.result), icon=":material/warning:")
        st.markdown(
            "Both are learned again on the same plants, and asked about plants they did not see; that takes as long as "
            "training both."
        )
        if st.button("Compare these two", type="primary", icon=":material/compare_arrows:", key="compare"):
            ask_for_comparison(context, study.name, request, str(st.session_state.get(_PERSON, "")).strip())
            SUPERVISOR.wake()
            st.rerun()
        return
    if job.active:
        show_queue(context, study.name)
        return
    comparison, gate = ComparisonResult.model_validate_json(job.result).read()
    _show_comparison(study, comparison, base, challenger)
    if base == champion:
        _show_gate(context, study, challenger, (base, comparison, gate))


def _show_first(context: AppContext, study: Study, alive: list[int]) -> None:
    st.markdown("There is no champion to compare with. Choose the version to use for identification.")
    version = int(st.selectbox("Version", alive[::-1], key="first.version") or alive[-1])
    by, why = _sign(context, "promote", "")
    st.button(
        f"Let version {version} identify", type="primary", key="promote", on_click=_act,
        args=("promote", context, study.name, version), disabled=not (by.strip() and why.strip()),
    )


def _show_comparison(study: Study, comparison: Comparison, base: int, challenger: int) -> None:
    st.header(f"Version {challenger} against version {base}")
    st.markdown(escape_markdown(comparison.sentence))
    show_picture(model_charts.differences(study, comparison, theme().ink), study, "differences")
    d = comparison.overall
    st.caption(
        escape_markdown(
            f"Of {d.plants} plants {d.only_challenger} were named right by version {challenger} alone and {d.only_champion} by "
            f"version {base} alone. Log loss differs by {comparison.log_loss:+.3f} ({comparison.log_loss_low:+.3f} to "
            f"{comparison.log_loss_high:+.3f}; below 0 is better)."
        )
    )


def _show_gate(context: AppContext, study: Study, challenger: int, judged: tuple[int, Comparison, Gate]) -> None:
    _, comparison, gate = judged
    st.header("May it take the champion’s place?")
    # One sentence, one colour: green where it was proven, amber where nothing was, red where something stands against it.
    if gate.objections:
        st.error(escape_markdown(gate.sentence), icon=":material/close:")
    elif gate.proven or not gate.answer:
        st.success(escape_markdown(gate.sentence), icon=":material/check_circle:")
    else:
        st.warning(escape_markdown(gate.sentence), icon=":material/balance:")
    show_picture(
        model_charts.difference_over_fields(comparison.overall, gate.margin, theme().ink), study, "difference over fields"
    )
    for reason in (r for r in gate.reasons if r != gate.finding):
        mark = ":material/close:" if reason in gate.objections else ":material/check:"
        st.markdown(f"{mark} {escape_markdown(reason)}")
    if gate.passed and not gate.proven and gate.answer:
        st.caption("A person may promote it anyway: the reason goes into the history. The automatic cycle keeps the champion.")
    overrule = not gate.passed and st.checkbox(
        "Promote it anyway. The history will record that I overrode the gate.", key="overrule"
    )
    by, why = _sign(context, "promote", "")
    st.button(
        f"Promote version {challenger}", type="primary" if gate.proven or not gate.answer else "secondary",
        key="promote", on_click=_act, args=("promote", context, study.name, challenger, overrule, judged),
        disabled=not (by.strip() and why.strip() and (gate.passed or overrule)),
        icon=":material/workspace_premium:",
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


def _table(context: AppContext, study: Study, versions: list[VersionView]) -> str:
    rows = []
    for v in reversed(versions):
        card = context.registry.card(study.name, v.version)
        s = card.scores
        state = "identifies" if v.champion else "retired" if v.retired else ""
        badge = f"<span class='flora-badge{' on' if v.champion else ''}'>{state}</span>" if state else ""
        stated = " (stated)" if card.imported else ""
        rows.append(
            (
                f"v{v.version} {badge}",
                escape(card.algorithm_title),
                f"{100 * s.accuracy:.1f} %{stated}",
                f"{100 * s.low:.1f} to {100 * s.high:.1f} %, n = {s.plants}",
                v.registered_at[:10],
                escape(v.registered_by),
            )
        )
    return facts_table(("Version", "Algorithm", "Named right", "95 % interval", "Registered", "By"), rows)


def _labelled(versions: list[VersionView]) -> Callable[[int], str]:
    champions = {v.version for v in versions if v.champion}
    return lambda v: f"version {v}, identifies now" if v in champions else f"version {v}"


def _sign(context: AppContext, deed: str, sentence: str) -> tuple[str, str]:
    """Who and why: what the history keeps."""
    if sentence:
        st.markdown(escape_markdown(sentence))
    by = show_signing_name(context, f"{deed}.by")
    why = st.text_input("Reason", key=f"{deed}.why", max_chars=2000, placeholder="for the history")
    return by, why


def _act(
    deed: str,
    context: AppContext,
    study: str,
    version: int,
    overrule: bool = False,
    judged: tuple[int, Comparison, Gate] | None = None,
) -> None:
    """Promote, roll back or retire, and keep the sentence that says what came of it."""
    by, why = str(st.session_state[f"{deed}.by"]), str(st.session_state[f"{deed}.why"])
    try:
        if deed == "rollback":
            said = f"Version {roll_back(context, study, by=by, why=why)} identifies again."
        elif deed == "retire":
            retire(context, study, version, by=by, why=why)
            said = f"Version {version} is retired."
        else:
            done = promote(context, study, version, by=by, why=why, overrule=overrule, judged=judged)
            said = f"Version {version} identifies from now on." if done.promoted else "Not promoted: the gate is shut."
    except FloraError as refused:
        st.session_state[_SAID] = (False, refused.message)
        return
    st.session_state[_SAID] = (True, said)
    st.session_state[f"{deed}.why"] = ""


__all__ = [
    "list_versions",
    "show_champion",
    "show_comparing",
    "show_history",
    "show_key",
    "show_said",
    "show_versions",
]
