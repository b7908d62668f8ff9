"""What the session remembers of one plant's form: its values in the study's units, and which view changed each of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from flora_core.study import Measurement, Study
from flora_core.units import factor

View = Literal["slider", "box", "missing"]
VIEWS: Final[tuple[View, ...]] = ("slider", "box", "missing")


@dataclass
class Form:
    """What the session remembers of one study's form.

    Attributes
    ----------
    values : dict of str to float or None
        In the study's units; None where not measured.
    turns : dict
        How often each view of each measurement was drawn anew.
    moved : dict
        The view that each measurement was last changed by.
    """

    values: dict[str, float | None]
    turns: dict[tuple[str, View], int] = field(default_factory=dict)
    moved: dict[str, View | None] = field(default_factory=dict)

    def report(self, name: str, value: float | None, view: View, drawn: float | None) -> None:
        """What a view says that it shows: a change, or the echo of what it was drawn with."""
        if value != drawn or self.moved.get(name) == view:
            self.change(name, value, view)

    def change(self, name: str, value: float | None, by: View | None) -> None:
        """Give a measurement a value that came from one of its views, or (None) from elsewhere."""
        self.values[name], self.moved[name] = value, by
        for view in VIEWS:
            if view != by:
                self.turns[name, view] = self.turns.get((name, view), 0) + 1

    def key(self, study: Study, name: str, view: View, unit: str) -> str:
        """The key under which a view is drawn; another one after the value came from elsewhere."""
        return f"{view}.{study.name}.{name}.{unit}.{self.turns.get((name, view), 0)}"


def own_value(measurement: Measurement, shown: float, unit: str) -> float:
    """A value of the form in the measurement's own unit; twelve digits, so that 14 mm is 1.4 cm to the last."""
    return float(f"{shown * (factor(unit, measurement.unit) if unit else 1.0):.12g}")


def shown_value(measurement: Measurement, own: float, unit: str) -> float:
    """A value in the unit of the form."""
    return float(f"{own / (factor(unit, measurement.unit) if unit else 1.0):.12g}")


def typed_value(measurement: Measurement, own: float | None, unit: str) -> str:
    """The shortest text of a value in the unit of the form: "5.1", "51"; "" where not measured."""
    return "" if own is None else f"{shown_value(measurement, own, unit):.12g}"
