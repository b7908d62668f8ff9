"""How far the determinations of a study have come, in one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flora_core.determination import COMPETENT, Answer, true_answer
from flora_core.monitoring.accuracy import rate
from flora_core.study import Study
from flora_core.workflows.house import House


@dataclass(frozen=True, slots=True)
class Progress:
    """How many plants are determined, and how the model did on them.

    Attributes
    ----------
    identified, determined : int
        Identifications of the study; those with a determination of any level.
    judged, right : int
        Those that a competent person determined so that the model can be judged; of them named right.
    low, high : float
        95 % interval (Wilson) of right / judged; 0 and 1 where there are none.
    sentence : str
    """

    identified: int
    determined: int
    judged: int
    right: int
    low: float
    high: float
    sentence: str

    def as_json(self) -> dict[str, Any]:
        """As every door gives it to a program."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def progress(house: House, study: str) -> Progress:
    """How far the determinations of a study have come; reads only.

    Raises
    ------
    Unknown
        No such study.
    """
    plural = house.studies.get(study).plural
    covered = house.determinations.coverage(study)
    of_version: dict[int, Study] = {}
    judged = right = 0
    for tally in house.determinations.tallies(study, level=COMPETENT):
        if tally.version not in of_version:
            of_version[tally.version] = house.registry.card(study, tally.version).study
        then = of_version[tally.version]
        truth = true_answer(tally.given, then)
        if truth:
            judged += tally.plants
            said = then.species_names[tally.species] if tally.fits else Answer.NONE.value
            right += tally.plants if said == truth else 0
    share = rate(right, judged)
    sentence = _coverage(covered.identified, covered.determined, plural)
    if judged:
        sentence += (
            f" A competent person settled {judged:,} of them, and the model had named {right:,} of those right: "
            f"{100 * right / judged:.0f} % (95 % interval {100 * share.low:.0f} to {100 * share.high:.0f} %). "
            "Determined plants are chosen, not drawn at random: of all plants it may name more right, or fewer."
        )
    return Progress(covered.identified, covered.determined, judged, right, share.low, share.high, sentence)


def _coverage(identified: int, determined: int, plural: str) -> str:
    if not identified:
        return f"No {plural} are recorded yet."
    if not determined:
        return f"None of the {identified:,} recorded {plural} is determined yet."
    share = 100 * determined / identified
    shown = "less than 0.1" if share < 0.1 else f"{share:.1f}" if share < 10 else f"{share:.0f}"
    return f"{determined:,} of {identified:,} recorded {plural} {'are' if determined > 1 else 'is'} determined ({shown} %)."
