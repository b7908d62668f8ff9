"""What an algorithm can be told: its hyperparameters, each with a sentence and a sensible range."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from flora_core.errors import Refused
from flora_core.model import Ints

Value = float | int | str | None


@dataclass(frozen=True, slots=True)
class Hyperparameter:
    """One knob of an algorithm that matters.

    Attributes
    ----------
    name, label, sentence : str
        As in `--set NAME=VALUE`; as shown; what turning it does.
    kind : {"float", "int", "choice"}
    default : float, int, str or None
    low, high : float
        The sensible range; searched on a logarithmic scale where `logarithmic`.
    choices : tuple
        For a choice.
    search_low, search_high : float
        The part of the range that a search draws from, where it is narrower; 0 for all of it.
    of_rarest : float
        The largest share of the rarest species' plants that the default and a search may ask for: an end of a tree that
        needs more plants than a species has could never be that species' own. 0: it does not depend on them.
    """

    name: str
    label: str
    sentence: str
    kind: Literal["float", "int", "choice"]
    default: Value
    low: float = 0.0
    high: float = 0.0
    logarithmic: bool = False
    choices: tuple[Value, ...] = ()
    search_low: float = 0.0
    search_high: float = 0.0
    of_rarest: float = 0.0

    def searched(self, rarest: int) -> tuple[float, float]:
        """The range that a search draws from where the rarest species has so many plants."""
        low, high = self.search_low or self.low, self.search_high or self.high
        return low, (max(low, min(high, float(int(self.of_rarest * rarest)))) if self.of_rarest else high)

    def usual(self, rarest: int) -> Value:
        """The default where the rarest species has so many plants."""
        if not self.of_rarest or not isinstance(self.default, int):
            return self.default
        return int(max(self.low, min(self.default, int(self.of_rarest * rarest))))

    def parse(self, given: Value) -> Value:
        """The value in the knob's own kind and range.

        Raises
        ------
        Refused
            It is no such value, or outside the range; the message names what would be right.
        """
        if self.kind == "choice":
            for choice in self.choices:
                if str(given).strip().lower() == str(choice).lower() or _same_number(given, choice):
                    return choice
            raise Refused(f"{self.name} can't be {given}; it is one of {', '.join(map(str, self.choices))}.")
        whole = "whole " if self.kind == "int" else ""
        try:
            value = float(str(given))
        except ValueError:
            value = float("nan")
        if value != value or (whole and abs(value) < 1e15 and value != int(value)):
            raise Refused(f"{self.name} can't be '{given}'; it is a {whole}number from {self.low:g} to {self.high:g}.")
        if not self.low <= value <= self.high:
            raise Refused(f"{self.name} can't be {value:g}; it lies between {self.low:g} and {self.high:g}.")
        return int(value) if whole else value


def _same_number(given: Value, choice: Value) -> bool:
    try:
        return float(str(given)) == float(str(choice))
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A way of learning, with its knobs.

    Attributes
    ----------
    name, title, sentence : str
    hyperparameters : tuple of Hyperparameter
    scaled : bool
        Whether the measurements are standardised first.
    build : callable
        (hyperparameters, seed, (k,) plants of each species it will learn from) -> an unfitted scikit-learn classifier.
    """

    name: str
    title: str
    sentence: str
    hyperparameters: tuple[Hyperparameter, ...]
    scaled: bool
    build: Callable[[Mapping[str, Any], int, Ints], Any]
