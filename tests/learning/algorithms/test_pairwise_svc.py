import numpy as np
import pytest
from sklearn.svm import SVC

from flora_core.learning.algorithms.pairwise_svc import PairwiseSVC
from tests.builders import iris_table

X, y = iris_table()


def test_probabilities_are_the_product_of_what_the_pairs_say():
    machine = PairwiseSVC(decision_function_shape="ovo").fit(X, y)
    values = machine.decision_function(X[70:71])[0]
    over = {(0, 1): values[0], (0, 2): values[1], (1, 2): values[2]}
    over |= {(j, i): -v for (i, j), v in over.items()}
    odds = np.array(
        [np.prod([1 / (1 + np.exp(-2 * over[i, j])) for j in range(3) if j != i]) ** (3 / 3**0.5) for i in range(3)]
    )
    assert machine.predict_proba(X[70:71])[0] == pytest.approx(odds / odds.sum())


@pytest.mark.parametrize("k", [2, 3])
def test_the_likeliest_is_nearly_always_the_one_with_most_votes(k):
    rows = y < k
    machine = PairwiseSVC(decision_function_shape="ovo").fit(X[rows], y[rows])
    p = machine.predict_proba(X[rows])
    assert p.sum(axis=1) == pytest.approx(np.ones(rows.sum()))
    assert (p.argmax(axis=1) == SVC().fit(X[rows], y[rows]).predict(X[rows])).mean() >= 0.98


def test_many_plants_are_answered_in_parts_as_one(monkeypatch):
    machine = PairwiseSVC(decision_function_shape="ovo").fit(X, y)
    whole = machine.predict_proba(X)
    monkeypatch.setattr("flora_core.learning.algorithms.pairwise_svc._AT_ONCE", 21)
    assert machine.predict_proba(X) == pytest.approx(whole, abs=1e-14)
    assert machine.predict_proba(X[:0]).shape == (0, 3)
