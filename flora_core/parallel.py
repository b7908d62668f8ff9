"""Work that is done here or, where enough of it is left, by several processes at once, with the same results.

Whoever opens `at_once` says how many may work at one time; what fans out below asks `work_through`, and need not be told.
Within `storage.cluster` the workers are those of a cluster, otherwise processes of this machine.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from contextvars import ContextVar
from functools import lru_cache
from typing import Final, TypeVar

from threadpoolctl import threadpool_limits

#: Seconds of work left below which starting other processes would take longer than it saves.
WORTH_STARTING: Final = 6.0
#: Seconds after which it is known well enough how long the rest will take.
KNOWN: Final = 0.5
#: How joblib names the processes that it starts on this machine.
_OWN_WORKER: Final = "LokyProcess"

_AT_ONCE: Final[ContextVar[int]] = ContextVar("at_once", default=1)

Task = TypeVar("Task")
Result = TypeVar("Result")


@contextlib.contextmanager
def at_once(workers: int) -> Iterator[None]:
    """Within it, what fans out may have so many workers."""
    before = _AT_ONCE.set(max(1, workers))
    try:
        yield
    finally:
        _AT_ONCE.reset(before)


def work_through(
    work: Callable[[Task], Result], tasks: Sequence[Task], processes: int | None = None
) -> Generator[Result, None, None]:
    """The result of each task, in the order in which they are ready; others stop when this is closed.

    Parameters
    ----------
    work : callable
        A function of a module, which other processes can find; its result depends on the task alone.
    processes : int, optional
        How many may work at once, as `at_once` says where it is not given; others are started only where enough is left to do.
    """
    most = _AT_ONCE.get() if processes is None else processes
    start = time.perf_counter()
    for i, task in enumerate(tasks):
        spent = time.perf_counter() - start
        if most > 1 and i and spent > KNOWN and spent / i * (len(tasks) - i) > WORTH_STARTING:
            yield from _by_others(work, tasks[i:], most)
            return
        yield work(task)


def _by_others(work: Callable[[Task], Result], tasks: Sequence[Task], processes: int) -> Generator[Result, None, None]:
    # scikit-learn's own door to its workers: they load this module afresh, and never the program's main one.
    from sklearn.utils.parallel import Parallel, delayed

    # Tables are small beside what is computed of them: they are handed over, not laid out in shared memory.
    pool = Parallel(n_jobs=processes, return_as="generator_unordered", batch_size="auto", max_nbytes=None)
    results = pool(delayed(_elsewhere)(work, task) for task in tasks)
    try:
        for result in results:  # noqa: UP028 - what is delegated to would be closed outside of the lines below
            yield result
    finally:
        with warnings.catch_warnings():
            # It warns of results that nobody took; that is what stopping means.
            warnings.simplefilter("ignore")
            results.close()


def _elsewhere(work: Callable[[Task], Result], task: Task) -> Result:
    # A worker of a cluster is not ours to end.
    if multiprocessing.current_process().name.startswith(_OWN_WORKER):
        _end_with_parent()
    with one_thread():
        return work(task)


@lru_cache(maxsize=1)
def _end_with_parent() -> None:
    """From now on this process ends within a second of the one that started it, however that one ended.

    A worker whose training was killed would otherwise wait five minutes for work, with its memory.
    """
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def one_thread() -> threadpool_limits:
    """Within it, linear algebra and boosting use one thread.

    On tables of botanists' size several threads wait for each other longer than they work (boosting on 60 plants took
    fifty times as long on a busy machine), and sums added up in another order differ in their last digit.
    """
    return threadpool_limits(limits=1)
