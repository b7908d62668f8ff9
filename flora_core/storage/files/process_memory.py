"""Memory that a large table needed goes back to the system when it is done with."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

import pyarrow as pa


def release_memory() -> None:
    """Hand what was let go of back to the system; changes nothing that is in use.

    Arrow's allocator and glibc's keep freed memory for the next allocation of the same thread. A thread that named a large
    table ends, and what it kept would stand in the process's size until by chance somebody else needs it.
    """
    pa.default_memory_pool().release_unused()
    trim = _trim()
    if trim is not None:
        trim(0)


@cache
def _trim() -> Any:
    """The malloc_trim of glibc, or None where the system has another library (musl, macOS, Windows)."""
    try:
        return ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return None
