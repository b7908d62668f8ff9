"""A challenger in the shadow: set to watch, compared with the champion on what both were asked, promoted at one click."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from flora_core.access import UseCase
from flora_core.determination import COMPETENT
from flora_core.errors import Refused
from flora_core.identification.naming import NONE_OF_THESE
from flora_core.storage.records.shadows import NO_SPECIES, shadow_counts, shadowed_at_random
from flora_core.storage.records.statistics import RecordStatistics
from flora_core.study import Study
from flora_core.workflows.authorisation import use_case
from flora_core.workflows.context import AppContext
from flora_core.workflows.monitor.ground_truth import true_species
from flora_core.workflows.shadow_answers import shadow_columns

if TYPE_CHECKING:
    from flora_core.learning.comparison.paired_tests import Difference
    from flora_core.learning.comparison.promotion_gate import Gate, GateAnswer

#: Ways to differ that are told, the commonest.
_WAYS: Final = 12


@dataclass(frozen=True, slots=True)
class Disagreement:
    """So many plants of which the champion said one name and the challenger another."""

    champion: str
    challenger: str
    plants: int


@dataclass(frozen=True, slots=True)
class ShadowComparison:
    """What a challenger said in silence, beside what the champion said aloud.

    Attributes
    ----------
    champion, challenger : int
    plants, agreed : int
        Recorded plants that both were asked about, and those of them that both called the same.
    low, high : float
        95 % interval of the share that agrees.
    disagreements : tuple of Disagreement
        The commonest ways to differ, most plants first.
    right : Difference or None
        On determined plants that chance chose: how many each named right, with McNemar's test; None where there are none.
    answer : {"better", "as good", "cannot tell", "worse", ""}
        Of those plants; "" where there are none.
    plants_needed : int or None
        About how many of them in all would settle it.
    finding : str
        In a sentence, with the figures.
    """

    champion: int
    challenger: int
    plants: int
    agreed: int
    low: float
    high: float
    disagreements: tuple[Disagreement, ...]
    right: Difference | None
    answer: GateAnswer
    plants_needed: int | None
    finding: str

    @property
    def more_needed(self) -> int | None:
        """How many more plants drawn at random would settle it; None where it is settled or more would not."""
        if self.plants_needed is None:
            return None
        return max(1, self.plants_needed - (0 if self.right is None else self.right.plants))

    def document(self) -> dict[str, Any]:
        """For programs."""
        found = asdict(self)
        found["more_needed"] = self.more_needed
        found["share_agreed"] = self.agreed / self.plants if self.plants else None
        return found


@use_case(UseCase.PROMOTE, signs="by")
def watch_in_shadow(context: AppContext, study: str, version: int, *, by: str, why: str) -> None:
    """Have a version say in silence what it would have said of every plant that is recorded from now on.

    Raises
    ------
    Refused
        Name or reason are missing, or it can't be asked with what the champion measures.
    Unknown, Conflict, ArtifactRefused
    """
    by, why = by.strip(), " ".join(why.split())
    if not by or not why:
        raise Refused("Who lets it watch, and why? Give a name and a reason; the history keeps them.")
    champion, challenger = context.champion(study), context.model(study, version)
    try:
        shadow_columns(champion.study, challenger.study)
    except ValueError as missing:
        raise Refused(
            f"Version {version} can't watch: it needs {missing}, which version {champion.card.version} does not take as such. "
            "Train a version of the study as it is now."
        ) from None
    context.registry.watch(study, version, by, why)


@use_case(UseCase.PROMOTE, signs="by")
def stop_watching(context: AppContext, study: str, *, by: str, why: str = "") -> int:
    """Have the version that watches watch no more; which one that was.

    Raises
    ------
    Conflict
        None does.
    """
    return context.registry.stop_watching(study, by.strip(), " ".join(why.split()))


#: What was counted; kept until something is recorded, determined or happens to a version.
_COUNTED: Final[dict[tuple[object, ...], ShadowComparison]] = {}


@use_case(UseCase.READ_MODELS)
def shadow_comparison(context: AppContext, study: str, challenger: int | None = None) -> ShadowComparison | None:
    """The challenger that watches, or watched, against the champion; None where there is no such version.

    Parameters
    ----------
    challenger : int, optional
        The one that watches now, where not given.
    """
    champion = context.registry.champion_version(study)
    challenger = context.registry.watching_version(study) if challenger is None else challenger
    if champion is None or challenger is None or champion == challenger:
        return None
    key = (context.database.description, study, champion, challenger, *RecordStatistics(context.database).state(study))
    found = _COUNTED.get(key)
    if found is None:
        while len(_COUNTED) >= 16:
            _COUNTED.pop(next(iter(_COUNTED)))
        found = _COUNTED[key] = _compared(context, study, champion, challenger)
    return found


def _compared(context: AppContext, study: str, champion: int, challenger: int) -> ShadowComparison:
    from flora_core.learning.comparison.paired_tests import difference
    from flora_core.learning.comparison.promotion_gate import answer_of
    from flora_core.monitoring.performance.realised import wilson

    old, new = (context.registry.card(study, version).study for version in (champion, challenger))
    plants, agreed, ways = 0, 0, Counter[tuple[str, str]]()
    for count in shadow_counts(context.database, study, champion, challenger):
        names = _name(old, count.said), _name(new, count.shadow)
        plants += count.plants
        if names[0] == names[1]:
            agreed += count.plants
        else:
            ways[names] += count.plants
    low, high = wilson(agreed, plants) if plants else (0.0, 1.0)
    was_right: list[tuple[bool, bool]] = []
    for one in shadowed_at_random(context.database, study, champion, challenger, COMPETENT):
        true = true_species(old, one.given)
        if true is None:
            continue
        # Another species than the study's is called rightly by whoever says that none fits.
        name = old.species_names[true] if true < len(old.species) else one.given.species or NONE_OF_THESE
        if true == len(old.species) and name not in new.species_names:
            name = NONE_OF_THESE
        was_right.append((_name(old, one.said) == name, _name(new, one.shadow) == name))
    right: Difference | None = None
    answer: GateAnswer = ""
    needed: int | None = None
    finding = "No plant that chance chose is determined yet: draw some at random, to learn who is right."
    if was_right:
        both = np.array(was_right, dtype=bool)
        right = difference(both[:, 0], both[:, 1])
        answer, needed, finding = answer_of(right)
    return ShadowComparison(
        champion,
        challenger,
        plants,
        agreed,
        low,
        high,
        tuple(Disagreement(*names, n) for names, n in ways.most_common(_WAYS)),
        right,
        answer,
        needed,
        finding,
    )


def _name(study: Study, place: int) -> str:
    return NONE_OF_THESE if place == NO_SPECIES else study.species_names[place]


#: How a reason begins that comes from the shadow.
_HEARD: Final = "In the shadow, on plants drawn at random: "


def gate_with_shadow(gate: Gate, seen: ShadowComparison | None) -> Gate:
    """The gate with what the challenger said in the shadow: plants drawn at random that neither version has learned from.

    A challenger that is worse there beyond chance is objected to; where the folds can't tell, they may, by the gate's margin.
    What the gate had heard of the shadow before is said anew.
    """
    if seen is None or seen.right is None:
        return gate
    from flora_core.learning.comparison.promotion_gate import answer_of

    answer, _, finding = answer_of(seen.right, gate.margin)
    text = f"{_HEARD}{finding[:1].lower()}{finding[1:]}"
    reasons, objections = (
        tuple(one for one in said if not one.startswith(_HEARD)) for said in (gate.reasons, gate.objections)
    )
    settled = gate.answer == "cannot tell" and answer in ("better", "as good")
    return replace(
        gate,
        reasons=(*reasons, text),
        objections=(*objections, text) if seen.right.worse() else objections,
        answer=answer if settled else gate.answer,
        finding=text if settled else gate.finding,
        plants=seen.right.plants if settled else gate.plants,
        plants_needed=None if settled else gate.plants_needed,
    )
