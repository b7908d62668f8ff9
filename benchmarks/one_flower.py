"""What the Identify page computes for one flower, without Streamlit.

    python -m benchmarks.one_flower

Name, candidates, prediction set, fitness, "did you mean", sentence, explanation, next measurement, the plot among the
training flowers as JSON, the drawing, and the HTML of the answer. Aim: a median of at most 10 ms with LDA. Beside it, what
scikit-learn takes for `predict_proba` of the same flower alone.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
import plotly.io

from flora_core.learning.training import train
from flora_core.study import IRIS
from flora_core.workflows.identify import identify_with
from flora_core.workflows.models.lifecycle import iris_plants
from ui.charts.flower import DrawnFlower, flowers
from ui.charts.scatter import among_training_plants, best_pair
from ui.identify.answer_card import answer_card, candidate_rows, why

FLOWERS = {
    "clear": {"sepal_length": "5.9", "sepal_width": "2.8", "petal_length": "4.3", "petal_width": "1.3"},
    "between two species": {"sepal_length": "6.0", "sepal_width": "2.7", "petal_length": "4.9", "petal_width": "1.6"},
    "petals not measured": {"sepal_length": "5.9", "sepal_width": "2.8"},
    "one value in millimetres": {
        "sepal_length": "5.1",
        "sepal_width": "3.5",
        "petal_length": "14",
        "petal_width": "0.2",
    },
}


def median_ms(function: Callable[[], object], times: int = 200) -> float:
    for _ in range(10):
        function()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        function()
        taken.append(1000 * (time.perf_counter() - start))
    return statistics.median(taken)


def main() -> None:
    model = train(IRIS, iris_plants(), algorithm="lda")
    x, y = best_pair(model)

    def everything(typed: dict[str, str]) -> None:
        found = identify_with(model, typed)
        answer_card(found), candidate_rows(found), why(found), found.next_measurement, found.as_json()
        plotly.io.to_json(among_training_plants(model, found.plant.values, x, y), validate=False)
        mean = model.gaussians.means[found.best]
        flowers(IRIS, [DrawnFlower("this flower", found.plant.values, mean), DrawnFlower("mean", mean, mean)], "#000")

    row = np.array([[5.9, 2.8, 4.3, 1.3]])
    alone = median_ms(lambda: model.fitted_pipeline.predict_proba(row))
    print(f"{'predict_proba alone':28} {alone:6.2f} ms")
    for name, typed in FLOWERS.items():
        whole = median_ms(lambda typed=typed: everything(typed))  # type: ignore[misc]
        print(f"{name:28} {whole:6.2f} ms   {whole / alone:5.1f} times predict_proba   (aim: at most 10 ms)")


if __name__ == "__main__":
    main()
