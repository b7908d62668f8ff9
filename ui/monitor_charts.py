"""The monitor's pictures, in the grammar of its field: step line, band, dashed threshold, red diamond for an alert."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from flora_core.monitoring.drift import Shift
from flora_core.monitoring.wording import first_upper, percent
from flora_core.study import Measurement, Study
from flora_core.workflows.monitor import Certainties, Part, Watched
from ui.charts import axis_title, colour, label_of

ALERT: Final = "#c62828"
_LINE: Final = "#0072b2"
_BAND: Final = "rgba(110,130,120,.22)"
_GAP: Final = "rgba(213,94,0,.25)"

Point = tuple[Any, Part]


def points_of(watched: Watched) -> list[Point]:
    """For each window with plants the part with most of them: what a line goes through."""
    return [(w.span, max(w.parts, key=lambda part: part.profile.plants)) for w in watched.windows if w.parts]


def measurement_chart(
    measurement: Measurement, points: Sequence[Point], ink: str
) -> tuple[go.Figure, str, list[dict[str, Any]]]:
    """How a measurement went: the mean of each window, and between which values chance would leave it.

    Returns
    -------
    figure, text, rows
        The picture, the same in words, and its numbers.
    """
    found = [(span, _shift(part, measurement.name)) for span, part in points]
    shown = [(span, s) for span, s in found if s.now is not None and s.before is not None]
    rows = [
        {"window": span.since.isoformat(), "plants": s.m, "mean": s.now, "training mean": s.before, "low": _bounds(s)[0],
         "high": _bounds(s)[1], "p": s.corrected, "verdict": s.verdict}
        for span, s in shown
    ]  # fmt: skip
    alerts = [row for row in rows if row["verdict"] in ("amber", "red")]
    said = f"in {len(alerts)} of {len(rows)} windows unlike the training plants" if alerts else "as in training"
    title = f"{first_upper(measurement.label)}: {said}"
    x = [row["window"] for row in rows]
    data = [
        *_band(x, [row["low"] for row in rows], [row["high"] for row in rows], "what chance leaves"),
        _step(x, [row["training mean"] for row in rows], "training mean", dash="dash", color=ink, width=1.5),
        _step(x, [row["mean"] for row in rows], "mean of the window"),
        _diamonds([r["window"] for r in alerts], [r["mean"] for r in alerts]),
    ]
    text = f"{title}. " + " ".join(
        f"{r['window']}: mean {measurement.written(r['mean'])} of {r['plants']}." for r in rows[-6:]
    )
    return _figure(data, title, axis_title(measurement), ink), text, rows


def accuracy_chart(points: Sequence[Point], ink: str) -> tuple[go.Figure, str, list[dict[str, Any]]]:
    """Accuracy estimated and realised in one picture, the gap between them shaded."""
    rows = []
    for span, part in points:
        guess, known = part.estimated, part.realised
        rows.append({
            "window": span.since.isoformat(), "plants": part.profile.plants, "determined": known.determined,
            "right": known.right, "realised": known.accuracy.value,
            "realised low": known.accuracy.low if known.determined else None,
            "realised high": known.accuracy.high if known.determined else None,
            "estimated": guess.value if guess else None, "estimated low": guess.low if guess else None,
            "estimated high": guess.high if guess else None, "threshold": guess.threshold if guess else None,
            "alert": any(reason.topic in ("accuracy", "estimate") for reason in part.judgement.reasons),
        })  # fmt: skip
    x = [row["window"] for row in rows]
    known_rows = [row for row in rows if row["realised"] is not None and row["estimated"] is not None]
    determined, right = sum(r["determined"] for r in rows), sum(r["right"] for r in rows)
    alerts = [row for row in rows if row["alert"]]
    title = (
        f"Of {determined:,} determined plants {right:,} were named right"
        if determined
        else "No plant is determined yet"
    )
    data = [
        *_band(x, [r["estimated low"] for r in rows], [r["estimated high"] for r in rows], "95 % of the estimate"),
        *_band([r["window"] for r in known_rows], [r["realised"] for r in known_rows], [r["estimated"] for r in known_rows],
               "gap", _GAP),
        _step(x, [r["threshold"] for r in rows], "alert below", dash="dash", color=ink, width=1.5),
        _step(x, [r["estimated"] for r in rows], "estimated"),
        {
            "type": "scatter", "mode": "markers", "name": "realised (95 %)", "x": [r["window"] for r in known_rows],
            "y": [r["realised"] for r in known_rows], "marker": {"symbol": "circle", "size": 9, "color": "#009e73"},
            "error_y": {"type": "data", "symmetric": False, "color": "#009e73",
                        "array": [r["realised high"] - r["realised"] for r in known_rows],
                        "arrayminus": [r["realised"] - r["realised low"] for r in known_rows]},
        },
        _diamonds([r["window"] for r in alerts], [r["realised"] or r["estimated"] for r in alerts]),
    ]  # fmt: skip
    words = [
        f"{r['window']}: estimated {percent(r['estimated'])} %"
        + (f", {r['right']} of {r['determined']} determined right" if r["determined"] else ", none determined")
        for r in rows[-6:]
        if r["estimated"] is not None
    ]
    figure = _figure(data, title, "Share named right", ink, share=True)
    return figure, f"{title}. {'; '.join(words)}.", rows


def certainty_chart(found: Certainties, ink: str) -> tuple[go.Figure, str, list[dict[str, Any]]]:
    """Calibration over time: how sure the names of the determined plants were, and how many of them came true."""
    rows = [
        {"window": w.span.since.isoformat(), "determined": w.found.plants, "said": w.found.said, "right": w.found.right,
         "came true": w.found.share, "low": w.found.low, "high": w.found.high, "p": w.found.p, "alert": w.alert}
        for w in found.windows
    ]  # fmt: skip
    whole = found.together
    title = (
        f"Names said to be {percent(whole.said)} % sure: {percent(whole.share)} % came true (n = {whole.plants:,})"
        if whole.said is not None and whole.share is not None
        else "No plant is determined yet"
    )
    x, alerts = [row["window"] for row in rows], [row for row in rows if row["alert"]]
    data = [
        _step(x, [row["said"] for row in rows], "said, on average", dash="dash", color=ink, width=1.5),
        {
            "type": "scatter", "mode": "markers", "name": "came true (95 %)", "x": x, "y": [row["came true"] for row in rows],
            "marker": {"symbol": "circle", "size": 9, "color": "#009e73"},
            "error_y": {"type": "data", "symmetric": False, "color": "#009e73",
                        "array": [row["high"] - row["came true"] for row in rows],
                        "arrayminus": [row["came true"] - row["low"] for row in rows]},
        },
        _diamonds([row["window"] for row in alerts], [row["came true"] for row in alerts]),
    ]  # fmt: skip
    words = [f"{r['window']}: {percent(r['said'])} % said, {r['right']} of {r['determined']} right" for r in rows[-6:]]
    return _figure(data, title, "Share of the determined", ink, share=True), f"{title}. {'; '.join(words)}.", rows


#: Pairs of species that are shown, and the rest of the mistakes as one line.
_PAIRS: Final = 6


def confusion_chart(study: Study, points: Sequence[Point], ink: str) -> tuple[go.Figure, str, list[dict[str, Any]]]:
    """Confusion over time: which species were taken for which, window by window, of the determined plants."""
    names = [*study.species_names, "another species"]
    rows, totals, determined = [], dict[tuple[str, str], int](), 0
    for span, part in points:
        determined += part.realised.determined
        if len(part.realised.confusion) != len(names):
            continue
        for true, line in zip(names, part.realised.confusion, strict=True):
            for named, n in zip(study.species_names, line, strict=True):
                if n and named != true:
                    totals[true, named] = totals.get((true, named), 0) + n
                    rows.append({"window": span.since.isoformat(), "true": true, "named": named, "plants": n,
                                 "determined of the true": sum(line)})  # fmt: skip
    ranked = sorted(totals, key=lambda pair: (-totals[pair], pair))
    wrong = sum(totals.values())
    if ranked:
        true, named = ranked[0]
        title = f"{label_of(study, true)} taken for {label_of(study, named)}: {totals[ranked[0]]} of {wrong} mistakes"
    else:
        title = f"No mistake among {determined:,} determined plants" if determined else "No plant is determined yet"
    x = [span.since.isoformat() for span, _ in points]
    shown = ranked[:_PAIRS]
    data = []
    for j, pair in enumerate([*shown, None] if len(ranked) > len(shown) else shown):
        of = [
            r
            for r in rows
            if (r["true"], r["named"]) == pair or (pair is None and (r["true"], r["named"]) not in shown)
        ]
        counts = [sum(r["plants"] for r in of if r["window"] == at) for at in x]
        label = f"{label_of(study, pair[0])} named {label_of(study, pair[1])}" if pair else "other mistakes"
        data.append({"type": "bar", "name": label, "x": x, "y": counts, "hovertemplate": "%{y} plants",
                     "marker": {"color": colour(j) if pair else "#6b6b6b"}})  # fmt: skip
    figure = _figure(data, title, "Plants named wrongly", ink)
    figure.layout.barmode = "stack"
    figure.layout.yaxis.update({"tickformat": ",d", "rangemode": "tozero", "minallowed": 0, "nticks": 6})
    words = [f"{study.short(a)} named {study.short(b)} {totals[a, b]}" for a, b in ranked[:12]]
    said = title.replace("<i>", "").replace("</i>", "")
    return figure, f"Bars: determined plants named wrongly in each window. {said}. {'; '.join(words)}.", rows


def mix_chart(study: Study, points: Sequence[Point], ink: str) -> tuple[go.Figure, str, list[dict[str, Any]]]:
    """Which names were given, window by window."""
    rows, names = [], [*study.species_names, "none of these"]
    for span, part in points:
        counts = part.profile.named.tolist()
        if len(counts) == len(names):
            rows.append({"window": span.since.isoformat(), **dict(zip(names, counts, strict=True))})
    x = [row["window"] for row in rows]
    data = [
        {
            "type": "bar", "name": label_of(study, name), "x": x,
            "y": [row[name] / max(1, sum(row[n] for n in names)) for row in rows],
            "customdata": [row[name] for row in rows], "hovertemplate": "%{customdata} plants, %{y:.0%}",
            "marker": {"color": colour(j) if j < len(names) - 1 else "#8a8a8a",
                       "pattern": {"shape": "/" if j == len(names) - 1 else ""}},
        }
        for j, name in enumerate(names)
    ]  # fmt: skip
    title = "The names given, and the plants that fit none"
    figure = _figure(data, title, "Share of the window", ink, share=True)
    figure.layout.barmode = "stack"
    last = rows[-1] if rows else {}
    return figure, f"{title}. Last window: {', '.join(f'{n} {last.get(n, 0)}' for n in names)}.", rows


def unfit_chart(points: Sequence[Point], ink: str) -> tuple[go.Figure, str, list[dict[str, Any]]]:
    """The share of plants that fit no species, with its interval."""
    from flora_core.monitoring.accuracy import rate

    rows = []
    for span, part in points:
        counted, share = rate(part.profile.unfit, part.profile.plants), part.findings.share("unfit")
        rows.append({
            "window": span.since.isoformat(), "plants": counted.n, "fit nothing": counted.hits, "share": counted.value,
            "low": counted.low, "high": counted.high, "training": share.before if share else None,
            "alert": share is not None and share.verdict in ("amber", "red"),
        })  # fmt: skip
    x, alerts = [row["window"] for row in rows], [row for row in rows if row["alert"]]
    strangers, plants = sum(r["fit nothing"] for r in rows), sum(r["plants"] for r in rows)
    title = f"{strangers:,} of {plants:,} plants fit no species"
    data = [
        *_band(x, [r["low"] for r in rows], [r["high"] for r in rows], "95 %"),
        _step(x, [r["training"] for r in rows], "in training", dash="dash", color=ink, width=1.5),
        _step(x, [r["share"] for r in rows], "fit no species"),
        _diamonds([r["window"] for r in alerts], [r["share"] for r in alerts]),
    ]
    words = [f"{r['window']}: {r['fit nothing']} of {r['plants']}" for r in rows[-6:]]
    return _figure(data, title, "Share of the window", ink, share=True), f"{title}. {'; '.join(words)}.", rows


def _shift(part: Part, name: str) -> Shift:
    return next((s for s in part.findings.shifts if s.name == name), Shift(name, 0, 0))


def _bounds(shift: Shift) -> tuple[float, float]:
    """Between which means chance leaves 95 of 100 windows of that size."""
    half = 1.96 * (shift.spread or 0.0) * float(np.sqrt(1.0 / max(1, shift.n) + 1.0 / max(1, shift.m)))
    return (shift.before or 0.0) - half, (shift.before or 0.0) + half


def _step(
    x: list[str], y: list[Any], name: str, dash: str = "solid", color: str = _LINE, width: float = 2.5
) -> dict[str, Any]:
    return {"type": "scatter", "mode": "lines", "name": name, "x": x, "y": y,
            "line": {"shape": "hvh", "dash": dash, "color": color, "width": width}}  # fmt: skip


def _band(x: list[str], low: list[Any], high: list[Any], name: str, fill: str = _BAND) -> list[dict[str, Any]]:
    edge = {"type": "scatter", "mode": "lines", "x": x, "line": {"width": 0, "shape": "hvh"}, "hoverinfo": "skip"}
    return [
        {**edge, "y": low, "showlegend": False},
        {**edge, "y": high, "name": name, "fill": "tonexty", "fillcolor": fill},
    ]


def _diamonds(x: list[str], y: list[Any]) -> dict[str, Any]:
    marker = {"symbol": "diamond", "size": 13, "color": ALERT, "line": {"color": "white", "width": 1}}
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "alert",
        "x": x,
        "y": y,
        "marker": marker,
        "showlegend": bool(x),
    }


def _figure(data: list[dict[str, Any]], title: str, y: str, ink: str, share: bool = False) -> go.Figure:
    lettering = {"color": ink, "size": 13}
    axis = {"tickfont": lettering, "automargin": True}
    layout = {
        "height": 360,
        "title": {"text": title, "font": {"color": ink, "size": 15}, "x": 0, "xanchor": "left"},
        "margin": {"l": 10, "r": 10, "t": 44, "b": 20},
        "xaxis": {**axis, "type": "date"},
        "yaxis": {**axis, "title": {"text": y, "font": lettering}, **({"tickformat": ".0%"} if share else {})},
        "legend": {"orientation": "h", "yanchor": "top", "y": -0.3, "x": 0, "font": lettering},
        "hovermode": "x unified",
    }
    return go.Figure({"data": data, "layout": layout}, _validate=False)
