"""The one verdict on a study's last plants, as every page, command, report, alert and program tells it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from flora_core.access import UseCase
from flora_core.model import Model
from flora_core.monitoring.decision import MIN_PLANTS
from flora_core.monitoring.decision import Verdict as Colour
from flora_core.monitoring.drift.samples import Findings
from flora_core.monitoring.verdicts.reasons import VerdictReason
from flora_core.monitoring.verdicts.wording import VERDICT_WORDS
from flora_core.storage.acknowledgements import Acknowledgement, Acknowledgements
from flora_core.study import Study
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext
from flora_core.workflows.monitor.calendar import DateRange
from flora_core.workflows.monitor.ground_truth import GroundTruth, ground_truth
from flora_core.workflows.monitor.profiles import DayProfile, Missing, day_profiles
from flora_core.workflows.monitor.reference import version_reference
from flora_core.workflows.monitor.version_windows import MonitoredWindow, VersionWindow, last_window, main_part

#: Plants that are older are not the last ones any more: nothing is said of them now.
DAYS: Final = 30
#: How far back the last plants are looked for where a few days hold too few, and what the windows show.
LOOK_BACK: Final = timedelta(days=365)


@dataclass(frozen=True, slots=True, eq=False)
class CurrentVerdict:
    """What is said of a study's last plants.

    Attributes
    ----------
    study : str
    version : int
        The champion, against whose reference its plants are held; the newest that identified where there is no champion.
    verdict : {"green", "amber", "red", "too few"}
    sentence : str
        In words, with the numbers.
    reasons : tuple of str
        What changed, gravest first, each with what to do.
    plants : int
        How many were looked at.
    determined, right : int
        Of those given a name in the same days: determined by a competent person, and of these named right.
    findings : Findings
        Of that version.
    since, until : datetime
        The first moment of the first day, and of the day after the last one.
    plural : str
        What the study calls its plants.
    last : MonitoredWindow or None
        The last plants; None where there are none.
    known : Acknowledgement or None
        A person's word for why the plants are not as they were, where it covers everything that was found.
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
    plural: str = "plants"
    last: MonitoredWindow | None = None
    known: Acknowledgement | None = None

    @property
    def word(self) -> str:
        """The verdict as people are told it: "All is well", "Watch it", "Look at it", "Known", "Too few to say"."""
        return "Known" if self.known is not None else VERDICT_WORDS[self.verdict]

    @property
    def days(self) -> str:
        """The days whose plants the verdict rests on, in words."""
        return DateRange(self.since.date(), self.until.date()).written

    @property
    def basis(self) -> str:
        """What the verdict rests on: "21 to 27 November 2026 · 60 flowers · version 1"."""
        if self.last is None:
            return self.days
        named = self.plural.removesuffix("s") if self.plants == 1 else self.plural
        return f"{self.days} · {self.plants:,} {named} · version {self.version}"

    @property
    def told(self) -> str:
        """The whole verdict in one paragraph, for a message or a terminal."""
        why = f" {self.known.by} said why on {self.known.at:%d %B %Y}: {self.known.why}" if self.known else ""
        return f"{self.word} ({self.basis}). {self.sentence}{why}"

    @property
    def main(self) -> VersionWindow | None:
        """The plants of the version that speaks first; None where there are no plants."""
        return None if self.last is None else main_part(self.last, self.version)


@dataclass(frozen=True, slots=True, eq=False)
class StudyDays:
    """What the monitor reads of a study: the profiles of its days, and what persons said of its plants.

    Attributes
    ----------
    named : Study
        As the newest version that identified knows it.
    days : list of DayProfile
        Up to the last day that is looked at, oldest first.
    ahead : list of DayProfile
        Dated after it.
    end : date
        The day after the last one.
    """

    named: Study
    champion: int | None
    models: dict[int, Model]
    days: list[DayProfile]
    ahead: list[DayProfile]
    missing: tuple[Missing, ...]
    end: date

    def since(self, day: date) -> list[DayProfile]:
        """The days from this one on."""
        return [one for one in self.days if one.day >= day.isoformat()]


