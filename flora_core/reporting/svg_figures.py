"""The report's pictures, as SVG: the same bytes for the same numbers, and text that stays text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final

import numpy as np

from flora_core.model import CalibrationBin

#: Okabe & Ito's blue and vermilion, and greys: told apart by all kinds of colour vision, and in print.
BLUE: Final = "#0072b2"
RED: Final = "#d55e00"
_GREY: Final = "#6b6b6b"
_PALE: Final = "#c9c5b6"
#: Height of the letters, and the mean width of one, in units of the picture (CSS pixels).
_FONT: Final = 13.0
_LETTER: Final = 0.55 * _FONT


@dataclass(frozen=True, slots=True)
class SvgFigure:
    """One picture: its file name without ending, what it says, what it shows in words, and itself as SVG."""

    name: str
    title: str
    alt: str
    svg: str


@dataclass(slots=True)
class _Canvas:
    """A rectangle for the data, with room for words around it; positions are given in the data's units.

    Attributes
    ----------
    width, height : float
        Of the rectangle, in units of the picture.
    x, y : (low, high)
        What its edges stand for; the low end of y is at the bottom.
    left, bottom : float
        Room beside and below the rectangle.
    """

    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]
    left: float
    bottom: float
    _parts: list[str] = field(default_factory=list)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the data lies in the picture."""
        (x0, x1), (y0, y1) = self.x, self.y
        return self.left + (x - x0) / (x1 - x0) * self.width, _TOP + (y1 - y) / (y1 - y0) * self.height

    def line(self, x0: float, y0: float, x1: float, y1: float, colour: str, width: float = 1.0, dash: str = "") -> None:
        (a, b), (c, d) = self.at(x0, y0), self.at(x1, y1)
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self._parts.append(
            f'<line x1="{a:.1f}" y1="{b:.1f}" x2="{c:.1f}" y2="{d:.1f}" stroke="{colour}" stroke-width="{width:g}"{dashes}/>'
        )

    def dot(self, x: float, y: float, colour: str, radius: float) -> None:
        a, b = self.at(x, y)
        self._parts.append(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="{radius:g}" fill="{colour}"/>')

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: str) -> None:
        (a, b), (c, d) = self.at(x0, y0), self.at(x1, y1)
        self._parts.append(
            f'<rect x="{min(a, c):.1f}" y="{min(b, d):.1f}" width="{abs(c - a):.1f}" height="{abs(d - b):.1f}" '
            f'fill="{colour}"/>'
        )

    def words(
        self, text: str, a: float, b: float, anchor: str = "middle", colour: str = "black", turned: float = 0.0
    ) -> None:
        """Text at a place of the picture; `turned` in degrees, clockwise."""
        turn = f' transform="rotate({turned:g} {a:.1f} {b:.1f})"' if turned else ""
        self._parts.append(
            f'<text x="{a:.1f}" y="{b:.1f}" text-anchor="{anchor}" fill="{colour}"{turn}>{escape(text)}</text>'
        )

    def frame(self) -> None:
        """The lower and the left edge."""
        (x0, x1), (y0, y1) = self.x, self.y
        self.line(x0, y0, x1, y0, _GREY)
        self.line(x0, y0, x0, y1, _GREY)

    def x_ticks(self, what: Sequence[str]) -> None:
        """Round numbers along the lower edge, and what they are, a line each."""
        for value in _round_numbers(*self.x):
            a, b = self.at(value, self.y[0])
            self._parts.append(f'<line x1="{a:.1f}" y1="{b:.1f}" x2="{a:.1f}" y2="{b + 4:.1f}" stroke="{_GREY}"/>')
            self.words(f"{value:g}", a, b + 4 + _FONT)
        for i, line in enumerate(what):
            self.words(line, self.left + self.width / 2, _TOP + self.height + 4 + _FONT * (2.4 + 1.25 * i))

    def y_ticks(self, what: str) -> None:
        """Round numbers along the left edge, and what they are, turned."""
        for value in _round_numbers(*self.y):
            a, b = self.at(self.x[0], value)
            self._parts.append(f'<line x1="{a - 4:.1f}" y1="{b:.1f}" x2="{a:.1f}" y2="{b:.1f}" stroke="{_GREY}"/>')
            self.words(f"{value:g}", a - 7, b + 0.35 * _FONT, "end")
        self.words(what, _FONT, _TOP + self.height / 2, turned=-90)

    def labels(self, texts: Sequence[str], places: Sequence[float]) -> None:
        """A name for each row, at the left edge."""
        for text, place in zip(texts, places, strict=True):
            a, b = self.at(self.x[0], place)
            self.words(text, a - 7, b + 0.35 * _FONT, "end")

    def svg(self) -> str:
        """The picture, to stand inside a page."""
        width, height = self.left + self.width + _RIGHT, _TOP + self.height + self.bottom
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
            f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="sans-serif" font-size="{_FONT:g}">\n'
            f'<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(self._parts) + "\n</svg>\n"
        )


