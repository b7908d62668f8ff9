"""What was found, one sentence a finding, each with its own next step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flora_core.monitoring.decision import Verdict, verdict_of
from flora_core.monitoring.drift.attribution import Decomposition, Source
from flora_core.monitoring.drift.categorical import MOVED, CategoricalDrift, ProportionDrift
from flora_core.monitoring.drift.confidence import Confidence
from flora_core.monitoring.drift.multivariate import MultivariateDrift
from flora_core.monitoring.drift.samples import Findings
from flora_core.monitoring.drift.univariate import UnivariateDrift
from flora_core.monitoring.drift.within_species import WithinSpecies
from flora_core.monitoring.performance.cbpe import MetricEstimate
from flora_core.monitoring.performance.determination_evidence import (
    ALPHA_CHOSEN,
    DeterminationEvidence,
    fewer_right_than_expected,
)
from flora_core.monitoring.performance.realised import rate
from flora_core.monitoring.verdicts.wording import Wording, first_upper, interval_text, percent
from flora_core.wording import listed

#: A fall of accuracy worth naming.
MIN_FALL: Final = 0.05


@dataclass(frozen=True, slots=True)
class VerdictReason:
    """One thing that was found: how grave, what, and what to do about it.

    Attributes
    ----------
    topic : str
        "measurement", "together", "within", "mix", "group", "unfit", "confidence", "missing", "issues", "accuracy" or
        "estimate".
    name : str
        The measurement or column, or "".
    verdict : Verdict
    text : str
        A sentence.
    next_step : str
        What to do, as a sentence; "" where there is nothing to do.
    """

    topic: str
    name: str
    verdict: Verdict
    text: str
    next_step: str = ""


def reasons_of(
    findings: Findings, wording: Wording, decompositions: Sequence[Decomposition] = ()
) -> list[VerdictReason]:
    """A sentence for everything that was asked, whatever its verdict."""
    sources = {one.name: one.source for one in decompositions}
    reasons = [shift_reason(shift, wording, sources.get(shift.name)) for shift in findings.shifts]
    if findings.multivariate_drift is not None:
        reasons.append(_together_reason(findings.multivariate_drift, wording))
    if findings.within is not None:
        reasons.append(within_reason(findings.within, wording))
    if findings.mix is not None:
        reasons.append(mix_reason("mix", "", findings.mix, wording))
    reasons += [_share_reason(share, wording) for share in findings.shares]
    if findings.confidence is not None:
        reasons.append(_confidence_reason(findings.confidence))
    reasons += [mix_reason("group", name, mix, wording) for name, mix in findings.groups]
    reasons += [mix_reason("within", name, mix, wording) for name, mix in findings.states_within]
    return reasons


def shift_reason(shift: UnivariateDrift, wording: Wording, source: Source | None = None) -> VerdictReason:
    """What one measurement shows, whatever its verdict; and what to do, by where the shift comes from."""
    label = wording.label(shift.name)
    if shift.distance is None or shift.shift is None or shift.reference is None or shift.current is None:
        where = "the reference" if not shift.n else "the window"
        return VerdictReason(
            "measurement", shift.name, shift.verdict, f"{first_upper(label)} was not measured in {where}."
        )
    if shift.verdict == "too few":
        few = min(shift.n, shift.m)
        text = f"{first_upper(label)} was measured in {few} {wording.plants}; {shift.plants_missing} more are needed."
        return VerdictReason("measurement", shift.name, shift.verdict, text)
    values = f"{wording.written(shift.name, shift.reference)} to {wording.written(shift.name, shift.current)}"
    if shift.verdict == "green":
        return VerdictReason("measurement", shift.name, "green", f"{first_upper(label)} is as before ({values}).")
    effect = abs(shift.effect or 0.0)
    if effect >= 0.1:
        by = wording.written(shift.name, abs(shift.shift))
        moved = f"{label} is {by} {'higher' if shift.shift > 0 else 'lower'} than before ({values})"
    else:
        moved = f"{label} is spread otherwise than before (typically {values})"
    far = f"; {shift.far:,} of {shift.m:,} lie far outside" if shift.far else ""
    return VerdictReason(
        "measurement",
        shift.name,
        shift.verdict,
        f"{first_upper(moved)}{far}.",
        _next_for(shift.reference, shift.current, source),
    )


_BY_SOURCE: Final[dict[Source | None, str]] = {
    None: "Check ruler and unit on ten plants, and ask whether they were pressed or come from another place.",
    "mix": "Most of it comes from another mix of species: collect determinations of what has become more common.",
    "within": "It changed within the species: check ruler and unit on ten plants, and ask whether they were pressed.",
    "strangers": "Most of it comes from plants that fit no species: there may be another species among them.",
}


def _next_for(before: float, now: float, source: Source | None) -> str:
    """What to check, by what the change looks like."""
    ratio = now / before if before > 0.0 and now > 0.0 else 1.0
    for factor, units in ((10.0, "millimetres and centimetres"), (2.54, "centimetres and inches")):
        if min(abs(math.log(ratio / factor)), abs(math.log(ratio * factor))) < 0.15:
            times = f"{factor:g} times {'as much' if ratio > 1.0 else 'less'}"
            return f"That is about {times}: ask whether {units} were mixed up by a ruler or a file."
    return _BY_SOURCE[source]


def _together_reason(found: MultivariateDrift, wording: Wording) -> VerdictReason:
    if found.verdict == "too few":
        few = f"{found.m} {wording.plants} with measurements"
        text = f"{few} are too few to compare all together; {found.plants_missing} more are needed."
        return VerdictReason("together", "", found.verdict, text)
    if found.verdict == "green":
        return VerdictReason("together", "", "green", "All measurements together are as before.")
    if found.correlation_changed and found.pair is not None:
        one, other = map(wording.label, found.pair)
        text = (
            f"{first_upper(one)} and {other} no longer go together as they did (correlation "
            f"{found.correlation_before:.2f} before, {found.correlation_now:.2f} now)."
        ).replace("-", "−")
        return VerdictReason(
            "together", "", found.verdict, text, "Check whether two columns were swapped for some of the plants."
        )
    return VerdictReason(
        "together",
        "",
        found.verdict,
        "The measurements taken together have changed.",
        "Look at where these plants lie among the training plants." if wording.model else "Draw the columns in pairs.",
    )


def within_reason(found: WithinSpecies, wording: Wording) -> VerdictReason:
    """What the measurements within the species named show, whatever its verdict; the clearest change is named."""
    most = found.most
    if found.verdict == "too few" or most is None:
        text = f"Within the species {found.m:,} named {wording.plants} are too few to compare"
        text += f"; {found.plants_missing} more are needed." if found.plants_missing else "."
        return VerdictReason("within", "", found.verdict, text)
    if found.verdict == "green":
        return VerdictReason("within", "", "green", "Within the species the measurements are as before.")
    label = wording.label(most.name)
    if most.p_spread < most.p_location:
        text = f"Within the species {label} is {'more' if most.spread > 1.0 else 'less'} scattered than before"
        size = f"{most.spread:.2f} times the standard deviation"
    else:
        by = wording.written(most.name, abs(most.shift))
        text = f"Within the species {label} is {by} {'higher' if most.shift > 0.0 else 'lower'} than before"
        size = f"{abs(most.location):.1f} standard deviations"
    text = f"{text} ({size}, another mix of species allowed for)."
    return VerdictReason("within", most.name, found.verdict, text, _BY_SOURCE["within"])


def mix_reason(topic: str, name: str, mix: CategoricalDrift, wording: Wording) -> VerdictReason:
    """What a mix of species or groups shows, whatever its verdict."""
    subject = f"the mix of {wording.label(name) if mix.labels else name}" if name else "the mix of species"
    subject += " within the species" if topic == "within" else ""
    if mix.value is None or mix.verdict == "too few":
        text = f"{first_upper(subject)} rests on {min(mix.n, mix.m)} {wording.plants}; {mix.plants_missing} more are needed."
        return VerdictReason(topic, name, mix.verdict, text)
    if mix.verdict == "green":
        return VerdictReason(topic, name, "green", f"{first_upper(subject)} is as before.")
    if mix.new and (mix.moved or 0.0) < MOVED:
        new = listed([mix.labels[j] for j in mix.new])
        shown = sum(mix.current[j] for j in mix.new)
        text = (
            f"{first_upper(subject)}: {shown} of {mix.m} {wording.plants} show {new}, which none of {mix.n} did before."
        )
        return VerdictReason(
            topic, name, mix.verdict, text, "Look at those plants: there may be another species among them."
        )
    changes = [now / mix.m - before / mix.n for before, now in zip(mix.reference, mix.current, strict=True)]
    most = max(range(len(changes)), key=lambda j: abs(changes[j]))
    labels = mix.labels or wording.species
    group = labels[most] if most < len(labels) else f"group {most + 1}"
    shares = f"{percent(mix.reference[most] / mix.n)} % before, {percent(mix.current[most] / mix.m)} % now"
    text = f"{first_upper(subject)} has changed: {group} {shares}."
    next_step = "Collect determinations of what has become more common." if wording.model else ""
    return VerdictReason(topic, name, mix.verdict, text, next_step)


_SHARES = {
    "unfit": ("fit no species", "Look at those plants: there may be another species among them."),
    "missing": ("lack a measurement", "Ask why it was not taken; names without it are less sure."),
    "issues": ("have a value that could not be used", "Look through the issues of the last files."),
}


def _share_reason(share: ProportionDrift, wording: Wording) -> VerdictReason:
    what, next_step = _SHARES[share.kind]
    if share.verdict == "too few" or share.reference is None or share.current is None:
        few = f"{share.hits_current} of {share.m} {wording.plants} {what}"
        text = f"{few}; {share.plants_missing} more {wording.plants} are needed to compare."
        return VerdictReason(share.kind, "", share.verdict, text)
    shares = f"{share.hits_current:,} of {share.m:,} {wording.plants} {what}"
    before = f"{percent(share.reference)} % before"
    return VerdictReason(
        share.kind, "", share.verdict, f"{shares} ({before}).", next_step if share.verdict != "green" else ""
    )


def _confidence_reason(found: Confidence) -> VerdictReason:
    if found.verdict == "too few" or found.reference is None or found.current is None:
        return VerdictReason(
            "confidence",
            "",
            found.verdict,
            f"How sure the model is rests on {found.m} plants; {found.plants_missing} more are needed.",
        )
    sure = f"{percent(found.reference)} % before, {percent(found.current)} % now"
    if found.verdict == "green":
        return VerdictReason("confidence", "", "green", f"The model is about as sure as before ({sure}).")
    return VerdictReason(
        "confidence",
        "",
        found.verdict,
        f"The model is less sure than it was ({sure}).",
        "Determine some of the plants it is least sure of.",
    )


def accuracy_drop(
    right: int, plants: int, reference: tuple[int, int], wording: Wording, *, drawn: bool = False
) -> VerdictReason | None:
    """Whether fewer determined plants were named right than when the model was scored, beyond chance.

    Parameters
    ----------
    right, plants : int
        Of determined plants that speak for the others: drawn at random, or nearly all there are.
    reference : (int, int)
        Plants named right, and plants, when the model was scored.
    drawn : bool
        Whether to say that they were drawn at random.
    """
    from scipy.stats import hypergeom

    right_before, n = reference
    wrong, wrong_before = plants - right, n - right_before
    if not plants or not n:
        return None
    p = float(hypergeom.sf(wrong - 1, n + plants, wrong + wrong_before, plants))
    verdict = verdict_of(p, right_before / n - right / plants >= MIN_FALL)
    if verdict == "green":
        return None
    a = rate(right, plants)
    which = f"{wording.plants} drawn at random and determined" if drawn else f"determined {wording.plants}"
    text = (
        f"Of {plants:,} {which} {right:,} were named right "
        f"({percent(a.value or 0.0)} %, {interval_text(a.low, a.high)}; {percent(right_before / n)} % when the model was "
        "scored)."
    )
    return VerdictReason(
        "accuracy", "", verdict, text, "Train with the determinations, and compare the new version with this one."
    )


def chosen_accuracy_drop(known: DeterminationEvidence, wording: Wording) -> VerdictReason | None:
    """Whether plants that somebody chose were named right less often than their own confidences say; amber at most."""
    p = fewer_right_than_expected(known.chosen_confidence, known.chosen_right, known.information)
    plants, right, expected = (
        len(known.chosen_right),
        int(known.chosen_right.sum()),
        float(known.chosen_confidence.sum()),
    )
    if p is None or p >= ALPHA_CHOSEN or expected - right < MIN_FALL * plants:
        return None
    text = (
        f"Of {plants:,} determined {wording.plants} that were not drawn at random {right:,} were named right, where the "
        f"confidence of their names promised {expected:.0f}."
    )
    return VerdictReason(
        "accuracy", "", "amber", text, f"{DRAW}, to learn how often names are right among all of them."
    )


#: What to do where nobody knows how often names are right.
DRAW: Final = "Determine 5 drawn at random a week"


def estimated_accuracy_drop(estimated: MetricEstimate, wording: Wording) -> VerdictReason:
    text = (
        f"The estimated accuracy of the last {estimated.n:,} {wording.plants} is {percent(estimated.value)} % "
        f"({interval_text(estimated.low, estimated.high)}), below the {percent(estimated.threshold)} % that chance explains."
    )
    return VerdictReason(
        "estimate", "", "amber", text, "Determine a few of them, to see whether the estimate is right."
    )
