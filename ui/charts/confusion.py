"""Which species are taken for which: the confusion matrix, in the study's order or with look-alikes together."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_uppercase
from typing import Any, Final

from flora_core.identification.look_alikes import LookAlikes, look_alikes
from flora_core.model import ModelCard
from ui.charts.model import framed, plain_layout
from ui.charts.scatter import Picture, label_of

#: Species up to which cells bear their numbers; beyond, a cell is narrower than its number.
_NUMBERED: Final = 40
#: Species up to which a cell has room to spare.
_ROOMY: Final = 15
_GREEN: Final = [[0, "rgba(47,138,87,0.18)"], [1, "rgba(47,138,87,0.85)"]]
_RED: Final = [[0, "rgba(200,70,50,0.16)"], [0.5, "rgba(200,70,50,0.75)"], [1, "rgba(200,70,50,0.9)"]]


def confusion_matrix_chart(card: ModelCard, ink: str, *, together: bool = False) -> Picture:
    """Which species are taken for which, out of fold; counts of plants.

    Parameters
    ----------
    together : bool
        Put species that are taken for each other beside each other and frame their groups; else the study's order.
    """
    found = look_alikes(card.scores.confusion)
    order = found.order if together else tuple(range(len(card.study.species)))
    names = [card.study.short(name) for name in card.study.species_names]
    labels = [label_of(card.study, card.study.species_names[i]) for i in order]
    k = len(order)
    row = 34 if k <= _ROOMY else 22 if k <= _NUMBERED else 12
    lettering = 13 if k <= _ROOMY else 11 if k <= _NUMBERED else 8
    layout = plain_layout(ink, height=150 + row * k, left="It is", below="Named")
    # Places and not names are the axes: two species may be written alike when shortened.
    ticks = {
        "tickvals": list(range(k)),
        "ticktext": labels,
        "tickfont": {"color": ink, "size": lettering},
        "zeroline": False,
    }
    layout["yaxis"] |= {**ticks, "range": [k - 0.5, -0.5], "showgrid": False}
    layout["xaxis"] |= {**ticks, "range": [-0.5, k - 0.5], "side": "top", "showgrid": False}
    layout["xaxis"]["tickangle"] = -50 if k > 6 else 0
    layout["shapes"] = _stripes(k)
    layout["annotations"] = []
    if together:
        frames, letters = _frames(found, ink)
        layout["shapes"] += frames
        layout["annotations"] = letters
    numbers = {"color": ink, "size": 14 if k <= _ROOMY else 11} if k <= _NUMBERED else None
    cells = [
        _cells(card.scores.confusion, order, labels, diagonal=diagonal, numbers=numbers) for diagonal in (True, False)
    ]
    said = "; ".join(f"{names[m.true]} named {names[m.named]}: {m.count} of {m.plants}" for m in found.mistakes[:12])
    title = confusion_title(card, found)
    table = tuple(
        {
            "species": card.study.species_names[m.true],
            "taken_for": card.study.species_names[m.named],
            "count": m.count,
            "plants": m.plants,
        }
        for m in found.mistakes
    )
    alt = f"Confusion matrix: table of true and given names of {found.plants} plants. {said or title}."
    return Picture(title, framed(cells, layout), alt, table)


def confusion_title(card: ModelCard, found: LookAlikes) -> str:
    """What the matrix shows, in a sentence."""
    wrong = found.plants - found.right
    if not wrong:
        return f"Not one of {found.plants} plants got another species’ name"
    if len(found.groups) > 1:
        within = sum(found.within(group) for group in found.groups)
        return f"{len(found.groups)} groups of look-alikes make {within:,} of {wrong:,} mistakes"
    names = [card.study.short(name) for name in card.study.species_names]
    most = found.mistakes[0]
    return f"Most often mistaken: {names[most.true]} taken for {names[most.named]}, {most.count} of {most.plants}"


def _cells(
    confusion: Sequence[Sequence[int]],
    order: Sequence[int],
    labels: Sequence[str],
    *,
    diagonal: bool,
    numbers: dict[str, Any] | None,
) -> dict[str, Any]:
    """The right names in green or the mistakes in red, darker the larger the share; nothing where there was none."""
    shown = [[confusion[i][j] if (i == j) is diagonal and confusion[i][j] else None for j in order] for i in order]
    totals = [max(1, sum(confusion[i])) for i in order]
    heat: dict[str, Any] = {
        "type": "heatmap",
        "z": [[None if n is None else n / total for n in row] for row, total in zip(shown, totals, strict=True)],
        "customdata": [
            [[n or 0, labels[a], labels[b], totals[a]] for b, n in enumerate(row)] for a, row in enumerate(shown)
        ],
        "zmin": 0,
        "zmax": 1 if diagonal else 0.6,
        "showscale": False,
        "colorscale": _GREEN if diagonal else _RED,
        "hoverongaps": False,
        "hovertemplate": "is %{customdata[1]}, named %{customdata[2]}: %{customdata[0]} of %{customdata[3]}<extra></extra>",
        "xgap": 1,
        "ygap": 1,
    }
    if numbers is not None:
        text = [["" if n is None else str(n) for n in row] for row in shown]
        heat |= {"text": text, "texttemplate": "%{text}", "textfont": numbers}
    return heat


def _stripes(k: int) -> list[dict[str, Any]]:
    """Every second row on a faint ground, to follow it with the eye."""
    ground = {"type": "rect", "layer": "below", "line": {"width": 0}, "fillcolor": "rgba(128,120,90,0.08)"}
    return [{**ground, "x0": -0.5, "x1": k - 0.5, "y0": i - 0.5, "y1": i + 0.5} for i in range(0, k, 2)]


def _frames(found: LookAlikes, ink: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """A frame around each group, and its letter."""
    frames, letters = [], []
    for letter, group in zip(ascii_uppercase, found.groups, strict=False):
        first, last = found.order.index(group[0]), found.order.index(group[-1])
        edges = {"x0": first - 0.5, "x1": last + 0.5, "y0": first - 0.5, "y1": last + 0.5}
        frames.append({"type": "rect", "line": {"color": ink, "width": 1.8}, **edges})
        place = {"x": last + 0.6, "y": first, "xanchor": "left", "showarrow": False}
        letters.append({**place, "text": f"<b>{letter}</b>", "font": {"color": ink, "size": 13}})
    return frames, letters
