"""What is compared: two columns of one name, and the rows of a table cut into windows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flora_core.model import Floats, Ints


@dataclass(frozen=True, slots=True)
class Window:
    """Some successive rows of a table.

    Attributes
    ----------
    number : int
        Counted from 0.
    start, stop : int
        The first row, and the row after the last one; counted from 0.
    """

    number: int
    start: int
    stop: int

    @property
    def rows(self) -> slice:
        """The window's rows, to index an array with."""
        return slice(self.start, self.stop)

    def __len__(self) -> int:
        return self.stop - self.start

    def figure(
        self,
        n: int,
        column: str,
        method: str,
        value: float | None,
        *,
        p_value: float | None = None,
        low: float | None = None,
        high: float | None = None,
        alert: bool = False,
    ) -> DriftStatistic:
        """A figure of this window; NaN and infinity, which no document can hold, become None."""
        return DriftStatistic(
            self.number,
            self.start,
            self.stop - 1,
            n,
            column,
            method,
            number_or_none(value),
            number_or_none(p_value),
            number_or_none(low),
            number_or_none(high),
            bool(alert),
        )


def windows(rows: int, size: int) -> tuple[Window, ...]:
    """`rows` rows in windows of `size`; the last one keeps what is left over, however little."""
    starts = range(0, rows, size)
    return tuple(Window(i, start, min(start + size, rows)) for i, start in enumerate(starts))


def about(rows: int, count: int) -> tuple[Window, ...]:
    """`rows` rows in about `count` windows of one size, and one more for what is left over."""
    return windows(rows, max(1, rows // count))


def windows_of(rows: int, size: int | None, count: int) -> tuple[Window, ...]:
    """Windows of `size` rows where a size is given, about `count` of them where not."""
    return windows(rows, size) if size else about(rows, count)


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One column of two tables: numbers, or the names of groups.

    Attributes
    ----------
    name : str
    reference, current : (n,) float or (n,) int
        Numbers, NaN where missing; or places in `labels`, -1 where missing.
    labels : tuple of str
        The groups, sorted; empty for numbers.
    """

    name: str
    reference: Floats | Ints
    current: Floats | Ints
    labels: tuple[str, ...] = ()

    @property
    def categorical(self) -> bool:
        """Whether the column holds groups instead of numbers."""
        return bool(self.labels)


def present(values: Floats | Ints) -> Floats | Ints:
    """The values that are there: no NaN or infinity among numbers, no -1 among groups."""
    if values.dtype.kind == "f":
        return values[np.isfinite(values)]
    return values[values >= 0]


@dataclass(frozen=True, slots=True)
class DriftStatistic:
    """One figure of one window: what a method says of a column.

    Attributes
    ----------
    window : int
        Counted from 0.
    start, end : int
        The window's first and last row, counted from 0.
    n : int
        The values it rests on.
    column, method : str
    value, p_value : float or None
        The figure and, where the method has one, its p value; None where there is none to give.
    threshold_low, threshold_high : float or None
        Beyond which the figure is an alert.
    alert : bool
    """

    window: int
    start: int
    end: int
    n: int
    column: str
    method: str
    value: float | None
    p_value: float | None
    threshold_low: float | None
    threshold_high: float | None
    alert: bool


def number_or_none(value: float | None) -> float | None:
    """The value, or None in place of NaN and infinity, which no document can hold."""
    return float(value) if value is not None and np.isfinite(value) else None
