"""Pictures of how well a version does: each with a title that says what it shows, and in words for those who can't see it."""

from __future__ import annotations

from typing import Any, Final

import plotly.graph_objects as go

from flora_core.learning.algorithms.catalogue import ALGORITHMS
from flora_core.learning.comparison.model_comparison import Comparison
from flora_core.learning.comparison.paired_tests import Difference
from flora_core.model import ModelCard
from flora_core.study import Study
from ui.charts.scatter import Picture, colour, label_of

#: The leaf green of the theme, for what belongs to no species.
GREEN: Final = "#2f8a57"
#: Species from which on a confusion table shows no numbers in its cells: they would not be legible.
_LEGIBLE: Final = 15


def confusion_matrix_chart(card: ModelCard, ink: str) -> Picture:
    """Which species are taken for which, out of fold; counts of plants."""
    names = [card.study.short(name) for name in card.study.species_names]
    labels = [label_of(card.study, name) for name in card.study.species_names]
    table = card.scores.confusion
    wrong = [(table[i][j], i, j) for i in range(len(names)) for j in range(len(names)) if i != j and table[i][j]]
    total = sum(map(sum, table))
    if wrong:
        most, i, j = max(wrong, key=lambda w: w[0])
        title = f"Most often mistaken: {names[i]} taken for {names[j]}, {most} of {sum(table[i])}"
    else:
        title = f"Not one of {total} plants got another species’ name"
    shares = [[cell / max(1, sum(row)) for cell in row] for row in table]
    heat: dict[str, Any] = {
        "type": "heatmap",
        "z": shares,
        "x": labels,
        "y": labels,
        "customdata": [list(row) for row in table],
        "zmin": 0,
        "zmax": 1,
        "showscale": False,
        "colorscale": [[0, "rgba(47,138,87,0.04)"], [0.05, "rgba(47,138,87,0.22)"], [1, "rgba(47,138,87,0.85)"]],
        "hovertemplate": "is %{y}, named %{x}: %{customdata} plants<extra></extra>",
        "xgap": 2,
        "ygap": 2,
    }
    if len(names) <= _LEGIBLE:
        heat |= {"text": heat["customdata"], "texttemplate": "%{text}", "textfont": {"color": ink, "size": 14}}
    layout = _layout(ink, height=max(260, 110 + 34 * len(names)), left="It is", below="Named")
    layout["yaxis"]["autorange"] = "reversed"
    layout["xaxis"] |= {"side": "top", "showgrid": False}
    layout["yaxis"]["showgrid"] = False
    said = "; ".join(f"{names[i]} named {names[j]}: {n}" for n, i, j in sorted(wrong, reverse=True)[:12])
    return Picture(title, _figure([heat], layout), f"Table of true and given names of {total} plants. {said or title}.")


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
    layout = _layout(ink, height=max(200, 90 + 34 * len(rows)), below="Plants of the species named right (%)")
    layout["yaxis"]["autorange"] = "reversed"
    layout["xaxis"]["range"] = [0, 103]
    said = "; ".join(
        f"{name} {s.right} of {s.plants}, {100 * s.recall_low:.0f} to {100 * s.recall_high:.0f} %" for name, s in rows
    )
    title = f"Weakest: {weakest}, {score.right} of {score.plants} named right"
    if all(s.right == s.plants for _, s in rows):
        few, score = min(rows, key=lambda row: row[1].plants)
        title = f"All plants of every species named right; the least is known of {few}, n = {score.plants}"
    return Picture(title, _figure([points], layout), f"Share of each species' plants named right: {said}.")


def reliability_chart(card: ModelCard, ink: str) -> Picture:
    """How often a name was right, by how sure the version was of it."""
    bins = card.calibration_curve
    off = [b for b in bins if not b.low <= b.certainty <= b.high]
    title = "Well calibrated, within sampling error"
    if off:
        b = max(off, key=lambda b: abs(b.right - b.certainty) * b.plants)
        title = (
            f"Where it is about {100 * b.certainty:.0f} % sure, {100 * b.right:.0f} % were right ({b.plants} plants)"
        )
    even = {
        "type": "scatter",
        "mode": "lines",
        "x": [0, 100],
        "y": [0, 100],
        "name": "as sure as right",
        "line": {"color": ink, "dash": "dot", "width": 1},
        "hoverinfo": "skip",
    }
    points = {
        "type": "scatter",
        "mode": "markers+lines",
        "name": "out-of-fold plants",
        "x": [100 * b.certainty for b in bins],
        "y": [100 * b.right for b in bins],
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [100 * (b.high - b.right) for b in bins],
            "arrayminus": [100 * (b.right - b.low) for b in bins],
            "color": ink,
            "thickness": 1.5,
        },
        "marker": {"size": 11, "color": GREEN},
        "line": {"color": GREEN, "width": 2},
        "customdata": [b.plants for b in bins],
        "hovertemplate": "%{x:.0f} % sure, %{y:.0f} % right, n = %{customdata}<extra></extra>",
    }
    layout = _layout(ink, left="Named right (%)", below="How sure it was (%)")
    lowest = min((100 * min(b.certainty, b.low) for b in bins), default=0)
    layout["xaxis"]["range"], layout["yaxis"]["range"] = [max(0, lowest - 5), 102], [max(0, lowest - 5), 102]
    said = "; ".join(f"{100 * b.certainty:.0f} % sure, {100 * b.right:.0f} % right, n = {b.plants}" for b in bins)
    return Picture(title, _figure([even, points], layout), f"Certainty against share named right: {said}.")


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
    layout = _layout(ink, left="Named right (%)", below="Plants learned from")
    said = "; ".join(
        f"{p.plants} plants {100 * p.accuracy:.1f} % ({100 * p.low:.1f} to {100 * p.high:.1f})" for p in points
    )
    return Picture(card.more_plants, _figure([band, line], layout), f"Accuracy by plants learned from: {said}.")


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
    layout = _layout(ink, height=max(200, 90 + 30 * len(rows)), below="Points of accuracy lost without it")
    layout["yaxis"]["autorange"] = "reversed"
    said = "; ".join(
        f"{label[i.measurement]} {100 * i.drop:.1f} ({100 * i.low:.1f} to {100 * i.high:.1f})" for i in rows
    )
    drawn = _figure([bars] if rows else [], layout)
    return Picture(title, drawn, f"Accuracy lost without each measurement, in points: {said or 'none'}.")


