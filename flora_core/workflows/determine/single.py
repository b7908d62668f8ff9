"""One determination: a plant, a name, a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flora_core.access import UseCase
from flora_core.errors import BadValues
from flora_core.storage.records.determinations import Determination
from flora_core.tables.names.checklist import Checklist
from flora_core.tables.rows.determinations import WrittenDetermination
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext
from flora_core.workflows.determine.recorder import Defaults, DeterminationRecorder, Outcome


@dataclass(frozen=True, slots=True)
class DeterminationOutcome:
    """What became of one determination.

    Attributes
    ----------
    identifier : str
        Of the identification it lies beside now.
    slips : tuple of Determination
        All there are, oldest first.
    outcome : Outcome
    checklist : Checklist or None
        Of the study: it tells which of the names are synonyms.
    """

    identifier: str
    slips: tuple[Determination, ...]
    outcome: Outcome
    checklist: Checklist | None = None

    @property
    def added(self) -> bool:
        """Whether it was added; False where the same person had said the same before."""
        return self.outcome.added == 1

    def as_json(self) -> dict[str, Any]:
        """The contract's document, with the plant's slips."""
        return {
            **self.outcome.as_json(),
            "id": self.identifier,
            "determinations": [slip_document(slip, self.checklist) for slip in self.slips],
        }


@use_case(UseCase.DETERMINE, signs="entered_by")
def determine(
    context: AppContext,
    study: str,
    plant: str,
    name: str,
    *,
    by: str,
    date: str = "",
    level: str = "",
    remark: str = "",
    entered_by: str = "",
) -> DeterminationOutcome:
    """Lay one determination beside an identification; one transaction. What was said before stays.

    Parameters
    ----------
    study : str
        In which a catalogue number is looked up.
    plant : str
        The identifier of a record, or a catalogue number that one record bears.
    name : str
        As typed: a species, "Iris sp.", "cf. versicolor", "a × b", "none of these".
    by : str
        Who determined.
    date, level : str
        When, today where empty; and how far it was verified (HISPID, 0 to 4), 2 where empty.
    entered_by : str
        Who enters it; the person who determined where empty.

    Raises
    ------
    BadValues
        The plant, name, person, date or level can't be used; nothing was added.
    Unknown
        No such study.
    DatabaseUnavailable
        Nothing was added.
    """
    context.studies.get(study)
    laying = DeterminationRecorder(context, study, defaults=Defaults(), entered_by=entered_by or by.strip())
    laid = laying.lay([WrittenDetermination(None, plant, name, by, date, level, remark)], may_be_blank=False)
    outcome = laying.finish()
    if outcome.issues:
        raise BadValues(tuple(outcome.issues))
    (identifier,) = laid
    return DeterminationOutcome(
        identifier, context.determinations.of(identifier), outcome, context.checklists.of(study)
    )


def slip_document(slip: Determination, checklist: Checklist | None = None) -> dict[str, Any]:
    """A determination as every door gives it to a program; `accepted_name` is "" where the name is no synonym."""
    accepted = None if checklist is None else checklist.accepted_name(slip.given.name)
    return {
        "name": slip.given.written,
        "answer": slip.given.answer.value,
        "species": slip.given.species,
        "by": slip.by,
        "date": slip.at,
        "level": slip.level,
        "remark": slip.remark,
        "verbatim": slip.verbatim,
        "entered_at": slip.entered_at.isoformat(timespec="seconds"),
        "entered_by": slip.entered_by,
        "accepted_name": "" if accepted is None else accepted.full_name,
    }
