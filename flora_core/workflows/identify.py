"""One plant: from typed values to an answer, and from an answer to a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np

from flora_core.access import UseCase
from flora_core.errors import BadValues, Refused
from flora_core.identification.explanation import Explanation, NextMeasurement, explain, next_measurement
from flora_core.identification.mix_ups import Suggestion, did_you_mean
from flora_core.identification.naming import Answer, answer, predict_plants
from flora_core.identification.sentences import sentence
from flora_core.model import Floats, Model
from flora_core.monitoring.profiles.bins import bins_of
from flora_core.storage.records.identifications import Channel, IdentificationRecord, Plant
from flora_core.study import Study
from flora_core.tables.rows.single_plant import CheckedPlant, check_plant
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext
from flora_core.workflows.shadow_answers import Shadow, shadow_of


@dataclass(frozen=True)
class Identification:
    """What the champion says of one plant, and why. Nothing is recorded yet.

    Attributes
    ----------
    model : Model
    plant : CheckedPlant
        The values as typed and as used.
    probability : (k,) float
    misfits : (k,) float
        Squared distance to each species over its limit; above 1 it does not fit that species.
    best : int
        The likeliest species, of no meaning where the plant fits none.
    answer : Answer
    did_you_mean : Suggestion or None
    sentence : str
    unusual : bool
        Whether the plant fits a species, but lies outside the usual range of every one.
    """

    model: Model
    plant: CheckedPlant
    probability: Floats
    misfits: Floats
    best: int
    answer: Answer
    did_you_mean: Suggestion | None
    sentence: str
    unusual: bool = False

    @property
    def study(self) -> Study:
        """The study as the model knows it."""
        return self.model.study

    @property
    def misfit(self) -> float:
        """That of the species it fits best."""
        return float(self.misfits.min())

    @property
    def nearest(self) -> int:
        """The species that the plant lies nearest to."""
        return int(self.misfits.argmin())

    @cached_property
    def ranking(self) -> tuple[int, ...]:
        """All species, likeliest first; those that the model rules out alike, nearest first."""
        return tuple(int(j) for j in np.lexsort((self.misfits, -np.round(self.probability, 6))))

    @property
    def fits(self) -> bool:
        """Whether the plant lies within the limits of any species."""
        return self.misfit <= 1.0

    @cached_property
    def explanation(self) -> Explanation:
        """Where each value lies and what it speaks for."""
        return explain(self.model, self.plant.values)

    @cached_property
    def next_measurement(self) -> NextMeasurement | None:
        """The missing measurement that would tell most."""
        return next_measurement(self.model, self.plant.values)

    def as_json(self, identifier: str | None = None) -> dict[str, Any]:
        """The contract's document: what `identify --json` prints and the API answers."""
        study, values = self.study, self.plant.values
        suggestion = self.did_you_mean
        return {
            "study": study.name,
            "model_version": self.model.card.version,
            "measurements": {
                m.name: None if np.isnan(value) else m.written(value) if m.has_states else float(value)
                for m, value in zip(study.measurements, values, strict=True)
            },
            "species": self.answer.species,
            "probability": float(self.probability[self.best]),
            "probabilities": {name: float(p) for name, p in zip(study.species_names, self.probability, strict=True)},
            "prediction_set": list(self.answer.prediction_set),
            "fits": self.fits,
            "unusual": self.unusual,
            "did_you_mean": None
            if suggestion is None
            else {
                "question": suggestion.question,
                "change": suggestion.change.words,
                "measurements": {
                    m.name: None if np.isnan(value) else m.written(value) if m.has_states else float(value)
                    for m, value in zip(study.measurements, suggestion.values, strict=True)
                },
            },
            "qualifier": self.answer.qualifier,
            "sentence": self.sentence,
            "notes": [*self.plant.notes, *self.plant.unusual],
            "id": identifier,
        }


@use_case(UseCase.IDENTIFY)
def identify(context: AppContext, study: str, typed: Mapping[str, str], unit: str = "") -> Identification:
    """What the study's champion says of one plant; records nothing.

    Parameters
    ----------
    typed : mapping of str to str
        {measurement: text}; what is left out or empty was not measured.
    unit : str
        The unit of numbers that carry none; "" for each measurement's own.

    Raises
    ------
    BadValues
        Values that can't be used, with an issue for each.
    Unknown, Unavailable
        No such study; no champion, or its files are not the registered ones.
    """
    return identify_with(context.champion(study), typed, unit)


