import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix

from flora_core.monitoring.performance.realised import confusion_of, rate, realised, reliability_points, wilson


@given(st.integers(0, 40), st.integers(1, 40))
def test_wilson_against_scipy(hits, n):
    hits = min(hits, n)
    expected = binomtest(hits, n).proportion_ci(method="wilson")
    low, high = wilson(hits, n)
    assert (low, high) == (pytest.approx(expected.low, abs=1e-12), pytest.approx(expected.high, abs=1e-12))
    assert 0 <= low <= hits / n <= high <= 1
    assert high - low > 0


def test_nothing_counted_is_anything():
    assert rate(0, 0) == rate(0, 0)
    assert (rate(0, 0).value, rate(0, 0).low, rate(0, 0).high) == (None, 0.0, 1.0)


def test_what_determinations_say():
    identified = np.array([0, 0, 1, 1, 1, 2, -1])
    true = np.array([0, 1, 1, 1, -1, 3, 0])  # one undetermined, one of a species not in the study, one not identified
    found = realised(3, identified, true)
    assert (found.identified, found.determined, found.right) == (6, 5, 3)
    assert found.accuracy.value == 0.6
    assert found.coverage.value == pytest.approx(5 / 6)
    assert found.confusion == ((1, 0, 0), (1, 2, 0), (0, 0, 0), (0, 0, 1))
    assert found.species[1].recall.value == pytest.approx(2 / 3)
    assert found.species[1].precision.value == 1.0
    assert (found.species[2].recall.value, found.species[2].precision.value) == (None, 0.0)


def test_no_determination_is_no_accuracy():
    found = realised(3, np.array([0, 1]), np.array([-1, -1]))
    assert (found.accuracy.value, found.accuracy.low, found.accuracy.high, found.coverage.value) == (
        None,
        0.0,
        1.0,
        0.0,
    )
    assert realised(1, np.array([], dtype=int), np.array([], dtype=int)).coverage.value is None


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=30))
def test_the_confusion_against_scikit_learn(pairs):
    identified, true = (np.array([pair[i] for pair in pairs], dtype=int) for i in range(2))
    expected = confusion_matrix(true, identified, labels=range(4)) if pairs else np.zeros((4, 4))
    assert (confusion_of(4, identified, true)[:4] == expected).all()


def test_what_was_said_against_what_came_true():
    rng = np.random.default_rng(1)
    confidence = rng.uniform(0.5, 1, 5000)
    points = reliability_points(confidence, rng.random(5000) < confidence)
    assert len(points) == 10
    for point in points:
        assert point.observed.low - 0.02 <= point.said <= point.observed.high + 0.02
    assert sum(point.observed.n for point in points) == 5000
    assert len(reliability_points(confidence[:15], np.ones(15))) == 1
    assert reliability_points(confidence[:0], np.ones(0)) == ()