@use_case(UseCase.READ_MONITOR)
def read_days(
    context: AppContext, study: str, end: date, *, version: int | None = None, ahead: bool = True
) -> StudyDays:
    """The days of a study up to one; with those dated later, where asked."""
    noun = context.studies.get(study)
    found, missing = day_profiles(context, study, None, None if ahead else end.isoformat())
    mine = [d for d in found if d.day < end.isoformat() and version in (None, d.version)]
    models = {v: context.model(study, v) for v in sorted({d.version for d in mine})}
    return StudyDays(
        models[max(models)].study if models else noun,
        context.registry.champion_version(study),
        models,
        mine,
        [d for d in found if d.day >= end.isoformat()],
        missing,
        end,
    )


@use_case(UseCase.READ_MONITOR)
def current_verdict(context: AppContext, study: str, until: datetime | None = None) -> CurrentVerdict:
    """The verdict on a study's last plants: those of a week back from the newest, or of more days where these are too few.

    Whoever tells the verdict of a study tells this one. Where nothing was recorded for thirty days, nothing is said.

    Parameters
    ----------
    until : datetime, optional
        The moment; now, where not given. The whole day counts.

    Raises
    ------
    NoChampion, DatabaseUnavailable, ArtifactRefused
    """
    context.champion(study)
    day = (until or datetime.now(UTC)).astimezone(UTC).date()
    found = read_days(context, study, day + timedelta(days=1))
    return verdict_now(context, study, found)


@use_case(UseCase.READ_MONITOR)
def verdict_now(
    context: AppContext, study: str, found: StudyDays, truth: Sequence[GroundTruth] | None = None
) -> CurrentVerdict:
    """The verdict on the last of these days' plants; what is known of them is read where it is not given."""
    since = found.end - LOOK_BACK
    # What an earlier version was told is over.
    days = [day for day in found.since(since) if found.champion in (None, day.version)]
    newest = date.fromisoformat(days[-1].day) if days else date.min
    last = None
    if newest > found.end - timedelta(days=DAYS + 1):
        if truth is None:
            truth = ground_truth(context, {v: m.study for v, m in found.models.items()}, study, since, found.end, None)
        last = last_window(context, days, truth, found.models)
    return _verdict_on(context, study, found, last)


def _verdict_on(context: AppContext, study: str, found: StudyDays, last: MonitoredWindow | None) -> CurrentVerdict:
    if last is None:
        first, version = found.end - timedelta(days=DAYS), found.champion or 0
        reference = version_reference(context.model(study, version)).profile.plants if version else 0
        return CurrentVerdict(
            study=study,
            version=version,
            verdict="too few",
            sentence=_nothing(found),
            reasons=(),
            plants=0,
            determined=0,
            right=0,
            findings=Findings(reference, 0, plants_missing=MIN_PLANTS),
            since=_midnight(first),
            until=_midnight(found.end),
            plural=found.named.plural,
        )
    part = main_part(last, found.champion)
    verdict = verdict_of_last(last, found.champion)
    return CurrentVerdict(
        study=study,
        version=part.version,
        verdict=verdict,
        sentence=sentence_of_last(last, found.champion),
        reasons=reason_texts(reasons_of_last(last)),
        plants=last.plants,
        determined=sum(one.realised.determined for one in last.parts),
        right=sum(one.realised.right for one in last.parts),
        findings=part.findings,
        since=_midnight(last.span.since),
        until=_midnight(last.span.until),
        plural=found.named.plural,
        last=last,
        known=_known(context, study, last) if verdict in ("amber", "red") else None,
    )


