"""How far the determinations of a study have come, in one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flora_core.access import UseCase
from flora_core.determination import AT_RANDOM, COMPETENT, AnswerKind, true_answer
from flora_core.monitoring.performance.realised import Rate, rate
from flora_core.study import Study
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext


@dataclass(frozen=True, slots=True)
class DeterminationProgress:
    """How many plants are determined, and how the model did on them.

    Attributes
    ----------
    identified, determined : int
        Identifications of the study; those with a determination of any level.
    judged, right : int
        Those that a competent person determined so that the model can be judged; of them named right.
    low, high : float
        95 % interval (Wilson) of right / judged; 0 and 1 where there are none.
    drawn, drawn_right : int
        Of the judged ones, those that chance chose, and how many of them were named right.
    sentence : str
    """

    identified: int
    determined: int
    judged: int
    right: int
    low: float
    high: float
    drawn: int
    drawn_right: int
    sentence: str

    def as_json(self) -> dict[str, Any]:
        """As every door gives it to a program."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@use_case(UseCase.READ_MONITOR)
def progress(context: AppContext, study: str) -> DeterminationProgress:
    """How far the determinations of a study have come; reads only.

    Raises
    ------
    Unknown
        No such study.
    """
    plural = context.studies.get(study).plural
    covered = context.determinations.coverage(study)
    cards: dict[int, Study] = {}
    right, judged = _right(context, study, cards)
    by_chance, of_chance = _right(context, study, cards, source=AT_RANDOM)
    share = rate(right, judged)
    sentence = _coverage(covered.identified, covered.determined, plural)
    if judged:
        sentence += (
            f" A competent person settled {judged:,} of them, and the model had named {right:,} of those right: "
            f"{_percent(share)}. "
        )
        if of_chance:
            chance = _percent(rate(by_chance, of_chance))
            sentence += (
                f"Of the {of_chance:,} among them that chance had chosen, {by_chance:,}: {chance}; that is how it does on all "
                "plants that nobody had determined."
            )
        else:
            sentence += (
                "They were not drawn at random, so this is not how often it is right; some that chance chooses tell."
            )
    return DeterminationProgress(
        covered.identified, covered.determined, judged, right, share.low, share.high, of_chance, by_chance, sentence
    )


def _right(context: AppContext, study: str, cards: dict[int, Study], source: str = "") -> tuple[int, int]:
    """How many plants the model had named right, of those whose newest determination settles it."""
    right = judged = 0
    for tally in context.determinations.tallies(study, level=COMPETENT, source=source):
        if tally.version not in cards:
            cards[tally.version] = context.registry.card(study, tally.version).study
        then = cards[tally.version]
        truth = true_answer(tally.given, then)
        if truth:
            said = then.species_names[tally.species] if tally.fits else AnswerKind.NONE.value
            judged += tally.plants
            right += tally.plants if said == truth else 0
    return right, judged


def _percent(share: Rate) -> str:
    return f"{100 * share.hits / share.n:.0f} % (95 % interval {100 * share.low:.0f} to {100 * share.high:.0f} %)"


def _coverage(identified: int, determined: int, plural: str) -> str:
    if not identified:
        return f"No {plural} are recorded yet."
    if not determined:
        return f"None of the {identified:,} recorded {plural} is determined yet."
    share = 100 * determined / identified
    shown = "less than 0.1" if share < 0.1 else f"{share:.1f}" if share < 10 else f"{share:.0f}"
    return f"{determined:,} of {identified:,} recorded {plural} {'are' if determined > 1 else 'is'} determined ({shown} %)."
