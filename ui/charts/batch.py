"""The pictures of a named table, each with what it says in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

from flora_core.model import Floats, Ints, Model
from flora_core.study import Study
from ui.charts.scatter import MOST_COLOURED, Picture, among_training_plants, axis, colour, label_of, symbol

#: Species with a bar of their own; the rest are one bar.
_BARS = 15


def species_counts(study: Study, counts: Mapping[str, int], unfit: int, named: int, ink: str) -> Picture:
    """How many plants of each species, most first; and those that fit none."""
    ranked = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    bars = [(name, n, colour(study.species_names.index(name))) for name, n in ranked[:_BARS]]
    # Not a bar: all of them together would dwarf each of the others.
    rest = sum(n for _, n in ranked[_BARS:])
    more = f"{len(ranked) - _BARS} more species have {rest:,}"
    if unfit:
        bars.append(("none of these", unfit, "#8a8a8a"))
    bars.reverse()
    labels = [label_of(study, name) for name, _, _ in bars]
    figure = go.Figure(
        {
            "data": [
                {
                    "type": "bar",
                    "orientation": "h",
                    "x": [n for _, n, _ in bars],
                    "y": labels,
                    "marker": {"color": [shade for _, _, shade in bars]},
                    "text": [f"{n:,}" for _, n, _ in bars],
                    "textfont": {"color": ink},
                    "textposition": "outside",
                    "cliponaxis": False,
                    "hovertemplate": "%{y}: %{x:,}<extra></extra>",
                }
            ],
            "layout": _layout("plants", "", ink, 90 + 34 * len(bars))
            | {
                "xaxis": axis(f"plants; {more}" if rest else "plants", ink)
                | _whole(max((n for _, n, _ in bars), default=0))
            },
        },
        _validate=False,
    )
    said = "; ".join([f"{name} {n:,}" for name, n, _ in reversed(bars)] + [more] * bool(rest))
    return Picture(_commonest(study, ranked, unfit, named), figure, f"Bars: plants of each species. {said}.")


def _commonest(study: Study, ranked: list[tuple[str, int]], unfit: int, named: int) -> str:
    """The finding."""
    if not ranked or unfit > ranked[0][1]:
        return f"{unfit:,} of {named:,} fit no species"
    name, n = ranked[0]
    return f"{'Most' if 2 * n > named else 'Commonest'}: {study.short(name)}, {n:,} of {named:,}"


def certainties(counts: Ints, ink: str) -> Picture:
    """How sure the names are: plants in each twentieth of certainty."""
    edges = np.linspace(0, 100, len(counts) + 1)
    total = int(counts.sum())
    sure = int(counts[-1])
    share = f"{100 * sure / total:.0f} % of {total:,} names: {edges[-2]:.0f} % sure or more" if total else "No name"
    used = np.flatnonzero(counts)
    first = max(0, int(used[0]) - 1) if len(used) else 0
    figure = go.Figure(
        {
            "data": [
                {
                    "type": "bar",
                    "x": ((edges[:-1] + edges[1:]) / 2)[first:].tolist(),
                    "y": counts[first:].tolist(),
                    "width": [0.9 * 100 / len(counts)] * (len(counts) - first),
                    "marker": {"color": "#0072b2"},
                    "hovertemplate": "around %{x:.0f} % sure: %{y:,} plants<extra></extra>",
                }
            ],
            "layout": _layout("how sure, %", "plants", ink, 290)
            | {"yaxis": axis("plants", ink) | _whole(int(counts.max()))},
        },
        _validate=False,
    )
    said = "; ".join(f"{edges[i]:.0f} to {edges[i + 1]:.0f} % {int(n):,}" for i, n in enumerate(counts) if n)
    return Picture(share, figure, f"Bars: plants by how sure their name is. {said}.")


def plants_among_training(
    model: Model, values: Floats, species: Ints, x: int, y: int, ink: str, named: int = 0
) -> Picture:
    """Where the table's plants lie among the training plants, in two measurements.

    Parameters
    ----------
    values : (n, p) float
    species : (n,) int
        -1 where the plant fits none.
    named : int
        Plants of the table that got a name, of which these are the first.
    """
    study = model.study
    counts = np.bincount(species[species >= 0], minlength=len(study.species))
    commonest = tuple(np.argsort(-counts, kind="stable")[:MOST_COLOURED].tolist())
    figure = among_training_plants(model, np.full(len(study.measurements), np.nan), x, y, ink, commonest)
    many = len(study.species) > MOST_COLOURED
    for i, trace in enumerate(figure.data):
        trace.marker.opacity, trace.marker.size = 0.3, 6
        if many:
            # One line of the legend for all of them; the table's plants have their names.
            trace.name, trace.showlegend = "training plants", i == 0
    measured = ~np.isnan(values[:, [x, y]]).any(axis=1) if len(values) else np.zeros(0, dtype=bool)
    coloured = commonest if many else tuple(range(len(study.species)))
    for j in sorted(coloured):
        name = f"table: {label_of(study, study.species_names[j])}"
        marker = {"color": colour(j), "symbol": symbol(j), "size": 8, "line": {"color": ink, "width": 1}}
        _draw(figure, name, values[(species == j) & measured][:, [x, y]], marker)
    others = {"color": "#9a9a9a", "symbol": "circle", "size": 7, "line": {"color": ink, "width": 1}}
    _draw(
        figure,
        "table: other species",
        values[(species >= 0) & ~np.isin(species, coloured) & measured][:, [x, y]],
        others,
    )
    cross = {"color": "rgba(0,0,0,0)", "symbol": "x-thin", "size": 8, "line": {"color": ink, "width": 2}}
    _draw(figure, "table: none of these", values[(species == -1) & measured][:, [x, y]], cross)
    # The legend stands above; its lines must not eat the picture.
    lines = sum(trace.showlegend is not False for trace in figure.data)
    figure.layout.height = 380 + 16 * max(0, lines - 6)
    strangers = int((species == -1).sum())
    said = (
        f"Scatter plot of {int(measured.sum()):,} plants of the table over the training plants; {strangers:,} of them, drawn "
        "as crosses, fit no species."
    )
    title = f"Where they lie among the {len(model.reference.species):,} training {study.plural}"
    return Picture(f"{title}, the first {len(species):,}" if len(species) < named else title, figure, said)


def _draw(figure: go.Figure, name: str, points: Floats, marker: dict[str, Any]) -> None:
    if len(points):
        # Not WebGL: browsers without it show an excuse in place of the plants, and there are never many.
        figure.add_trace(
            {
                "type": "scatter",
                "mode": "markers",
                "name": name,
                "x": points[:, 0].tolist(),
                "y": points[:, 1].tolist(),
                "marker": marker,
                "hovertemplate": "%{x} × %{y}<extra></extra>",
            }
        )


def _layout(x: str, y: str, ink: str, height: int) -> dict[str, Any]:
    return {
        "height": height,
        "margin": {"l": 10, "r": 40, "t": 10, "b": 10},
        "xaxis": axis(x, ink),
        "yaxis": axis(y, ink),
        "showlegend": False,
        "bargap": 0.25,
    }


def _whole(most: int) -> dict[str, Any]:
    """Plants are counted in whole numbers, none twice along the axis."""
    ticks = {"dtick": 1} if most <= 6 else {"nticks": 6}
    return {"tickformat": ",d", "rangemode": "tozero", "minallowed": 0, **ticks}