def _nothing(found: StudyDays) -> str:
    """Why there is nothing to say: nothing was recorded lately, or nothing by the version that identifies now."""
    organism, lately = found.named.organism, (found.end - timedelta(days=DAYS)).isoformat()
    if any(day.day >= lately for day in found.days):
        return f"Version {found.champion} identifies now and has named no {organism} in the last {DAYS} days."
    return f"No {organism} was recorded in the last {DAYS} days."


def reasons_of_last(last: MonitoredWindow | None) -> tuple[VerdictReason, ...]:
    """What was found in the last plants, the gravest first."""
    found = [reason for part in (last.parts if last else ()) for reason in part.window_verdict.reasons]
    return tuple(sorted(found, key=lambda reason: reason.verdict != "red"))


def reason_texts(reasons: Sequence[VerdictReason]) -> tuple[str, ...]:
    """Each once, with what to do."""
    return tuple(dict.fromkeys(f"{reason.text} {reason.next_step}".strip() for reason in reasons))


def verdict_of_last(last: MonitoredWindow | None, champion: int | None) -> Colour:
    """The champion's, where it has one: what an earlier version was told is over. Else the gravest there is."""
    if last is None:
        return "too few"
    main = main_part(last, champion)
    said = main.window_verdict.verdict
    return said if said != "too few" and main.version == champion else last.verdict


_COMPARED: Final[dict[Colour, str]] = {
    "green": "look like",
    "amber": "may differ from",
    "red": "do not look like",
    "too few": "are too few to compare with",
}


def sentence_of_last(last: MonitoredWindow, champion: int | None) -> str:
    """What a person reads first."""
    main = main_part(last, champion)
    if len(last.parts) == 1:
        return main.window_verdict.sentence
    others = [
        f"The {part.findings.m:,} named by version {part.version} {_COMPARED[part.window_verdict.verdict]} "
        "what it was trained on."
        for part in last.parts
        if part is not main
    ]
    return " ".join([f"Version {main.version}: {main.window_verdict.sentence}", *others])


def findings_key(last: MonitoredWindow) -> frozenset[str]:
    """What was found, each as one word that stays the same while the same thing is found again: what a person can know."""
    return frozenset(
        f"{part.version} {reason.topic} {reason.name} {reason.verdict}"
        for part in last.parts
        for reason in part.window_verdict.reasons
    )


def _known(context: AppContext, study: str, last: MonitoredWindow) -> Acknowledgement | None:
    """The newest word of a person on what was found, where nothing new was found since."""
    newest = Acknowledgements(context.database).newest(study)
    return newest if newest is not None and findings_key(last) <= newest.findings else None


@use_case(UseCase.DETERMINE, signs="by")
def acknowledge(context: AppContext, study: str, *, why: str, by: str) -> CurrentVerdict:
    """Write down why the last plants are not as they were: the verdict reads "Known" until something new is found.

    Raises
    ------
    Refused
        No reason is given, or there is nothing to explain.
    """
    from flora_core.errors import Refused

    reason = " ".join(why.split())[:1000]
    if not reason:
        raise Refused("Why is it so? Write the reason in a few words; the status reads “Known” beside it.")
    seen = current_verdict(context, study)
    if seen.last is None or seen.verdict not in ("amber", "red"):
        raise Refused(f"There is nothing to explain: {seen.sentence}")
    Acknowledgements(context.database).add(study, seen.verdict, findings_key(seen.last), reason, context.signed_by(by))
    return current_verdict(context, study)


def verdict_document(seen: CurrentVerdict) -> dict[str, Any]:
    """The verdict for a program: the same window, word and number that people are told."""
    return {
        "verdict": seen.verdict,
        "word": seen.word,
        "sentence": seen.sentence,
        "since": seen.since.date().isoformat(),
        "until": (seen.until.date() - timedelta(days=1)).isoformat(),
        "n": seen.plants,
        "version": seen.version,
        "known": None
        if seen.known is None
        else {"why": seen.known.why, "by": seen.known.by, "at": seen.known.at.isoformat(timespec="seconds")},
    }


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)
