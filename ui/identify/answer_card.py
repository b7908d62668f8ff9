"""The answer for one plant, as HTML that reads aloud as well as it looks: the name, the candidates, and why."""

from __future__ import annotations

from html import escape

import numpy as np

from flora_core.identification.explanation import central_ranges
from flora_core.identification.sentences import probability_text
from flora_core.languages import localised, translate
from flora_core.model import Floats, Model
from flora_core.study import Study
from flora_core.wording import listed
from flora_core.workflows.identify import Identification
from ui.charts.scatter import fill, in_unit, symbol
from ui.identify.state_bars import stacked_states, state_bars
from ui.site.text import italicised


def answer_card(found: Identification, *, example: bool = False) -> str:
    """The name, how sure it is in one word, and the sentence.

    Parameters
    ----------
    example : bool
        Whether the plant is the example, which is said beside the name.
    """
    study = found.study
    name = italicised(found.answer.name, study) if found.fits else translate("None of these")
    # The name stands above, so the sentence begins with what it says of it; a question has a place of its own.
    named = found.answer.name if found.fits else translate("None of these")
    said = found.sentence[len(named) :].lstrip(":, ")
    if found.did_you_mean:
        said = said.removesuffix(found.did_you_mean.question).rstrip()
    return (
        f"<p class='flora-name'>{name} {_pill(found)}{_example_pill() if example else ''}</p>"
        f"<p class='flora-says'>{italicised(said[:1].upper() + said[1:], study)}</p>"
    )


def _example_pill() -> str:
    return f" <span class='flora-pill flora-example'>{translate('Example')}</span>"


def _pill(found: Identification) -> str:
    """Sure, where one species is possible; never by its colour alone."""
    if not found.fits:
        return f"<span class='flora-pill flora-red'><span aria-hidden='true'>⊘</span> {translate('Fits none')}</span>"
    if found.unusual:
        # A probability among the species that are known says nothing of a plant that may be of none of them.
        return f"<span class='flora-pill flora-amber'><span aria-hidden='true'>?</span> {translate('Unusual')}</span>"
    if len(found.answer.prediction_set) > 1:
        return f"<span class='flora-pill flora-amber'><span aria-hidden='true'>?</span> {translate('Unsure')}</span>"
    return f"<span class='flora-pill flora-green'><span aria-hidden='true'>✓</span> {translate('Sure')}</span>"


def track_record(found: Identification) -> str:
    """How often this name was right of unseen plants, with n and interval; "" where there are none, or the plant is unusual."""
    score = found.model.card.scores.by_species.get(found.study.species_names[found.best])
    if not found.fits or found.unusual or score is None or not score.named or score.precision is None:
        return ""
    low, high = 100 * (score.precision_low or 0.0), 100 * (score.precision_high or 0.0)
    name = italicised(found.study.short(found.study.species_names[found.best]), found.study)
    text = translate(
        "Of {named} unseen {plural} named {name}, {right} were: {share} % (95 % interval {low} to {high} %).",
        named=score.named,
        plural=escape(translate(found.study.plural)),
        name=name,
        right=score.right,
        share=f"{100 * score.precision:.0f}",
        low=f"{low:.0f}",
        high=f"{high:.0f}",
    )
    return f"<p class='flora-quiet'>{text}</p>"


def strangers(found: Identification) -> str:
    """What share of plants of unknown species would be noticed; "" where that was not measured."""
    measured = found.model.card.unknown_species
    return "" if measured is None else f"<p class='flora-quiet'>{escape(measured.sentence)}</p>"


def empty_card(study: Study) -> str:
    """The invitation where nothing was measured yet."""
    measurement = next((m for m in study.measurements if not m.has_states), None)
    if measurement is None:
        return (
            f"<p class='flora-name flora-nothing'>{translate('Nothing seen yet')}</p><p class='flora-says'>"
            + translate(
                "Choose the states that the {organism} shows; one is enough to begin. What is not chosen is not known.",
                organism=escape(translate(study.organism)),
            )
            + "</p>"
        )
    value = measurement.step * round((measurement.low + measurement.high) / 2 / measurement.step)
    point = measurement.digits(value)
    texts = [point, point.replace(".", ",")] if "." in point else [point]
    if measurement.unit == "cm":
        texts.append(f"{10 * value:g} mm")
    texts.append(f"ca. {value:.0f}")
    shown = translate(" or ").join(f"<kbd>{escape(text)}</kbd>" for text in texts)
    how = translate("Move a slider or type what you measured; one is enough to begin. An empty box means not measured.")
    understood = translate("{texts}: all are understood, and what was read stands below the box.", texts=shown)
    return (
        f"<p class='flora-name flora-nothing'>{translate('No measurement yet')}</p>"
        f"<p class='flora-says'>{how}</p><p class='flora-understood'>{understood}</p>"
    )


