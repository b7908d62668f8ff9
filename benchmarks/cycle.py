"""The cycle run by machine: a retraining and a report of Iris, and the start of a server until it is ready.

    python -m benchmarks.cycle

Aims: `retrain` at most 20 s, `report` at most 10 s, from process start to `/readyz` with a champion present at most 5 s. All
are whole processes. Beside the retraining stands scikit-learn's own `cross_val_predict` of the same four families, alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from urllib.error import URLError
from urllib.request import urlopen

from benchmarks.visitor import ROOT, free_port, installation_folder, serving, streamlit_command

PLAIN = """
from sklearn.datasets import load_iris
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
X, y = load_iris(return_X_y=True)
for model in (LinearDiscriminantAnalysis(), LogisticRegression(), RandomForestClassifier(300), SVC()):
    cross_val_predict(make_pipeline(StandardScaler(), model), X, y, cv=10, n_jobs=2)
"""


def timed(command: list[str], environment: dict[str, str]) -> float:
    """Seconds of a process."""
    start = time.perf_counter()
    subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=True, capture_output=True)
    return time.perf_counter() - start


def until_ready(environment: dict[str, str]) -> float:
    """Seconds from starting a server until it says that it is ready."""
    port = free_port()
    start = time.perf_counter()
    with serving(streamlit_command("app.py", port), ROOT, port, environment):
        while time.perf_counter() - start < 60:
            try:
                with urlopen(f"http://127.0.0.1:{port}/readyz") as answer:
                    if answer.status == 200:
                        return time.perf_counter() - start
            except (URLError, OSError):
                time.sleep(0.02)
    raise TimeoutError("the server was not ready within a minute")


def main() -> None:
    flora = [sys.executable, "-m", "flora_core"]
    with installation_folder() as environment, tempfile.TemporaryDirectory() as folder:
        plain = timed([sys.executable, "-c", PLAIN], environment)
        taken = timed([*flora, "retrain", "--study", "iris"], environment)
        print(
            f"retrain        {taken:5.1f} s   (aim: at most 20)   {taken / plain:.1f} times scikit-learn's folds alone"
        )
        print(f"report         {timed([*flora, 'report', '--output', folder], environment):5.1f} s   (aim: at most 10)")
        starts = sorted(until_ready(environment) for _ in range(5))
        print(f"start to ready {starts[2]:5.1f} s   (aim: at most 5; {starts[0]:.1f} to {starts[-1]:.1f})")


if __name__ == "__main__":
    main()
