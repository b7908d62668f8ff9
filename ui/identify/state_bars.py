"""Characters with states in pictures: the share of each species' plants that show a state, as bars."""

from __future__ import annotations

from html import escape
from typing import Final

import numpy as np

from flora_core.identification.state_scores import held_states
from flora_core.languages import translate
from flora_core.model import Model
from flora_core.monitoring.performance.realised import wilson
from flora_core.workflows.identify import Identification
from ui.charts.scatter import fill

_LINE = "display:flex;align-items:center;gap:.4rem;margin:.1rem 0;font-size:.85rem"
_TRACK = (
    "flex:1;height:.55rem;min-width:4rem;border-radius:.3rem;overflow:hidden;"
    "background:color-mix(in srgb,currentColor 12%,transparent)"
)
_BARS = (
    "display:grid;grid-template-columns:fit-content(60%) minmax(4rem,1fr);gap:.1rem .4rem;align-items:center;"
    "font-size:.85rem;overflow-wrap:anywhere"
)


def state_bars(found: Identification, i: int, order: list[int]) -> str:
    """For each species a bar: the share of its training plants that show the plant's state, with n and 95 % interval."""
    share, shown = found.explanation.share, found.explanation.shown
    if share is None or shown is None:
        return ""
    rows = []
    for j in order:
        n, name = int(shown[j, i]), found.study.short(found.study.species_names[j])
        if not n or np.isnan(share[j, i]):
            rows.append(f"<div style='{_LINE}'>{escape(name)}: {translate('not known of any of its plants')}</div>")
            continue
        low, high = wilson(float(share[j, i]) * n, n)
        text = translate(
            "{share} % of {n} ({low} to {high} %)",
            share=f"{100 * share[j, i]:.0f}",
            n=n,
            low=f"{100 * low:.0f}",
            high=f"{100 * high:.0f}",
        )
        rows.append(
            f"<div style='{_LINE}'><span class='flora-hidden'>{escape(name)}: </span><div style='{_TRACK}' aria-hidden='true'>"
            f"<div style='height:100%;width:{100 * share[j, i]:.1f}%;background:{fill(j)}'></div></div>"
            f"<span style='min-width:11rem'>{text}</span></div>"
        )
    return "".join(rows)


#: States that are named below the bars; of more, those that most plants show.
_NAMED: Final = 12


def stacked_states(model: Model, i: int, order: list[int]) -> str:
    """For each species a bar of all states, each as long as its share of the species' training plants."""
    m, study = model.study.measurements[i], model.study
    labels = m.state_labels
    held = held_states(model.reference.values[:, i], len(labels))
    known = held.any(axis=1)
    rows, total = [], np.zeros(len(labels))
    for j in order:
        of = known & (model.reference.species == j)
        n, name = int(of.sum()), study.short(study.species_names[j])
        weights = held[of] / np.maximum(held[of].sum(axis=1, keepdims=True), 1)
        shares = weights.sum(axis=0) / max(n, 1)
        total += shares
        shown = [(place, labels[place], 100 * float(shares[place])) for place in map(int, np.flatnonzero(shares > 0))]
        said = ", ".join(f"{label} {share:.0f} %" for _, label, share in shown) or translate("not known")
        parts = "".join(
            f"<div title='{escape(label)} {share:.0f} %' style='width:{share:.1f}%;background:{_shade(place, len(labels))};"
            "border-right:1px solid var(--flora-ground)'></div>"
            for place, label, share in shown
        )
        rows.append(
            f"<span>{escape(name)} (n = {n})</span><div style='{_TRACK};display:flex' aria-hidden='true'>{parts}</div>"
            f"<span class='flora-hidden'>{escape(said)}</span>"
        )
    commonest = sorted(sorted(range(len(labels)), key=lambda place: -total[place])[:_NAMED])
    legend = " ".join(
        "<span style='white-space:nowrap'><span style='display:inline-block;width:.7rem;height:.7rem;border-radius:2px;"
        f"background:{_shade(place, len(labels))}'></span> {escape(labels[place])}</span>"
        for place in commonest
    )
    more = f" <span>and {len(labels) - _NAMED} more</span>" if len(labels) > _NAMED else ""
    return (
        # A grid, so that all bars begin at one line and a share is as long in each of them.
        f"<div style='{_BARS}'>{''.join(rows)}</div>"
        f"<div style='font-size:.8rem;display:flex;flex-wrap:wrap;gap:.5rem'>{legend}{more}</div>"
    )


def _shade(place: int, states: int) -> str:
    """A state's shade between the text and the ground: the colours are those of the species."""
    return f"color-mix(in srgb,currentColor {85 - 70 * place / max(1, states - 1):.0f}%,var(--flora-ground))"
