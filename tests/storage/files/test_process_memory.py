"""Memory that a large table needed goes back to the system."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from flora_core.storage.files import process_memory


def _resident() -> int:
    """This process's pages in memory, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts pages where Linux does")
def test_what_was_let_go_of_goes_back_to_the_system_though_something_lies_above_it() -> None:
    blocks = [bytes(20_000) for _ in range(5_000)]
    above = [bytes(20_000) for _ in range(5)]
    full = _resident()
    del blocks
    process_memory.release_memory()
    assert full - _resident() > 50_000_000
    assert all(len(block) == 20_000 for block in above)


def test_what_is_in_use_stays_as_it_is() -> None:
    kept = pa.array(range(10_000))
    before = pa.default_memory_pool().bytes_allocated()
    process_memory.release_memory()
    assert pa.default_memory_pool().bytes_allocated() == before
    assert kept.to_pylist() == list(range(10_000))


def test_a_system_with_another_library_goes_without(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_of_that_name(_: object) -> object:
        return object()

    process_memory._trim.cache_clear()
    monkeypatch.setattr(ctypes, "CDLL", none_of_that_name)
    process_memory.release_memory()
    assert process_memory._trim() is None
    process_memory._trim.cache_clear()
