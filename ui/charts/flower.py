"""The flower, drawn to scale from its own measurements. SVG, so that it prints, scales, and speaks to a screen reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil

import numpy as np

from flora_core.model import Floats
from flora_core.study import Study


@dataclass(frozen=True, slots=True)
class DrawnFlower:
    """One flower of a picture: its title, its values (in cm, NaN where not measured), and what stands in for a gap."""

    title: str
    values: Floats
    typical: Floats


def flower_description(study: Study, drawn: Sequence[DrawnFlower]) -> str:
    """The picture of `flowers` in words, for those who can't see it."""
    return f"Drawn to one scale. {'. '.join(_described(study, flower) for flower in drawn)}."


def flowers(study: Study, drawn: Sequence[DrawnFlower], ink: str) -> str:
    """Flowers beside each other at one scale, with a bar of one centimetre; "" where the study has no drawing.

    Parameters
    ----------
    ink : str
        The colour of lettering; an SVG shown as a picture does not know the page's.

    Notes
    -----
    The three falls (sepals) hang, the three standards (petals) stand between them. A measurement that was not taken is
    drawn from the typical value with a dashed line.
    """
    if study.drawing != "iris":
        return ""
    style = (
        f"<style>.t{{font:13px sans-serif;fill:{ink}}}.bar{{stroke:{ink};fill:none;stroke-width:1.5}}{_VEINS}</style>"
    )
    filled = [np.where(np.isnan(f.values), f.typical, f.values) for f in drawn]
    reach = max(float(v[[0, 2]].max()) for v in filled) + 0.25
    scale = 100.0 / max(reach, 3.0)
    size = 2 * reach * scale
    parts = []
    for i, (flower, values) in enumerate(zip(drawn, filled, strict=True)):
        x, y = size * (i + 0.5), size / 2
        title = escape(flower.title)
        parts.append(
            f"<g transform='translate({x:.1f} {y:.1f})'>{_iris(values, ~np.isnan(flower.values), scale)}</g>"
            f"<text x='{x:.1f}' y='{size + 16:.1f}' text-anchor='middle' class='t'>{title}</text>"
        )
    bar = f"M6 {size + 34:.1f}h{scale:.1f}m0 -4v8m-{scale:.1f} -8v8"
    width = size * len(drawn)
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width:.0f} {ceil(size) + 46}'>{style}{_DEFINITIONS}"
        f"{''.join(parts)}<path d='{bar}' class='bar'/>"
        f"<text x='{scale + 14:.1f}' y='{size + 38:.1f}' class='t'>1 cm</text></svg>"
    )


def flower_over_mean(study: Study, flower: DrawnFlower | None, mean: Floats, ink: str) -> str:
    """One flower at a scale, the mean flower of its species dashed over it, and a bar of one centimetre; "" without a drawing.

    Parameters
    ----------
    flower : DrawnFlower or None
        None for the mean flower alone, pale.
    mean : (p,) float
        In the study's units.
    ink : str
        The colour of lettering and of the bar.
    """
    if study.drawing != "iris":
        return ""
    values = mean if flower is None else np.where(np.isnan(flower.values), flower.typical, flower.values)
    # The frame is that of the species, so that a flower which grows is seen to grow; it widens for one far larger.
    reach = max(1.25 * float(mean[[0, 2]].max()), float(values[[0, 2]].max()) + 0.25)
    scale = 118.0 / max(reach, 1.0)
    measured = np.zeros(4, dtype=bool) if flower is None else ~np.isnan(flower.values)
    dashes = "" if flower is None else f"<g class='mean'>{_outlines(mean, scale)}</g>"
    style = (
        f"<style>.t{{font:13px sans-serif;fill:{ink}}}.bar{{stroke:{ink};fill:none;stroke-width:1.5}}{_VEINS}"
        ".mean path{fill:none;stroke:#111;stroke-width:1.3;stroke-dasharray:4 3}"
        ".mean path.w{stroke:#fff;stroke-opacity:.85;stroke-width:2.4;stroke-dasharray:none}</style>"
    )
    bar = f"M4 228h{scale:.1f}m0 -4v8m-{scale:.1f} -8v8"
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 236 240'>{style}{_DEFINITIONS}"
        f"<g transform='translate(118 112)'>{_iris(values, measured, scale)}{dashes}</g>"
        f"<path d='{bar}' class='bar'/><text x='{scale + 12:.1f}' y='232' class='t'>1 cm</text></svg>"
    )