#: Room above and right of the rectangle.
_TOP: Final = 12.0
_RIGHT: Final = 24.0


def _round_numbers(low: float, high: float) -> list[float]:
    """Four to eight round numbers from `low` to `high`."""
    rough = (high - low) / 6
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(i * step, 10) for i in range(first, last + 1)]


def _room_for(texts: Sequence[str]) -> float:
    return 14 + _LETTER * max(map(len, texts), default=0)


def _spread(values: Sequence[float], margin: float = 0.05) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = margin * (high - low) or 1.0
    return low - room, high + room


def accuracies(
    titles: Sequence[str], rates: Sequence[tuple[float, float, float]], baseline: float, chosen: int
) -> SvgFigure:
    """Accuracy of every algorithm that was tried, as (rate, low, high), and the baseline."""
    k = len(titles)
    x = _spread([100 * value for rate in rates for value in rate] + [100 * baseline])
    canvas = _Canvas(480, 34.0 * k, x, (-0.6, k - 0.4), _room_for(titles), 76)
    canvas.line(100 * baseline, -0.6, 100 * baseline, k - 0.4, RED, dash="5 3")
    places = [float(k - 1 - i) for i in range(k)]
    for i, (place, (rate, low, high)) in enumerate(zip(places, rates, strict=True)):
        colour = BLUE if i == chosen else _GREY
        canvas.line(100 * low, place, 100 * high, place, colour, 2)
        canvas.dot(100 * rate, place, colour, 4.5)
    canvas.frame()
    canvas.labels(titles, places)
    canvas.x_ticks(
        ["% of unseen plants named right, with 95 % interval", "(dashed: always naming the commonest species)"]
    )
    said = "; ".join(
        f"{t} {100 * r[0]:.1f} % ({100 * r[1]:.1f} to {100 * r[2]:.1f})" for t, r in zip(titles, rates, strict=True)
    )
    return SvgFigure(
        "accuracies", "Accuracy of what was tried", f"Accuracy: {said}; baseline {100 * baseline:.1f} %.", canvas.svg()
    )