def identify_with(model: Model, typed: Mapping[str, str], unit: str = "") -> Identification:
    """As `identify`, with a model in hand."""
    plant = check_plant(model.study, typed, unit)
    if plant.issues:
        raise _refusal(model, plant)
    named = predict_plants(model, plant.values[None, :])
    best = int(named.best[0])
    given = answer(model.study, named.probabilities[0], best, bool(named.fits[0]), named.in_set[0])
    suggestion = None if named.fits[0] else did_you_mean(model, plant.values)
    unusual = bool(named.unusual[0])
    return Identification(
        model=model,
        plant=plant,
        probability=named.probabilities[0],
        misfits=named.misfit[0],
        best=best,
        answer=given,
        did_you_mean=suggestion,
        sentence=sentence(model, plant.values, named.probabilities[0], given, suggestion, unusual),
        unusual=unusual,
    )


def _refusal(model: Model, plant: CheckedPlant) -> BadValues:
    """The plant's issues; with the question that a value of 51 cm asks for, where one change would mend them all."""
    numbers = sum(not np.isnan(value) for value in plant.values)
    suggestion = None
    if numbers == sum(bool(text) for text in plant.typed) and _measured_above_zero(model.study, plant):
        suggestion = did_you_mean(model, plant.values)
    if suggestion is None:
        return BadValues(plant.issues)
    pairs = zip(model.study.names, suggestion.values, strict=True)
    return BadValues(plant.issues, suggestion.question, {name: value for name, value in pairs if not np.isnan(value)})


def _measured_above_zero(study: Study, plant: CheckedPlant) -> bool:
    pairs = zip(study.measurements, plant.values, strict=True)
    return all(value > 0 for m, value in pairs if m.kind == "measured" and not np.isnan(value))


@use_case(UseCase.RECORD, signs="by")
def record(
    context: AppContext,
    identifications: Sequence[Identification],
    *,
    by: str,
    door: Channel,
    catalogue_number: str = "",
    collector: str = "",
    site: str = "",
    at: datetime | None = None,
) -> tuple[IdentificationRecord, ...]:
    """Record identifications by one model: as typed, as used, unit, version, time, who. One transaction.

    Parameters
    ----------
    collector, site : str
        Who gathered the plants and where, where that is known.
    at : datetime, optional
        When they were identified; now, except where a past season is brought in.

    Returns
    -------
    tuple of IdentificationRecord
        As read back from the database, so that what is shown as recorded is.

    Raises
    ------
    Refused
        Nobody is named.
    DatabaseUnavailable
        Nothing was recorded.
    """
    if not by.strip():
        raise Refused("Who identifies? Give a name; a record without a person can't be asked about later.")
    model = identifications[0].model
    card = model.card
    shadow = shadow_of(context, model)
    silent = () if shadow is None else _in_silence(shadow, identifications)
    identifiers = context.records.record(
        study=card.study.name,
        version=card.version or 0,
        by=by.strip(),
        door=door,
        unit=identifications[0].plant.unit,
        plants=[_as_plant(i + 1, found, catalogue_number.strip()) for i, found in enumerate(identifications)],
        collector=collector.strip(),
        site=site.strip(),
        at=at,
        bins=bins_of(model),
        owner=context.principal.owner,
        shadow_version=None if shadow is None else shadow.version,
        shadow=silent,
    )
    return tuple(context.records.get(identifier) for identifier in identifiers)


def _in_silence(shadow: Shadow, identifications: Sequence[Identification]) -> tuple[tuple[int, float], ...]:
    """What a challenger would have said of each plant."""
    species, sure = shadow.answers(np.stack([found.plant.values for found in identifications]))
    return tuple(zip(species.tolist(), sure.tolist(), strict=True))


def _as_plant(row: int, found: Identification, catalogue_number: str) -> Plant:
    names = found.study.species_names
    return Plant(
        row=row,
        catalogue_number=catalogue_number,
        used=tuple(None if np.isnan(v) else float(v) for v in found.plant.values),
        typed=found.plant.typed,
        # Six digits are kept, and everything later is computed from what was kept.
        probabilities=tuple(round(float(p), 6) for p in found.probability),
        species=found.best,
        possible=tuple(names.index(name) for name in found.answer.prediction_set),
        misfit=float(f"{found.misfit:.6g}"),
    )
