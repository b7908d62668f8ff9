"""What a training tried: the rows of its leaderboard, and its scores against a setting. Knows no Streamlit."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Final

from flora_core.learning.algorithms.catalogue import ALGORITHMS
from flora_core.learning.algorithms.hyperparameters import Hyperparameter
from flora_core.model import Candidate
from ui.charts.model import framed, plain_layout
from ui.charts.scatter import Picture

#: Colours of families of models: none of them is that of a species.
_FAMILY: Final[Mapping[str, str]] = {
    "lda": "#2f8a57",
    "logistic": "#4a86c5",
    "svm": "#a87a12",
    "forest": "#8a5fb0",
    "boosting": "#b5566b",
    "knn": "#5b8a94",
    "tree": "#7d8a3a",
    "bayes": "#a06a45",
}
_OTHER: Final = "#7a7a7a"
#: The interval's picture in a row, in pixels.
_WIDE: Final = 140
_HIGH: Final = 26


def ranked(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Best first; those that were stopped early, on fewer plants than the others, last."""
    whole = max((c.plants or 0 for c in candidates), default=0)
    return sorted(candidates, key=lambda c: (c.plants is not None and c.plants < whole, c.log_loss))


def family_of(candidate: Candidate) -> str:
    """The family's title."""
    known = ALGORITHMS.get(candidate.algorithm)
    return known.title if known is not None else candidate.algorithm


def settings_text(candidate: Candidate) -> str:
    """The settings in words: "Freedom (C) 10"."""
    known = ALGORITHMS.get(candidate.algorithm)
    labels = {h.name: h.label for h in known.hyperparameters} if known is not None else {}
    said = ", ".join(f"{labels.get(name, name)} {value}" for name, value in candidate.hyperparameters.items())
    return said or "no setting"


def leaderboard_rows(candidates: Sequence[Candidate], ink: str) -> list[dict[str, Any]]:
    """What was tried as rows of a table, best first, each with its interval as a picture on one scale."""
    rows = ranked(candidates)
    low, high = _scale(rows)
    found = []
    for place, c in enumerate(rows, 1):
        right = "" if c.low is None or c.high is None else f"{100 * c.low:.0f} to {100 * c.high:.0f} %"
        found.append(
            {
                # Scored on other plants than those above, it has no place among them.
                "Place": place if c.plants == rows[0].plants else None,
                "Family": family_of(c),
                "Settings": settings_text(c),
                "Log loss": c.log_loss,
                "95 % interval": _interval_picture(c, rows[0], low, high, ink),
                "Named right (%)": 100 * c.accuracy,
                "95 % of it": right,
                "Plants": c.plants,
                "Seconds": c.seconds,
                "Outcome": c.why,
            }
        )
    return found


def best_sentence(candidates: Sequence[Candidate], plural: str) -> str:
    """The best so far and the next of another family, each with what it named right."""
    rows = ranked(candidates)
    best = rows[0]

    def told(c: Candidate) -> str:
        n = c.plants
        right = f"{round(c.accuracy * n):,} of {n:,}" if n else f"{100 * c.accuracy:.1f} %"
        return f"{right} unseen {plural} named right, log loss {c.log_loss:.3f}"

    said = f"**{family_of(best).capitalize()}** ({settings_text(best)}): {told(best)}."
    other = next((c for c in rows if c.algorithm != best.algorithm), None)
    if other is not None:
        apart = other.log_loss_low is not None and best.log_loss_high is not None
        far = (
            "their intervals overlap" if apart and (other.log_loss_low or 0) <= (best.log_loss_high or 0) else "behind"
        )
        said += f" Next, {family_of(other)}: log loss {other.log_loss:.3f}; {far}."
    return said


def settings_tried(candidates: Sequence[Candidate]) -> dict[str, str]:
    """The settings of which more than one value was tried: name and label, those with most values first."""
    values: dict[str, set[str]] = {}
    labels: dict[str, str] = {}
    for c in candidates:
        for h in _knobs(c):
            if h.name in c.hyperparameters:
                values.setdefault(h.name, set()).add(str(c.hyperparameters[h.name]))
                labels[h.name] = h.label
    several = sorted((name for name, seen in values.items() if len(seen) > 1), key=lambda name: -len(values[name]))
    return {name: labels[name] for name in several}


