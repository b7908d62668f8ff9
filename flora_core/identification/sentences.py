"""What a botanist would say of the plant, in one sentence."""

from __future__ import annotations

from typing import Final

import numpy as np

from flora_core.identification.fitness import odd_measurements
from flora_core.identification.mix_ups import Suggestion
from flora_core.identification.naming import Answer
from flora_core.languages import localised, translate
from flora_core.model import Floats, Model, ModelCard
from flora_core.states import places_of
from flora_core.study import Study
from flora_core.wording import listed

#: Standard deviations within which a value is usual for a species.
_USUAL: Final = 2.0
#: A species outside the prediction set that is this probable is named in the sentence anyway.
_WORTH_SAYING: Final = 0.05


def probability_text(p: float) -> str:
    """A probability as people say it: "93 %", "more than 99 %", "less than 1 %"; never 0 % or 100 %."""
    if p > 0.99:
        return translate("more than 99 %")
    if p < 0.01:
        return translate("less than 1 %")
    return f"{100 * p:.0f} %"


#: What is said of a probability among the species that are known, where the plant may be of none of them.
UNUSUAL: Final = "Unusual for every species of the study; may be none of them."


def sentence(
    model: Model,
    values: Floats,
    probability: Floats,
    given: Answer,
    suggestion: Suggestion | None,
    unusual: bool = False,
) -> str:
    """One plain sentence on what the plant is and how far that can be trusted.

    Parameters
    ----------
    values : (p,) float
        NaN where not measured.
    probability : (k,) float
    given : Answer
    suggestion : Suggestion or None
        From `did_you_mean`.
    unusual : bool
        Whether the plant is unusual for every species.
    """
    if not given.prediction_set:
        return _none_of_these(model, values, suggestion)
    study = model.study
    z = (values - model.gaussians.means) / np.sqrt(np.diagonal(model.gaussians.covariances, axis1=1, axis2=2))
    if model.gaussians.states is not None:
        z[:, model.gaussians.states.columns.columns] = np.nan
    places = [study.species_names.index(name) for name in given.prediction_set]
    if len(places) > 1:
        text = _several(study, z, places, given, probability)
    else:
        rare = _rare_states(model, values, places[0])
        text = _one(study, values, z, places[0], rare) + _less_likely(study, probability, places[0])
    doubt = ""
    if unusual:
        doubt = "; but the {organism} is unusual for every species here, and may be none of them"
        doubt = translate(doubt, organism=translate(study.organism))
    return f"{text}{_measured_so_far(study, values)}{doubt}."


def sets_sentence(card: ModelCard) -> str:
    """What a card says of its prediction sets: the promise, and what was measured, on unseen groups too."""
    scores, unseen = card.scores, card.group_scores
    text = (
        f"Its 95 % prediction sets held the true species of {100 * scores.set_coverage:.1f} % of {scores.plants:,} held-out "
        f"plants, with {scores.set_size:.2f} species on average"
    )
    if unseen is None:
        return f"{text}. That is promised for plants like the training plants only."
    return (
        f"{text}; of plants of groups that it had not seen {100 * unseen.set_coverage:.1f} % (n = {unseen.plants:,}, "
        f"{card.groups} groups). Expect the latter on new populations."
    )


#: A state that fewer of a species' plants show is worth a word.
_RARE: Final = 0.05


def _rare_states(model: Model, values: Floats, j: int) -> list[str]:
    """The states of the plant that few of a species' plants show, in words."""
    states, study = model.gaussians.states, model.study
    if states is None:
        return []
    found = []
    for column, size, shares in zip(states.columns.columns, states.columns.sizes, states.shares, strict=True):
        held = [place for place in places_of(float(values[column])) if place < size]
        if held and shares[j, held].sum() < _RARE:
            m = study.measurements[column]
            found.append(
                translate(
                    "few of its {plural} have the {label} {state}",
                    plural=translate(study.plural),
                    label=translate(m.label),
                    state=m.written(float(values[column])),
                )
            )
    return found


def scores_sentence(card: ModelCard) -> str:
    """Which plants the numbers of a card come from; "" where they are all of the study's own table."""
    table, drawn = card.table, card.drawn_scores
    said = []
    if table.determined:
        said.append(
            f"The scores are of {card.scores.plants:,} plants of the study's own table. {table.determined:,} determined plants "
            "were learned from too"
            + (
                " and not asked about: who confirms a model's name adds no independent truth"
                if table.set_apart is not None
                else " and asked about: where persons only confirmed a model's names, the scores are too good"
            )
        )
    if drawn is not None:
        said.append(
            f"Of {drawn.plants:,} determined plants that chance chose, and that no version learns from, it named "
            f"{drawn.right:,} right ({100 * drawn.accuracy:.0f} %, 95 % interval {100 * drawn.low:.0f} to "
            f"{100 * drawn.high:.0f} %)"
        )
    elif table.determined:
        said.append(
            "No determined plant was chosen by chance: how it does on new plants has not been measured. Determine some that "
            "are drawn at random"
        )
    return "".join(f"{text}. " for text in said).strip()