def confusion_figure(names: Sequence[str], counts: Sequence[Sequence[int]]) -> SvgFigure:
    """Which species were taken for which: rows the true name, columns the name given."""
    table = np.asarray(counts, dtype=float)
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1.0)
    k = len(names)
    side = min(864.0, 60.0 + 70.0 * k) if k <= 3 else min(864.0, 130.0 + 44.0 * k)
    longest = _room_for(names)
    turned = max(map(len, names)) * _LETTER > side / k
    below = 0.65 * longest + 40 if turned else 56.0
    canvas = _Canvas(side, side, (-0.5, k - 0.5), (k - 0.5, -0.5), longest + 1.6 * _FONT, below)
    for i in range(k):
        for j in range(k):
            canvas.box(j - 0.5, i - 0.5, j + 0.5, i + 0.5, _blue(float(shares[i, j])))
            if table[i, j] and k <= 20:
                a, b = canvas.at(j, i)
                colour = "white" if shares[i, j] > 0.55 else "black"
                canvas.words(f"{int(table[i, j])}", a, b + 0.35 * _FONT, colour=colour)
    canvas.labels(names, list(range(k)))
    for j, name in enumerate(names):
        a, b = canvas.at(j, k - 0.5)
        if turned:
            canvas.words(name, a + 4, b + 4 + 0.7 * _FONT, "end", turned=-40)
        else:
            canvas.words(name, a, b + 4 + _FONT)
    canvas.words("named", canvas.left + side / 2, _TOP + side + below - 8)
    canvas.words("is", _FONT, _TOP + side / 2, turned=-90)
    wrong = [
        (int(table[i, j]), f"{int(table[i, j])} {names[i]} named {names[j]}")
        for i in range(k)
        for j in range(k)
        if i != j and table[i, j]
    ]
    wrong.sort(key=lambda one: (-one[0], one[1]))
    said = "; ".join(text for _, text in wrong[:8]) or "none"
    return SvgFigure("confusion", "Which species are taken for which", f"Mistaken plants: {said}.", canvas.svg())


def _blue(share: float) -> str:
    """From white for none to a dark blue for all."""
    ends = zip((247, 251, 255), (8, 48, 107), strict=True)
    return "#" + "".join(f"{round(light + share * (dark - light)):02x}" for light, dark in ends)


def calibration_figure(bins: Sequence[CalibrationBin]) -> SvgFigure:
    """Of plants named with a certainty, how many were named right."""
    canvas = _Canvas(400, 340, (-4.0, 104.0), (-4.0, 104.0), 62, 56)
    canvas.line(0, 0, 100, 100, _PALE, 1.5)
    for b in bins:
        canvas.line(100 * b.certainty, 100 * b.low, 100 * b.certainty, 100 * b.high, BLUE, 1.5)
        canvas.dot(100 * b.certainty, 100 * b.right, BLUE, 3.5)
    canvas.frame()
    canvas.x_ticks(["how sure it was, %"])
    canvas.y_ticks("named right, %, with 95 % interval")
    said = "; ".join(f"sure {100 * b.certainty:.0f} %: right {100 * b.right:.0f} % (n = {b.plants})" for b in bins)
    return SvgFigure(
        "calibration", "Is a certainty of 90 % right nine times of ten?", f"Calibration: {said}.", canvas.svg()
    )


def bar_figure(
    name: str, title: str, labels: Sequence[str], values: Sequence[tuple[float, float, float]], what: str
) -> SvgFigure:
    """Horizontal bars with intervals, as (value, low, high); at most the twenty largest."""
    order = sorted(range(len(labels)), key=lambda i: (-values[i][0], labels[i]))[:20]
    shown = [labels[i] for i in order]
    ends = [0.0, *(end for i in order for end in values[i])]
    low, high = _spread(ends)
    canvas = _Canvas(
        480, 30.0 * len(order), (0.0 if min(ends) >= 0 else low, high), (-0.6, len(order) - 0.4), _room_for(shown), 56
    )
    places = [float(len(order) - 1 - i) for i in range(len(order))]
    for place, i in zip(places, order, strict=True):
        value, least, most = values[i]
        canvas.box(0.0, place - 0.3, value, place + 0.3, BLUE)
        canvas.line(least, place, most, place, "black")
    canvas.frame()
    canvas.labels(shown, places)
    canvas.x_ticks([what])
    said = "; ".join(f"{labels[i]} {values[i][0]:.3g} ({values[i][1]:.3g} to {values[i][2]:.3g})" for i in order)
    return SvgFigure(name, title, f"{what}: {said}.", canvas.svg())
