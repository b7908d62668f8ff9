"""The plants behind the monitor's figures, and what a person can do about a verdict."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final, Literal

from flora_core.access import UseCase
from flora_core.determination import COMPETENT
from flora_core.storage.records.identifications import IdentificationRecord
from flora_core.storage.records.statistics import RecordStatistics
from flora_core.storage.records.undetermined import Which, drawn, plants_between
from flora_core.study import Study
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext
from flora_core.workflows.monitor.calendar import DateRange
from flora_core.workflows.monitor.current_verdict import CurrentVerdict
from flora_core.workflows.monitor.version_windows import VersionWindow

#: Plants that are shown one by one, at most.
MOST: Final = 200
#: A fair check of the names: so many plants drawn at random.
DRAWN: Final = 5
#: Determinations that are worth a training, where nothing else asks for one.
WORTH_TRAINING: Final = 20

ActionKind = Literal["see", "draw", "train", "explain"]


@dataclass(frozen=True, slots=True)
class NextAction:
    """Something to do about a verdict.

    Attributes
    ----------
    kind : {"see", "draw", "train", "explain"}
    label : str
        Of its button.
    why : str
        A sentence or two.
    which : Which
        The plants that "see" shows.
    """

    kind: ActionKind
    label: str
    why: str
    which: Which = "all"


@use_case(UseCase.READ_RECORDS)
def plants_of_window(
    context: AppContext,
    study: str,
    span: DateRange,
    version: int | None = None,
    which: Which = "all",
    species: int | None = None,
) -> tuple[IdentificationRecord, ...]:
    """The plants of some days, to be looked at one by one: those that nobody determined first, newest first.

    Parameters
    ----------
    version : int, optional
        Only what this version identified.
    which : {"all", "unfit", "unsure", "gaps", "determined"}
    species : int, optional
        Only those given this name, by its place in the study.
    """
    start, end = _moments(span)
    return plants_between(context.database, study, start, end, version, which, species, MOST)


@use_case(UseCase.READ_RECORDS)
def draw_from_window(
    context: AppContext, study: str, span: DateRange, count: int = DRAWN
) -> tuple[IdentificationRecord, ...]:
    """Plants that chance chose of those of some days that nobody determined: a fair check of the names."""
    start, end = _moments(span)
    return drawn(context.database, study, count, start, end)


@use_case(UseCase.READ_MONITOR)
def next_actions(context: AppContext, study: Study, seen: CurrentVerdict) -> tuple[NextAction, ...]:
    """What to do about a verdict, the most useful first: at most three, and "I know why"; none that does nothing."""
    part = seen.main
    if part is None or not seen.plants:
        return ()
    found = []
    alarmed = seen.verdict in ("amber", "red")
    if alarmed:
        found.append(_see(context, study, seen, part))
    if part.determined.drawn < DRAWN and part.profile.plants - seen.determined >= DRAWN:
        found.append(NextAction("draw", f"Draw {DRAWN} at random", _why_draw(study, seen, part)))
    new = _new_determinations(context, study, seen)
    accuracy = any(reason.topic in ("accuracy", "estimate") for reason in part.window_verdict.reasons)
    if new >= WORTH_TRAINING or (new and accuracy and alarmed):
        noun = study.plural if new != 1 else study.organism
        why = f"Version {seen.version} has not learned from {new:,} determined {noun}. A new version is kept beside the others."
        found.append(NextAction("train", f"Train with {new:,} determination{'s' if new != 1 else ''}", why))
    if alarmed and seen.known is None:
        found.append(NextAction("explain", "I know why", "Write the reason; the status then reads “Known”."))
    return tuple(found)


def _see(context: AppContext, study: Study, seen: CurrentVerdict, part: VersionWindow) -> NextAction:
    reasons = part.window_verdict.reasons
    topics = {reason.topic for reason in reasons}
    step = next((reason.next_step for reason in reasons if reason.next_step), "")
    missing = part.findings.share("missing")
    which: Which
    if {"unfit", "mix-up"} & topics and part.profile.unfit:
        which, count = "unfit", part.profile.unfit
        step = next((one.next_step for one in reasons if one.topic in ("mix-up", "unfit") and one.next_step), step)
    elif topics == {"missing"} and missing is not None and missing.hits_current:
        which, count = "gaps", missing.hits_current
    elif topics == {"accuracy"} and seen.determined:
        which, count = "determined", seen.determined
    else:
        which, count = "all", part.profile.plants
    one = count == 1
    label = f"See this {study.organism}" if one else f"See these {count:,} {study.plural}"
    from_where = _mostly_from(context, study, seen, which, count) if which != "all" else ""
    return NextAction("see", label, f"{from_where} {step}".strip(), which)


#: Where the plants came from that a button shows; kept until something is recorded.
_ORIGINS: Final[dict[tuple[object, ...], str]] = {}


def _mostly_from(context: AppContext, study: Study, seen: CurrentVerdict, which: Which, count: int) -> str:
    """Whether most of some plants have one collector and site: "16 of the 18 were gathered by Maria Brook, Lower marsh."."""
    newest, determined, _ = RecordStatistics(context.database).state(study.name)
    key = (context.database.description, study.name, newest, determined, seen.since, seen.until, which)
    if key not in _ORIGINS:
        while len(_ORIGINS) >= 64:
            _ORIGINS.pop(next(iter(_ORIGINS)))
        plants = plants_between(context.database, study.name, seen.since, seen.until, seen.version, which, None, MOST)
        origins = Counter(", ".join(filter(None, (one.collector, one.site))) for one in plants)
        (origin, most), *_ = origins.most_common(1) or [("", 0)]
        _ORIGINS[key] = (
            f"{most:,} of the {len(plants):,} {'were' if most != 1 else 'was'} gathered by {origin}."
            if origin and 2 * most > len(plants) and len(plants) == count
            else ""
        )
    return _ORIGINS[key]


def _why_draw(study: Study, seen: CurrentVerdict, part: VersionWindow) -> str:
    if not seen.determined:
        known = f"None of these {study.plural} is determined yet."
    elif not part.determined.drawn:
        known = "None of those determined was drawn at random."
    else:
        known = f"Of those determined, {part.determined.drawn} drawn at random."
    return f"{known} {DRAWN} drawn at random every week are a fair check of the names."


def _new_determinations(context: AppContext, study: Study, seen: CurrentVerdict) -> int:
    """Plants determined as one of the study's species that the champion has not learned from."""
    names = set(study.species_names)
    known = sum(
        tally.plants
        for tally in context.determinations.tallies(study.name, level=COMPETENT)
        if tally.given.species in names
    )
    return max(0, known - context.model(study.name, seen.version).card.table.determined)


def _moments(span: DateRange) -> tuple[datetime, datetime]:
    return _midnight(span.since), _midnight(span.until)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)
