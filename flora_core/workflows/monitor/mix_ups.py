"""Would the plants that fit no species fit, had one thing been read otherwise? Asked of a bounded sample of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from flora_core.identification.fitness import misfits
from flora_core.identification.mix_ups import mix_ups, offers
from flora_core.model import Model
from flora_core.monitoring.verdicts.reasons import VerdictReason
from flora_core.monitoring.verdicts.verdict import WindowVerdict
from flora_core.storage.records.samples import Sample
from flora_core.study import Study

_IF_NOT: Final = (
    "Should the values prove right, look at those plants: they may be of a species that the model does not know."
)
#: Strangers that are looked at, the newest.
LOOKED_AT: Final = 60
#: From this share of them on a mix-up is claimed: a true one mends all of them, another species a part by accident.
MOST: Final = 0.9


@dataclass(frozen=True, slots=True)
class MixUp:
    """A change that would bring most of the plants inside that fit no species.

    Attributes
    ----------
    words : str
        "petal width divided by 10".
    mended, examined : int
    measurements : tuple of str
        Those that change.
    """

    words: str
    mended: int
    examined: int
    measurements: tuple[str, ...]


def mix_up_of(model: Model, sample: Sample) -> MixUp | None:
    """The one change that explains most of the strangers of a sample; None where none does."""
    strangers = sample.values[~sample.fits][:LOOKED_AT]
    if len(strangers) < 3:
        return None
    found = offers(mix_ups(model, strangers))
    if not found:
        return None
    change = found[0].change
    # Many a plant would fit with several changes; the one that some need explains these too.
    mended = int((misfits(model.gaussians, change.apply(strangers)).min(axis=1) <= 1.0).sum())
    if mended < MOST * len(strangers):
        return None
    return MixUp(change.words, mended, len(strangers), tuple(model.study.names[j] for j in change.columns))


def explained(said: WindowVerdict, mix_up: MixUp, study: Study) -> WindowVerdict:
    """The judgement with the mix-up in front; what else it may be stays beside it."""
    plants = study.plural
    text = (
        f"{mix_up.mended:,} of {mix_up.examined:,} {plants} that fit no species would fit with {mix_up.words}: perhaps they "
        "were measured or typed in another unit or order."
    )
    step = "Look at the ruler and at the file they came from, and identify them again with the right values."
    first = VerdictReason("mix-up", "", "red" if said.verdict == "red" else "amber", text, step)
    others = [
        replace(reason, next_step=_IF_NOT)
        if reason.topic == "unfit"
        else replace(reason, next_step="")
        if reason.topic == "together" or reason.name in mix_up.measurements
        else reason
        for reason in said.reasons
    ]
    return replace(said, reasons=(first, *others), sentence=f"{said.sentence} {text}")