def _one(study: Study, values: Floats, z: Floats, j: int, rare: list[str]) -> str:
    name = study.species_names[j]
    unusual = np.flatnonzero(np.abs(z[j]) > _USUAL)
    measured = np.flatnonzero(~np.isnan(values))
    if not len(unusual) and not rare:
        mixed = any(m.has_states for m in study.measurements)
        if len(measured) > 1 and mixed:
            what = "{name}: all {many} characters lie among its {plural}"
        elif len(measured) > 1:
            what = "{name}: all {many} measurements lie among its {plural}"
        else:
            what = f"{{name}}: the {'character' if mixed else 'measurement'} lies among its {{plural}}"
        return translate(what, name=name, many=len(measured), plural=translate(study.plural))
    said = [
        translate(
            "the {label} of {value} is large for it" if z[j, i] > 0 else "the {label} of {value} is small for it",
            label=translate(study.measurements[i].label),
            value=localised(study.measurements[i].written(values[i])),
        )
        for i in unusual[:2]
    ]
    said = (said + rare)[:2]
    return translate("{name}, although {what}", name=name, what=listed(said, translate("and")))


def _less_likely(study: Study, probability: Floats, best: int) -> str:
    """The next species, where the name is alone in the set and yet not sure."""
    others = np.delete(np.arange(len(probability)), best)
    second = int(others[probability[others].argmax()])
    if probability[second] < _WORTH_SAYING:
        return ""
    return translate(
        "; {name} is less likely ({probability})",
        name=study.short(study.species_names[second]),
        probability=probability_text(probability[second]),
    )


def _several(study: Study, z: Floats, places: list[int], given: Answer, probability: Floats) -> str:
    names = [study.short(study.species_names[j]) for j in places]
    organs: dict[str, list[int]] = {}
    for i, measurement in enumerate(study.measurements):
        if not np.isnan(z[0, i]):
            organs.setdefault(measurement.organ, []).append(i)
    fitting = [organ for organ, columns in organs.items() if (np.abs(z[np.ix_(places, columns)]) <= _USUAL).all()]
    both, together = "both " if len(names) == 2 else "", listed(names, translate("and"))
    if fitting and len(fitting) < len(organs):
        plural = [f"{organ}s" if len(organs[organ]) > 1 else organ for organ in fitting]
        verb = "fit" if len(plural) > 1 or plural[0].endswith("s") else "fits"
        message, what = f"{{name}}: the {{what}} {verb} {both}{{names}}", [translate(one) for one in plural]
        return translate(message, name=given.name, what=listed(what, translate("and")), names=together)
    if fitting:
        message = f"{{name}}: the {{organism}} fits {both}{{names}}"
        return translate(message, name=given.name, organism=translate(study.organism), names=together)
    rest = [f"{study.short(study.species_names[j])} ({probability_text(probability[j])})" for j in places[1:]]
    message = "{name}: {others} is possible too" if len(rest) == 1 else "{name}: {others} are possible too"
    return translate(message, name=given.name, others=listed(rest, translate("and")))


def _measured_so_far(study: Study, values: Floats) -> str:
    missing = [
        translate(measurement.label)
        for measurement, value in zip(study.measurements, values, strict=True)
        if np.isnan(value)
    ]
    if not missing:
        return ""
    if len(missing) > 3:
        return translate("; {missing} of {all} measurements are missing", missing=len(missing), all=len(values))
    return translate("; named without the {missing}", missing=listed(missing, translate("and")))


def _none_of_these(model: Model, values: Floats, suggestion: Suggestion | None) -> str:
    study = model.study
    odd = odd_measurements(model, values)
    question = f" {suggestion.question}" if suggestion else ""
    if len(odd) == 1:
        m, value = study.measurements[odd[0]], values[odd[0]]
        label = translate(m.label)
        if m.has_states:
            message = "None of these: the {label} {state} does not go with the other characters in any species here."
            return translate(message, label=label, state=m.written(float(value))) + question
        written = localised(m.written(value))
        column = model.reference.values[:, odd[0]]
        low, high = np.nanmin(column), np.nanmax(column)
        if not low <= value <= high:
            message = "None of these: the {label} of {value} fits no species here; the training {plural} have {low} to {high}."
            lowest, highest, plural = localised(m.digits(low)), localised(m.written(high)), translate(study.plural)
            return translate(message, label=label, value=written, plural=plural, low=lowest, high=highest) + question
        message = "None of these: the {label} of {value} does not go with the other values in any species here."
        return translate(message, label=label, value=written) + question
    message = "None of these: the {organism} lies outside every species of this study."
    return translate(message, organism=translate(study.organism)) + question
