"""From the start of the process to the first species name delivered, against the bare page.

    python -m benchmarks.first_name

A champion is there already, as after the very first start. Aim: at most 1.5 times the bare page. Each figure is the median
of several starts, taken in turns so that both meet the same weather on the machine. A very first start, which trains the
first champion, is timed once at the end.
"""

from __future__ import annotations

import statistics
import tempfile
import time

from benchmarks.visitor import NAMED, ROOT, arrive, free_port, installation_folder, serving, streamlit_command

STARTS = 7


def first_name(script: str, folder: str, environment: dict[str, str], wanted: str) -> float:
    """Seconds from starting the process until the words came over the websocket."""
    port = free_port()
    start = time.perf_counter()
    with serving(streamlit_command(script, port), ROOT / folder, port, environment):
        visitor = arrive(port, name="identify" if script == "app.py" else "")
        visitor.until(wanted, 60)
        taken = time.perf_counter() - start
        visitor.close()
    return taken


def main() -> None:
    bare, ours = [], []
    with installation_folder() as environment:
        for _ in range(STARTS):
            bare.append(first_name("page.py", "benchmarks/bare", environment, "Iris versicolor"))
            ours.append(first_name("app.py", ".", environment, NAMED))
    a, b = statistics.median(bare), statistics.median(ours)
    print(f"bare page   {a:5.2f} s   ({min(bare):.2f} to {max(bare):.2f}, {STARTS} starts)")
    print(f"Identify    {b:5.2f} s   ({min(ours):.2f} to {max(ours):.2f}, {STARTS} starts)")
    print(f"ratio       {b / a:5.2f}     (aim: at most 1.5)")
    with tempfile.TemporaryDirectory() as folder:
        empty = {"FLORA_DATABASE_URL": f"sqlite:///{folder}/flora.db", "FLORA_MODELS": f"{folder}/models"}
        print(f"very first start, with training: {first_name('app.py', '.', empty, NAMED):.2f} s")


if __name__ == "__main__":
    main()