def dot(j: int) -> str:
    """The mark of a species: its colour and its shape, as in every chart."""
    return f"<span class='flora-dot flora-s-{symbol(j)}' style='background:{fill(j)}'></span>"


#: However many species are possible, a list of more is not read.
_MOST_POSSIBLE = 10


def candidate_rows(found: Identification, most: int = 5) -> str:
    """The likeliest species with their probabilities, and which are in the 95 % prediction set."""
    rows = []
    possible = {found.study.species_names.index(name) for name in found.answer.prediction_set}
    shown = [j for i, j in enumerate(found.ranking) if i < most or (j in possible and i < _MOST_POSSIBLE)]
    for j in shown:
        name, p = found.study.species_names[j], float(found.probability[j])
        inside = translate("possible" if name in found.answer.prediction_set else "ruled out")
        rows.append(
            f"<tr><th scope='row'>{dot(j)}{italicised(name, found.study)}</th>"
            f"<td class='bar'><div class='flora-track'><span style='width:{100 * p:.1f}%;background:{fill(j)}'>"
            "</span></div></td>"
            f"<td class='p'>{probability_text(p)}</td><td class='flora-in'>{inside}</td></tr>"
        )
    # A probability among the species that are known says nothing of a plant that may be of none of them.
    known = translate("If it is one of these species:")
    if_known = f"<p class='flora-quiet'>{known}</p>" if found.unusual else ""
    more = len(found.study.species) - len(shown)
    unseen = len(possible - set(shown))
    others = translate("{more} other species, each less likely.", more=more)
    if unseen:
        others = translate(
            "{more} other species, each less likely; {unseen} of them are possible too.", more=more, unseen=unseen
        )
    rest = f"<p class='flora-in'>{others}</p>" if more else ""
    return (
        f"{if_known}<table class='flora-candidates'><thead class='flora-hidden'><tr><th>{translate('species')}</th><td></td>"
        f"<th>{translate('probability')}</th><th>{translate('95 % prediction set')}</th></tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>{rest}"
    )


def why(found: Identification, most: int = 12, unit: str = "") -> str:
    """For each measurement: where it lies among the plants of each species, and what it speaks for and against.

    Parameters
    ----------
    most : int
        Of more measurements those that say most are shown.
    unit : str
        The unit of what is written; "" for each measurement's own.
    """
    study, values = found.study, found.plant.values
    ranges = central_ranges(found.model)
    order = list(found.ranking[:4])
    measured = [i for i in range(len(values)) if not np.isnan(values[i])]
    # Of many measurements those that say most, in the study's order.
    telling = sorted(measured, key=lambda i: -float(np.abs(found.explanation.evidence[order[:2], i]).max()))
    columns = sorted(telling[:most])
    rows, standing = [], found.explanation.standing
    mixed = any(m.has_states for m in study.measurements)
    for i in columns:
        m, times = in_unit(study.measurements[i], unit)
        if m.has_states:
            rows.append(
                f"<tr role='row'><th scope='row' role='rowheader' class='m'><b>{escape(translate(m.heading))}</b>"
                f"{escape(m.written(float(values[i])))}</th><td class='r' role='cell'>{state_bars(found, i, order)}</td>"
                f"<td role='cell'>{_speaks(found, i, order)}</td></tr>"
            )
            continue
        rows.append(
            f"<tr role='row'><th scope='row' role='rowheader' class='m'><b>{escape(translate(m.heading))}</b>"
            f"{localised(m.written(times * float(values[i])))}</th>"
            f"<td class='r' role='cell'>{_strip(study, i, ranges, order, unit, float(values[i]), standing)}</td>"
            f"<td role='cell'>{_speaks(found, i, order)}</td></tr>"
        )
    legend = " ".join(
        f"<span class='flora-in'>{dot(j)}{italicised(study.short(study.species_names[j]), study)}</span>&emsp;"
        for j in order
    )
    few = ""
    if len(measured) > most:
        few = translate("The {most} of {all} measurements that say most.", most=most, all=len(measured))
        few = f"<p>{few}</p>"
    bars = translate("Middle 90 % of each species, and this {organism}", organism=escape(translate(study.organism)))
    if mixed:
        bars = translate(
            "Middle 90 % of each species, and this {organism}; of states, the share that shows them",
            organism=escape(translate(study.organism)),
        )
    return (
        # The roles are said, because on a phone the cells of a row stand below each other.
        f"{few}<p>{legend}</p><table class='flora-why' role='table'><thead role='rowgroup'><tr role='row'>"
        f"<th role='columnheader'>{translate('Character' if mixed else 'Measurement')}</th><th role='columnheader'>"
        f"{bars}</th><th role='columnheader'>{translate('By itself it speaks')}</th></tr></thead>"
        f"<tbody role='rowgroup'>{''.join(rows)}</tbody></table>"
    )


