"""The pictures of a named table, each with what it says in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from flora_core.model import Floats, Ints, Model
from ui.charts.scatter import MOST_COLOURED, Picture, among_training_plants, colour, label_of, symbol


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
