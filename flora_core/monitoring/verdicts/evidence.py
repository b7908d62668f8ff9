"""How a verdict is known: every question that was asked of a window, its test, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from flora_core.monitoring.decision import Verdict
from flora_core.monitoring.drift.samples import Findings
from flora_core.monitoring.verdicts.wording import Wording, percent


@dataclass(frozen=True, slots=True)
class Evidence:
    """One question and its answer.

    Attributes
    ----------
    question : str
        As a botanist asks it.
    test : str
        What a statistician calls the test.
    statistic : str
        Its value, with what it counts.
    p_value, p_adjusted : float or None
        Before and after Holm's correction for all questions; None where there were too few plants.
    detectable : str
        What would be seen half of the time; "" where that is not known.
    verdict : Verdict
    """

    question: str
    test: str
    statistic: str
    p_value: float | None
    p_adjusted: float | None
    detectable: str
    verdict: Verdict


def evidence_of(findings: Findings, wording: Wording) -> tuple[Evidence, ...]:
    """Everything that was asked of a window, the shares first."""
    rows = []
    asked = {
        "unfit": "Do more fit no species?",
        "missing": "Do more lack a measurement?",
        "issues": "Do more rows have issues?",
    }
    for share in findings.shares:
        counts = f"{share.hits_current:,} of {share.m:,}"
        rows.append(
            Evidence(
                asked[share.kind], "Fisher's exact test", counts, share.p_value, share.p_adjusted, "", share.verdict
            )
        )
    for shift in findings.shifts:
        detectable = (
            "" if shift.detectable is None or shift.p_value is None else wording.written(shift.name, shift.detectable)
        )
        distance = "" if shift.distance is None else wording.written(shift.name, shift.distance)
        rows.append(
            Evidence(
                f"Is {wording.label(shift.name)} as before?",
                "Wasserstein distance, by permutation",
                distance,
                shift.p_value,
                shift.p_adjusted,
                detectable,
                shift.verdict,
            )
        )
    together, within, mix, sure = findings.multivariate_drift, findings.within, findings.mix, findings.confidence
    if within is not None:
        most = within.most
        size = "" if most is None else f"{wording.label(most.name)} {most.location:+.2f} SD, × {most.spread:.2f}"
        rows.append(
            Evidence(
                "Are they as before within each species?",
                "location and spread, weighted for the mix",
                size.replace("-", "−"),
                within.p_value,
                within.p_adjusted,
                "",
                within.verdict,
            )
        )
    if together is not None:
        value = "" if together.distance is None else f"{together.distance:.3g}"
        rows.append(
            Evidence(
                "Do the measurements still go together?",
                "energy distance, by permutation",
                value,
                together.p_value,
                together.p_adjusted,
                "",
                together.verdict,
            )
        )
    if mix is not None:
        moved = "" if mix.moved is None else f"{percent(mix.moved)} % moved"
        rows.append(
            Evidence(
                "Is the mix of species as before?", "chi-squared", moved, mix.p_value, mix.p_adjusted, "", mix.verdict
            )
        )
    if sure is not None:
        both = (
            ""
            if sure.reference is None or sure.current is None
            else f"{percent(sure.reference)} to {percent(sure.current)} %"
        )
        rows.append(
            Evidence(
                "Is the model as sure as before?",
                "mean certainty, by permutation",
                both,
                sure.p_value,
                sure.p_adjusted,
                "",
                sure.verdict,
            )
        )
    return tuple(rows)
