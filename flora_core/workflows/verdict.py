"""The verdict on a study's last plants: do they look like the training plants, and how right is the champion still?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from flora_core.determination import COMPETENT
from flora_core.identification.fitness import misfits
from flora_core.identification.sentences import listed
from flora_core.learning.evaluation import interval
from flora_core.model import Model
from flora_core.monitoring.comparing import Findings, Plants, compare_plants
from flora_core.monitoring.drift import Shift
from flora_core.monitoring.judging import Verdict as Colour
from flora_core.storage.samples import Sample, Samples
from flora_core.study import Measurement
from flora_core.workflows.house import House

#: The last plants are those of so many days, and at most so many.
DAYS: Final = 30
MOST: Final = 1000


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of a study's last plants.

    Attributes
    ----------
    study : str
    version : int
        The champion, whose reference they are held against.
    verdict : {"green", "amber", "red", "too few"}
    sentence : str
        In words, with the numbers.
    reasons : tuple of str
        What changed, gravest first, each with what to do.
    plants : int
        How many were looked at.
    determined, right : int
        Of those identified in the same days: determined by a competent person, and of these named right.
    findings : Findings
    since, until : datetime
    """

    study: str
    version: int
    verdict: Colour
    sentence: str
    reasons: tuple[str, ...]
    plants: int
    determined: int
    right: int
    findings: Findings
    since: datetime
    until: datetime


def verdict(house: House, study: str, until: datetime | None = None) -> Verdict:
    """The verdict on the plants that the champion identified in the last thirty days; reads only.

    Parameters
    ----------
    until : datetime, optional
        The moment the thirty days end; now, where not given.

    Raises
    ------
    NoChampion, DatabaseUnavailable, ArtifactRefused
    """
    model = house.champion(study)
    version = model.card.version or 0
    end = until or datetime.now(UTC)
    since = end - timedelta(days=DAYS)
    sample = Samples(house.database).newest(study, version, since, end, MOST)
    findings = findings_of(model, sample)
    determined, right = _determined(house, model, since, end)
    reasons = _reasons(model, findings)
    return Verdict(
        study=study,
        version=version,
        verdict=findings.verdict,
        sentence=_sentence(model, findings, sample, determined, right),
        reasons=reasons,
        plants=len(sample),
        determined=determined,
        right=right,
        findings=findings,
        since=since,
        until=end,
    )


def findings_of(model: Model, sample: Sample) -> Findings:
    """The sample against the model's own reference."""
    reference = model.reference
    if not len(sample):
        return Findings(len(reference.species), 0, needed=20)
    before = Plants(
        values=reference.values,
        species=reference.probabilities.argmax(axis=1).astype(np.int64),
        confidence=reference.probabilities.max(axis=1),
        fits=misfits(model.clouds, reference.values).min(axis=1) <= 1.0,
    )
    now = Plants(
        values=sample.values, species=sample.species, confidence=sample.probabilities.max(axis=1), fits=sample.fits
    )
    return compare_plants(model.study.names, len(model.study.species), before, now)


def _determined(house: House, model: Model, since: datetime, until: datetime) -> tuple[int, int]:
    """Plants of these days that a competent person named, and how many of them the champion had named so."""
    names = model.study.species_names
    determined = right = 0
    for tally in house.determinations.tallies(
        model.study.name, since, until, version=model.card.version, level=COMPETENT
    ):
        if tally.given.species:
            determined += tally.plants
            right += tally.plants if tally.fits and tally.given.species == names[tally.species] else 0
    return determined, right


def _sentence(model: Model, findings: Findings, sample: Sample, determined: int, right: int) -> str:
    study, n = model.study, len(sample)
    if not n:
        return f"No {study.organism} was recorded in the last {DAYS} days."
    if findings.verdict == "too few":
        return (
            f"{n} {study.plural if n != 1 else study.organism} in the last {DAYS} days {'are' if n != 1 else 'is'} too few to "
            f"say whether anything changed; {findings.needed} more are needed. {_right(determined, right)}"
        ).strip()
    p = f"p = {findings.p:.3f}" if findings.p is not None and findings.p >= 0.001 else "p less than .001"
    looks = {
        "green": f"look like the training {study.plural} ({p})",
        "amber": f"may differ from the training {study.plural} ({p})",
        "red": f"differ from the training {study.plural} ({p})",
    }[findings.verdict]
    return f"The last {n:,} {study.plural} {looks}. {_right(determined, right)}".strip()


def _right(determined: int, right: int) -> str:
    if not determined:
        return "None of them is determined yet."
    low, high = interval(right, determined)
    return (
        f"{determined:,} determined, {right:,} of them named right "
        f"({100 * right / determined:.0f} %, {100 * low:.0f} to {100 * high:.0f})."
    )


def _reasons(model: Model, findings: Findings) -> tuple[str, ...]:
    """What is amber or red, red first, with its next step."""
    study = model.study
    found: list[tuple[bool, str]] = []
    unfit = findings.share("unfit")
    if unfit is not None and unfit.verdict in ("amber", "red"):
        found.append(
            (
                unfit.verdict == "red",
                f"{unfit.hits_now} of {unfit.m} {study.plural} fit no species (training: {unfit.hits_before} of {unfit.n}). "
                "Determine some of them; it may be a unit, or another species.",
            )
        )
    for shift in findings.shifts:
        if shift.verdict in ("amber", "red"):
            found.append((shift.verdict == "red", _moved(study.measurement(shift.name), shift)))
    if findings.mix is not None and findings.mix.verdict in ("amber", "red"):
        shares = [
            f"{name} {100 * now / max(1, sum(findings.mix.now)):.0f} % (was {100 * was / max(1, sum(findings.mix.before)):.0f})"
            for name, was, now in zip(study.species_names, findings.mix.before, findings.mix.now, strict=True)
        ]
        found.append(
            (
                findings.mix.verdict == "red",
                f"The mix of species changed: {listed(shares)}. By itself that is no fault of the model's.",
            )
        )
    if findings.together is not None and findings.together.verdict in ("amber", "red") and not found:
        found.append(
            (
                findings.together.verdict == "red",
                "The measurements no longer go together as they did, although each by itself looks the same. "
                "Look at how they are taken.",
            )
        )
    if findings.confidence is not None and findings.confidence.verdict in ("amber", "red"):
        found.append(
            (findings.confidence.verdict == "red", "The model is not as sure as it was. Determine the unsure ones.")
        )
    missing = findings.share("missing")
    if missing is not None and missing.verdict in ("amber", "red"):
        found.append((missing.verdict == "red", "More measurements are missing than in training."))
    return tuple(text for _, text in sorted(found, key=lambda one: not one[0]))


def _moved(m: Measurement, shift: Shift) -> str:
    label = m.label[:1].upper() + m.label[1:]
    if shift.shift is None or shift.before is None or shift.now is None:
        return f"{label} is spread otherwise than in training. Check the ruler and the unit."
    return (
        f"{label} went from {m.digits(shift.before)} to {m.written(shift.now)} on average"
        f"{f' ({shift.effect:+.1f} standard deviations)' if shift.effect is not None else ''}. Check the ruler and the unit; "
        "if they are right, it is another population or another mix of species."
    )
