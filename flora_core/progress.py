"""How far some work is: one shape for everything that takes its time."""

from __future__ import annotations

from collections.abc import Callable

#: Called with (steps done, steps in all, what is being done); may raise to stop the work.
Progress = Callable[[int, int, str], None]


def no_progress(done: int, total: int, doing: str) -> None:
    """Progress that nobody watches."""
