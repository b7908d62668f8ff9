"""The answer for one plant, as HTML that reads aloud as well as it looks: the name, the candidates, and why."""

from __future__ import annotations

from html import escape

import numpy as np

from flora_core.identification.explanation import central_ranges
from flora_core.identification.sentences import listed, probability_text
from flora_core.model import Floats
from flora_core.workflows.identify import Identification
from ui.charts.scatter import fill
from ui.site.text import italicised


def answer_card(found: Identification) -> str:
    """The name and the sentence."""
    study = found.study
    name, sure = "None of these", ""
    if found.fits:
        name = italicised(found.answer.name, study)
        # A probability among the species that are known says nothing of a plant that may be of none of them.
        certainty = "unusual" if found.unusual else probability_text(found.probability[found.best])
        sure = f" <span class='sure'>{certainty}</span>"
    # The name stands above, so the sentence begins with what it says of it; a question has a place of its own.
    said = found.sentence[len(found.answer.name) :].lstrip(":, ")
    if found.did_you_mean:
        said = said.removesuffix(found.did_you_mean.question).rstrip()
    return (
        f"<p class='flora-name'>{name}{sure}</p>"
        f"<p class='flora-says'>{italicised(said[:1].upper() + said[1:], study)}</p>"
    )


#: However many species are possible, a list of more is not read.
_MOST_POSSIBLE = 10


def candidate_rows(found: Identification, most: int = 5) -> str:
    """The likeliest species with their probabilities, and which are in the 95 % prediction set."""
    rows = []
    possible = {found.study.species_names.index(name) for name in found.answer.prediction_set}
    shown = [j for i, j in enumerate(found.ranking) if i < most or (j in possible and i < _MOST_POSSIBLE)]
    for j in shown:
        name, p = found.study.species_names[j], float(found.probability[j])
        inside = "possible" if name in found.answer.prediction_set else "ruled out"
        rows.append(
            f"<tr><th scope='row'><span class='flora-dot' style='background:{fill(j)}'></span>"
            f"{italicised(name, found.study)}</th>"
            f"<td class='bar'><div class='flora-track'><span style='width:{100 * p:.1f}%;background:{fill(j)}'>"
            "</span></div></td>"
            f"<td class='p'>{probability_text(p)}</td><td class='flora-in'>{inside}</td></tr>"
        )
    more = len(found.study.species) - len(shown)
    unseen = len(possible - set(shown))
    too = f"; {unseen} of them are possible too" if unseen else ""
    rest = f"<p class='flora-in'>{more} other species, each less likely{too}.</p>" if more else ""
    return (
        "<table class='flora-candidates'><thead class='flora-hidden'><tr><th>species</th><td></td><th>probability</th>"
        f"<th>95 % prediction set</th></tr></thead><tbody>{''.join(rows)}</tbody></table>{rest}"
    )


def why(found: Identification, most: int = 12) -> str:
    """For each measurement: where it lies among the plants of each species, and what it speaks for and against."""
    study, values = found.study, found.plant.values
    ranges = central_ranges(found.model)
    order = list(found.ranking[:4])
    measured = [i for i in range(len(values)) if not np.isnan(values[i])]
    # Of many measurements those that say most, in the study's order.
    telling = sorted(measured, key=lambda i: -float(np.abs(found.explanation.evidence[order[:2], i]).max()))
    columns = sorted(telling[:most])
    rows = []
    for i in columns:
        m = study.measurements[i]
        rows.append(
            f"<tr role='row'><th scope='row' role='rowheader' class='m'><b>{escape(m.heading)}</b>"
            f"{m.written(float(values[i]))}</th>"
            f"<td class='r' role='cell'>{_strip(found, i, ranges, order)}</td>"
            f"<td role='cell'>{_speaks(found, i, order)}</td></tr>"
        )
    legend = " ".join(
        f"<span class='flora-in'><span class='flora-dot' style='background:{fill(j)}'></span>"
        f"{italicised(study.short(study.species_names[j]), study)}</span>&emsp;"
        for j in order
    )
    few = f"<p>The {most} of {len(measured)} measurements that say most.</p>" if len(measured) > most else ""
    return (
        # The roles are said, because on a phone the cells of a row stand below each other.
        f"{few}<p>{legend}</p><table class='flora-why' role='table'><thead role='rowgroup'><tr role='row'>"
        "<th role='columnheader'>Measurement</th><th role='columnheader'>"
        f"Middle 90 % of each species’ {escape(study.plural)}, and this {escape(study.organism)}</th>"
        f"<th role='columnheader'>By itself it speaks</th></tr></thead><tbody role='rowgroup'>{''.join(rows)}</tbody></table>"
    )


def _strip(found: Identification, i: int, ranges: Floats, order: list[int]) -> str:
    m, value = found.study.measurements[i], float(found.plant.values[i])
    low = float(np.nanmin([ranges[0, order, i].min(), value]))
    high = float(np.nanmax([ranges[2, order, i].max(), value]))
    wide = (high - low) or 1.0
    low, high = low - 0.06 * wide, high + 0.06 * wide
    if m.positive:
        low = max(low, 0.0)

    def at(x: float) -> str:
        return f"{100 * (x - low) / (high - low):.1f}%"

    bars = []
    for place, j in enumerate(order):
        q05, q50, q95 = (float(q) for q in ranges[:, j, i])
        top = f"{place * 0.62:.2f}rem"
        bars.append(
            f"<span class='s' style='left:{at(q05)};width:{100 * max(q95 - q05, 0.01 * wide) / (high - low):.1f}%;top:{top};"
            f"background:{fill(j)}'></span><span class='d' style='left:{at(q50)};top:{top}'></span>"
        )
    standing = found.explanation.standing
    said = "; ".join(
        f"{found.study.species_names[j]} {m.digits(float(ranges[0, j, i]))} to {m.written(float(ranges[2, j, i]))}"
        + (f", {100 * standing[j, i]:.0f} % are smaller" if not np.isnan(standing[j, i]) else "")
        for j in order
    )
    return (
        f"<div class='flora-range' style='--n:{len(order)}' aria-hidden='true'>{''.join(bars)}"
        f"<span class='v' style='left:{at(value)}'></span></div>"
        f"<div class='flora-ends' aria-hidden='true'><span>{m.digits(low)}</span><span>{m.written(high)}</span></div>"
        f"<span class='flora-hidden'>{escape(said)}</span>"
    )


#: Natural logarithms of odds: below half a unit a measurement says little; beyond ln 10 it multiplies the odds by ten.
_LITTLE, _MUCH = 0.5, 2.302585
#: Standard deviations beyond which a value is no longer compared: ratios of two vanishing densities mean nothing.
_FAR = 4.0


def _speaks(found: Identification, i: int, order: list[int]) -> str:
    weight, deviation = found.explanation.evidence, found.explanation.deviation[:, i]
    if (np.abs(deviation) > _FAR).all():
        return "for none: it lies far outside them all"
    names = [found.study.short(name) for name in found.study.species_names]
    parts = []
    for word, chosen in (
        ("strongly for", [names[j] for j in order if weight[j, i] >= _MUCH]),
        ("for", [names[j] for j in order if _LITTLE <= weight[j, i] < _MUCH]),
        ("strongly against", [names[j] for j in order if weight[j, i] <= -_MUCH]),
        ("against", [names[j] for j in order if -_MUCH < weight[j, i] <= -_LITTLE]),
    ):
        if chosen:
            parts.append(f"{word} {listed(chosen)}")
    return italicised("; ".join(parts) or "for none more than another", found.study)
