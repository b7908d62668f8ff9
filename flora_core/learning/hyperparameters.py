"""What an algorithm can be told: its hyperparameters, each with a sentence and a sensible range."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from flora_core.errors import Refused

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

    def parse(self, given: Value) -> Value:
        """The value in the knob's own kind and range.

        Raises
        ------
        Refused
            It is no such value, or outside the range; the message names what would be right.
        """
        if self.kind == "choice":
            for choice in self.choices:
                if given == choice or str(given).lower() == str(choice).lower():
                    return choice
            raise Refused(f"{self.name} can't be {given}; it is one of {', '.join(map(str, self.choices))}.")
        kind = int if self.kind == "int" else float
        try:
            value = kind(str(given))
        except ValueError:
            raise Refused(
                f"{self.name} can't be '{given}'; it is a number from {self.low:g} to {self.high:g}."
            ) from None
        if not self.low <= value <= self.high:
            raise Refused(f"{self.name} can't be {value:g}; it lies between {self.low:g} and {self.high:g}.")
        return value


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
        (hyperparameters, seed, plants of the rarest species) -> an unfitted scikit-learn classifier.
    fewest : int
        Plants that it needs of each species.
    """

    name: str
    title: str
    sentence: str
    hyperparameters: tuple[Hyperparameter, ...]
    scaled: bool
    build: Callable[[Mapping[str, Any], int, int], Any]
    fewest: int = 2
