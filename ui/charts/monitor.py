"""The monitor's pictures, in the grammar of its field: step line, band, dashed threshold, red diamond for an alert."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from flora_core.monitoring.drift.categorical import CategoricalDrift
from flora_core.monitoring.drift.univariate import UnivariateDrift
from flora_core.monitoring.verdicts.wording import first_upper, percent
from flora_core.study import Measurement, Study
from flora_core.workflows.monitor import Certainties, MonitorResult, VersionWindow
from flora_core.workflows.monitor.calendar import DateRange
from ui.charts.calendar import alerts, band, bars, dots, figure, marks, step
from ui.charts.scatter import Picture, axis_title, colour, label_of

_RIGHT: Final = "#009e73"
_GAP: Final = "rgba(213,94,0,.25)"

Point = tuple[DateRange, VersionWindow]


def points_of(watched: MonitorResult) -> list[Point]:
    """For each window with plants the part with most of them: what a line goes through."""
    return [(w.span, max(w.parts, key=lambda part: part.profile.plants)) for w in watched.windows if w.parts]


def measurement_chart(measurement: Measurement, points: Sequence[Point], ink: str) -> Picture:
    """How a measurement went: the mean of each window, and between which values chance would leave it."""
    found = [(span, shift_in(part, measurement.name)) for span, part in points]
    shown = [(span, s) for span, s in found if s.current is not None and s.reference is not None]
    rows: list[dict[str, Any]] = [
        {
            "window": span.since.isoformat(),
            "plants": s.m,
            "mean": s.current,
            "training mean": s.reference,
            "low": bounds_of(s)[0],
            "high": bounds_of(s)[1],
            "p": s.p_adjusted,
            "verdict": s.verdict,
        }
        for span, s in shown
    ]
    spans, unlike = [span for span, _ in shown], [s.verdict in ("amber", "red") for _, s in shown]
    said = f"in {sum(unlike)} of {len(rows)} windows unlike the training plants" if any(unlike) else "as in training"
    title = f"{first_upper(measurement.label)}: {said}"
    means = [row["mean"] for row in rows]
    data = [
        band(spans, [row["low"] for row in rows], [row["high"] for row in rows], "what chance leaves"),
        step(spans, [row["training mean"] for row in rows], "training mean", dash="dash", color=ink, width=1.5),
        step(spans, means, "mean of the window"),
        dots(spans, means),
        alerts(*_where(unlike, spans, means)),
    ]
    text = f"{title}. " + " ".join(
        f"{r['window']}: mean {measurement.written(r['mean'])} of {r['plants']}." for r in rows[-6:]
    )
    return Picture(title, figure(data, spans, axis_title(measurement), ink), text, tuple(rows))


def states_chart(measurement: Measurement, points: Sequence[Point], ink: str) -> Picture:
    """How the states of a character went: the share of each in every window, stacked, the training plants first."""
    found = [
        (span, drift) for span, part in points if (drift := states_in(part, measurement.name)) is not None and drift.m
    ]
    labels = list(dict.fromkeys(label for _, drift in found for label in drift.labels))
    rows: list[dict[str, Any]] = [
        {
            "window": span.since.isoformat(),
            "plants": drift.m,
            **dict(zip(drift.labels, drift.current, strict=True)),
            **{
                f"{label}, training share": before / max(drift.n, 1)
                for label, before in zip(drift.labels, drift.reference, strict=True)
            },
            "p": drift.p_adjusted,
            "verdict": drift.verdict,
        }
        for span, drift in found
    ]
    spans, unlike = [span for span, _ in found], [drift.verdict in ("amber", "red") for _, drift in found]
    said = f"in {sum(unlike)} of {len(rows)} windows unlike the training plants" if any(unlike) else "as in training"
    title = f"{first_upper(measurement.label)}: {said}"
    shown = [label for label in labels if any(row.get(label) for row in rows)]
    data = [
        bars(
            spans,
            [row.get(label, 0) / max(1, row["plants"]) for row in rows],
            label,
            customdata=[[row.get(label, 0), row.get(f"{label}, training share", 0.0)] for row in rows],
            hovertemplate="%{customdata[0]} plants, %{y:.0%}; in training %{customdata[1]:.0%}",
            marker={
                "color": colour(labels.index(label)),
                "pattern": {"shape": "/" if labels.index(label) >= 8 else ""},
            },
        )
        for label in shown
    ]
    data.append(alerts(*_where(unlike, spans, [1.03] * len(spans))))
    drawn = figure(data, spans, "Share of the window", ink, share=True)
    drawn.layout.barmode = "stack"
    text = f"{title}. " + " ".join(
        f"{row['window']}: " + ", ".join(f"{label} {row.get(label, 0)} of {row['plants']}" for label in shown) + "."
        for row in rows[-6:]
    )
    return Picture(title, drawn, text, tuple(rows))


def states_in(part: VersionWindow, name: str) -> CategoricalDrift | None:
    """How the states of a character are spread in a window; None where it has none."""
    return next((drift for group, drift in part.findings.groups if group == name), None)


def accuracy_chart(points: Sequence[Point], ink: str) -> Picture:
    """Accuracy estimated and realised in one picture, the gap between them shaded."""
    rows: list[dict[str, Any]] = []
    for span, part in points:
        guess, known = part.estimated, part.realised
        rows.append(
            {
                "window": span.since.isoformat(),
                "plants": part.profile.plants,
                "determined": known.determined,
                "right": known.right,
                "realised": known.accuracy.value,
                "realised low": known.accuracy.low if known.determined else None,
                "realised high": known.accuracy.high if known.determined else None,
                "estimated": guess.value if guess else None,
                "estimated low": guess.low if guess else None,
                "estimated high": guess.high if guess else None,
                "threshold": guess.threshold if guess else None,
                "alert": any(reason.topic in ("accuracy", "estimate") for reason in part.window_verdict.reasons),
            }
        )
    spans = [span for span, _ in points]
    both = [row["realised"] is not None and row["estimated"] is not None for row in rows]
    where, known_rows = _where(both, spans, rows)
    determined, right = sum(r["determined"] for r in rows), sum(r["right"] for r in rows)
    title = (
        f"Of {determined:,} determined plants {right:,} were named right"
        if determined
        else "No plant is determined yet"
    )
    data = [
        band(spans, [r["estimated low"] for r in rows], [r["estimated high"] for r in rows], "95 % of the estimate"),
        band(where, [r["realised"] for r in known_rows], [r["estimated"] for r in known_rows], "gap", _GAP),
        step(spans, [r["threshold"] for r in rows], "alert below", dash="dash", color=ink, width=1.5),
        step(spans, [r["estimated"] for r in rows], "estimated"),
        dots(spans, [r["estimated"] for r in rows]),
        marks(
            where,
            [r["realised"] for r in known_rows],
            "realised (95 %)",
            _RIGHT,
            [r["realised low"] for r in known_rows],
            [r["realised high"] for r in known_rows],
        ),
        alerts(*_where([r["alert"] for r in rows], spans, [r["realised"] or r["estimated"] for r in rows])),
    ]
    words = [
        f"{r['window']}: estimated {percent(r['estimated'])} %"
        + (f", {r['right']} of {r['determined']} determined right" if r["determined"] else ", none determined")
        for r in rows[-6:]
        if r["estimated"] is not None
    ]
    drawn = figure(data, spans, "Share named right", ink, share=True)
    return Picture(title, drawn, f"{title}. {'; '.join(words)}.", tuple(rows))


def certainty_chart(found: Certainties, ink: str) -> Picture:
    """Calibration over time: how sure the names of the determined plants were, and how many of them came true."""
    rows: list[dict[str, Any]] = [
        {
            "window": w.span.since.isoformat(),
            "determined": w.found.plants,
            "said": w.found.said,
            "right": w.found.right,
            "came true": w.found.share,
            "low": w.found.low,
            "high": w.found.high,
            "p": w.found.p_value,
            "alert": w.alert,
        }
        for w in found.windows
    ]
    whole = found.together
    title = (
        f"Names said to be {percent(whole.said)} % sure: {percent(whole.share)} % came true (n = {whole.plants:,})"
        if whole.said is not None and whole.share is not None
        else "No plant is determined yet"
    )
    spans, shares = [w.span for w in found.windows], [row["came true"] for row in rows]
    data = [
        step(spans, [row["said"] for row in rows], "said, on average", dash="dash", color=ink, width=1.5),
        marks(spans, shares, "came true (95 %)", _RIGHT, [row["low"] for row in rows], [row["high"] for row in rows]),
        alerts(*_where([row["alert"] for row in rows], spans, shares)),
    ]
    words = [f"{r['window']}: {percent(r['said'])} % said, {r['right']} of {r['determined']} right" for r in rows[-6:]]
    drawn = figure(data, spans, "Share of the determined", ink, share=True)
    return Picture(title, drawn, f"{title}. {'; '.join(words)}.", tuple(rows))


#: Pairs of species that are shown, and the rest of the mistakes as one line.
_PAIRS: Final = 6


def confusion_chart(study: Study, points: Sequence[Point], ink: str) -> Picture:
    """Confusion over time: which species were taken for which, window by window, of the determined plants."""
    names = [*study.species_names, "another species"]
    rows, totals, determined = list[dict[str, Any]](), dict[tuple[str, str], int](), 0
    for span, part in points:
        determined += part.realised.determined
        if len(part.realised.confusion) != len(names):
            continue
        for true, line in zip(names, part.realised.confusion, strict=True):
            for named, n in zip(study.species_names, line, strict=True):
                if n and named != true:
                    totals[true, named] = totals.get((true, named), 0) + n
                    rows.append(
                        {
                            "window": span.since.isoformat(),
                            "true": true,
                            "named": named,
                            "plants": n,
                            "determined of the true": sum(line),
                        }
                    )
    ranked = sorted(totals, key=lambda pair: (-totals[pair], pair))
    wrong = sum(totals.values())
    if ranked:
        true, named = ranked[0]
        title = f"{study.short(true)} taken for {study.short(named)}: {totals[ranked[0]]} of {wrong} mistakes"
    else:
        title = f"No mistake among {determined:,} determined plants" if determined else "No plant is determined yet"
    spans = [span for span, _ in points]
    place = {span.since.isoformat(): i for i, span in enumerate(spans)}
    shown = ranked[:_PAIRS]
    data = []
    for j, pair in enumerate([*shown, None] if len(ranked) > len(shown) else shown):
        counts = [0] * len(spans)
        for row in rows:
            mistake = (row["true"], row["named"])
            if mistake == pair or (pair is None and mistake not in shown):
                counts[place[row["window"]]] += row["plants"]
        label = f"{label_of(study, pair[0])} named {label_of(study, pair[1])}" if pair else "other mistakes"
        marker = {"color": colour(j) if pair else "#6b6b6b"}
        data.append(bars(spans, counts, label, hovertemplate="%{y} plants", marker=marker))
    drawn = figure(data, spans, "Plants named wrongly", ink)
    drawn.layout.barmode = "stack"
    drawn.layout.yaxis.update({"tickformat": ",d", "rangemode": "tozero", "minallowed": 0, "nticks": 6})
    words = [f"{study.short(a)} named {study.short(b)} {totals[a, b]}" for a, b in ranked[:12]]
    return Picture(
        title, drawn, f"Bars: determined plants named wrongly in each window. {title}. {'; '.join(words)}.", tuple(rows)
    )


def mix_chart(study: Study, points: Sequence[Point], ink: str) -> Picture:
    """Which names were given, window by window."""
    rows, spans, names = [], [], [*study.species_names, "none of these"]
    for span, part in points:
        counts = part.profile.named.tolist()
        if len(counts) == len(names):
            spans.append(span)
            rows.append({"window": span.since.isoformat(), **dict(zip(names, counts, strict=True))})
    data = [
        bars(
            spans,
            [row[name] / max(1, sum(row[n] for n in names)) for row in rows],
            label_of(study, name),
            customdata=[row[name] for row in rows],
            hovertemplate="%{customdata} plants, %{y:.0%}",
            marker={
                "color": colour(j) if j < len(names) - 1 else "#8a8a8a",
                "pattern": {"shape": "/" if j == len(names) - 1 else ""},
            },
        )
        for j, name in enumerate(names)
    ]
    title = "The names given, and the plants that fit none"
    drawn = figure(data, spans, "Share of the window", ink, share=True)
    drawn.layout.barmode = "stack"
    last = rows[-1] if rows else {}
    return Picture(
        title, drawn, f"{title}. Last window: {', '.join(f'{n} {last.get(n, 0)}' for n in names)}.", tuple(rows)
    )


def unfit_chart(points: Sequence[Point], ink: str) -> Picture:
    """The share of plants that fit no species, with its interval."""
    from flora_core.monitoring.performance.realised import rate

    rows: list[dict[str, Any]] = []
    for span, part in points:
        counted, share = rate(part.profile.unfit, part.profile.plants), part.findings.share("unfit")
        rows.append(
            {
                "window": span.since.isoformat(),
                "plants": counted.n,
                "fit nothing": counted.hits,
                "share": counted.value,
                "low": counted.low,
                "high": counted.high,
                "training": share.reference if share else None,
                "alert": share is not None and share.verdict in ("amber", "red"),
            }
        )
    spans, shares = [span for span, _ in points], [row["share"] for row in rows]
    strangers, plants = sum(r["fit nothing"] for r in rows), sum(r["plants"] for r in rows)
    title = (
        f"{strangers:,} of {plants:,} plants fit no species" if strangers else f"All {plants:,} plants fit a species"
    )
    data = [
        band(spans, [r["low"] for r in rows], [r["high"] for r in rows], "95 %"),
        step(spans, [r["training"] for r in rows], "in training", dash="dash", color=ink, width=1.5),
        step(spans, shares, "fit no species"),
        dots(spans, shares),
        alerts(*_where([r["alert"] for r in rows], spans, shares)),
    ]
    words = [f"{r['window']}: {r['fit nothing']} of {r['plants']}" for r in rows[-6:]]
    drawn = figure(data, spans, "Share of the window", ink, share=True)
    return Picture(title, drawn, f"{title}. {'; '.join(words)}.", tuple(rows))


def _where(
    chosen: Sequence[bool], spans: Sequence[DateRange], values: Sequence[Any]
) -> tuple[list[DateRange], list[Any]]:
    """The windows that are chosen, and their values."""
    kept = [i for i, one in enumerate(chosen) if one]
    return [spans[i] for i in kept], [values[i] for i in kept]


def shift_in(part: VersionWindow, name: str) -> UnivariateDrift:
    """How a measurement moved in a window."""
    return next((s for s in part.findings.shifts if s.name == name), UnivariateDrift(name, 0, 0))


def bounds_of(shift: UnivariateDrift) -> tuple[float, float]:
    """Between which means chance leaves 95 of 100 windows of that size."""
    half = 1.96 * (shift.spread or 0.0) * float(np.sqrt(1.0 / max(1, shift.n) + 1.0 / max(1, shift.m)))
    return (shift.reference or 0.0) - half, (shift.reference or 0.0) + half


def course_of(name: str, points: Sequence[Point]) -> tuple[list[float], list[float], list[float], list[bool]]:
    """Of each window with the measurement: its mean, between which means chance leaves it, and whether that is too little."""
    shifts = [
        shift
        for _, part in points
        if (shift := shift_in(part, name)).current is not None and shift.reference is not None
    ]
    ends = [bounds_of(shift) for shift in shifts]
    return (
        [float(shift.current or 0.0) for shift in shifts],
        [low for low, _ in ends],
        [high for _, high in ends],
        [shift.verdict in ("amber", "red") for shift in shifts],
    )


def mean_of_named(part: VersionWindow, name: str) -> float | None:
    """The mean of the plants that fit a species."""
    profile = part.profile
    j, k = profile.bins.names.index(name), profile.bins.species
    counts = [int(profile.measured[g, j]) for g in range(k)]
    total = sum(n * (profile.mean(j, g) or 0.0) for g, n in enumerate(counts) if n)
    return total / sum(counts) if sum(counts) else None
