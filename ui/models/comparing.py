"""Two versions against each other: one verdict in one colour, promotion in one click with a reason, and the figures behind it."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Final

import streamlit as st

from flora_core.access import UseCase
from flora_core.errors import ArtifactRefused
from flora_core.learning.comparison.model_comparison import Comparison
from flora_core.learning.comparison.promotion_gate import MARGIN, Gate
from flora_core.model import ModelCard
from flora_core.study import Study
from flora_core.workflows.context import AppContext
from flora_core.workflows.jobs.requests import ComparisonResult, ask_for_comparison, comparison_asked, comparison_job
from flora_core.workflows.models.comparison import gate_at
from flora_core.workflows.models.shadow import shadow_comparison
from flora_core.workflows.models.lifecycle import FIRST_OF_STUDY, VersionView
from ui.charts import model as model_charts
from ui.charts.confusion import confusion_matrix_chart
from ui.components.facts_table import facts_table
from ui.components.named_heading import show_named_heading
from ui.components.picture import show_picture
from ui.jobs.queue import show_queue
from ui.jobs.supervisor import SUPERVISOR
from ui.models.deeds import act, sign
from ui.site.navigation import page_link
from ui.site.person import allowed_here
from ui.site.text import escape_markdown, italicised
from ui.site.theme import theme

_PERSON: Final = "person"
#: Margins to choose from, in points of accuracy.
_MARGINS: Final = (0.5, 1.0, 2.0, 3.0, 5.0, 10.0)
#: Species up to which both confusion matrices are drawn beside each other.
_FEW_SPECIES: Final = 8


def show_comparing(context: AppContext, study: Study, versions: list[VersionView]) -> None:
    """Which two and with which margin; the answer with the promotion; the figures behind it."""
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
    left, right, narrow = st.columns([5, 5, 2])
    label = _labelled(context, study, versions)
    base = int(
        left.selectbox("Now", alive[::-1], index=alive[::-1].index(champion), format_func=label, key="base") or champion
    )
    candidates = [v for v in alive[::-1] if v != base]
    challenger = int(
        right.selectbox(
            "New",
            candidates,
            index=candidates.index(first) if first in candidates else 0,
            format_func=label,
            key="challenger.version",
        )
        or candidates[0]
    )
    margin = narrow.selectbox(
        "Margin",
        _MARGINS,
        index=_MARGINS.index(100 * MARGIN),
        format_func=lambda points: f"{points:g} point{'' if points == 1 else 's'}",
        key="margin",
        help="How many points of accuracy (plants of a hundred) the new version may be worse and still count as good.",
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
    comparison, kept = ComparisonResult.model_validate_json(job.result).read()
    old, new = (context.registry.card(study.name, version) for version in (base, challenger))
    seen = shadow_comparison(context, study.name, challenger) if base == champion else None
    gate = gate_at(kept, comparison, new, (margin or 100 * MARGIN) / 100, seen)
    _show_verdict(context, study, (old, new), comparison, gate, may_promote=base == champion)
    _show_figures(study, (old, new), comparison, gate)


def _show_first(context: AppContext, study: Study, alive: list[int]) -> None:
    """Nothing to defend: the version identifies after one click."""
    st.markdown("No version of this study identifies yet, so there is nothing to compare with.")
    if not alive:
        st.info("Every version is retired. Train another one.", icon=":material/school:")
        page_link("train", "Train a model")
        return
    version = int(st.selectbox("Version", alive[::-1], key="first.version") or alive[-1])
    if not allowed_here(context, UseCase.PROMOTE):
        return
    st.session_state.setdefault("promote.why", FIRST_OF_STUDY)
    sign(context, "promote")
    st.button(
        f"Let version {version} identify",
        type="primary",
        key="promote",
        on_click=act,
        args=("promote", context, study.name, version),
        icon=":material/workspace_premium:",
    )


def _tone(gate: Gate) -> str:
    if gate.objections or gate.answer == "worse":
        return "red"
    return "amber" if gate.answer == "cannot tell" else "green"


def _show_verdict(
    context: AppContext,
    study: Study,
    cards: tuple[ModelCard, ModelCard],
    comparison: Comparison,
    gate: Gate,
    *,
    may_promote: bool,
) -> None:
    """One sentence, one colour, the interval over three fields; reason and promotion in the same place."""
    tone = _tone(gate)
    mark = {"red": "✕", "amber": "?", "green": "✓"}[tone]
    head, _, rest = gate.sentence.partition(": ")
    with st.container(key=f"verdict-{tone}", border=True, gap="small"):
        left, right = st.columns([6, 5], gap="large")
        with left:
            st.html(
                f"<h2 class='flora-verdict'><span class='m' aria-hidden='true'>{mark}</span><b>{escape(head)}</b></h2>"
                f"<p class='flora-told'>{italicised(rest[:1].upper() + rest[1:], study)}</p>"
            )
            if may_promote and allowed_here(context, UseCase.PROMOTE):
                _show_promotion(context, study, cards[0].version or 0, cards[1].version or 0, comparison, gate)
            elif not may_promote:
                st.caption("To promote, choose under “Now” the version that identifies.")
        with right:
            show_picture(
                model_charts.difference_over_fields(comparison.overall, gate.margin, theme().ink),
                study,
                "difference over fields",
            )


def _show_promotion(context: AppContext, study: Study, old: int, new: int, comparison: Comparison, gate: Gate) -> None:
    proven = gate.proven or (gate.passed and not gate.answer)
    # What was proven is reason enough and may be changed; what was not asks for a reason of one's own.
    suggested = (
        f"{gate.answer.capitalize()} than version {old} on {gate.plants} plants." if gate.answer == "better" else ""
    )
    if gate.answer == "as good":
        suggested = f"As good as version {old} within {100 * gate.margin:g} points on {gate.plants} plants."
    place = f"promote.suggested.{old}.{new}.{gate.answer}.{gate.margin}"
    if proven and place not in st.session_state:
        st.session_state[place] = True
        st.session_state["promote.why"] = suggested
    sign(context, "promote")
    st.button(
        f"Promote version {new:d}" if gate.passed else f"Promote version {new:d} all the same",
        type="primary" if proven else "secondary",
        key="promote",
        on_click=act,
        args=("promote", context, study.name, new, not gate.passed, (old, comparison, gate)),
        icon=":material/workspace_premium:",
    )
    if not gate.passed:
        st.caption("The history will record that you promoted it over the gate, and why.")
    elif not proven:
        st.caption("Your reason goes into the history. The automatic cycle keeps the version in use.")


def _show_figures(study: Study, cards: tuple[ModelCard, ModelCard], comparison: Comparison, gate: Gate) -> None:
    ink = theme().ink
    old, new = cards
    left, right = st.columns(2, gap="large")
    with left:
        show_named_heading("In figures", "on the same plants; interval of the difference 95 %")
        st.html(_figures_table(old, new, comparison, gate))
        d = comparison.overall
        st.caption(
            f"{d.only_challenger:,} of {d.plants:,} {escape_markdown(study.plural)} are right with version {new.version or 0:d} alone, "
            f"{d.only_champion:,} with version {old.version or 0:d} alone (McNemar’s test, p {d.p:.2g})."
        )
        show_named_heading("May it take the place?", "gate")
        lines = "".join(
            f"<li><span aria-hidden='true'>{'✕' if r in gate.objections else '✓' if _fine(r, gate) else '–'}</span> "
            f"{_asked(gate) if r == gate.finding else italicised(r, study)}</li>"
            for r in gate.reasons
        )
        st.html(f"<ul class='flora-gate'>{lines}</ul>")
    with right:
        show_named_heading("Species by species", f"points, version {new.version} less version {old.version}")
        show_picture(model_charts.differences(study, comparison, ink, gate.margin), study, "differences")
    left, right = st.columns(2, gap="large")
    with left:
        show_named_heading("Taken for which?", "confusion matrix: row is, column named")
        places = st.columns(2) if len(study.species) <= _FEW_SPECIES else (st.container(), st.container())
        for place, card in zip(places, cards, strict=True):
            with place:
                wrong = card.scores.plants - card.scores.right
                st.markdown(f"**Version {card.version or 0:d}: {wrong:,} mistake{'' if wrong == 1 else 's'}**")
                picture = confusion_matrix_chart(card, ink, together=len(study.species) > _FEW_SPECIES)
                show_picture(picture, study, f"confusion.{card.version}")
    with right:
        show_named_heading("Does “90 % sure” come true?", "reliability diagram: line said, point true, band chance")
        if all(card.calibration_curve for card in cards):
            show_picture(model_charts.reliability_chart(cards, ink), study, "reliability")


def _asked(gate: Gate) -> str:
    """What the verdict above means for the promotion."""
    margin = f"within {100 * gate.margin:g} points"
    return {
        "better": "Shown to be better.",
        "as good": f"Shown to be as good {margin}.",
        "cannot tell": f"Not shown to be as good {margin}: your reason is asked.",
        "worse": "Shown to be worse.",
    }.get(gate.answer, escape(gate.finding))


def _fine(reason: str, gate: Gate) -> bool:
    """Whether what was looked at speaks for it: where nothing could be told, nothing does."""
    return reason != gate.finding or gate.answer in ("better", "as good", "")


def _figures_table(old: ModelCard, new: ModelCard, comparison: Comparison, gate: Gate) -> str:
    d = comparison.overall

    def row(plain: str, standard: str, before: str, after: str, difference: str, answer: str) -> tuple[str, ...]:
        return (f"{plain} <small>{standard}</small>", before, after, difference, answer)

    loss = "better" if comparison.log_loss_high < 0 else "worse" if comparison.log_loss_low > 0 else "within chance"
    rows = [
        row(
            "Named right",
            "accuracy",
            f"{100 * d.champion:.1f} %",
            f"{100 * d.challenger:.1f} %",
            _between(100 * d.value, 100 * d.low, 100 * d.high, 1),
            escape(gate.answer),
        ),
        row(
            "Honest certainty",
            "log loss",
            f"{old.scores.log_loss:.3f}",
            f"{new.scores.log_loss:.3f}",
            _between(comparison.log_loss, comparison.log_loss_low, comparison.log_loss_high, 3),
            loss,
        ),
        row(
            "Said and true apart",
            "calibration error",
            f"{100 * old.scores.calibration_error:.1f} %",
            f"{100 * new.scores.calibration_error:.1f} %",
            _signed(100 * (new.scores.calibration_error - old.scores.calibration_error), 1),
            "more than chance" if comparison.calibration_p < 0.05 else "within chance",
        ),
    ]
    if old.unknown_species is not None and new.unknown_species is not None:
        before, after = old.unknown_species, new.unknown_species
        rows.append(
            row(
                "Strangers noticed",
                f"of {after.plants}",
                f"{100 * before.noticed:.0f} %",
                f"{100 * after.noticed:.0f} %",
                _signed(100 * (after.noticed - before.noticed), 0),
                "",
            )
        )
    headings = ("", f"version {old.version}", f"version {new.version}", "difference", "answer")
    return facts_table(headings, rows)


def _signed(value: float, digits: int) -> str:
    return f"{value:+.{digits}f}".replace("-", "−")


def _between(value: float, low: float, high: float, digits: int) -> str:
    return f"{_signed(value, digits)} ({_signed(low, digits)} to {_signed(high, digits)})"


def _labelled(context: AppContext, study: Study, versions: list[VersionView]) -> Callable[[int], str]:
    """ "version 3, linear discriminant analysis, 190 flowers"."""
    champions = {v.version for v in versions if v.champion}
    said = {}
    for v in versions:
        try:
            card = context.registry.card(study.name, v.version)
        except ArtifactRefused:
            said[v.version] = f"version {v.version}, its files are lost"
            continue
        now = ", in use" if v.version in champions else ""
        said[v.version] = f"version {v.version}, {card.algorithm_title}, {card.table.rows} {study.plural}{now}"
    return lambda version: said.get(version, str(version))
