"""A rerun of the Identify page on PostgreSQL over the same on SQLite.

    python -m benchmarks.rerun_postgresql [URL]

Two servers of our own run side by side and are asked in turns, so that both meet the same machine; each rerun moves one slider
by one step. Without a URL a PostgreSQL server is started for it. Prints medians in milliseconds, their ratio, and how many
transactions of PostgreSQL a rerun makes. Aims: at most 1.3 times, one transaction.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack

import psycopg

from benchmarks.visitor import ROOT, arrive, free_port, installation_folder, serving, streamlit_command
from tests.servers import postgres_server

RERUNS = 100


def transactions(url: str) -> int:
    """How many transactions the database has seen, this one not counted."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        row = connection.execute(
            "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone()
    assert row is not None
    return int(row[0])


def main() -> None:
    with ExitStack() as running:
        sqlite = running.enter_context(installation_folder())
        if len(sys.argv) > 1:
            url = sys.argv[1]
        else:
            server = postgres_server()
            if server is None:
                sys.exit("PostgreSQL is not here: apt-get install postgresql, or give the URL of a database.")
            url = running.enter_context(server).new_database()
        folder = running.enter_context(tempfile.TemporaryDirectory())
        postgresql = {**sqlite, "FLORA_DATABASE_URL": url, "FLORA_MODELS": f"{folder}/models"}
        subprocess.run(
            [sys.executable, "-m", "flora_core", "models", "list"],
            cwd=ROOT,
            env={**os.environ, **postgresql},
            check=True,
            capture_output=True,
        )
        visitors, taken = {}, {}
        for name, environment in (("SQLite", sqlite), ("PostgreSQL", postgresql)):
            port = free_port()
            running.enter_context(serving(streamlit_command("app.py", port), ROOT, port, environment))
            visitors[name] = arrive(port, name="identify")
            running.callback(visitors[name].close)
            visitors[name].visit()
            taken[name] = list[float]()
        time.sleep(8)  # what is loaded after the first visit has been loaded
        before = 0
        for i in range(RERUNS + 10):
            if i == 10:
                time.sleep(2)  # PostgreSQL's own counts come late
                before = transactions(url)
            for name, visitor in visitors.items():
                start = time.perf_counter()
                visitor.move("Petal width", round(1.0 + 0.1 * (i % 9), 1))
                taken[name].append(1000 * (time.perf_counter() - start))
        time.sleep(2)
        seen = transactions(url) - before
    medians = {name: statistics.median(times[10:]) for name, times in taken.items()}
    for name, median in medians.items():
        print(f"Identify on {name:12} {median:6.1f} ms")
    print(f"PostgreSQL / SQLite      {medians['PostgreSQL'] / medians['SQLite']:6.2f}   (aim: at most 1.3)")
    print(f"transactions a rerun     {seen / RERUNS:6.1f}   (the job queue's own looks among them)")


if __name__ == "__main__":
    main()
