"""May a challenger take the champion's place? A rule that a machine can follow and a person can read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

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


@dataclass(frozen=True, slots=True)
class Gate:
    """The judgement: `reasons` are what was looked at, in words, `objections` those of them that stand against it."""

    reasons: tuple[str, ...]
    objections: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing stands against it."""
        return not self.objections

    @property
    def sentence(self) -> str:
        """The judgement in one line."""
        return "The gate is open." if self.passed else f"The gate is shut: {' '.join(self.objections)}"


def evaluate_gate(comparison: Comparison, challenger: ModelCard) -> Gate:
    """Not worse beyond chance overall nor for any species, calibrated, and its prediction sets keep their promise.

    For several species the limit is divided by their number (Bonferroni), so that a study of forty species does not
    object to every twentieth honest challenger twice.
    """
    reasons: list[str] = []
    objections: list[str] = []

    def look(fine: bool, text: str) -> None:
        reasons.append(text)
        if not fine:
            objections.append(text)

    overall = comparison.overall
    look(not overall.worse(_SURE), f"Overall {_pair(overall)}, {_chance(overall)}.")
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
    return Gate(tuple(reasons), tuple(objections))


def _pair(d: Difference) -> str:
    return f"{100 * d.challenger:.1f} against {100 * d.champion:.1f} % right (n = {d.plants})"


def _chance(d: Difference) -> str:
    return "worse beyond chance" if d.worse(_SURE) else "not worse beyond chance"
