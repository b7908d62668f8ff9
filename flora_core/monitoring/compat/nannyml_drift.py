"""Drift of single columns, as NannyML 0.13.1 defines it.

References
----------
NannyML documentation, "Univariate drift detection"; Lin (1991), Divergence measures based on the Shannon entropy;
Hellinger (1909). A threshold is the mean + 3 standard deviations of the figure over the reference's own windows.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np

from flora_core.model import Floats, Ints
from flora_core.monitoring.compat.jensen_shannon import jensen_shannon
from flora_core.monitoring.windows import Column, DriftStatistic, present, windows_of

#: From so many reference values on, two figures are taken from this many bins of one width.
_BINNED_FROM: Final = 10_000
_CHUNKS: Final = 10
_CHI2_ALERT: Final = 0.05

NUMBER_METHODS: Final = ("jensen_shannon", "kolmogorov_smirnov", "wasserstein", "hellinger")
GROUP_METHODS: Final = ("jensen_shannon", "chi2", "l_infinity", "hellinger")

Distance = Callable[[Floats | Ints], float]


def drift(column: Column, size: int | None = None) -> tuple[DriftStatistic, ...]:
    """The figures of every window of the current table, by window and method.

    Parameters
    ----------
    size : int or None
        Rows of a window; None for about ten windows of one size.

    Returns
    -------
    tuple of Figure
        Numbers: jensen_shannon, kolmogorov_smirnov, wasserstein, hellinger. Groups: jensen_shannon, chi2, l_infinity,
        hellinger. Where a window or the reference has no values, its figures have no value.
    """
    reference = present(column.reference)
    methods = _methods(column, reference)
    high = {}
    for name, distance in methods.items():
        own = [present(column.reference[window.rows]) for window in windows_of(len(column.reference), size, _CHUNKS)]
        found = np.array([distance(values) for values in own if len(values)])
        high[name] = _threshold(found, 1.0 if name == "kolmogorov_smirnov" else np.inf)
    figures = []
    for window in windows_of(len(column.current), size, _CHUNKS):
        values = present(column.current[window.rows])
        for name, distance in methods.items():
            value = distance(values) if len(values) else np.nan
            if name != "chi2":
                alert = value > high[name]
                figures.append(window.figure(len(values), column.name, name, value, high=high[name], alert=alert))
                continue
            # The one that is judged by its p value instead of the reference's own windows.
            p = _chi2(reference, len(column.labels), values)[1] if np.isfinite(value) else np.nan
            figures.append(window.figure(len(values), column.name, name, value, p_value=p, alert=p < _CHI2_ALERT))
    return tuple(figures)


def _methods(column: Column, reference: Floats | Ints) -> dict[str, Distance]:
    if not len(reference):
        return dict.fromkeys(GROUP_METHODS if column.categorical else NUMBER_METHODS, _unknown)
    return _of_groups(reference, len(column.labels)) if column.categorical else _of_numbers(reference)


def _threshold(values: Floats, limit: float) -> float:
    return min(float(values.mean() + 3 * values.std()), limit) if len(values) else np.inf


def _unknown(values: Floats | Ints) -> float:
    return np.nan


def _of_numbers(reference: Floats | Ints) -> dict[str, Distance]:
    numbers = np.asarray(reference, dtype=np.float64)
    edges = np.histogram_bin_edges(numbers, bins="doane")
    shares = np.histogram(numbers, bins=edges)[0] / len(numbers)

    def in_bins(values: Floats | Ints) -> tuple[Floats, Floats]:
        return _with_leftover(shares, np.histogram(values, bins=edges)[0] / len(values))

    return {
        "jensen_shannon": lambda values: _jensen_shannon(*in_bins(values)),
        "kolmogorov_smirnov": _kolmogorov_smirnov(numbers),
        "wasserstein": _wasserstein(numbers),
        "hellinger": lambda values: _hellinger(*in_bins(values)),
    }


def _of_groups(reference: Floats | Ints, labels: int) -> dict[str, Distance]:
    seen = np.flatnonzero(np.bincount(reference, minlength=labels))
    shares = np.bincount(reference, minlength=labels)[seen] / len(reference)

    def in_groups(values: Floats | Ints) -> tuple[Floats, Floats]:
        return _with_leftover(shares, np.bincount(values, minlength=labels)[seen] / len(values))

    def l_infinity(values: Floats | Ints) -> float:
        both = (np.bincount(v, minlength=labels) / len(v) for v in (reference, values))
        return float(np.abs(np.subtract(*both)).max())

    return {
        "jensen_shannon": lambda values: _jensen_shannon(*in_groups(values)),
        "chi2": lambda values: _chi2(reference, labels, values)[0],
        "l_infinity": l_infinity,
        "hellinger": lambda values: _hellinger(*in_groups(values)),
    }


def _with_leftover(reference: Floats, current: Floats) -> tuple[Floats, Floats]:
    """Both, with one bin more for what of the window lies in none of the reference's."""
    # The sum as it comes: where it falls short of 1 by rounding alone there is a bin too, as there.
    left = 1 - np.sum(current)
    if left > 0:
        return np.append(reference, 0), np.append(current, left)
    return reference, current


