"""Drift of single columns, as Evidently 0.7.23 defines it, flaws included.

References
----------
Evidently documentation, "Data drift algorithm". Bins come from the reference and the window together, so that one value
far away squeezes all others into one bin; the test changes at 1,001 reference rows. docs/statistics.md shows both.
"""

from __future__ import annotations

import warnings
from typing import Final

import numpy as np

from flora_core.model import Floats, Ints
from flora_core.monitoring.compat.jensen_shannon import jensen_shannon
from flora_core.monitoring.windows import Column, DriftStatistic, Window, number_or_none, present, windows

_DISTANCE_ALERT: Final = 0.1
_P_ALERT: Final = 0.05
#: Above so many distinct reference values numbers are binned; up to it each value is a bin of its own.
_BY_VALUE: Final = 20
#: Above so many reference rows the default test is a distance and no p value.
_SMALL: Final = 1000
#: Up to so many distinct values numbers are treated as groups by the default test.
_GROUPS: Final = 5
_DRIFTED_SHARE: Final = 0.5

ALL_COLUMNS: Final = "all columns"


def drift(columns: tuple[Column, ...], size: int | None = None) -> tuple[DriftStatistic, ...]:
    """The figures of every window of the current table, by window, column and method.

    Parameters
    ----------
    size : int or None
        Rows of a window; None for all of them at once.

    Returns
    -------
    tuple of Figure
        Numbers: psi, jensenshannon, kl_div, wasserstein, ks. Groups: psi, jensenshannon, kl_div, chisquare. Both:
        default, the one of them, or the z test of two groups, that the tool would choose. For each window a figure more
        for `ALL_COLUMNS`: the share of columns whose default is an alert. A column without values has no value.
    """
    rows = len(columns[0].current) if columns else 0
    figures = []
    for window in windows(rows, size or max(rows, 1)):
        drifted = []
        for column in columns:
            found = _of_column(column, window)
            figures += found
            drifted.append(found[-1].alert)
        share = float(np.mean(drifted))
        figures.append(
            window.figure(
                len(window), ALL_COLUMNS, "default", share, high=_DRIFTED_SHARE, alert=share >= _DRIFTED_SHARE
            )
        )
    return tuple(figures)


def _of_column(column: Column, window: Window) -> list[DriftStatistic]:
    reference, current = present(column.reference), present(column.current[window.rows])
    names = ("chisquare",) if column.categorical else ("wasserstein", "ks")
    chosen = default_test(reference, current, column.categorical)
    figures = []
    for method in ("psi", "jensenshannon", "kl_div", *names, "default"):
        test = chosen if method == "default" else method
        value = None
        if len(reference) and len(current):
            value = number_or_none(_FIGURES[test](reference, current, column.categorical))
        is_p = test in ("ks", "chisquare", "z")
        low, high = (_P_ALERT, None) if is_p else (None, _DISTANCE_ALERT)
        # Which of the limits counts as beyond differs from test to test.
        alert = value is not None and (
            value >= _DISTANCE_ALERT if not is_p else value <= _P_ALERT if test == "ks" else value < _P_ALERT
        )
        p = value if is_p else None
        figures.append(
            window.figure(len(current), column.name, method, value, p_value=p, low=low, high=high, alert=alert)
        )
    return figures


def default_test(reference: Floats | Ints, current: Floats | Ints, categorical: bool) -> str:
    """The test that is chosen where none is asked for: ks, wasserstein, jensenshannon, chisquare or z."""
    distinct = len(np.unique(np.concatenate([reference, current])))
    if not categorical and distinct > _GROUPS:
        return "ks" if len(reference) <= _SMALL else "wasserstein"
    if len(reference) > _SMALL:
        return "jensenshannon"
    return "chisquare" if distinct > 2 else "z"


def _shares(reference: Floats | Ints, current: Floats | Ints, categorical: bool) -> tuple[Floats, Floats]:
    """The share of each side in every bin."""
    if not categorical and len(np.unique(reference)) > _BY_VALUE:
        edges = np.histogram_bin_edges(np.concatenate([reference, current]), bins="sturges")
        counts = [np.histogram(values, edges)[0] for values in (reference, current)]
    else:
        counts = list(_by_value(reference, current))
    return counts[0] / len(reference), counts[1] / len(current)


def _by_value(reference: Floats | Ints, current: Floats | Ints) -> tuple[Ints, Ints]:
    values, places = np.unique(np.concatenate([reference, current]), return_inverse=True)
    return (
        np.bincount(places[: len(reference)], minlength=len(values)),
        np.bincount(places[len(reference) :], minlength=len(values)),
    )


def _filled(shares: Floats) -> Floats:
    """Shares without zeros: each becomes 0.0001, or a millionth of the smallest where that is no larger."""
    smallest = shares[shares != 0].min()
    return np.where(shares == 0, smallest / 1e6 if smallest <= 1e-4 else 1e-4, shares)


def _psi(reference: Floats | Ints, current: Floats | Ints, categorical: bool) -> float:
    p, q = map(_filled, _shares(reference, current, categorical))
    return float(np.sum((p - q) * np.log(p / q)))


def _kl_div(reference: Floats | Ints, current: Floats | Ints, categorical: bool) -> float:
    from scipy.stats import entropy

    p, q = map(_filled, _shares(reference, current, categorical))
    return float(entropy(p, q))


def _jensenshannon(reference: Floats | Ints, current: Floats | Ints, categorical: bool) -> float:
    return jensen_shannon(*_shares(reference, current, categorical))


def _wasserstein(reference: Floats | Ints, current: Floats | Ints, categorical: bool) -> float:
    from scipy.stats import wasserstein_distance

    return float(wasserstein_distance(reference, current)) / max(float(np.std(reference)), 0.001)


def _ks(reference: Floats | Ints, current: Floats | Ints, categorical: bool) -> float:
    from scipy.stats import ks_2samp

    with warnings.catch_warnings():
        # Where the exact p value can't be had, scipy says so and gives the asymptotic one.
        warnings.simplefilter("ignore", RuntimeWarning)
        return float(ks_2samp(reference, current).pvalue)


def _chisquare(reference: Floats | Ints, current: Floats | Ints, categorical: bool) -> float:
    from scipy.stats import chi2

    before, observed = _by_value(reference, current)
    expected = before * (len(current) / len(reference))
    with np.errstate(divide="ignore"):
        statistic = ((observed - expected) ** 2 / expected).sum()
    return float(chi2.sf(statistic, len(expected) - 1))


def _z(reference: Floats | Ints, current: Floats | Ints, categorical: bool) -> float:
    from scipy.stats import norm

    first = np.concatenate([reference, current]).min()
    n, m = len(reference), len(current)
    p, q = float((reference != first).mean()), float((current != first).mean())
    both = (p * n + q * m) / (n + m)
    if both in (0.0, 1.0):
        return 1.0
    z = (p - q) / np.sqrt(both * (1 - both) * (1 / n + 1 / m))
    return float(2 * (1 - norm.cdf(abs(z))))


_FIGURES: Final = {
    "psi": _psi,
    "jensenshannon": _jensenshannon,
    "kl_div": _kl_div,
    "wasserstein": _wasserstein,
    "ks": _ks,
    "chisquare": _chisquare,
    "z": _z,
}
