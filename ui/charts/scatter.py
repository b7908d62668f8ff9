"""Pictures with axes, as plotly figures. Knows no Streamlit, so that benchmarks and reports can draw too."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from flora_core.errors import Unknown
from flora_core.languages import translate
from flora_core.model import Floats, Model
from flora_core.study import Measurement, Study, is_binomial
from flora_core.units import factor


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure, what it shows as a title, the same in words, and its numbers."""

    title: str
    figure: go.Figure
    alt: str
    rows: tuple[dict[str, Any], ...] = ()


#: Okabe & Ito's colours (and four in their spirit), told apart by all kinds of colour vision.
COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9", "#7b4ea3", "#6b6b6b")
SYMBOLS: Final = ("circle", "diamond", "square", "triangle-up", "cross", "triangle-down", "star", "bowtie")

#: Angle, and the breadth of the dark and of the faint stripe in pixels, of the second colours, the third, and so on.
_HATCHES: Final = ((45, 3, 3), (90, 5, 3), (-45, 5, 2), (90, 2, 2), (0, 2, 2), (45, 1, 3), (-45, 2, 5))


def colour(index: int) -> str:
    """The colour of the species at this place of its study: the same on every page and in every picture."""
    return COLOURS[index % len(COLOURS)]


def symbol(index: int) -> str:
    """The plot symbol of the species: another one where the colours begin again."""
    return SYMBOLS[(index + index // len(COLOURS)) % len(SYMBOLS)]


def fill(index: int) -> str:
    """The colour as a CSS background for bars and dots: hatched where the colours begin again."""
    shade, again = colour(index), index // len(COLOURS) % (len(_HATCHES) + 1)
    if not again:
        return shade
    angle, dark, light = _HATCHES[again - 1]
    faint = f"color-mix(in srgb, {shade} 30%, transparent)"
    return f"repeating-linear-gradient({angle}deg, {shade} 0 {dark}px, {faint} {dark}px {dark + light}px)"


def axis_title(measurement: Measurement) -> str:
    """What stands at an axis: "Petal length (cm)"."""
    label = translate(measurement.heading)
    return f"{label} ({measurement.unit})" if measurement.unit else label


@lru_cache(maxsize=16)
def best_pair(model: Model, measured: tuple[int, ...] = ()) -> tuple[int, int]:
    """The two measurements that part the species best, by the spread of species means over the spread within them.

    One of them twice where no other character is a number; -1 where none is.

    Parameters
    ----------
    measured : tuple of int
        Those to choose from where there are two of them at least; all where not given.
    """
    gaussians = model.gaussians
    shares = gaussians.counts / gaussians.counts.sum()
    mean = shares @ gaussians.means
    between = shares @ (gaussians.means - mean) ** 2
    within = shares @ np.diagonal(gaussians.covariances, axis1=1, axis2=2)
    order = np.argsort(-between / within, kind="stable")
    if gaussians.states is not None:
        order = order[~np.isin(order, gaussians.states.columns.columns)]
        if len(order) < 2:
            return (int(order[0]), int(order[0])) if len(order) else (-1, -1)
    if len(measured) > 1:
        order = order[np.isin(order, measured)]
    first, second = sorted(int(i) for i in order[:2]) if len(order) > 1 else (0, 0)
    return first, second


def label_of(study: Study, name: str) -> str:
    """A species' name as charts write it: short, the genus and the epithet in italics."""
    short = study.short(name)
    if short.endswith(" sp."):
        return f"<i>{short.removesuffix(' sp.')}</i> sp."
    return f"<i>{short}</i>" if is_binomial(name) else short


#: More species than this are not told apart by colour and symbol in one picture.
MOST_COLOURED: Final = 8


def among_training_plants(
    model: Model, values: Floats, x: int, y: int, ink: str = "#06100a", likeliest: tuple[int, ...] = (), unit: str = ""
) -> go.Figure:
    """Where the plant lies among the training plants in two measurements.

    Parameters
    ----------
    values : (p,) float
        NaN where not measured: the plant is then a line across the picture.
    x, y : int
        The measurements on the axes.
    ink : str
        The colour of lettering.
    likeliest : tuple of int
        Where there are more species than colours: those that have one, the others are grey.
    unit : str
        The unit of the axes; "" for each measurement's own.
    """
    named = tuple(sorted(likeliest[:MOST_COLOURED])) if len(model.study.species) > MOST_COLOURED else ()
    data, layout = _training_plants(model, x, y, ink, named, unit)
    return go.Figure({"data": [*data, *_plant(model, values, x, y, unit)], "layout": layout}, _validate=False)


def in_unit(measurement: Measurement, unit: str) -> tuple[Measurement, float]:
    """The measurement in another unit, and how many of it are in one of its own; itself where it has no such unit."""
    return _in_unit(measurement, unit) if unit and unit != measurement.unit else (measurement, 1.0)


@lru_cache(maxsize=256)
def _in_unit(measurement: Measurement, unit: str) -> tuple[Measurement, float]:
    try:
        times = factor(measurement.unit, unit)
    except Unknown:
        return measurement, 1.0
    decimals = max(0, measurement.decimals - round(math.log10(times)))
    return measurement.model_copy(update={"unit": unit, "decimals": min(decimals, 9)}), times


def _plant(model: Model, values: Floats, x: int, y: int, unit: str) -> list[dict[str, Any]]:
    (_, times_x), (_, times_y) = (in_unit(model.study.measurements[i], unit) for i in (x, y))
    ink = {"color": "#111111", "width": 2}
    measured_x, measured_y = not np.isnan(values[x]), not np.isnan(values[y])
    name = translate("this {organism}", organism=translate(model.study.organism))
    if measured_x and measured_y:
        marker = {"symbol": "circle", "size": 20, "color": "rgba(255,210,63,.9)", "line": ink}
        centre = {"symbol": "cross-thin", "size": 11, "line": ink}
        point = {
            "x": [float(values[x]) * times_x],
            "y": [float(values[y]) * times_y],
            "type": "scatter",
            "mode": "markers",
        }
        return [
            {**point, "name": name, "marker": marker, "hovertemplate": f"{name}<br>%{{x}} × %{{y}}<extra></extra>"},
            {**point, "showlegend": False, "hoverinfo": "skip", "marker": centre},
        ]
    line = {"type": "scatter", "mode": "lines", "name": name, "line": {"color": "#c99700", "width": 3, "dash": "dash"}}
    low = [float(v) for v in np.nanmin(model.reference.values, axis=0)]
    high = [float(v) for v in np.nanmax(model.reference.values, axis=0)]
    if measured_x:
        return [{**line, "x": [float(values[x]) * times_x] * 2, "y": [low[y] * times_y, high[y] * times_y]}]
    if measured_y:
        return [{**line, "x": [low[x] * times_x, high[x] * times_x], "y": [float(values[y]) * times_y] * 2}]
    return []


@lru_cache(maxsize=32)
def _training_plants(
    model: Model, x: int, y: int, ink: str, named: tuple[int, ...] = (), unit: str = ""
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    study, reference = model.study, model.reference
    (across, times_x), (up, times_y) = (in_unit(study.measurements[i], unit) for i in (x, y))
    plants_x = np.round(reference.values[:, x] * times_x, 9)
    plants_y = np.round(reference.values[:, y] * times_y, 9)
    data = []
    if named:
        others = ~np.isin(reference.species, named)
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": f"{len(study.species) - len(named)} other species",
                "x": plants_x[others].tolist(),
                "y": plants_y[others].tolist(),
                "text": [study.species_names[j] for j in reference.species[others]],
                "marker": {"color": "#9a9a9a", "symbol": "circle-open", "size": 6, "opacity": 0.6},
                "hovertemplate": "%{text}<br>%{x} × %{y}<extra></extra>",
            }
        )
    for j, name in enumerate(study.species_names):
        if named and j not in named:
            continue
        rows = reference.species == j
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": label_of(study, name),
                "x": plants_x[rows].tolist(),
                "y": plants_y[rows].tolist(),
                "marker": {"color": colour(j), "symbol": symbol(j), "size": 8, "opacity": 0.75},
                "hovertemplate": f"{name}<br>%{{x}} × %{{y}}<extra></extra>",
            }
        )
    layout = {
        "height": 380,
        "margin": {"l": 10, "r": 10, "t": 10, "b": 10},
        "xaxis": axis(axis_title(across), ink),
        "yaxis": axis(axis_title(up), ink),
        "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.01, "x": 0, "font": {"color": ink, "size": 13}},
        "hovermode": "closest",
    }
    return data, layout


def axis(title: str, ink: str) -> dict[str, Any]:
    """An axis in our lettering, as plotly wants it."""
    lettering = {"color": ink, "size": 13}
    return {"title": {"text": title, "font": lettering}, "tickfont": lettering, "automargin": True}
