"""How far the determinations of a study have come, in one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flora_core.access import UseCase
from flora_core.determination import AT_RANDOM, COMPETENT, AnswerKind, true_answer
from flora_core.languages import localised, translate
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
        sentence += " " + translate(
            "A competent person settled {judged} of them, and the model had named {right} of those right: {share}.",
            judged=localised(f"{judged:,}"),
            right=localised(f"{right:,}"),
            share=_percent(share),
        )
        if of_chance:
            sentence += " " + translate(
                "Of the {drawn} among them that chance had chosen, {right}: {share}; that is how it does on all plants that "
                "nobody had determined.",
                drawn=localised(f"{of_chance:,}"),
                right=localised(f"{by_chance:,}"),
                share=_percent(rate(by_chance, of_chance)),
            )
        else:
            sentence += " " + translate(
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
    return translate(
        "{share} % (95 % interval {low} to {high} %)",
        share=f"{100 * share.hits / share.n:.0f}",
        low=f"{100 * share.low:.0f}",
        high=f"{100 * share.high:.0f}",
    )


def _coverage(identified: int, determined: int, plural: str) -> str:
    if not identified:
        return translate("No {plural} are recorded yet.", plural=translate(plural))
    many = localised(f"{identified:,}")
    if not determined:
        return translate("None of the {many} recorded {plural} is determined yet.", many=many, plural=translate(plural))
    share = 100 * determined / identified
    shown = localised(f"{share:.1f}" if share < 10 else f"{share:.0f}")
    if share < 0.1:
        shown = translate("less than {share}", share=localised("0.1"))
    message = (
        "{determined} of {many} recorded {plural} are determined ({share} %)."
        if determined > 1
        else "{determined} of {many} recorded {plural} is determined ({share} %)."
    )
    done = localised(f"{determined:,}")
    return translate(message, determined=done, many=many, plural=translate(plural), share=shown)
