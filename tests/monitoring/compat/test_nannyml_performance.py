"""The literal figures are NannyML 0.13.1's own on the same small tables."""

import numpy as np
import pytest

from flora_core.monitoring.compat.nannyml_performance import METRICS, estimate
from flora_core.monitoring.predictions import PredictionSample

BINARY = {
    "accuracy": ([0.871323529412, 0.878921568627, 0.796078431373], 0.079843597113, [0.9, 0.95, 1.0], 0.514589803375),
    "f1": (
        [0.856439704676, 0.886017535764, 0.763636363636],
        0.148909076431,
        [0.888888888889, 0.952380952381, 1.0],
        0.514589803375,
    ),
    "precision": (
        [0.852941176471, 0.855614973262, 0.823529411765],
        0.112915897906,
        [0.888888888889, 0.909090909091, 1.0],
        0.514589803375,
    ),
    "recall": (
        [0.859967051071, 0.918660287081, 0.71186440678],
        0.112915897906,
        [0.888888888889, 1.0, 1.0],
        0.514589803375,
    ),
    "specificity": (
        [0.880478087649, 0.837185929648, 0.868613138686],
        0.112915897906,
        [0.909090909091, 0.9, 1.0],
        0.514589803375,
    ),
    "roc_auc": (
        [0.937368779367, 0.923833113547, 0.897501104351],
        0.021685788837,
        [0.89898989899, 1.0, 1.0],
        0.681282897268,
    ),
}
MULTICLASS = {
    "accuracy": ([0.777809441533, 0.869884982585, 0.71657791447], 0.083333333333, [0.8, 0.6, 0.7], 0.65),
    "f1": (
        [0.776765772239, 0.869810835302, 0.706296373071],
        0.093056028284,
        [0.798534798535, 0.496296296296, 0.711111111111],
        0.647285987629,
    ),
    "precision": (
        [0.777257092628, 0.878711493278, 0.749850178265],
        0.08181305211,
        [0.801587301587, 0.625, 0.755555555556],
        0.707830805355,
    ),
    "recall": (
        [0.7774792996, 0.866900834369, 0.710918144057],
        0.083333333333,
        [0.801587301587, 0.461538461538, 0.694444444444],
        0.648357972008,
    ),
    "specificity": (
        [0.889266869542, 0.933930159072, 0.857152442988],
        0.043487971943,
        [0.901098901099, 0.857692307692, 0.84126984127],
        0.823669842957,
    ),
    "roc_auc": (
        [0.89686227482, 0.957906941038, 0.866618227605],
        0.044943668445,
        [0.911477411477, None, 0.972222222222],
        0.81924754606,
    ),
}


def two_species(n, start):
    i = np.arange(n)
    p = ((i * 37 + start) % 101) / 100
    true = p > ((i * 61 + start) % 97) / 97
    return PredictionSample(np.stack([1 - p, p], axis=1), (p >= 0.5).astype(int), true.astype(int))


def three_species(n, start):
    i = np.arange(n)
    true = (i * 29 + start) % 3
    weights = np.stack([1 + ((i * (31 + 6 * j) + start) % 53) / 10 * (1 + 3 * (true == j)) for j in range(3)], axis=1)
    return PredictionSample(weights / weights.sum(axis=1, keepdims=True), weights.argmax(axis=1), true)


def check(expected, found):
    for metric, (values, error, realised, low) in expected.items():
        ours = [e for e in found if e.metric == metric]
        assert [e.value for e in ours] == pytest.approx(values, abs=1e-9)
        assert ours[0].standard_error == pytest.approx(error, abs=1e-9)
        assert [e.realised for e in ours] == pytest.approx(realised, abs=1e-9)
        assert ours[0].threshold_low == pytest.approx(low, abs=1e-9)
        assert ours[0].low == pytest.approx(max(0.0, ours[0].value - 3 * ours[0].standard_error))
        assert ours[0].alert == (values[0] < low)


def test_two_species_follow_the_binary_path():
    found = estimate(two_species(80, 0), two_species(45, 7), 20)
    assert [e.n for e in found[::6]] == [20, 20, 5]
    check(BINARY, found)


def test_three_species_and_a_window_that_lacks_one():
    current = three_species(50, 11)
    current.true[20:40] = np.where(current.true[20:40] == 0, 1, current.true[20:40])
    check(MULTICLASS, estimate(three_species(90, 0), current, 20))


@pytest.mark.parametrize("plants", [two_species, three_species])
def test_a_window_of_one_species_has_an_estimate_and_nothing_realised(plants):
    current = plants(30, 3)
    current.true[:] = 1
    for e in estimate(plants(90, 0), current, 30):
        assert e.value is not None
        if e.metric in ("f1", "precision", "recall", "roc_auc") or (plants is three_species):
            assert e.realised is None


def test_without_labels_there_is_nothing_realised_and_missing_probabilities_are_left_out():
    current = three_species(20, 5)
    current.true[:] = -1
    current.probabilities[:4, 1] = np.nan
    found = estimate(three_species(90, 0), current, 20)
    assert {e.metric for e in found} == set(METRICS)
    assert all(e.realised is None and e.n == 16 and 0 < e.value < 1 for e in found)


@pytest.mark.parametrize("n", [0, 1, 2, 7])
def test_a_handful_of_reference_plants_raises_nothing(n):
    for e in estimate(three_species(n, 0), three_species(6, 2), 3):
        assert e.value is None or 0 <= e.value <= 1
        assert e.standard_error is None or e.standard_error >= 0


def test_a_name_without_probabilities_counts_as_wrong():
    current = three_species(10, 1)
    current.identified[:] = 3
    accuracy = estimate(three_species(90, 0), current, 10)[0]
    assert (accuracy.value, accuracy.realised) == (0.0, None)
