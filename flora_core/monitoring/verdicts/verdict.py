"""The verdict in words: first what it comes to, then each reason with its own next step.

The same sentences stand on the page, in the command, in the report and in alerts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flora_core.monitoring.decision import MIN_PLANTS, Verdict, worst
from flora_core.monitoring.drift.attribution import Decomposition
from flora_core.monitoring.drift.samples import Findings
from flora_core.monitoring.performance.cbpe import MetricEstimate
from flora_core.monitoring.performance.determination_evidence import DeterminationEvidence, visible_accuracy
from flora_core.monitoring.performance.realised import Realised
from flora_core.monitoring.verdicts.reasons import (
    VerdictReason,
    accuracy_drop,
    chosen_accuracy_drop,
    estimated_accuracy_drop,
    reasons_of,
)
from flora_core.monitoring.verdicts.wording import Wording, first_upper, interval_text, lower_first, percent

#: Plants that fit a species from which on something is said of them beside those that do not.
ENOUGH_OTHERS: Final = 30


@dataclass(frozen=True, slots=True)
class WindowVerdict:
    """The verdict of one window, with its reasons.

    Attributes
    ----------
    verdict : Verdict
    sentence : str
        What a person reads first.
    reasons : tuple of VerdictReason
        The gravest first; only amber and red ones, and what is too few to say.
    power : str
        What a window of this size could have shown at all; "" where nothing was tested.
    needed : int
        Plants still missing for an answer.
    """

    verdict: Verdict
    sentence: str
    reasons: tuple[VerdictReason, ...]
    power: str
    needed: int


def window_verdict(
    findings: Findings,
    wording: Wording,
    *,
    estimated: MetricEstimate | None = None,
    realised: Realised | None = None,
    reference: tuple[int, int] | None = None,
    determined: DeterminationEvidence | None = None,
    decompositions: Sequence[Decomposition] = (),
) -> WindowVerdict:
    """The verdict of one window, in words.

    Parameters
    ----------
    estimated : MetricEstimate or None
        The accuracy without determinations, where the model's probabilities are known.
    realised : Realised or None
        What determinations say. Where `determined` is not given they are taken as a random sample.
    determined : DeterminationEvidence or None
        The determined plants, parted by how they were chosen: only those that speak for the others can make a verdict red.
    reference : (int, int) or None
        Plants named right, and plants, when the model was scored.
    decompositions : sequence of Decomposition
        Where the shifts come from, which decides what to do about them.
    """
    reasons = [reason for reason in reasons_of(findings, wording, decompositions) if reason.verdict in ("amber", "red")]
    reasons += accuracy_reasons(realised, determined, reference, wording)
    if estimated is not None and estimated.alert:
        reasons.append(estimated_accuracy_drop(estimated, wording))
    # What plants that fit no species did to the measurements stands behind those plants.
    through = any(
        one.source == "strangers" and one.name in {reason.name for reason in reasons} for one in decompositions
    )
    reasons.sort(key=lambda reason: (reason.verdict != "red", through and reason.topic != "unfit"))
    verdict = worst([findings.verdict, *(reason.verdict for reason in reasons)])
    first = _first_sentence(verdict, findings, reasons, wording)
    accuracy = accuracy_sentence(estimated, realised)
    if realised is not None and determined is not None and findings.m:
        accuracy = f"{accuracy} {looked_at_sentence(realised, determined, reference)}".strip()
    return WindowVerdict(
        verdict,
        f"{first} {accuracy}".strip(),
        tuple(reasons),
        power_sentence(findings, wording),
        findings.plants_missing,
    )


def accuracy_reasons(
    realised: Realised | None,
    determined: DeterminationEvidence | None,
    reference: tuple[int, int] | None,
    wording: Wording,
) -> list[VerdictReason]:
    """What determinations show that is not as it was: at most one reason, of the plants that speak for the others first."""
    if realised is None or reference is None:
        return []
    if determined is None:
        found = [accuracy_drop(realised.right, realised.determined, reference, wording)]
    else:
        drawn = determined.how == "drawn"
        speaking = accuracy_drop(determined.right, determined.plants, reference, wording, drawn=drawn)
        found = [speaking or chosen_accuracy_drop(determined, wording)]
    return [reason for reason in found if reason is not None]


def looked_at_sentence(realised: Realised, known: DeterminationEvidence, reference: tuple[int, int] | None) -> str:
    """How many plants a person looked at that were drawn at random, and what these could have shown."""
    if not known.plants:
        which = "None of those was" if realised.determined else "Nobody has looked at any"
        return f"{which} drawn at random: wrong names among plants that measure as before would not show."
    which = (
        f"Nearly all are determined ({realised.determined:,} of {realised.identified:,})"
        if known.how == "census"
        else f"A person has looked at {known.plants:,} drawn at random, {known.right:,} of them named right"
    )
    parts = [which]
    if known.joined is not None:
        joined = known.joined
        parts.append(
            f"with the estimate of all others that is {percent(joined.value)} % ({interval_text(joined.low, joined.high)})"
        )
    visible = visible_accuracy(known.plants, reference) if reference is not None else None
    if visible is not None:
        parts.append(f"an accuracy of {percent(visible)} % would be noticed about half of the time")
    return f"{'; '.join(parts)}."


def _first_sentence(verdict: Verdict, findings: Findings, reasons: Sequence[VerdictReason], wording: Wording) -> str:
    these = f"{wording.which} {findings.m:,} {wording.plants}"
    if findings.m == 0 and not reasons:
        return f"There are no {wording.plants} to compare with {wording.reference} yet."
    if verdict == "too few":
        return _too_few(findings, wording)
    if verdict == "green":
        return f"{first_upper(these)} look like {wording.reference}."
    drifted = [reason for reason in reasons if reason.topic not in ("accuracy", "estimate")]
    if not drifted:
        if findings.p_value is None:
            return f"{reasons[0].text}"
        return f"{first_upper(these)} look like {wording.reference}, but {lower_first(reasons[0].text)}"
    if drifted[0].topic == "unfit" and verdict == "red":
        return f"{_strangers(findings, wording)}{_others(findings, wording)}"
    if verdict == "red":
        return f"{first_upper(these)} do not look like {wording.reference}: {lower_first(drifted[0].text)}"
    return f"Something may have changed in {these}: {lower_first(drifted[0].text)}"


def _strangers(findings: Findings, wording: Wording) -> str:
    share = findings.share("unfit")
    assert share is not None  # noqa: S101  its reason was found
    return (
        f"{share.hits_current:,} of {wording.which} {share.m:,} {wording.plants} fit no species of this study "
        f"({percent(share.reference or 0.0)} % before)."
    )


def _others(findings: Findings, wording: Wording) -> str:
    """What is said of the plants that fit a species, where there are enough of them."""
    within = findings.within
    if within is None or within.m < ENOUGH_OTHERS or within.verdict != "green":
        return ""
    return f" The other {within.m:,} measure as {wording.reference} did."


def _too_few(findings: Findings, wording: Wording) -> str:
    if not findings.plants_missing:
        return f"None of the {findings.m:,} {wording.plants} has a value to compare with {wording.reference}."
    if findings.n < MIN_PLANTS and findings.n < findings.m:
        there = f"{first_upper(wording.reference)} has {findings.n:,} {wording.plants}, too few to say anything"
        return f"{there}; {findings.plants_missing} more are needed there."
    one = findings.m == 1
    noun = wording.plants.removesuffix("s") if one else wording.plants
    return f"{findings.m:,} {noun} {'is' if one else 'are'} too few to say; {findings.plants_missing} more are needed."


def accuracy_sentence(estimated: MetricEstimate | None, realised: Realised | None) -> str:
    """What is known of the accuracy: "Estimated accuracy 95 % (88-100); 17 determined, 16 right."; "" where nothing is."""
    parts = []
    if estimated is not None:
        parts.append(
            f"Estimated accuracy {percent(estimated.value)} % ({interval_text(estimated.low, estimated.high)})"
        )
    if realised is not None:
        parts.append(
            f"{realised.determined:,} determined, {realised.right:,} right"
            if realised.determined
            else "none determined yet"
        )
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def power_sentence(findings: Findings, wording: Wording) -> str:
    """What a window of this size could have shown of the first measurement: "With 42 plants a shift of 0.3 cm ..."."""
    for shift in findings.shifts:
        if shift.detectable is not None and shift.p_value is not None and shift.spread:
            by = f"{wording.written(shift.name, shift.detectable)} in {wording.label(shift.name)}"
            return f"With {shift.m:,} {wording.plants} a shift of {by} would be seen about half of the time."
    return ""