def _jensen_shannon(p: Floats, q: Floats) -> float:
    return jensen_shannon(p, q, base=2)


def _hellinger(p: Floats, q: Floats) -> float:
    return float(np.sqrt(np.sum((np.sqrt(p) - np.sqrt(q)) ** 2)) / np.sqrt(2))


def _chi2(reference: Floats | Ints, labels: int, values: Floats | Ints) -> tuple[float, float]:
    from scipy.stats import chi2_contingency

    table = np.stack([np.bincount(v, minlength=labels) for v in (reference, values)])
    found = chi2_contingency(table[:, table.sum(axis=0) > 0])
    return float(found.statistic), float(found.pvalue)


def _kolmogorov_smirnov(reference: Floats) -> Distance:
    if len(reference) >= _BINNED_FROM:
        edges = np.linspace(reference.min(), reference.max(), _BINNED_FROM + 1)
        own = np.cumsum(np.histogram(reference, edges)[0] / len(reference))

        def binned(values: Floats | Ints) -> float:
            below = (values < edges[0]).mean()
            return float(np.abs(own - (below + np.cumsum(np.histogram(values, edges)[0] / len(values)))).max())

        return binned
    ordered = np.sort(reference)

    def exact(values: Floats | Ints) -> float:
        other = np.sort(values)
        both = np.concatenate([ordered, other])
        gaps = np.searchsorted(ordered, both, side="right") / len(ordered) - np.searchsorted(
            other, both, side="right"
        ) / len(other)
        return float(np.abs(gaps).max())

    return exact


def _wasserstein(reference: Floats) -> Distance:
    from scipy.stats import wasserstein_distance

    if len(reference) < _BINNED_FROM:
        return partial(_plain, partial(wasserstein_distance, reference))
    counts, edges = np.histogram(reference, bins=_BINNED_FROM)
    own = np.cumsum(counts / len(reference))
    width = edges[1] - edges[0]

    def binned(values: Floats | Ints) -> float:
        n = len(values)
        smaller, bigger = values[values < edges[0]], values[values > edges[-1]]
        distance = 0.0
        before = 0.0
        # Values outside the bins are weighted as if the edge were one of them.
        if len(smaller):
            before = (len(smaller) + 1) / n
            x, below = _steps(np.append(smaller, edges[0]))
            distance += float(np.sum(below[:-1] * np.diff(x))) * before
        if len(bigger):
            x, below = _steps(np.append(bigger, edges[-1]))
            distance += float(np.sum((1 - below)[:-1] * np.diff(x))) * (len(bigger) + 1) / n
        inside = np.cumsum(np.histogram(values, bins=edges)[0] / n) + before
        return distance + float(np.sum(np.abs(own - inside) * width))

    return binned


def _plain(distance: Callable[[Floats | Ints], float], values: Floats | Ints) -> float:
    return float(distance(values))


def _steps(values: Floats) -> tuple[Floats, Floats]:
    """The distinct values, and the share of all that is not above each."""
    x, counts = np.unique(values, return_counts=True)
    return np.asarray(x), np.cumsum(counts) / len(values)