def differences(study: Study, comparison: Comparison, ink: str) -> Picture:
    """For each species, how many more of its plants the challenger names right, with the 95 % interval."""
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
    layout = _layout(
        ink, height=max(200, 90 + 34 * len(rows)), below="Challenger less champion (points of its plants named right)"
    )
    layout["yaxis"]["autorange"] = "reversed"
    layout["xaxis"] |= {"zeroline": True, "zerolinecolor": ink, "zerolinewidth": 1}
    said = "; ".join(
        f"{name} {100 * d.champion:.1f} % and {100 * d.challenger:.1f} %, n = {d.plants}" for name, d in rows
    )
    return Picture(title, _figure([points], layout), f"Plants named right by champion and challenger: {said}.")


def _figure(data: list[dict[str, Any]], layout: dict[str, Any]) -> go.Figure:
    return go.Figure({"data": data, "layout": layout}, _validate=False)


def _layout(ink: str, height: int = 320, left: str = "", below: str = "") -> dict[str, Any]:
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
    layout = _layout(ink, height=190, below="New version less old version, points of accuracy")
    layout["xaxis"] |= {"range": [-reach, reach], "zeroline": True}
    layout["yaxis"]["showgrid"] = False
    layout["shapes"] = bars
    layout["annotations"] = [
        {"x": (a + b) / 2, "y": 1.12, "yref": "paper", "text": word, "showarrow": False, "font": {"color": ink}}
        for a, b, word in zip(edges, edges[1:], ("worse", "as good", "better"), strict=False)
    ]
    title = f"The interval of the difference, n = {overall.plants:,}: within one field that is the answer"
    said = (
        f"Difference {value:+.1f} points, 95 % interval {low:+.1f} to {high:+.1f}; as good is from {-m:+g} to {m:+g}."
    )
    return Picture(title, _figure([point], layout), said)


def leaderboard(card: ModelCard) -> list[dict[str, Any]]:
    """What was tried, best first, as rows of a table; those that were stopped early last."""
    rows = []
    for c in sorted(
        card.candidates, key=lambda c: (c.plants is not None and c.plants < card.scores.plants, c.log_loss)
    ):
        between = "" if c.log_loss_low is None else f"{c.log_loss_low:.3f} to {c.log_loss_high:.3f}"
        right = "" if c.low is None or c.high is None else f"{100 * c.low:.0f} to {100 * c.high:.0f} %"
        rows.append(
            {
                "Family": ALGORITHMS[c.algorithm].title if c.algorithm in ALGORITHMS else c.algorithm,
                "Settings": ", ".join(f"{k} = {v}" for k, v in c.hyperparameters.items()) or "no setting",
                "Log loss": c.log_loss,
                "95 % interval": between,
                "Named right (%)": 100 * c.accuracy,
                "95 % of it": right,
                "Plants": c.plants,
                "Seconds": c.seconds,
                "Outcome": c.why,
            }
        )
    return rows


def candidate_losses(card: ModelCard, ink: str) -> Picture:
    """Log loss of each candidate with its interval, families apart; lower is better."""
    whole = [c for c in card.candidates if c.plants is None or c.plants == card.scores.plants]
    ranked = sorted(whole, key=lambda c: c.log_loss)
    names = [f"{c.algorithm} " + ", ".join(f"{k} {v}" for k, v in c.hyperparameters.items()) for c in ranked]
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": [c.log_loss for c in ranked],
        "y": names,
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [(c.log_loss_high or c.log_loss) - c.log_loss for c in ranked],
            "arrayminus": [c.log_loss - (c.log_loss if c.log_loss_low is None else c.log_loss_low) for c in ranked],
            "color": ink,
            "thickness": 1.5,
        },
        "marker": {"size": 11, "color": [GREEN if c.chosen else "#8a8a8a" for c in ranked]},
        "hovertemplate": "%{y}: %{x:.3f}<extra></extra>",
    }
    layout = _layout(ink, height=max(220, 110 + 30 * len(ranked)), below="Log loss of unseen plants (lower is better)")
    layout["yaxis"]["autorange"] = "reversed"
    said = "; ".join(f"{name} {c.log_loss:.3f}" for name, c in zip(names, ranked, strict=True))
    title = card.chosen.split(";")[0].rstrip(".")
    return Picture(title, _figure([points], layout), f"Log loss of each candidate: {said}.")
