"""Pictures of how well a version does: each with a title that says what it shows, and in words for those who can't see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import plotly.graph_objects as go

from flora_core.learning.comparison.model_comparison import Comparison
from flora_core.learning.comparison.paired_tests import Difference
from flora_core.learning.validation.scoring import chance_range, clopper_pearson
from flora_core.model import CalibrationBin, ModelCard
from flora_core.study import Study
from ui.charts.scatter import Picture, colour, label_of

#: The leaf green of the theme, for what belongs to no species.
GREEN: Final = "#2f8a57"


def recalls(card: ModelCard, ink: str) -> Picture:
    """For each species, the share of its plants that were named right, with the 95 % interval."""
    rows = [(card.study.short(name), score) for name, score in card.scores.by_species.items()]
    weakest, score = min(rows, key=lambda row: row[1].recall)
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": [100 * s.recall for _, s in rows],
        "y": [label_of(card.study, name) for name in card.scores.by_species],
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [100 * (s.recall_high - s.recall) for _, s in rows],
            "arrayminus": [100 * (s.recall - s.recall_low) for _, s in rows],
            "color": ink,
            "thickness": 1.5,
        },
        "marker": {"size": 12, "color": [colour(j) for j in range(len(rows))]},
        "customdata": [[s.right, s.plants] for _, s in rows],
        "hovertemplate": "%{y}: %{customdata[0]} of %{customdata[1]}<extra></extra>",
    }
    layout = plain_layout(ink, height=max(200, 90 + 34 * len(rows)), below="Plants of the species named right (%)")
    layout["yaxis"]["autorange"] = "reversed"
    layout["xaxis"]["range"] = [0, 103]
    said = "; ".join(
        f"{name} {s.right} of {s.plants}, {100 * s.recall_low:.0f} to {100 * s.recall_high:.0f} %" for name, s in rows
    )
    title = f"Weakest: {weakest}, {score.right} of {score.plants} named right"
    if all(s.right == s.plants for _, s in rows):
        few, score = min(rows, key=lambda row: row[1].plants)
        title = f"All plants of every species named right; the least is known of {few}, n = {score.plants}"
    return Picture(title, framed([points], layout), f"Share of each species' plants named right: {said}.")


def reliability_chart(cards: Sequence[ModelCard], ink: str) -> Picture:
    """What was said against what came true, for one version or two: columns of equally many plants, with their numbers.

    In each column a line says how sure the version was, the band around it is where the share named right would lie in 95 of
    100 cases if that were true, and the point is the share that was right, with its 95 % interval.

    Parameters
    ----------
    cards : sequence of ModelCard
        One or two; of two, the first in grey.
    """
    traces: list[dict[str, Any]] = []
    shapes: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    told, lowest, columns = [], 1.0, 0
    for place, card in enumerate(cards):
        bins = card.calibration_bins or card.calibration_curve
        shade = GREEN if place == len(cards) - 1 else "#7a7a7a"
        columns = max(columns, len(bins))
        for i, b in enumerate(bins):
            low, high = chance_range(b.certainty, b.plants)
            lowest = min(lowest, b.low, low)
            half = 0.42 / len(cards)
            middle = i + (place - (len(cards) - 1) / 2) * 0.84 / len(cards)
            across = {"x0": middle - half, "x1": middle + half, "layer": "below"}
            shapes.append(
                {"type": "rect", **across, "y0": 100 * low, "y1": 100 * high, "fillcolor": shade, "opacity": 0.16}
                | {"line": {"width": 0}}
            )
            said = {"y0": 100 * b.certainty, "y1": 100 * b.certainty, "line": {"color": shade, "width": 2.5}}
            shapes.append({"type": "line", **across, **said})
            told.append(
                f"{_certainties(b)} sure: {100 * b.certainty:.1f} % said, {100 * b.right:.1f} % right, n = {b.plants}"
            )
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": card.label,
                "x": [i + (place - (len(cards) - 1) / 2) * 0.84 / len(cards) for i in range(len(bins))],
                "y": [100 * b.right for b in bins],
                "error_y": {
                    "type": "data",
                    "symmetric": False,
                    "array": [100 * (b.high - b.right) for b in bins],
                    "arrayminus": [100 * (b.right - b.low) for b in bins],
                    "color": shade,
                    "thickness": 2,
                },
                "marker": {"size": 11, "color": shade, "symbol": "circle" if place == len(cards) - 1 else "square"},
                "customdata": [[_certainties(b), 100 * b.certainty, b.plants] for b in bins],
                "hovertemplate": "%{customdata[0]} sure: %{customdata[1]:.1f} % said, %{y:.1f} % right, "
                "n = %{customdata[2]}<extra>%{fullData.name}</extra>",
            }
        )
    layout = plain_layout(ink, height=380, left="Named right (%)", below="How sure it was, and how many plants")
    # The columns of two versions hold other certainties: each says its own below it.
    ticks, texts = [], []
    for i in range(columns):
        rows = [(card.calibration_bins or card.calibration_curve) for card in cards]
        lines = [f"{_certainties(bins[i])}<br>n = {bins[i].plants}" for bins in rows if i < len(bins)]
        ticks.append(i)
        texts.append("<br>".join(lines))
    layout["xaxis"] |= {"tickvals": ticks, "ticktext": texts, "range": [-0.5, columns - 0.5], "showgrid": False}
    layout["yaxis"]["range"] = [max(0.0, 100 * lowest - 5), 103]
    layout["shapes"], layout["annotations"] = shapes, notes
    if len(cards) > 1:
        layout["showlegend"] = True
        layout["legend"] = {"orientation": "h", "y": 1.12, "font": {"color": ink, "size": 12}}
    card = cards[-1]
    table = tuple(
        {"version": c.label, "said": b.certainty, "right": b.right, "low": b.low, "high": b.high, "plants": b.plants}
        for c in cards
        for b in c.calibration_bins or c.calibration_curve
    )
    said_of_all = f"Reliability diagram, certainty against share named right: {'; '.join(told)}."
    return Picture(_reliability_title(card), framed(traces, layout), said_of_all, table)


def _reliability_title(card: ModelCard) -> str:
    bins = card.calibration_bins or card.calibration_curve
    # Of ten parts one in five pictures would show one beyond its own interval by chance alone.
    level = 1 - 0.05 / max(1, len(bins))
    spans = [clopper_pearson(b.right * b.plants, b.plants, level) for b in bins]
    off = [b for b, (low, high) in zip(bins, spans, strict=True) if not low <= b.certainty <= high]
    if not off:
        return "Well calibrated, within sampling error"
    b = max(off, key=lambda b: abs(b.right - b.certainty) * b.plants)
    return f"Where it is about {100 * b.certainty:.0f} % sure, {100 * b.right:.0f} % were right ({b.plants} plants)"


def _certainties(b: CalibrationBin) -> str:
    """From the least to the most sure of its plants; about how sure, where an older card does not tell."""
    if b.least is None or b.most is None:
        return f"about {100 * b.certainty:.0f} %"
    least, most = (f"{100 * x:.1f}".removesuffix(".0") for x in (b.least, b.most))
    return f"{least} %" if least == most else f"{least} to {most} %"


def learning(card: ModelCard, ink: str) -> Picture:
    """Accuracy on held-out plants by how many plants were learned from."""
    points = card.learning_curve
    band = {
        "type": "scatter",
        "mode": "lines",
        "line": {"width": 0},
        "fill": "toself",
        "fillcolor": "rgba(47,138,87,0.18)",
        "x": [p.plants for p in points] + [p.plants for p in reversed(points)],
        "y": [100 * p.high for p in points] + [100 * p.low for p in reversed(points)],
        "hoverinfo": "skip",
    }
    line = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": [p.plants for p in points],
        "y": [100 * p.accuracy for p in points],
        "line": {"color": GREEN, "width": 2},
        "marker": {"size": 9, "color": GREEN},
        "hovertemplate": "%{x} plants: %{y:.1f} % right<extra></extra>",
    }
    layout = plain_layout(ink, left="Named right (%)", below="Plants learned from")
    said = "; ".join(
        f"{p.plants} plants {100 * p.accuracy:.1f} % ({100 * p.low:.1f} to {100 * p.high:.1f})" for p in points
    )
    return Picture(card.more_plants, framed([band, line], layout), f"Accuracy by plants learned from: {said}.")


def importance_chart(card: ModelCard, ink: str, most: int = 20) -> Picture:
    """How many plants fewer are named right when the values of one measurement are shuffled."""
    label = {m.name: m.label for m in card.study.measurements}
    rows = sorted(card.importance, key=lambda i: -i.drop)[:most]
    first = rows[0]
    title = (
        f"{label[first.measurement].capitalize()} matters most: without it {100 * first.drop:.0f} points fewer are named right"
        if first.low > 0
        else "No measurement alone is missed: the others tell as much"
    )
    # Where nothing is lost there is nothing to draw.
    rows = [i for i in rows if i.low or i.drop or i.high]
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": [100 * i.drop for i in rows],
        "y": [label[i.measurement] for i in rows],
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [100 * (i.high - i.drop) for i in rows],
            "arrayminus": [100 * (i.drop - i.low) for i in rows],
            "color": ink,
            "thickness": 1.5,
        },
        "marker": {"color": GREEN},
        "hovertemplate": "%{y}: %{x:.1f} points<extra></extra>",
    }
    layout = plain_layout(ink, height=max(200, 90 + 30 * len(rows)), below="Points of accuracy lost without it")
    layout["yaxis"]["autorange"] = "reversed"
    said = "; ".join(
        f"{label[i.measurement]} {100 * i.drop:.1f} ({100 * i.low:.1f} to {100 * i.high:.1f})" for i in rows
    )
    drawn = framed([bars] if rows else [], layout)
    return Picture(title, drawn, f"Accuracy lost without each measurement, in points: {said or 'none'}.")


def differences(study: Study, comparison: Comparison, ink: str, margin: float = 0.0) -> Picture:
    """For each species, how many more of its plants the challenger names right, with the 95 % interval.

    Parameters
    ----------
    margin : float
        A share; what lies within it counts as good, and is shaded. 0: nothing is shaded.
    """
    rows = list(comparison.by_species.items())
    gained = sorted(rows, key=lambda row: row[1].value)
    worst, best = gained[0], gained[-1]
    if worst[1].high < 0:
        title = f"{study.short(worst[0])} is named worse: {100 * worst[1].value:+.1f} points"
    elif best[1].low > 0:
        title = f"{study.short(best[0])} is named better: {100 * best[1].value:+.1f} points"
    else:
        title = "No species is named better or worse beyond chance"
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": [100 * d.value for _, d in rows],
        "y": [label_of(study, name) for name, _ in rows],
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [100 * (d.high - d.value) for _, d in rows],
            "arrayminus": [100 * (d.value - d.low) for _, d in rows],
            "color": ink,
            "thickness": 1.5,
        },
        "marker": {"size": 12, "color": [colour(j) for j in range(len(rows))]},
        "customdata": [[100 * d.champion, 100 * d.challenger, d.plants] for _, d in rows],
        "hovertemplate": "%{y}: %{customdata[0]:.1f} % and %{customdata[1]:.1f} %, n = %{customdata[2]}<extra></extra>",
    }
    layout = plain_layout(
        ink, height=max(200, 90 + 34 * len(rows)), below="Challenger less champion (points of its plants named right)"
    )
    layout["yaxis"]["autorange"] = "reversed"
    layout["xaxis"] |= {"zeroline": True, "zerolinecolor": ink, "zerolinewidth": 1}
    if margin:
        shaded = {"type": "rect", "yref": "paper", "y0": 0, "y1": 1, "layer": "below", "line": {"width": 0}}
        layout["shapes"] = [{**shaded, "x0": -100 * margin, "x1": 100 * margin, "fillcolor": _FIELDS[1]}]
    layout["margin"]["r"] = 120
    layout["annotations"] = [
        {
            "xref": "paper",
            "x": 1.02,
            "xanchor": "left",
            "y": label_of(study, name),
            "showarrow": False,
            "text": f"{round(d.champion * d.plants)} → {round(d.challenger * d.plants)} of {d.plants}",
            "font": {"color": ink, "size": 12},
        }
        for name, d in rows
    ]
    said = "; ".join(
        f"{name} {100 * d.champion:.1f} % and {100 * d.challenger:.1f} %, n = {d.plants}" for name, d in rows
    )
    return Picture(title, framed([points], layout), f"Plants named right by champion and challenger: {said}.")


def framed(data: list[dict[str, Any]], layout: dict[str, Any]) -> go.Figure:
    """A figure of ours; not validated, which would take longer than drawing it."""
    return go.Figure({"data": data, "layout": layout}, _validate=False)


def plain_layout(ink: str, height: int = 320, left: str = "", below: str = "") -> dict[str, Any]:
    """A layout with lettering in the theme's ink, without a legend."""
    lettering = {"color": ink, "size": 13}
    axis = {"tickfont": lettering, "automargin": True}
    return {
        "height": height,
        "margin": {"l": 10, "r": 10, "t": 10, "b": 10},
        "showlegend": False,
        "xaxis": {**axis, "title": {"text": below, "font": lettering}},
        "yaxis": {**axis, "title": {"text": left, "font": lettering}},
    }


