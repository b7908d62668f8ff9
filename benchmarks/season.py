"""A simulated season to show: how long it takes to load, what Home costs with it, and the first name of a visitor all the same.

    python -m benchmarks.season

Aims: `demo load` at most 10 s; Home at most 0.3 s of script time; from process start to the first species name at most 1.5
times the bare page. The first visit of Home finds nothing prepared; a later one what the first has left. A bare page, visited
in the same way, stands beside them.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

from benchmarks.first_name import first_name
from benchmarks.visitor import ROOT, arrive, free_port, installation_folder, serving, streamlit_command

STARTS, VISITS = 5, 15


def visits(script: str, folder: str, environment: dict[str, str], query: str = "") -> tuple[float, float]:
    """Milliseconds of the first visit after the server stands, and of the median later one."""
    port = free_port()
    with serving(streamlit_command(script, port), ROOT / folder, port, environment):
        arrive(port).close()
        time.sleep(8)  # the server has loaded what it loads after its start
        times = []
        for _ in range(VISITS):
            visitor = arrive(port, query)
            start = time.perf_counter()
            visitor.visit()
            times.append(1000 * (time.perf_counter() - start))
            visitor.close()
    return times[0], statistics.median(times[1:])


def main() -> None:
    with installation_folder() as environment:
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "flora_core", "demo", "load"],
            cwd=ROOT,
            env={**os.environ, **environment},
            check=True,
            capture_output=True,
        )
        print(f"demo load                      {time.perf_counter() - start:5.1f} s    (aim: at most 10)")
        bare = visits("page.py", "benchmarks/bare", environment)
        ours = visits("app.py", ".", environment, "study=season")
        print(f"Home with a season, first      {ours[0]:5.0f} ms   (aim: at most 300)")
        print(
            f"Home with a season, later      {ours[1]:5.0f} ms   {ours[1] / bare[1]:.2f} times the bare page's {bare[1]:.0f} ms"
        )
        starts = [
            (
                first_name("page.py", "benchmarks/bare", environment, "Iris versicolor"),
                first_name("app.py", ".", environment, "flora-name'><i>Iris"),
            )
            for _ in range(STARTS)
        ]
    a, b = (statistics.median(column) for column in zip(*starts, strict=True))
    print(
        f"first name with a season       {b:5.2f} s    {b / a:.2f} times the bare page's {a:.2f} s (aim: at most 1.5)"
    )


if __name__ == "__main__":
    main()
