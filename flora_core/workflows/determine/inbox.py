"""The plants that wait for a determination, those that teach most first.

A plant teaches much where the model is unsure, where it fits no species or is unusual for all of them, where the champion
and a challenger disagree, and where its species has few known plants. Of many alike from one day or file, the first teaches
more than the tenth.

References
----------
Settles, B. (2009). Active learning literature survey, University of Wisconsin-Madison, report 1648: uncertainty sampling,
query by committee, density weighting.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import log
from typing import Final

import numpy as np

from flora_core.access import UseCase
from flora_core.determination import COMPETENT
from flora_core.errors import ArtifactRefused
from flora_core.identification.naming import NONE_OF_THESE
from flora_core.languages import translate
from flora_core.model import Floats, Model
from flora_core.storage.records.identifications import IdentificationRecord
from flora_core.storage.records.undetermined import SEEN, drawn, undetermined
from flora_core.wording import listed
from flora_core.workflows.authorisation import owner_seen, use_case
from flora_core.workflows.context import AppContext
from flora_core.workflows.determine.plants import answers_of, as_rows
from flora_core.workflows.unusual_plants import unusual_plants

#: Plants that are weighed, of those the database offers.
_WEIGHED: Final = 1_500
#: Plants of which the challenger is asked; and those of them with gaps, which cost a hundred times as much.
_ASKED, _ASKED_WITH_GAPS = 1_000, 60
#: A species is rare where its known plants are fewer than this share of the mean.
_RARE: Final = 0.5


class Reason(StrEnum):
    """Why a plant teaches much."""

    UNSURE = "unsure"
    STRANGER = "fits nothing"
    UNUSUAL = "unusual"
    DISAGREEMENT = "disagreement"
    RARE = "rare"


@dataclass(frozen=True, slots=True)
class InboxPlant:
    """A plant that waits.

    Attributes
    ----------
    recorded : IdentificationRecord
    reasons : dict of Reason to str
        Why it teaches much, each in a sentence; empty for a plant like many.
    weight : float
        How much it teaches, compared with the others.
    """

    recorded: IdentificationRecord
    reasons: dict[Reason, str]
    weight: float


@dataclass(frozen=True, slots=True)
class Inbox:
    """What waits.

    Attributes
    ----------
    waiting : tuple of InboxPlant
        Those that teach most first.
    undetermined : int
        All undetermined plants of the study.
    looked_through : int
        How many of them were looked through, the newest.
    challenger : int or None
        The version that was asked beside the champion.
    """

    waiting: tuple[InboxPlant, ...]
    undetermined: int
    looked_through: int
    challenger: int | None


@use_case(UseCase.READ_OWN_RECORDS)
def inbox(context: AppContext, study: str, only: Reason | None = None, *, most: int = 200) -> Inbox:
    """The plants of a study that wait for a determination; reads only, at a cost that does not grow with the study.

    Who may not read all records sees those that they recorded.

    Parameters
    ----------
    only : Reason, optional
        Those with this reason; all where None.

    Raises
    ------
    Unknown, NoChampion
        No such study, or no model that identifies.
    """
    champion = context.champion(study)
    known = known_plants(context, champion)
    covered = context.determinations.coverage(study)
    owner = owner_seen(context)
    rare = {champion.card.version or 0: _rare(known)}
    offered = undetermined(context.database, study, most=_WEIGHED, rare=rare, owner=owner)
    waiting_in_all = covered.identified - covered.determined if owner is None else len(offered)
    values = as_rows(context, offered, champion.study)
    weights, reasons = _by_what_was_said(champion, offered, known, unusual_plants(context, offered))
    challenger = _challenger(context, champion)
    if challenger is not None:
        _ask(challenger, champion, offered, values, weights, reasons)
    chosen = [i for i in range(len(offered)) if only is None or only in reasons[i]]
    order = _first_of_each_first(chosen, offered, weights)
    return Inbox(
        tuple(InboxPlant(offered[i], reasons[i], float(weights[i])) for i in order[:most]),
        waiting_in_all,
        min(waiting_in_all, SEEN),
        None if challenger is None else challenger.card.version,
    )


@use_case(UseCase.READ_OWN_RECORDS)
def at_random(context: AppContext, study: str, *, most: int = 50) -> Inbox:
    """Plants that chance chose of those that nobody determined: what tells how often the model is right; reads only.

    Raises
    ------
    Unknown
        No such study.
    """
    context.studies.get(study)
    covered = context.determinations.coverage(study)
    owner = owner_seen(context)
    chosen = drawn(context.database, study, most, owner=owner)
    left = covered.identified - covered.determined if owner is None else len(chosen)
    return Inbox(tuple(InboxPlant(one, {}, 0.0) for one in chosen), left, min(left, SEEN), None)


@use_case(UseCase.READ_OWN_RECORDS)
def known_plants(context: AppContext, champion: Model) -> Floats:
    """For each species of the champion, the plants known: in its training table, and determined since; (k,)."""
    study = champion.study
    names = study.species_names
    known = np.array([champion.card.table.plants.get(name, 0) for name in names], dtype=np.float64)
    for tally in context.determinations.tallies(study.name, level=COMPETENT):
        if tally.given.species in names:
            known[names.index(tally.given.species)] += tally.plants
    return known


def _rare(known: Floats) -> list[int]:
    return [int(j) for j in np.flatnonzero(known < _RARE * known.mean())]


def _by_what_was_said(
    champion: Model, offered: Sequence[IdentificationRecord], known: Floats, unusual: frozenset[str]
) -> tuple[Floats, list[dict[Reason, str]]]:
    """The weight and reasons of each plant, from what the version that named it had recorded."""
    weights = np.zeros(len(offered))
    reasons: list[dict[Reason, str]] = []
    organism, names = champion.study.organism, champion.study.species_names
    rarity = np.clip(1.0 - known / max(known.mean(), 1.0), 0.0, None)
    rare = set(_rare(known))
    for i, one in enumerate(offered):
        plant, why = one.plant, dict[Reason, str]()
        if not plant.possible:
            why[Reason.STRANGER] = translate(
                "The {organism} fits no species of the study.", organism=translate(organism)
            )
            weights[i] += 1.0 + min(plant.misfit, 100.0) / 1_000.0
        else:
            weights[i] += _doubt(plant.probabilities)
        if one.id in unusual:
            why[Reason.UNUSUAL] = f"The {organism} is unusual for every species of the study, and may be none of them."
            weights[i] += 0.8
        same_species = one.recording.version == champion.card.version
        if len(plant.possible) > 1 and same_species:
            possible = listed([champion.study.short(names[j]) for j in plant.possible], translate("and"))
            why[Reason.UNSURE] = translate(
                "{many} species are possible: {names}.", many=len(plant.possible), names=possible
            )
        elif len(plant.possible) > 1:
            message = "{many} species were possible for the version that named it."
            why[Reason.UNSURE] = translate(message, many=len(plant.possible))
        if plant.possible and same_species and plant.species in rare:
            few = int(known[plant.species])
            message = "Only {few} plant of {name} are known." if few == 1 else "Only {few} plants of {name} are known."
            why[Reason.RARE] = translate(message, few=few, name=champion.study.short(names[plant.species]))
            weights[i] += 0.5 * float(rarity[plant.species])
        reasons.append(why)
    return weights, reasons


def _doubt(probabilities: Sequence[float]) -> float:
    """Shannon's entropy as a share of the largest there is: 0 where one species is certain, 1 where all are as likely."""
    return -sum(p * log(p) for p in probabilities if p > 0) / log(max(len(probabilities), 2))


