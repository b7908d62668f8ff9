"""The report's pictures, as SVG: the same bytes for the same numbers, and text that stays text."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from flora_core.model import CalibrationBin

#: Okabe & Ito's blue and vermilion, and greys: told apart by all kinds of colour vision, and in print.
BLUE: Final = "#0072b2"
RED: Final = "#d55e00"
_GREY: Final = "#6b6b6b"
_PALE: Final = "#c9c5b6"


@dataclass(frozen=True, slots=True)
class SvgFigure:
    """One picture: its file name without ending, what it says, what it shows in words, and itself as SVG."""

    name: str
    title: str
    alt: str
    svg: str


@contextmanager
def _canvas(width: float, height: float) -> Iterator[tuple[Any, Any, list[str]]]:
    """A figure and its axes in our style; the SVG is in the list afterwards."""
    # Matplotlib takes a second to import, and only a report needs it.
    import matplotlib
    from matplotlib.figure import Figure as Canvas

    style: Any = {
        "svg.fonttype": "none",
        "svg.hashsalt": "flora",
        "font.family": "sans-serif",
        "font.size": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": _GREY,
        "axes.axisbelow": True,
    }
    with matplotlib.rc_context(style):
        canvas = Canvas(figsize=(width, height), layout="constrained")
        written: list[str] = []
        yield canvas, canvas.subplots(), written
        stream = io.StringIO()
        canvas.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
        # Only the picture itself, so that it can stand inside a page.
        text = stream.getvalue()
        written.append(re.sub(r"^.*?<svg ", "<svg ", text, count=1, flags=re.DOTALL))


def accuracies(
    titles: Sequence[str], rates: Sequence[tuple[float, float, float]], baseline: float, chosen: int
) -> SvgFigure:
    """Accuracy of every algorithm that was tried, as (rate, low, high), and the baseline."""
    with _canvas(7.0, 0.6 + 0.42 * len(titles)) as (_, axes, written):
        y = np.arange(len(titles))[::-1]
        for place, (rate, low, high), i in zip(y, rates, range(len(titles)), strict=True):
            colour = BLUE if i == chosen else _GREY
            axes.plot([100 * low, 100 * high], [place, place], color=colour, linewidth=2)
            axes.plot([100 * rate], [place], "o", color=colour, markersize=7)
        axes.axvline(100 * baseline, color=RED, linestyle="--", linewidth=1)
        axes.set_yticks(y, list(titles))
        axes.set_xlabel(
            "% of unseen plants named right, with 95 % interval\n(dashed: always naming the commonest species)"
        )
    said = "; ".join(
        f"{t} {100 * r[0]:.1f} % ({100 * r[1]:.1f} to {100 * r[2]:.1f})" for t, r in zip(titles, rates, strict=True)
    )
    return SvgFigure(
        "accuracies", "Accuracy of what was tried", f"Accuracy: {said}; baseline {100 * baseline:.1f} %.", written[0]
    )


def confusion_figure(names: Sequence[str], counts: Sequence[Sequence[int]]) -> SvgFigure:
    """Which species were taken for which: rows the true name, columns the name given."""
    table = np.asarray(counts, dtype=float)
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1.0)
    k = len(names)
    side = min(9.0, 2.6 + 0.45 * k)
    with _canvas(side + 1.2, side) as (_, axes, written):
        axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0, interpolation="nearest")
        axes.set_xticks(range(k), list(names), rotation=40 if k > 2 else 0, ha="right" if k > 2 else "center")
        axes.set_yticks(range(k), list(names))
        axes.set_xlabel("named")
        axes.set_ylabel("is")
        if k <= 20:
            for i in range(k):
                for j in range(k):
                    if table[i, j]:
                        white = shares[i, j] > 0.55
                        axes.text(
                            j, i, f"{int(table[i, j])}", ha="center", va="center", color="white" if white else "black"
                        )
    wrong = [
        (int(table[i, j]), f"{int(table[i, j])} {names[i]} named {names[j]}")
        for i in range(k)
        for j in range(k)
        if i != j and table[i, j]
    ]
    wrong.sort(key=lambda one: (-one[0], one[1]))
    said = "; ".join(text for _, text in wrong[:8]) or "none"
    return SvgFigure("confusion", "Which species are taken for which", f"Mistaken plants: {said}.", written[0])


def calibration_figure(bins: Sequence[CalibrationBin]) -> SvgFigure:
    """Of plants named with a certainty, how many were named right."""
    with _canvas(5.2, 4.6) as (_, axes, written):
        axes.plot([0, 100], [0, 100], color=_PALE, linewidth=1.5)
        for b in bins:
            axes.plot([100 * b.certainty] * 2, [100 * b.low, 100 * b.high], color=BLUE, linewidth=1.5)
            axes.plot([100 * b.certainty], [100 * b.right], "o", color=BLUE, markersize=5)
        axes.set_xlabel("how sure it was, %")
        axes.set_ylabel("named right, %, with 95 % interval")
    said = "; ".join(f"sure {100 * b.certainty:.0f} %: right {100 * b.right:.0f} % (n = {b.plants})" for b in bins)
    return SvgFigure(
        "calibration", "Is a certainty of 90 % right nine times of ten?", f"Calibration: {said}.", written[0]
    )


def bar_figure(
    name: str, title: str, labels: Sequence[str], values: Sequence[tuple[float, float, float]], what: str
) -> SvgFigure:
    """Horizontal bars with intervals, as (value, low, high); at most the twenty largest."""
    order = sorted(range(len(labels)), key=lambda i: (-values[i][0], labels[i]))[:20]
    with _canvas(7.0, 0.7 + 0.36 * len(order)) as (_, axes, written):
        y = np.arange(len(order))[::-1]
        axes.barh(y, [values[i][0] for i in order], color=BLUE, height=0.6)
        for place, i in zip(y, order, strict=True):
            axes.plot([values[i][1], values[i][2]], [place, place], color="black", linewidth=1)
        axes.set_yticks(y, [labels[i] for i in order])
        axes.set_xlabel(what)
    said = "; ".join(f"{labels[i]} {values[i][0]:.3g} ({values[i][1]:.3g} to {values[i][2]:.3g})" for i in order)
    return SvgFigure(name, title, f"{what}: {said}.", written[0])
