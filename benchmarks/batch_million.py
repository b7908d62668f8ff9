"""A table of a million flowers through the command, against a plain script on the same file.

    python -m benchmarks.batch_million [ROUNDS] [FEW]

The plain script reads the file with `pandas.read_csv`, calls `predict_proba` of the same pipeline, and writes the table with
its probabilities by `DataFrame.to_csv`; the leanest writes the species and one probability. The command checks every cell
besides, names each flower with its prediction set, says whether it fits any species, and records every row where it is asked
to. All are processes of their own, asked in turns. Aims, against the leanest script: at most 0.6 without recording, at most
1.0 with. Then, unless FEW is said, the peak memory of five million rows.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.visitor import ROOT
from flora_core.settings import Settings
from flora_core.workflows.context import open_context
from flora_core.workflows.models.lifecycle import ensure_champion, iris_plants

PLAIN = """
import sys
import joblib, pandas
pipeline = joblib.load(sys.argv[1])
table = pandas.read_csv(sys.argv[2])
probabilities = pipeline.predict_proba(table[["sepal_length", "sepal_width", "petal_length", "petal_width"]].to_numpy())
for j, name in enumerate(("setosa", "versicolor", "virginica")):
    table[name] = probabilities[:, j]
table.to_csv(sys.argv[3], index=False)
"""

LEANEST = """
import sys
import joblib, numpy, pandas
pipeline = joblib.load(sys.argv[1])
table = pandas.read_csv(sys.argv[2])
probabilities = pipeline.predict_proba(table[["sepal_length", "sepal_width", "petal_length", "petal_width"]].to_numpy())
table["species"] = numpy.array(["setosa", "versicolor", "virginica"])[probabilities.argmax(axis=1)]
table["probability"] = probabilities.max(axis=1)
table.to_csv(sys.argv[3], index=False)
"""


def write_table(path: Path, rows: int) -> None:
    """Fisher's flowers again and again, each a little different, with catalogue numbers."""
    rng = np.random.default_rng(7)
    flowers = iris_plants().values
    with open(path, "w") as file:
        file.write("id,sepal_length,sepal_width,petal_length,petal_width\n")
        for start in range(0, rows, 100_000):
            n = min(100_000, rows - start)
            values = flowers[rng.integers(0, len(flowers), n)] + rng.normal(0, 0.05, (n, 4))
            values = np.maximum(values.round(1), 0.1)
            file.writelines(
                f"P{start + i:07d},{a:.1f},{b:.1f},{c:.1f},{d:.1f}\n" for i, (a, b, c, d) in enumerate(values.tolist())
            )


def run(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Seconds and peak megabytes of a process."""
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command} ended with {process.returncode}")
    return time.perf_counter() - start, used.ru_maxrss / 1024


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        environment = {
            **os.environ,
            "FLORA_DATABASE_URL": f"sqlite:///{here}/flora.db",
            "FLORA_MODELS": str(here / "models"),
        }
        context = open_context(
            Settings(database_url=environment["FLORA_DATABASE_URL"], models=here / "models", _env_file=None)
        )
        ensure_champion(context)
        import joblib

        joblib.dump(context.champion("iris").fitted_pipeline, here / "pipeline.joblib")
        context.close()
        million, more = here / "million.csv", here / "five.csv"
        write_table(million, 1_000_000)

        def command(table: Path, *options: str) -> list[str]:
            return [sys.executable, "-m", "flora_core", "batch", str(table), "-o", str(here / "out.csv"), *options]

        files = [str(path) for path in (here / "pipeline.joblib", million, here / "plain.csv")]
        contenders = {
            "plain script": [sys.executable, "-c", PLAIN, *files],
            "leanest script": [sys.executable, "-c", LEANEST, *files],
            "command": command(million, "--no-record"),
            "command, recording": command(million, "--by", "a benchmark", "--again"),
        }
        seconds: dict[str, list[float]] = {name: [] for name in contenders}
        megabytes: dict[str, float] = {}
        for _ in range(rounds):
            for name, words in contenders.items():
                taken, peak = run(words, environment)
                seconds[name].append(taken)
                megabytes[name] = max(peak, megabytes.get(name, 0.0))
        for name, aim in (
            ("plain script", ""),
            ("leanest script", ""),
            ("command", "at most 0.60 of the leanest"),
            ("command, recording", "at most 1.00"),
        ):
            plain, lean = (
                statistics.median(own / other for own, other in zip(seconds[name], seconds[script], strict=True))
                for script in ("plain script", "leanest script")
            )
            print(
                f"{name:20} {statistics.median(seconds[name]):6.2f} s   {plain:5.2f} times the plain script, "
                f"{lean:5.2f} times the leanest   {megabytes[name]:5.0f} MB   {aim}",
                flush=True,
            )
        if "FEW" in sys.argv:
            return
        write_table(more, 5_000_000)
        for name, options in (
            ("command", ("--no-record",)),
            ("command, recording", ("--by", "a benchmark", "--again")),
        ):
            taken, peak = run(command(more, *options), environment)
            ratio = peak / megabytes[name]
            print(
                f"five million, {name:20} {taken:6.1f} s   {peak:5.0f} MB, {ratio:4.2f} times that of one million",
                end="",
            )
            print("   at most 1.20 and 700 MB", flush=True)


if __name__ == "__main__":
    main()
