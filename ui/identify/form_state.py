"""What the session remembers of one plant's form: what stands in each box, and which view changed it last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from flora_core.study import Measurement, Study
from flora_core.tables.values.states import states_text
from flora_core.units import factor

View = Literal["slider", "box"]
VIEWS: Final[tuple[View, ...]] = ("slider", "box")


@dataclass
class Form:
    """What the session remembers of one study's form.

    Attributes
    ----------
    texts : dict of str to str
        What stands in each box; "" for not measured. What a person typed stays as it was typed.
    unit : str
        The unit of numbers that carry none; "" for each measurement's own.
    by_hand : set of str
        The measurements whose text a person typed; the other texts are numbers of ours and follow the unit.
    redraws : dict
        How often each view of each measurement was drawn anew.
    changed_by : dict
        The view that each measurement was last changed by.
    example : bool
        Whether it shows the example, which can't be recorded; until a value is changed.
    cleared : dict of str to str
        What stood in the boxes when they were last emptied, so that it can be brought back.
    """

    texts: dict[str, str]
    unit: str = ""
    by_hand: set[str] = field(default_factory=set)
    redraws: dict[tuple[str, View], int] = field(default_factory=dict)
    changed_by: dict[str, View | None] = field(default_factory=dict)
    example: bool = False
    cleared: dict[str, str] = field(default_factory=dict)

    def report(self, name: str, text: str, view: View, drawn: str) -> None:
        """What a view says that it shows: a change, or the echo of what it was drawn with."""
        if text != drawn or self.changed_by.get(name) == view:
            self.change(name, text, view)
            self.example = False

    def change(self, name: str, text: str, by: View | None) -> None:
        """Give a measurement another text, which came from one of its views, or (None) from elsewhere."""
        self.texts[name], self.changed_by[name] = text, by
        (self.by_hand.add if by == "box" else self.by_hand.discard)(name)
        for view in VIEWS:
            if view != by:
                self.redraws[name, view] = self.redraws.get((name, view), 0) + 1

    def replace(self, texts: Mapping[str, str], *, example: bool = False) -> None:
        """Put other texts into all boxes; a measurement that is left out is emptied."""
        for name in self.texts:
            self.change(name, texts.get(name, ""), None)
        self.example = example

    def clear(self) -> None:
        """Empty all boxes, and remember what stood there."""
        self.cleared = dict(self.texts)
        self.replace({})

    def restore(self) -> None:
        """Bring back what stood in the boxes before they were emptied."""
        self.replace(self.cleared)
        self.cleared = {}

    def use_unit(self, study: Study, unit: str) -> None:
        """Read plain numbers in another unit: those of ours are written in it, those that a person typed stay."""
        if unit == self.unit:
            return
        for m in study.measurements:
            text = self.texts[m.name]
            if text and m.name not in self.by_hand and not m.has_states:
                self.texts[m.name] = number_text(m, own_value(m, float(text), self.unit), unit)
        self.unit = unit

    def key(self, study: Study, name: str, view: View) -> str:
        """The key under which a view is drawn; another one after the text came from elsewhere."""
        return f"{view}.{study.name}.{name}.{self.unit}.{self.redraws.get((name, view), 0)}"


def own_value(measurement: Measurement, shown: float, unit: str) -> float:
    """A number of the form in the measurement's own unit; twelve digits, so that 14 mm is 1.4 cm to the last."""
    return float(f"{shown * (factor(unit, measurement.unit) if unit else 1.0):.12g}")


def shown_value(measurement: Measurement, own: float, unit: str) -> float:
    """A value in the unit of the form."""
    return float(f"{own / (factor(unit, measurement.unit) if unit else 1.0):.12g}")


def number_text(measurement: Measurement, own: float, unit: str) -> str:
    """The shortest text of a value in the unit of the form: "5.1", "51"; states by their names."""
    if measurement.has_states:
        return states_text(measurement, own)
    return f"{shown_value(measurement, own, unit):.12g}"
