"""Other machines that work is spread over: a Dask cluster behind joblib, which scikit-learn's own fitting uses too.

Everything that fans out asks `joblib.Parallel` for its workers. Within `cluster` these are the cluster's; outside, or where no
cluster is set, they are processes of this machine. What is computed does not depend on it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from typing import Any, Final, Literal, TypeVar, cast

from flora_core.errors import Unavailable, WrongSetting
from flora_core.parallel import at_once

_log: Final = logging.getLogger("flora")
_Result = TypeVar("_Result")

#: Seconds that the scheduler has to answer.
_ANSWERS_WITHIN: Final = 10
#: Processes of this machine where nobody said how many; each takes one or two hundred megabytes.
MOST_HERE: Final = 8
#: Libraries whose version changes what is computed.
_LIBRARIES: Final = ("numpy", "scipy", "sklearn")


class _ClusterGone(Unavailable):
    """The cluster does not answer, has no worker, or was lost."""


def spread(
    work: Callable[[int], _Result], address: str, here: int, without_cluster: Literal["stop", "here"] = "stop"
) -> _Result:
    """What `work` gives back, which is told how many may work at once: cores of the cluster, or processes of this machine.

    Parameters
    ----------
    address : str
        Of the cluster's scheduler; "" for none.
    here : int
        Processes of this machine; 0 for one for each core that this process may use, at most `MOST_HERE`.
    without_cluster : {"stop", "here"}
        What becomes of the work where the cluster is gone: it is done again on this machine from the beginning, where asked.

    Raises
    ------
    Unavailable
        The cluster is gone, and the work shall not be done here.
    WrongSetting
        As in `cluster`.
    """
    if address:
        try:
            with cluster(address) as cores, at_once(cores):
                return work(cores)
        except _ClusterGone as gone:
            if without_cluster == "stop":
                raise Unavailable(gone.message) from gone
            _log.warning("%s The work is done on this machine.", gone.message)
    workers = here or _cores_here()
    with at_once(workers):
        return work(workers)


def _cores_here() -> int:
    """Cores that this process may use, a container's limit included; no more than memory is likely to hold the work of."""
    import joblib

    return max(1, min(MOST_HERE, int(joblib.cpu_count())))


@contextmanager
def cluster(address: str) -> Iterator[int]:
    """Within it, what fans out runs on the cluster; how many of its cores may work at once, 0 where there is no cluster.

    Parameters
    ----------
    address : str
        Of the scheduler, "tcp://host:8786"; "" for none.

    Raises
    ------
    Unavailable
        The cluster does not answer, has no worker, or was lost while it worked.
    WrongSetting
        dask is not installed here, or the workers have other libraries than this machine.
    """
    if not address:
        yield 0
        return
    try:
        from distributed import Client
        from distributed.client import FutureCancelledError
        from distributed.scheduler import KilledWorker
    except ImportError:
        raise WrongSetting(
            "FLORA_CLUSTER is set, and dask is not installed here. Install it (pip install 'flora-classification[cluster]'), "
            "or unset FLORA_CLUSTER to work on this machine."
        ) from None
    import joblib

    gone = _ClusterGone(
        f"The cluster at {address} does not answer. Start its scheduler (dask scheduler) or mend FLORA_CLUSTER; without "
        "that setting the work is done on this machine."
    )
    try:
        client: Any = cast(Any, Client)(address, timeout=_ANSWERS_WITHIN, set_as_default=False)
    except (OSError, TimeoutError, ValueError):
        raise gone from None
    try:
        with joblib.parallel_config(backend="dask", client=client):
            yield _cores(client, address)
    except KilledWorker as lost:
        raise _ClusterGone(
            f"Workers of the cluster at {address} died of one piece of the work again and again: {lost}. Give them more "
            "memory, or unset FLORA_CLUSTER to work on this machine."
        ) from lost
    except (OSError, FutureCancelledError, CancelledError) as lost:
        if isinstance(lost, OSError) and client.status == "running":
            raise
        raise _ClusterGone(
            f"The cluster at {address} was lost while it worked; nothing was saved. Try again when it is back, or unset "
            "FLORA_CLUSTER to work on this machine."
        ) from lost
    finally:
        with suppress(OSError, TimeoutError):
            client.close(timeout=_ANSWERS_WITHIN)


def _cores(client: Any, address: str) -> int:
    """How many cores the workers have, after a look at their libraries."""
    cores = int(sum(client.ncores().values()))
    if not cores:
        raise _ClusterGone(
            f"The cluster at {address} has no worker. Start one (dask worker {address}), or unset FLORA_CLUSTER to work on "
            "this machine."
        )
    here = _versions()
    for worker, there in client.run(_versions).items():
        differing = [
            f"{name} {there.get(name)} there, {here[name]} here" for name in here if there.get(name) != here[name]
        ]
        if differing:
            raise WrongSetting(
                f"The worker {worker} has other libraries than this machine: {', '.join(differing)}. The same plants would "
                "give other scores there. Install the same versions."
            )
    return cores


def _versions() -> dict[str, str]:
    import importlib

    return {name: str(importlib.import_module(name).__version__) for name in _LIBRARIES}
