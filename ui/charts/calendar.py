"""Windows of a calendar on an axis of days: a step, a band, a bar or a mark is as wide as the days it stands for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

import plotly.graph_objects as go

from flora_core.workflows.monitor.calendar import DateRange

ALERT: Final = "#c62828"
LINE: Final = "#0072b2"
BAND: Final = "rgba(110,130,120,.22)"
#: Days that an axis shows at least, so that a first day is not a line of no width.
_DAYS: Final = 7
#: Days up to which every other day has its mark on the axis.
_FEW_DAYS: Final = 10


def step(
    spans: Sequence[DateRange], y: Sequence[Any], name: str, dash: str = "solid", color: str = LINE, width: float = 2.5
) -> dict[str, Any]:
    """A level line over each window, joined where windows follow each other, broken where there is no value."""
    xs: list[Any] = []
    ys: list[Any] = []
    for run in _runs(spans, y):
        if xs:
            xs, ys = [*xs, None], [*ys, None]
        for span, level in run:
            xs += [span.since.isoformat(), span.until.isoformat()]
            ys += [level, level]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": xs,
        "y": ys,
        "line": {"dash": dash, "color": color, "width": width},
    }


def band(
    spans: Sequence[DateRange], low: Sequence[Any], high: Sequence[Any], name: str, fill: str = BAND
) -> dict[str, Any]:
    """What lies between two levels of each window."""
    xs: list[Any] = []
    ys: list[Any] = []
    both = [None if a is None or b is None else (a, b) for a, b in zip(low, high, strict=True)]
    for run in _runs(spans, both):
        if xs:
            xs, ys = [*xs, None], [*ys, None]
        ends = [end.isoformat() for span, _ in run for end in (span.since, span.until)]
        below = [a for _, (a, _) in run for _ in range(2)]
        above = [b for _, (_, b) in run for _ in range(2)]
        xs += ends + ends[::-1]
        ys += below + above[::-1]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": xs,
        "y": ys,
        "fill": "toself",
        "fillcolor": fill,
        "line": {"width": 0},
        "hoverinfo": "skip",
    }


def marks(
    spans: Sequence[DateRange],
    y: Sequence[Any],
    name: str,
    color: str,
    low: Sequence[Any] | None = None,
    high: Sequence[Any] | None = None,
) -> dict[str, Any]:
    """A dot in the middle of each window, with its interval."""
    trace = {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": _middles(spans),
        "y": list(y),
        "marker": {"symbol": "circle", "size": 9, "color": color},
    }
    if low is not None and high is not None:
        trace["error_y"] = {
            "type": "data",
            "symmetric": False,
            "color": color,
            "array": [h - v for h, v in zip(high, y, strict=True)],
            "arrayminus": [v - a for a, v in zip(low, y, strict=True)],
        }
    return trace


def dots(spans: Sequence[DateRange], y: Sequence[Any]) -> dict[str, Any]:
    """A small dot in the middle of each step, to be clicked: a line alone can't be."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": _middles(spans),
        "y": list(y),
        "marker": {"symbol": "circle", "size": 6, "color": LINE},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def alerts(spans: Sequence[DateRange], y: Sequence[Any]) -> dict[str, Any]:
    """A red diamond in each window that asks to be looked at."""
    marker = {"symbol": "diamond", "size": 13, "color": ALERT, "line": {"color": "white", "width": 1}}
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "alert",
        "x": _middles(spans),
        "y": list(y),
        "marker": marker,
        "showlegend": bool(spans),
    }


def bars(spans: Sequence[DateRange], y: Sequence[Any], name: str, **looks: Any) -> dict[str, Any]:
    """A bar over each window, a little narrower than its days."""
    day = 24 * 3600 * 1000
    widths = [0.9 * day * (span.until - span.since).days for span in spans]
    return {"type": "bar", "name": name, "x": _middles(spans), "y": list(y), "width": widths, **looks}


def figure(data: list[dict[str, Any]], spans: Sequence[DateRange], y: str, ink: str, share: bool = False) -> go.Figure:
    """The picture of these windows, earliest first.

    Parameters
    ----------
    share : bool
        Whether the values are shares, to be written in percent.
    """
    lettering = {"color": ink, "size": 13}
    axis = {"tickfont": lettering, "automargin": True}
    layout = {
        "height": 290,
        "margin": {"l": 10, "r": 10, "t": 10, "b": 20},
        "xaxis": {**axis, "type": "date", **_days(spans)},
        "yaxis": {**axis, "title": {"text": y, "font": lettering}, **({"tickformat": ".0%"} if share else {})},
        "legend": {"orientation": "h", "yanchor": "top", "y": -0.3, "x": 0, "font": lettering},
        "hovermode": "x unified",
    }
    return go.Figure({"data": data, "layout": layout}, _validate=False)


def _days(spans: Sequence[DateRange]) -> dict[str, Any]:
    """How the days are written below the picture: as a botanist dates a slip."""
    if not spans:
        return {"showticklabels": False}
    until = spans[-1].until
    since = min(spans[0].since, until - timedelta(days=_DAYS))
    written = "%-d %b" if since.year == until.year else "%-d %b %Y"
    marks: dict[str, Any] = {"nticks": 8}
    if (until - since).days <= _FEW_DAYS:
        marks = {"dtick": 2 * 24 * 3600 * 1000, "tick0": (until - timedelta(days=1)).isoformat()}
    return {
        "range": [since.isoformat(), until.isoformat()],
        "tickformat": written,
        "hoverformat": "%-d %B %Y",
        "tickangle": 0,
        **marks,
    }


def _runs(spans: Sequence[DateRange], values: Sequence[Any]) -> Iterator[list[tuple[DateRange, Any]]]:
    """Windows with values that follow each other day on day."""
    run: list[tuple[DateRange, Any]] = []
    for span, value in zip(spans, values, strict=True):
        if run and (value is None or span.since != run[-1][0].until):
            yield run
            run = []
        if value is not None:
            run.append((span, value))
    if run:
        yield run


def _middles(spans: Sequence[DateRange]) -> list[str]:
    found = []
    for span in spans:
        since = datetime.combine(span.since, time(), tzinfo=UTC)
        middle = since + (span.until - span.since) / 2
        found.append(f"{middle:%Y-%m-%dT%H:%M}")
    return found
