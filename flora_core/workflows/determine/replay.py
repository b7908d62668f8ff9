"""A recorded plant as it was identified: what the version that named it says, and why."""

from __future__ import annotations

from flora_core.access import UseCase
from flora_core.storage.records.identifications import IdentificationRecord
from flora_core.study import Measurement
from flora_core.tables.values.states import states_text
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext
from flora_core.workflows.identify import Identification, identify_with


@use_case(UseCase.READ_OWN_RECORDS)
def seen_again(context: AppContext, recorded: IdentificationRecord) -> Identification:
    """What the version that named a recorded plant says of the values it used; records nothing.

    Raises
    ------
    ArtifactRefused
        The version's files can't be used.
    """
    model = context.model(recorded.recording.study, recorded.recording.version)
    used = zip(model.study.measurements, recorded.plant.used, strict=True)
    return identify_with(model, {m.name: "" if value is None else _text_of(m, value) for m, value in used})


def _text_of(measurement: Measurement, value: float) -> str:
    """What is read as this very value: a number to its last digit, states by their names."""
    return states_text(measurement, value) if measurement.has_states else repr(value)