def _outlines(values: Floats, scale: float) -> str:
    """The outlines of all six segments, white below the dashes."""
    sepal_length, sepal_width, petal_length, petal_width = (float(v) * scale for v in values)
    placed = [(sepal_length, sepal_width, angle) for angle in (180, 300, 60)]
    placed += [(petal_length, petal_width, angle) for angle in (0, 120, 240)]
    return "".join(
        f"<g transform='rotate({angle})'><path class='w' d='{shape}'/><path d='{shape}'/></g>"
        for length, width, angle in placed
        for shape in (_outline(length, width),)
    )


_DEFINITIONS = (
    "<defs><radialGradient id='fall' gradientUnits='userSpaceOnUse' cx='0' cy='0' r='100'>"
    "<stop offset='0' stop-color='#f2c531'/><stop offset='.18' stop-color='#f7efd0'/><stop offset='.4' stop-color='#8a6fc9'/>"
    "<stop offset='1' stop-color='#5b3fa0'/></radialGradient>"
    "<radialGradient id='standard' gradientUnits='userSpaceOnUse' cx='0' cy='0' r='100'>"
    "<stop offset='0' stop-color='#e8def8'/><stop offset='1' stop-color='#9f86d9'/></radialGradient></defs>"
)
_VEINS = ".vein{stroke:#2e1c63;stroke-opacity:.35;fill:none;stroke-width:.7}"


def _iris(values: Floats, measured: Sequence[bool] | Floats, scale: float) -> str:
    sepal_length, sepal_width, petal_length, petal_width = (float(v) * scale for v in values)
    falls = "".join(
        _segment(sepal_length, sepal_width, angle, "fall", bool(measured[0]) and bool(measured[1]))
        for angle in (180, 300, 60)
    )
    standards = "".join(
        _segment(petal_length, petal_width, angle, "standard", bool(measured[2]) and bool(measured[3]))
        for angle in (0, 120, 240)
    )
    return f"{falls}{standards}<circle r='{0.12 * scale:.1f}' fill='#f2c531' stroke='#2e1c63' stroke-width='.6'/>"


def _outline(length: float, width: float) -> str:
    """The outline of a segment that points up."""
    side, low, high = 2 * width / 3, -0.45 * length, -1.02 * length
    return f"M0 0C{side:.1f} {low:.1f} {side:.1f} {high:.1f} 0 {-length:.1f}C{-side:.1f} {high:.1f} {-side:.1f} {low:.1f} 0 0Z"


def _segment(length: float, width: float, angle: float, fill: str, measured: bool) -> str:
    """A petal or sepal pointing up before it is turned: `width` is reached where a cubic with both controls at 2/3 of it
    bends out farthest.
    """
    side, shape = 2 * width / 3, _outline(length, width)
    veins = "".join(
        f"<path class='vein' d='M0 0Q{side * part:.1f} {-0.5 * length:.1f} {side * part * 0.5:.1f} {-0.86 * length:.1f}'/>"
        for part in (-0.8, -0.4, 0.0, 0.4, 0.8)
    )
    line = "stroke='#2e1c63' stroke-width='.9'"
    if not measured:
        line = "stroke='#8a6fc9' stroke-width='1.2' stroke-dasharray='4 3' fill-opacity='.2'"
    return (
        f"<g transform='rotate({angle})'><path d='{shape}' fill='url(#{fill})' {line}/>{veins if measured else ''}</g>"
    )


def _described(study: Study, flower: DrawnFlower) -> str:
    said = [
        f"{m.label} {m.written(v)}" if not np.isnan(v) else f"{m.label} not measured"
        for m, v in zip(study.measurements, flower.values, strict=True)
    ]
    return f"{flower.title}: {', '.join(said)}"
