"""May a challenger take the champion's place? A rule that a machine can follow and a person can read."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

from flora_core.errors import Refused
from flora_core.learning.comparison.model_comparison import Comparison
from flora_core.learning.comparison.paired_tests import Difference
from flora_core.model import ModelCard
from flora_core.monitoring.verdicts.wording import written_p

#: A challenger fails where it would be this unlikely to look so bad by chance.
_SURE: Final = 0.05
#: A calibration error that matters: certainties of 90 % that are right for 85 % of the plants.
_MATTERS: Final = 0.05
#: What prediction sets promise.
_PROMISED: Final = 0.95


#: Points of accuracy, as a share, that a challenger may be worse by and still count as good as the champion.
MARGIN: Final = 0.02
#: The widest margin that can be asked for.
WIDEST: Final = 0.2
#: How the accuracies of two versions compare; "" in judgements of an older version.
GateAnswer = Literal["better", "as good", "cannot tell", "worse", ""]
_Z: Final = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Gate:
    """The judgement: `reasons` are what was looked at, in words, `objections` those of them that stand against it.

    Attributes
    ----------
    answer : {"better", "as good", "cannot tell", "worse", ""}
        Of the accuracy, on plants that neither version had seen.
    plants : int
        How many plants that is of.
    plants_needed : int or None
        Of "cannot tell": about how many would settle it, if they went on as these; None where more would not.
    margin : float
        The share of plants by which the challenger may be worse and still count as good.
    finding : str
        The answer in one sentence, with the figures.
    """

    reasons: tuple[str, ...]
    objections: tuple[str, ...]
    answer: GateAnswer = ""
    plants: int = 0
    plants_needed: int | None = None
    margin: float = MARGIN
    finding: str = ""

    @property
    def passed(self) -> bool:
        """Whether nothing stands against it: a person may promote it, and gives the reason."""
        return not self.objections

    @property
    def proven(self) -> bool:
        """Whether it was shown to be better, or as good, and nothing stands against it: what a machine needs."""
        return self.passed and self.answer in ("better", "as good")

    @property
    def sentence(self) -> str:
        """The judgement in one line."""
        if self.objections:
            return f"The gate is shut: {' '.join(self.objections)}"
        return self.finding or "Nothing stands against it."


def answer_of(overall: Difference, margin: float = MARGIN) -> tuple[GateAnswer, int | None, str]:
    """How two accuracies on the same plants compare, the plants that would settle it, and both in a sentence.

    Parameters
    ----------
    margin : float
        A share above 0.

    Returns
    -------
    answer : {"better", "as good", "cannot tell", "worse"}
        Better: the interval of the difference lies above 0, and McNemar's test says so too. As good: above minus the margin.
        Worse: below 0, by both. Cannot tell: anything else.
    plants_needed : int or None
        About how many plants would bring the lower end to minus the margin, if the versions went on to differ as they do.
    sentence : str

    References
    ----------
    Piaggio et al. (2012), Reporting of noninferiority and equivalence randomized trials, JAMA 308: 2594-2604; Tango (1998)
    for the interval.
    """
    n, d = overall.plants, overall.value
    right_new, right_old = round(overall.challenger * n), round(overall.champion * n)
    points = f"{100 * d:+.1f} points, 95 % interval {100 * overall.low:+.1f} to {100 * overall.high:+.1f}"
    figures = f"the new version names {right_new:,} of {n:,} right, the old one {right_old:,} ({points})"
    if overall.low > 0 and overall.p < _SURE:
        return "better", None, f"Better: {figures}."
    if overall.low >= -margin:
        return "as good", None, f"As good, within {100 * margin:g} points: {figures}."
    if overall.high < 0 and overall.worse(_SURE):
        return "worse", None, f"Worse: {figures}."
    needed = None
    if d > -margin:
        # Where no plant told the two apart, as if two of four more had.
        apart = (overall.only_champion + overall.only_challenger + 2.0) / (n + 4.0)
        by_spread = _Z**2 * max(apart - d * d, 1e-9) / (d + margin) ** 2
        # The interval of no difference at all reaches down to z² / (n + z²).
        needed = max(n + 1, math.ceil(by_spread), math.ceil(_Z**2 * (1.0 / (d + margin) - 1.0)))
    settle = f" About {needed:,} plants would settle it." if needed else " More plants like these would not settle it."
    return (
        "cannot tell",
        needed,
        f"Cannot tell with {n:,} plants: {figures}, which reaches past {100 * margin:g} points below.{settle}",
    )


def evaluate_gate(comparison: Comparison, challenger: ModelCard, margin: float = MARGIN) -> Gate:
    """Accuracy within the margin, no species worse beyond chance, calibrated, and sets that keep their promise.

    For several species the limit is divided by their number (Bonferroni), so that a study of forty species does not
    object to every twentieth honest challenger twice.

    Raises
    ------
    Refused
        The margin is no share above 0 and up to `WIDEST`.
    """
    if not 0.0 < margin <= WIDEST:
        raise Refused(
            f"A margin of {100 * margin:g} points can't be used; choose more than 0 and at most {100 * WIDEST:g}."
        )
    reasons: list[str] = []
    objections: list[str] = []

    def look(fine: bool, text: str) -> None:
        reasons.append(text)
        if not fine:
            objections.append(text)

    overall = comparison.overall
    answer, needed, finding = answer_of(overall, margin)
    look(answer != "worse", finding)
    limit = _SURE / max(1, len(comparison.by_species))
    worst = [name for name, d in comparison.by_species.items() if d.worse(limit)]
    for name in worst:
        look(False, f"{name}: {_pair(comparison.by_species[name])}, worse beyond chance.")
    if not worst:
        look(True, f"No species of {len(comparison.by_species)} is named worse beyond chance.")
    if comparison.determined is not None:
        d = comparison.determined
        look(not d.worse(_SURE), f"On determined plants {_pair(d)}, {_chance(d)}.")
    # As everywhere in this program, a shortcoming must be both beyond chance and large enough to matter.
    calibrated = comparison.calibration_p >= _SURE or comparison.calibration_error < _MATTERS
    look(
        calibrated,
        f"Its certainties {'mean what they say' if calibrated else 'do not mean what they say'} "
        f"(calibration error {100 * comparison.calibration_error:.1f} %, p {written_p(comparison.calibration_p, sign=True)}).",
    )
    held = comparison.coverage_high >= _PROMISED
    look(
        held,
        f"Its prediction sets hold the true species for {100 * comparison.coverage:.1f} % "
        f"({100 * comparison.coverage_low:.1f} to {100 * comparison.coverage_high:.1f}) of the plants; 95 % is promised.",
    )
    scores, baseline = challenger.scores, challenger.baseline
    look(
        scores.accuracy > baseline,
        f"It names {100 * scores.accuracy:.1f} % right, and always naming the commonest species {100 * baseline:.1f} %.",
    )
    return Gate(tuple(reasons), tuple(objections), answer, overall.plants, needed, margin, finding)


def _pair(d: Difference) -> str:
    return f"{100 * d.challenger:.1f} against {100 * d.champion:.1f} % right (n = {d.plants})"


def _chance(d: Difference) -> str:
    return "worse beyond chance" if d.worse(_SURE) else "not worse beyond chance"
