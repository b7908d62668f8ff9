"""A small line with its band of chance, as an image for a cell of a table: text would be too little, a chart too much."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Final

_WIDTH: Final = 150
_HEIGHT: Final = 34
_MARGIN: Final = 5.0
_CHANGED: Final = "#c62828"
_AS_BEFORE: Final = "#2f8a57"


def sparkline(
    values: Sequence[float], low: Sequence[float], high: Sequence[float], changed: Sequence[bool], ink: str
) -> str:
    """A line through the values, the oldest at the left, over the band between `low` and `high`; an SVG data address.

    Parameters
    ----------
    changed : sequence of bool
        Where chance does not explain the value: a red diamond. The newest has a green dot where it does.
    ink : str
        The line's colour.
    """
    if not values:
        return ""
    bottom, top = min(*values, *low), max(*values, *high)
    across = (_WIDTH - 2 * _MARGIN) / max(1, len(values) - 1)
    up = (_HEIGHT - 2 * _MARGIN) / ((top - bottom) or 1.0)

    def at(i: int, value: float) -> tuple[float, float]:
        return _MARGIN + across * i, _HEIGHT - _MARGIN - up * (value - bottom)

    def path(points: Sequence[tuple[float, float]]) -> str:
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)

    band = [at(i, v) for i, v in enumerate(high)] + [at(i, v) for i, v in reversed(list(enumerate(low)))]
    parts = [
        f'<polygon points="{path(band)}" fill="#6e8278" fill-opacity=".25"/>',
        f'<polyline points="{path([at(i, v) for i, v in enumerate(values)])}" fill="none" stroke="{ink}" stroke-width="1.6"/>',
    ]
    for i, one in enumerate(changed):
        x, y = at(i, values[i])
        if one:
            parts.append(f'<path d="M{x:.1f} {y - 4:.1f}l4 4l-4 4l-4 -4z" fill="{_CHANGED}"/>')
        elif i == len(values) - 1:
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{_AS_BEFORE}"/>')
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}">{"".join(parts)}</svg>'
    )
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
