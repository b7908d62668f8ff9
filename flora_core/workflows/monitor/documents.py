"""What the monitor says, as the command and the API give it to a program."""

from __future__ import annotations

from typing import Any

from flora_core.monitoring.performance.realised import rate
from flora_core.monitoring.windows import number_or_none
from flora_core.workflows.monitor.current_verdict import verdict_document
from flora_core.workflows.monitor.run import MonitorResult
from flora_core.workflows.monitor.version_windows import MonitoredWindow, VersionWindow

ALERTS = ("amber", "red")


def monitor_document(watched: MonitorResult) -> dict[str, Any]:
    """The contract's document; every list has an entry for each window and version that identified in it.

    `window` is the first day of the window. Numbers that could not be computed are null.
    """
    pairs = [(window, part) for window in watched.windows for part in window.parts]
    return {
        "study": watched.study.name,
        "champion": watched.champion,
        "since": watched.span.since.isoformat(),
        "until": watched.span.last.isoformat(),
        "verdict": watched.verdict,
        "word": watched.word,
        "sentence": watched.sentence,
        "current": None if watched.current is None else verdict_document(watched.current),
        "reasons": list(watched.reasons),
        "notes": list(watched.notes),
        "last": None if watched.last is None else _window(watched.last),
        "windows": [_window(window) for window in watched.windows],
        "drift": [entry for window, part in pairs for entry in _drift(window, part)],
        "accuracy": [_accuracy(window, part) for window, part in pairs],
        "mix": [_mix(watched, window, part) for window, part in pairs],
        "unfit": [_unfit(window, part) for window, part in pairs],
        "within": [entry for window, part in pairs for entry in _within(window, part)],
    }


def _window(window: MonitoredWindow) -> dict[str, Any]:
    return {
        "window": window.span.since.isoformat(),
        "since": window.span.since.isoformat(),
        "until": window.span.last.isoformat(),
        "n": window.plants,
        "verdict": window.verdict,
        "versions": [
            {
                "version": part.version,
                "n": part.profile.plants,
                "verdict": part.window_verdict.verdict,
                "sentence": part.window_verdict.sentence,
            }
            for part in window.parts
        ],
    }


def _key(window: MonitoredWindow, part: VersionWindow) -> dict[str, Any]:
    return {"window": window.span.since.isoformat(), "version": part.version}


def _drift(window: MonitoredWindow, part: VersionWindow) -> list[dict[str, Any]]:
    found = []
    for shift in part.findings.shifts:
        alert = shift.verdict in ALERTS
        found.append(
            {
                **_key(window, part),
                "n": shift.m,
                "measurement": shift.name,
                "metric": "wasserstein",
                "value": number_or_none(shift.distance),
                "p": number_or_none(shift.p_adjusted),
                "threshold": number_or_none(shift.critical),
                "alert": alert,
                "verdict": shift.verdict,
                "mean": number_or_none(shift.current),
                "reference_mean": number_or_none(shift.reference),
            }
        )
        found.append(
            {
                **_key(window, part),
                "n": shift.m,
                "measurement": shift.name,
                "metric": "psi",
                "value": number_or_none(shift.psi),
                "p": None,
                "threshold": number_or_none(shift.psi_critical),
                "alert": alert and (shift.psi or 0.0) > (shift.psi_critical or 0.0),
                "verdict": shift.verdict,
                "mean": number_or_none(shift.current),
                "reference_mean": number_or_none(shift.reference),
            }
        )
    for metric, drifts in (("chi_squared", part.findings.groups), ("chi_squared_within", part.findings.states_within)):
        found += [
            {
                **_key(window, part),
                "n": drift.m,
                "measurement": name,
                "metric": metric,
                "value": number_or_none(drift.value),
                "p": number_or_none(drift.p_adjusted),
                "threshold": None,
                "alert": drift.verdict in ALERTS,
                "verdict": drift.verdict,
                "states": dict(zip(drift.labels, drift.current, strict=True)),
                "reference_states": dict(zip(drift.labels, drift.reference, strict=True)),
            }
            for name, drift in drifts
        ]
    return found


def _within(window: MonitoredWindow, part: VersionWindow) -> list[dict[str, Any]]:
    """Each measurement within the species named, held against the reference weighted for the window's mix."""
    found = part.findings.within
    if found is None:
        return []
    return [
        {
            **_key(window, part),
            "n": one.m,
            "measurement": one.name,
            "shift": number_or_none(one.shift),
            "standard_deviations": number_or_none(one.location),
            "spread_ratio": number_or_none(one.spread),
            "p": number_or_none(found.p_adjusted),
            "alert": found.verdict in ALERTS,
        }
        for one in found.measurements
    ]


def _accuracy(window: MonitoredWindow, part: VersionWindow) -> dict[str, Any]:
    known, guess, parted = part.realised, part.estimated, part.determined
    joined = parted.joined
    counted = known.determined > 0
    return {
        **_key(window, part),
        "identified": part.profile.plants,
        "determined": known.determined,
        "right": known.right,
        "realised": known.accuracy.value,
        "low": known.accuracy.low if counted else None,
        "high": known.accuracy.high if counted else None,
        "estimated": guess.value if guess else None,
        "estimated_low": guess.low if guess else None,
        "estimated_high": guess.high if guess else None,
        "threshold": guess.threshold if guess else None,
        "drawn": parted.drawn,
        "speaking": parted.plants,
        "speaking_right": parted.right,
        "joined": joined.value if joined else None,
        "joined_low": joined.low if joined else None,
        "joined_high": joined.high if joined else None,
        "alert": any(reason.topic in ("accuracy", "estimate") for reason in part.window_verdict.reasons),
    }


def _mix(watched: MonitorResult, window: MonitoredWindow, part: VersionWindow) -> dict[str, Any]:
    names, mix = watched.models[part.version].study.species_names, part.findings.mix
    return {
        **_key(window, part),
        "n": part.profile.plants,
        "species": {name: int(n) for name, n in zip(names, part.profile.named[:-1], strict=True)},
        "none_of_these": part.profile.unfit,
        "p": number_or_none(mix.p_adjusted) if mix else None,
        "moved": number_or_none(mix.moved) if mix else None,
        "alert": mix is not None and mix.verdict in ALERTS,
    }


def _unfit(window: MonitoredWindow, part: VersionWindow) -> dict[str, Any]:
    share = part.findings.share("unfit")
    counted = rate(part.profile.unfit, part.profile.plants)
    return {
        **_key(window, part),
        "n": part.profile.plants,
        "count": part.profile.unfit,
        "share": counted.value,
        "low": counted.low,
        "high": counted.high,
        "reference": share.reference if share else None,
        "p": number_or_none(share.p_adjusted) if share else None,
        "alert": share is not None and share.verdict in ALERTS,
    }