def _challenger(context: AppContext, champion: Model) -> Model | None:
    """The newest version after the champion that was not retired; None where there is none, or its files can't be used."""
    study, version = champion.study.name, champion.card.version or 0
    retired = {event.version for event in context.registry.events(study) if event.kind == "retired"}
    newer = [v.version for v in context.registry.versions(study) if v.version > version and v.version not in retired]
    if not newer:
        return None
    try:
        return context.model(study, max(newer))
    except ArtifactRefused:
        return None


def _ask(
    challenger: Model,
    champion: Model,
    offered: Sequence[IdentificationRecord],
    values: Floats,
    weights: Floats,
    reasons: list[dict[Reason, str]],
) -> None:
    """Ask both versions about the plants that teach most so far; where they disagree, say so."""
    if challenger.study.names != champion.study.names or not offered:
        return
    gaps = np.asarray(np.isnan(values).any(axis=1))
    order = np.argsort(-weights, kind="stable")
    asked = np.concatenate([order[~gaps[order]][:_ASKED], order[gaps[order]][:_ASKED_WITH_GAPS]])
    theirs = answers_of(challenger, values[asked])
    ours = answers_of(champion, values[asked])
    for place, one, other in zip(asked, ours, theirs, strict=True):
        first, second = _called(champion, one), _called(challenger, other)
        if first != second:
            reasons[place][Reason.DISAGREEMENT] = translate(
                "The champion (v{version}) says {name}, the challenger (v{other}) {another}.",
                version=champion.card.version,
                name=translate(first),
                other=challenger.card.version,
                another=translate(second),
            )
            weights[place] += 1.0


def _called(model: Model, answer: int) -> str:
    return model.study.short(model.study.species_names[answer]) if answer >= 0 else NONE_OF_THESE


def _first_of_each_first(chosen: list[int], offered: Sequence[IdentificationRecord], weights: Floats) -> list[int]:
    """The plants by weight; of many alike from one file or day, each further one counts for less."""
    alike: Counter[tuple[str, int]] = Counter()
    counted: dict[int, float] = {}
    for i in sorted(chosen, key=lambda i: (-weights[i], i)):
        one = offered[i]
        come_from = one.recording.source_sha256 or f"{one.recording.at:%Y-%m-%d}"
        kind = (come_from, one.plant.species if one.plant.possible else -1)
        counted[i] = float(weights[i]) / (1.0 + alike[kind] / 4.0)
        alike[kind] += 1
    return sorted(counted, key=lambda i: (-counted[i], i))
