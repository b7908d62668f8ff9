"""A rerun of the Identify page against a bare page of 30 lines, driven through a websocket.

    python -m benchmarks.rerun

Prints medians in milliseconds and two ratios: Identify over the bare page as plain `streamlit run` serves it (aim: at most
0.4), and over the same bare page behind our own front door (aim: at most 2.5). The three servers run one after the other
and are visited in the same way; each rerun moves one slider by one step.
"""

from __future__ import annotations

import statistics
import time

from benchmarks.visitor import ROOT, arrive, free_port, installation_folder, serving, streamlit_command

RERUNS = 60


def reruns(script: str, folder: str, environment: dict[str, str]) -> float:
    """Median time of a rerun in steady state, in milliseconds."""
    port = free_port()
    with serving(streamlit_command(script, port), ROOT / folder, port, environment):
        visitor = arrive(port, name="identify" if folder == "." else "")
        visitor.visit()
        time.sleep(6)  # what is loaded after the first visit has been loaded
        times = []
        for i in range(RERUNS + 10):
            start = time.perf_counter()
            visitor.move("Petal width", round(1.0 + 0.1 * (i % 9), 1))
            times.append(1000 * (time.perf_counter() - start))
        visitor.close()
    return statistics.median(times[10:])


def main() -> None:
    with installation_folder() as environment:
        plain = reruns("page.py", "benchmarks/bare", environment)
        ours_bare = reruns("app.py", "benchmarks/bare", environment)
        identify = reruns("app.py", ".", environment)
    print(f"bare page, plain streamlit run   {plain:7.1f} ms")
    print(f"bare page, our front door        {ours_bare:7.1f} ms")
    print(f"Identify                         {identify:7.1f} ms")
    print(f"Identify / bare page, plain      {identify / plain:7.2f}   (aim: at most 0.4)")
    print(f"Identify / bare page, our door   {identify / ours_bare:7.2f}   (aim: at most 2.5)")


if __name__ == "__main__":
    main()
