"""Many visitors at once on one process, each with a page of their own: how long each waits for an answer.

    python -m benchmarks.sessions [--sessions 1,10,30,60,100] [--seconds 20] [--bare]
    python -m benchmarks.sessions --minutes 10

As many visitors as measured were there before and have gone; the server still holds their sessions, as it does for a phone
that lost its signal. Each visitor moves one slider by one step, waits for the page, looks at it for half a second to one and
a half, and moves the slider again. Prints the median and the 95th percentile of the wait in milliseconds, and the server's
memory. With `--bare` a page of 30 lines as plain `streamlit run` serves it is asked in the same way. Aims on two cores: 60
visitors at most 150 ms, 100 at most 500 ms (95th percentile).

With `--minutes`, 60 visitors come and go for so long, each staying for half a minute; prints the server's memory every half
minute. Aim: after ten minutes within 20 % of what it was when as many sessions were held as Streamlit ever holds.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import random
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.visitor import (
    ROOT,
    Page,
    arrive,
    free_port,
    installation_folder,
    serving,
    streamlit_command,
    websocket_address,
)

_SLIDER = "Petal width"
#: Seconds for which a visitor looks at the answer.
_LOOKS = (0.5, 1.5)
#: Seconds that a visitor stays where visitors come and go.
_STAYS = 30.0


@dataclass(frozen=True)
class Kind:
    """A page to measure: its script, the folder it is started in, its address."""

    title: str
    script: str
    folder: str
    name: str


_OURS = Kind("Identify", "app.py", ".", "identify")
_BARE = Kind("bare page", "page.py", "benchmarks/bare", "")


class Session:
    """One visitor of many, without a thread."""

    def __init__(self, socket: ClientConnection, name: str) -> None:
        self._socket, self._page = socket, Page(name=name)

    async def visit(self) -> None:
        await self._ask({})

    async def move(self, value: float) -> float:
        """Move the slider; milliseconds until the page is drawn again."""
        start = time.perf_counter()
        await self._ask({self._page.slider(_SLIDER): value})
        return 1000 * (time.perf_counter() - start)

    async def _ask(self, states: dict[str, float]) -> None:
        await self._socket.send(self._page.request(states))
        while True:
            content = await self._socket.recv()
            assert isinstance(content, bytes)
            if self._page.receive(content) == "script_finished":
                return


def _connected(port: int) -> connect:
    return connect(
        websocket_address(port), subprotocols=["streamlit"], max_size=None, compression=None, ping_interval=None
    )  # type: ignore[arg-type]


async def _one_visitor(port: int, name: str, ends: float, rng: random.Random) -> list[float]:
    """The waits of a visitor who comes, moves a slider every few seconds, and goes."""
    waits = []
    async with _connected(port) as socket:
        session = Session(socket, name)
        await session.visit()
        # Visitors do not move in step.
        await asyncio.sleep(rng.uniform(0, _LOOKS[1]))
        while time.perf_counter() < ends:
            waits.append(await session.move(round(1.0 + 0.1 * rng.randrange(9), 1)))
            await asyncio.sleep(rng.uniform(*_LOOKS))
    return waits


async def _came_and_went(port: int, name: str, count: int) -> None:
    for _ in range(count):
        async with _connected(port) as socket:
            await Session(socket, name).visit()


async def _all(port: int, name: str, count: int, seconds: float) -> list[float]:
    await _came_and_went(port, name, count)
    ends = time.perf_counter() + seconds + _LOOKS[1]
    found = await asyncio.gather(*(_one_visitor(port, name, ends, random.Random(i)) for i in range(count)))
    return [wait for waits in found for wait in waits]


async def _coming_and_going(port: int, name: str, count: int, seconds: float) -> list[float]:
    """So many visitors at any time, each of them replaced by another after a while."""
    over = time.perf_counter() + seconds

    async def place(i: int) -> list[float]:
        rng, waits = random.Random(i), []
        await asyncio.sleep(_STAYS * i / count)
        while time.perf_counter() < over:
            waits += await _one_visitor(port, name, min(over, time.perf_counter() + _STAYS), rng)
        return waits

    found = await asyncio.gather(*(place(i) for i in range(count)))
    return [wait for waits in found for wait in waits]


def _in_a_process_of_its_own(work, *words: object) -> list[float]:  # type: ignore[no-untyped-def]
    """The visitors must not share an interpreter with what watches the server."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        found: list[float] = pool.apply(_run, (work.__name__, words))
    return found


def _run(work: str, words: tuple[object, ...]) -> list[float]:
    found: list[float] = asyncio.run(globals()[work](*words))
    return found


def megabytes(process: int) -> float:
    """The memory a process holds (resident set), in MB."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def measure(kind: Kind, count: int, seconds: float, environment: dict[str, str]) -> None:
    port = free_port()
    with serving(streamlit_command(kind.script, port), ROOT / kind.folder, port, environment) as process:
        visitor = arrive(port, name=kind.name)
        visitor.visit()
        time.sleep(6)  # what is loaded after the first visit has been loaded
        waits = _in_a_process_of_its_own(_all, port, kind.name, count, seconds)
        held = megabytes(process.pid)
        visitor.close()
    middle, high = statistics.median(waits), float(np.quantile(waits, 0.95))
    print(
        f"{kind.title:10} {count:4} visitors, as many gone: median {middle:7.0f} ms, 95th percentile {high:7.0f} ms, longest "
        f"{max(waits):7.0f} ms, {len(waits):5} answers; {held:4.0f} MB",
        flush=True,
    )


def watch_memory(minutes: float, count: int, environment: dict[str, str]) -> None:
    port = free_port()
    with serving(streamlit_command(_OURS.script, port), ROOT, port, environment) as process:
        visitor = arrive(port, name=_OURS.name)
        visitor.visit()
        time.sleep(6)
        print(f"before anybody came {megabytes(process.pid):6.0f} MB", flush=True)
        context = multiprocessing.get_context("spawn")
        with context.Pool(1) as pool:
            words = (port, _OURS.name, count, 60 * minutes)
            coming = pool.apply_async(_run, (_coming_and_going.__name__, words))
            start = time.perf_counter()
            while not coming.ready():
                coming.wait(30)
                print(
                    f"after {(time.perf_counter() - start) / 60:5.1f} minutes {megabytes(process.pid):6.0f} MB",
                    flush=True,
                )
            waits = coming.get()
        visitor.close()
    print(f"median {statistics.median(waits):.0f} ms, 95th percentile {float(np.quantile(waits, 0.95)):.0f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", default="1,10,30,60,100")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--bare", action="store_true")
    parser.add_argument("--minutes", type=float, default=0.0)
    options = parser.parse_args()
    with installation_folder() as environment:
        if options.minutes:
            watch_memory(options.minutes, 60, environment)
            return
        for count in map(int, options.sessions.split(",")):
            if options.bare:
                measure(_BARE, count, options.seconds, environment)
            measure(_OURS, count, options.seconds, environment)


if __name__ == "__main__":
    main()
