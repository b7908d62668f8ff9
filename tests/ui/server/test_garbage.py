"""Full collections run in a thread of their own, and nowhere else."""

from __future__ import annotations

import gc
import threading
import tomllib
import weakref
from collections.abc import Iterator
from contextlib import contextmanager

from tests.servers import ROOT
from ui.server.garbage import GarbageCollection, collect_if_needed


class Circle:
    """Something that only a collection can free."""

    def __init__(self) -> None:
        self.itself = self


@contextmanager
def full_collections() -> Iterator[list[str]]:
    """The threads in which full collections ran inside the block."""
    found: list[str] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start" and info["generation"] == 2:
            found.append(threading.current_thread().name)

    gc.callbacks.append(note)
    try:
        yield found
    finally:
        gc.callbacks.remove(note)


def test_streamlit_runs_no_collection_after_each_script() -> None:
    settings = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))
    assert settings["runner"]["postScriptGC"] is False


def test_what_nobody_holds_is_freed_and_thresholds_come_back() -> None:
    before = gc.get_threshold()
    garbage = GarbageCollection(pause=0.01)
    garbage.start()
    try:
        freed = threading.Event()
        circle = Circle()
        weakref.finalize(circle, freed.set)
        gc.collect(1)  # old enough for a full collection alone
        del circle
        gc.collect(1)
        gc.collect(0)
        kept = [[] for _ in range(50_000)]  # enough was allocated for a collection to be due
        assert freed.wait(30)
        assert len(kept) == 50_000
    finally:
        garbage.stop()
    assert gc.get_threshold() == before


def test_python_runs_no_full_collection_by_itself_meanwhile() -> None:
    garbage = GarbageCollection(pause=3600.0)
    garbage.start()
    try:
        with full_collections() as found:
            kept = [[[]] for _ in range(300_000)]
        assert found == []
        assert len(kept) == 300_000
    finally:
        garbage.stop()
    with full_collections() as found:
        kept = [[[]] for _ in range(1_000_000)]
    assert found


def test_nothing_is_collected_where_next_to_nothing_was_allocated() -> None:
    gc.collect()
    with full_collections() as found:
        assert collect_if_needed() == 0.0
    assert found == []


def test_stopping_what_never_began_does_nothing() -> None:
    before = gc.get_threshold()
    GarbageCollection().stop()
    assert gc.get_threshold() == before
