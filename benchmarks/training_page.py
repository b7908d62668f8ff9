"""A rerun of the Identify page while a training runs on the same server, against the same page while it is idle.

    python -m benchmarks.training_page

Prints medians in milliseconds and their ratio (aim: at most 1.5). The training is a job as the Train page asks for one: a
search over random forests, in a process of its own.
"""

from __future__ import annotations

import os
import statistics
import time

from benchmarks.visitor import ROOT, Visitor, arrive, free_port, installation_folder, serving, streamlit_command
from flora_core.settings import Settings
from flora_core.workflows.context import AppContext, open_context
from flora_core.workflows.jobs.requests import ask_for_training
from flora_core.workflows.models.training import TrainingRequest

RERUNS = 60


def reruns(visitor: Visitor) -> float:
    """Median time of a rerun, in milliseconds."""
    times = []
    for i in range(RERUNS + 10):
        start = time.perf_counter()
        visitor.move("Petal width", round(1.0 + 0.1 * (i % 9), 1))
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times[10:])


def until_learning(context: AppContext, job: int) -> None:
    while context.jobs.get(job).done < 2:
        time.sleep(0.1)


def main() -> None:
    port = free_port()
    with installation_folder() as environment, serving(streamlit_command("app.py", port), ROOT, port, environment):
        os.environ |= {name: environment[name] for name in ("FLORA_DATABASE_URL", "FLORA_MODELS")}
        context = open_context(Settings(_env_file=None))
        visitor = arrive(port, name="identify")
        visitor.visit()
        time.sleep(6)  # what is loaded after the first visit has been loaded
        idle = reruns(visitor)
        request = TrainingRequest(algorithm="forest", hyperparameters={"trees": 300}, search=100)
        job = ask_for_training(context, "iris", request, "a benchmark").id
        until_learning(context, job)
        busy = reruns(visitor)
        context.jobs.cancel(job)
        visitor.close()
        context.close()
    print(f"idle             {idle:7.1f} ms")
    print(f"while training   {busy:7.1f} ms")
    print(f"ratio            {busy / idle:7.2f}   (aim: at most 1.5)")


if __name__ == "__main__":
    main()