def setting_effect(candidates: Sequence[Candidate], setting: str) -> str:
    """What a setting does to this study, family by family, in words."""
    said = []
    for name, best in _best_by_value(candidates, setting).items():
        if len(best) < 2:
            continue
        good, bad = min(best.values(), key=lambda c: c.log_loss), max(best.values(), key=lambda c: c.log_loss)
        title = ALGORITHMS[name].title
        figures = (
            f"{title}: lowest at {good.hyperparameters[setting]} (log loss {good.log_loss:.3f}), highest at "
            f"{bad.hyperparameters[setting]} ({bad.log_loss:.3f})"
        )
        if good.plants != bad.plants:
            said.append(f"{figures}, not on the same plants")
        elif good.log_loss_high is None or bad.log_loss_low is None:
            said.append(figures)
        elif good.log_loss_high < bad.log_loss_low:
            said.append(f"{figures}: it matters here")
        else:
            said.append(f"{figures}: within chance, their intervals overlap")
    return ". ".join(text[:1].upper() + text[1:] for text in said) + "." if said else ""


def score_against_setting(candidates: Sequence[Candidate], setting: str, ink: str) -> Picture:
    """Log loss against one setting, a line a family at the best of the other settings; families without it as a level."""
    by_family = _best_by_value(candidates, setting)
    knob = next(h for name in by_family for h in ALGORITHMS[name].hyperparameters if h.name == setting)
    numbers = all(_number(value) is not None for best in by_family.values() for value in best)
    traces: list[dict[str, Any]] = []
    for name, best in by_family.items():
        points = sorted(best.values(), key=lambda c: _number(c.hyperparameters[setting]) or 0.0)
        shade = _FAMILY.get(name, _OTHER)
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": ALGORITHMS[name].title,
                "x": [
                    _number(c.hyperparameters[setting]) if numbers else str(c.hyperparameters[setting]) for c in points
                ],
                "y": [c.log_loss for c in points],
                "error_y": _errors(points, shade),
                "line": {"color": shade, "width": 2},
                "marker": {"color": shade, "size": 10},
                "customdata": [[settings_text(c), 100 * c.accuracy, c.plants or 0] for c in points],
                "hovertemplate": "%{customdata[0]}: log loss %{y:.3f}, %{customdata[1]:.1f} % right, "
                "n = %{customdata[2]}<extra>%{fullData.name}</extra>",
            }
        )
    shapes = []
    notes = []
    levels = {c.algorithm: c for c in reversed(ranked(candidates)) if c.algorithm not in by_family}
    for place, (name, c) in enumerate(levels.items()):
        shade = _FAMILY.get(name, _OTHER)
        line = {"color": shade, "dash": "dash", "width": 1.5}
        shapes.append(
            {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": c.log_loss, "y1": c.log_loss, "line": line}
        )
        notes.append(
            {
                "xref": "paper",
                # Levels may lie close together: their words stand beside each other.
                "x": 0.01 + 0.33 * (place % 3),
                "y": c.log_loss,
                "yanchor": "bottom",
                "xanchor": "left",
                "showarrow": False,
                "text": f"{family_of(c)}: {c.log_loss:.3f}",
                "font": {"color": ink, "size": 12},
            }
        )
    layout = plain_layout(ink, height=360, left="Log loss (lower is better)", below=_axis(knob, numbers))
    layout["shapes"], layout["annotations"] = shapes, notes
    if not numbers:
        layout["xaxis"]["type"] = "category"
    elif _logarithmic(knob, by_family):
        layout["xaxis"] |= {"type": "log", "dtick": 1}
    layout["yaxis"]["rangemode"] = "tozero"
    layout["showlegend"] = True
    layout["legend"] = {"orientation": "h", "y": 1.12, "font": {"color": ink, "size": 12}}
    told = "; ".join(
        f"{ALGORITHMS[name].title} at {value}: {c.log_loss:.3f}"
        for name, best in by_family.items()
        for value, c in best.items()
    )
    level = "".join(f"; {family_of(c)}, without it: {c.log_loss:.3f}" for c in levels.values())
    title = setting_effect(candidates, setting) or "Too little was tried to see what this setting does"
    table = tuple(
        {
            "family": ALGORITHMS[c.algorithm].title,
            "settings": settings_text(c),
            "log_loss": c.log_loss,
            "accuracy": c.accuracy,
        }
        for best in by_family.values()
        for c in best.values()
    )
    return Picture(title, framed(traces, layout), f"Log loss against {knob.label}: {told}{level}.", table)


def candidate_losses(candidates: Sequence[Candidate], ink: str) -> Picture:
    """Log loss of each candidate with its interval; lower is better. For trainings that varied no setting."""
    rows = [c for c in ranked(candidates) if c.plants is None or c.plants == max(d.plants or 0 for d in candidates)]
    names = [f"{family_of(c)}, {settings_text(c)}" for c in rows]
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": [c.log_loss for c in rows],
        "y": names,
        "error_x": _errors(rows, ink),
        "marker": {"size": 11, "color": [_FAMILY.get(c.algorithm, _OTHER) for c in rows]},
        "hovertemplate": "%{y}: %{x:.3f}<extra></extra>",
    }
    layout = plain_layout(
        ink, height=max(200, 110 + 30 * len(rows)), below="Log loss of unseen plants (lower is better)"
    )
    layout["yaxis"]["autorange"] = "reversed"
    said = "; ".join(f"{name} {c.log_loss:.3f}" for name, c in zip(names, rows, strict=True))
    return Picture(f"Lowest: {names[0]}, {rows[0].log_loss:.3f}", framed([points], layout), f"Log loss: {said}.")


