"""A study's records as a Darwin Core archive: each plant with its newest determination, and with all that was said before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Final

import numpy as np

from flora_core.access import UseCase
from flora_core.determination import AnswerKind, GivenName
from flora_core.identification.naming import Answer as MachineAnswer
from flora_core.identification.naming import answer
from flora_core.identification.sentences import UNUSUAL, probability_text
from flora_core.model import ModelCard
from flora_core.ontology import term_address
from flora_core.progress import Progress, no_progress
from flora_core.storage.records.determinations import Determination
from flora_core.storage.records.identifications import IdentificationRecord, Plant
from flora_core.storage.records.scan import all_recorded
from flora_core.study import genus_of, is_binomial
from flora_core.tables.export.darwin_core import DarwinCoreArchive, date_of
from flora_core.tables.names.checklist import Checklist
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext
from flora_core.workflows.unusual_plants import unusual_plants

Terms = dict[str, str]


@dataclass(frozen=True, slots=True)
class Archived:
    """What an archive holds."""

    plants: int
    determined: int
    determinations: int


@use_case(UseCase.EXPORT_ARCHIVE)
def write_archive(
    context: AppContext,
    study: str,
    stream: BinaryIO,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    only_determined: bool = False,
    progress: Progress = no_progress,
) -> Archived:
    """Write a study's records as a Darwin Core archive; reads some thousands at a time.

    An occurrence bears the newest determination, or the program's identification where there is none; what was said before
    stands in previousIdentifications, oldest first; and every word there is, the program's too, is an identification of its
    own.

    Parameters
    ----------
    stream : binary file
        Can be sought.
    since, until : datetime, optional
        Of plants identified from `since` on and before `until`.
    only_determined : bool
        Whether plants that nobody determined are left out.

    Raises
    ------
    Unknown, DatabaseUnavailable
    """
    described = context.studies.get(study)
    total = context.determinations.coverage(study, since, until).identified
    archive = DarwinCoreArchive(
        stream, described.title, f"Plants recorded with Flora Classification. {described.caveat}"
    )
    cards: dict[int, ModelCard] = {}
    checklist = context.checklists.of(study)
    seen = plants = determined = slips = 0
    for some in all_recorded(context.database, study, since, until):
        of_each = context.determinations.of_each(one.id for one in some)
        unusual = unusual_plants(context, some)
        for one in some:
            words = of_each[one.id]
            seen += 1
            if only_determined and not words:
                continue
            version = one.recording.version
            if version not in cards:
                cards[version] = context.registry.card(study, version)
            _write(archive, cards[version], one, words, checklist, one.id in unusual)
            plants, determined, slips = plants + 1, determined + bool(words), slips + len(words)
        progress(seen, max(total, 1), f"{seen:,} of {total:,} plants")
    archive.close()
    return Archived(plants, determined, slips)


def _write(
    archive: DarwinCoreArchive,
    card: ModelCard,
    one: IdentificationRecord,
    words: Sequence[Determination],
    checklist: Checklist | None,
    unusual: bool,
) -> None:
    machine = _said_by_machine(card, one, unusual)
    persons = [_said_by_person(slip) for slip in words]
    if checklist is not None:
        machine |= checklist.terms(machine["scientificName"])
        persons = [said | checklist.terms(said["scientificName"]) for said in persons]
    current = persons[-1] if persons else machine
    said = [machine, *persons]
    before = [f"{t['verbatimIdentification']} ({t['identifiedBy']}, {t['dateIdentified']})" for t in said[:-1]]
    archive.occurrences(
        [
            (
                one.id,
                {
                    "occurrenceID": one.id,
                    "basisOfRecord": _BASIS.get(card.study.condition, "HumanObservation"),
                    "catalogNumber": one.plant.catalogue_number,
                    "recordedBy": one.collector,
                    "locality": one.site,
                    **current,
                    "previousIdentifications": " | ".join(before),
                },
            )
        ]
    )
    archive.measurements(_measurements(card, one))
    names = ["flora", *(str(slip.number) for slip in words)]
    archive.identifications(
        (one.id, {"identificationID": f"{one.id}#{name}", **terms}) for name, terms in zip(names, said, strict=True)
    )


_BASIS: Final = {"pressed": "PreservedSpecimen"}


def _said_by_machine(card: ModelCard, one: IdentificationRecord, unusual: bool) -> Terms:
    given = _answer(card, one.plant)
    remarks = ""
    if given.prediction_set:
        remarks = f"Probability {probability_text(max(one.plant.probabilities))}."
        if len(given.prediction_set) > 1:
            remarks += f" Still possible: {' | '.join(given.prediction_set)}."
        if unusual:
            remarks += f" {UNUSUAL}"
    rank = (
        "species"
        if is_binomial(given.scientific_name)
        else "genus"
        if given.scientific_name and given.qualifier
        else ""
    )
    return {
        "scientificName": given.scientific_name,
        "taxonRank": rank,
        "genus": genus_of(given.scientific_name) or (given.scientific_name if rank == "genus" else ""),
        "identificationQualifier": given.qualifier if given.prediction_set else "",
        "identifiedBy": card.identified_by,
        "dateIdentified": date_of(one.recording.at),
        "identificationVerificationStatus": "0",
        "identificationRemarks": remarks,
        "verbatimIdentification": given.name,
    }


def _answer(card: ModelCard, plant: Plant) -> MachineAnswer:
    in_set = np.zeros(len(plant.probabilities), dtype=bool)
    in_set[list(plant.possible)] = True
    return answer(card.study, np.array(plant.probabilities), plant.species, bool(plant.possible), in_set)


def _said_by_person(slip: Determination) -> Terms:
    given: GivenName = slip.given
    remark = slip.remark
    if given.answer is AnswerKind.NONE:
        remark = f"None of the species of the study. {remark}".strip()
    return {
        "scientificName": given.scientific_name,
        "taxonRank": given.rank,
        "genus": genus_of(given.scientific_name) or (given.scientific_name if given.rank == "genus" else ""),
        "identificationQualifier": given.qualifier,
        "identifiedBy": slip.by,
        "dateIdentified": slip.at,
        "identificationVerificationStatus": str(slip.level),
        "identificationRemarks": remark,
        "verbatimIdentification": slip.verbatim or given.written,
    }


def _measurements(card: ModelCard, one: IdentificationRecord) -> Iterator[tuple[str, Terms]]:
    unit = one.recording.unit
    for m, value, typed in zip(card.study.measurements, one.plant.used, one.plant.typed, strict=True):
        if value is None:
            continue
        text = m.written(value) if m.has_states else f"{value:.12g}"
        same = not typed or (typed in (text, repr(value)) and unit in ("", m.unit))
        yield (
            one.id,
            {
                "measurementID": f"{one.id}#{m.name}",
                "measurementType": m.label,
                "measurementValue": text,
                "measurementUnit": m.unit,
                "measurementTypeID": term_address(m.term),
                "measurementValueID": term_address(m.state_term(value)),
                "measurementRemarks": "" if same else f"as typed: {typed} {unit}".strip(),
            },
        )