#: The colours of the three answers' fields: worse and better neutral, as good green.
_FIELDS: Final = ("rgba(120,110,100,0.14)", "rgba(47,138,87,0.18)", "rgba(120,110,100,0.14)")


def difference_over_fields(overall: Difference, margin: float, ink: str) -> Picture:
    """The difference of two accuracies with its 95 % interval, over the fields worse, as good and better."""
    low, value, high, m = (100 * x for x in (overall.low, overall.value, overall.high, margin))
    reach = max(abs(low), abs(high), 2.2 * m) * 1.08
    edges = (-reach, -m, m, reach)
    bars = [
        {
            "type": "rect",
            "xref": "x",
            "yref": "paper",
            "x0": a,
            "x1": b,
            "y0": 0,
            "y1": 1,
            "fillcolor": c,
            "line": {"width": 0},
            "layer": "below",
        }
        for a, b, c in zip(edges, edges[1:], _FIELDS, strict=False)
    ]
    point = {
        "type": "scatter",
        "mode": "markers+text",
        "x": [value],
        "y": [""],
        "text": [f"{value:+.1f}".replace("-", "−")],
        "textposition": "top center",
        "textfont": {"color": ink, "size": 14},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [high - value],
            "arrayminus": [value - low],
            "color": ink,
            "thickness": 2.5,
            "width": 8,
        },
        "marker": {"size": 13, "color": ink},
        "hovertemplate": f"{value:+.1f} points, {low:+.1f} to {high:+.1f}<extra></extra>",
    }
    layout = plain_layout(ink, height=190, below="New version less old version, points of accuracy")
    layout["xaxis"] |= {"range": [-reach, reach], "zeroline": True}
    layout["yaxis"]["showgrid"] = False
    layout["margin"]["t"] = 28
    # It stands on the verdict's own colour.
    layout |= {"paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)"}
    layout["shapes"] = bars
    layout["annotations"] = [
        {"x": (a + b) / 2, "y": 1.12, "yref": "paper", "text": word, "showarrow": False, "font": {"color": ink}}
        for a, b, word in zip(edges, edges[1:], ("worse", "as good", "better"), strict=False)
    ]
    title = f"The interval of the difference, n = {overall.plants:,}: within one field that is the answer"
    said = (
        f"Difference {value:+.1f} points, 95 % interval {low:+.1f} to {high:+.1f}; as good is from {-m:+g} to {m:+g}."
    )
    return Picture(title, framed([point], layout), said)