def _knobs(c: Candidate) -> tuple[Hyperparameter, ...]:
    known = ALGORITHMS.get(c.algorithm)
    return known.hyperparameters if known is not None else ()


def _best_by_value(candidates: Sequence[Candidate], setting: str) -> dict[str, dict[Any, Candidate]]:
    """For each family that has the setting, the best candidate at each of its values."""
    found: dict[str, dict[Any, Candidate]] = {}
    # Those on all plants come first, so that one of a part of them stands only where there is no other.
    for c in ranked(candidates):
        if setting in c.hyperparameters and setting in {h.name for h in _knobs(c)}:
            found.setdefault(c.algorithm, {}).setdefault(c.hyperparameters[setting], c)
    return found


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _logarithmic(knob: Hyperparameter, by_family: Mapping[str, Mapping[Any, Candidate]]) -> bool:
    values = [_number(value) or 0.0 for best in by_family.values() for value in best]
    return min(values) > 0 and (knob.logarithmic or max(values) / min(values) > 50)


def _axis(knob: Hyperparameter, numbers: bool) -> str:
    scale = ", logarithmic" if numbers and knob.logarithmic else ""
    return f"{knob.label}{scale}"


def _errors(rows: Sequence[Candidate], shade: str) -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [(c.log_loss if c.log_loss_high is None else c.log_loss_high) - c.log_loss for c in rows],
        "arrayminus": [c.log_loss - (c.log_loss if c.log_loss_low is None else c.log_loss_low) for c in rows],
        "color": shade,
        "thickness": 1.5,
    }


def _scale(rows: Sequence[Candidate]) -> tuple[float, float]:
    """From the lowest to the highest end of an interval, but for those so far behind that they would squeeze the others."""
    lows = [c.log_loss if c.log_loss_low is None else c.log_loss_low for c in rows]
    highs = [c.log_loss if c.log_loss_high is None else c.log_loss_high for c in rows]
    low, high = min(lows, default=0.0), max(highs, default=1.0)
    if rows:
        best = rows[0]
        spread = (best.log_loss if best.log_loss_high is None else best.log_loss_high) - best.log_loss
        high = min(high, max(3 * best.log_loss, best.log_loss + 8 * spread))
    return low, max(high, low + 1e-9)


def _interval_picture(c: Candidate, best: Candidate, low: float, high: float, ink: str) -> str:
    """An SVG as a data address: the interval with its middle, over a strip that is the interval of the best."""

    def at(value: float) -> float:
        return 6 + (_WIDE - 12) * min(1.0, (value - low) / (high - low))

    shade = _FAMILY.get(c.algorithm, _OTHER)
    middle, y = at(c.log_loss), _HIGH / 2
    parts = []
    if best.log_loss_low is not None and best.log_loss_high is not None:
        a, b = at(best.log_loss_low), at(best.log_loss_high)
        parts.append(
            f'<rect x="{a:.1f}" y="0" width="{b - a:.1f}" height="{_HIGH}" fill="#2f8a57" fill-opacity=".16"/>'
        )
    if c.log_loss_low is not None and c.log_loss_high is not None:
        a, b = at(c.log_loss_low), at(c.log_loss_high)
        line = f"M{a:.1f} {y}H{b:.1f}M{a:.1f} {y - 4}V{y + 4}M{b:.1f} {y - 4}V{y + 4}"
        parts.append(f'<path d="{line}" stroke="{shade}" stroke-width="2" fill="none"/>')
    if c.log_loss > high:
        # Beyond the scale: an arrow says that it lies further to the right.
        parts = [f'<path d="M{_WIDE - 14} {y - 6}L{_WIDE - 4} {y}L{_WIDE - 14} {y + 6}Z" fill="{shade}"/>']
    else:
        parts.append(f'<circle cx="{middle:.1f}" cy="{y}" r="5" fill="{shade}" stroke="{ink}" stroke-width=".6"/>')
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDE}" height="{_HIGH}">{"".join(parts)}</svg>'
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