def tells_apart(model: Model, unit: str = "", most: int = 12) -> str:
    """Where the middle plants of each species lie in each measurement, before anything was measured."""
    study, ranges = model.study, central_ranges(model)
    order = list(range(min(4, len(study.species))))
    rows = []
    for i, own in enumerate(study.measurements[:most]):
        m, _ = in_unit(own, unit)
        if m.has_states:
            rows.append(
                f"<tr role='row'><th scope='row' role='rowheader' class='m'><b>{escape(translate(m.heading))}</b></th>"
                f"<td class='r' role='cell'>{stacked_states(model, i, order)}</td></tr>"
            )
            continue
        rows.append(
            f"<tr role='row'><th scope='row' role='rowheader' class='m'><b>{escape(translate(m.heading))}</b></th>"
            f"<td class='r' role='cell'>{_strip(study, i, ranges, order, unit)}</td></tr>"
        )
    legend = " ".join(
        f"<span class='flora-in'>{dot(j)}{italicised(study.short(study.species_names[j]), study)}</span>&emsp;"
        for j in order
    )
    return (
        f"<p>{legend}</p><table class='flora-why' role='table'>"
        "<thead class='flora-hidden' role='rowgroup'><tr role='row'>"
        f"<th role='columnheader'>{translate('Measurement')}</th><th role='columnheader'>"
        f"{translate('Middle 90 % of each species')}</th></tr></thead>"
        f"<tbody role='rowgroup'>{''.join(rows)}</tbody></table>"
    )


def _strip(
    study: Study,
    i: int,
    ranges: Floats,
    order: list[int],
    unit: str,
    value: float | None = None,
    standing: Floats | None = None,
) -> str:
    """The middle 90 % of each species in one measurement as bars, and a plant's value as a line where it has one."""
    m, times = in_unit(study.measurements[i], unit)
    marked = [] if value is None else [value]
    low = min([float(ranges[0, order, i].min()), *marked])
    high = max([float(ranges[2, order, i].max()), *marked])
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
    said = "; ".join(
        translate(
            "{species} {low} to {high}",
            species=study.species_names[j],
            low=localised(m.digits(times * float(ranges[0, j, i]))),
            high=localised(m.written(times * float(ranges[2, j, i]))),
        )
        + (
            translate(", {share} % are smaller", share=f"{100 * standing[j, i]:.0f}")
            if standing is not None and not np.isnan(standing[j, i])
            else ""
        )
        for j in order
    )
    line = "" if value is None else f"<span class='v' style='left:{at(value)}'></span>"
    return (
        f"<div class='flora-range' style='--n:{len(order)}' aria-hidden='true'>{''.join(bars)}{line}</div>"
        f"<div class='flora-ends' aria-hidden='true'><span>{localised(m.digits(times * low))}</span>"
        f"<span>{localised(m.written(times * high))}</span></div><span class='flora-hidden'>{escape(said)}</span>"
    )


#: Natural logarithms of odds: below half a unit a measurement says little; beyond ln 10 it multiplies the odds by ten.
_LITTLE, _MUCH = 0.5, 2.302585
#: Standard deviations beyond which a value is no longer compared: ratios of two vanishing densities mean nothing.
_FAR = 4.0


def _speaks(found: Identification, i: int, order: list[int]) -> str:
    weight, deviation = found.explanation.evidence, found.explanation.deviation[:, i]
    if (np.abs(deviation) > _FAR).all():
        return translate("for none: it lies far outside them all")
    names = [found.study.short(name) for name in found.study.species_names]
    parts = []
    for word, chosen in (
        ("strongly for", [names[j] for j in order if weight[j, i] >= _MUCH]),
        ("for", [names[j] for j in order if _LITTLE <= weight[j, i] < _MUCH]),
        ("strongly against", [names[j] for j in order if weight[j, i] <= -_MUCH]),
        ("against", [names[j] for j in order if -_MUCH < weight[j, i] <= -_LITTLE]),
    ):
        if chosen:
            parts.append(translate(f"{word} {{names}}", names=listed(chosen, translate("and"))))
    return italicised("; ".join(parts) or translate("for none more than another"), found.study)
