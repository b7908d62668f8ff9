import numpy as np
import pytest

from flora_core.identification.explanation import (
    _evidence_of_clouds,
    central_ranges,
    explain,
    next_measurement,
    standings,
)
from flora_core.identification.predicting import probabilities
from tests.builders import iris_table, make_flower

X, y = iris_table()
NAN = np.nan


def test_standing_is_the_share_of_smaller_flowers_ties_counting_half(champion):
    row = make_flower()
    for k in range(3):
        for i in range(4):
            column = X[y == k, i]
            by_hand = (column < row[i]).mean() + 0.5 * (column == row[i]).mean()
            assert standings(champion, row)[k, i] == pytest.approx(by_hand)


def test_petals_of_a_setosa_speak_strongly_for_it_and_against_the_others(champion):
    evidence = explain(champion, make_flower()).evidence
    assert evidence[0, 2] > 2.3
    assert evidence[1, 2] < -2.3
    assert evidence[2, 3] < -2.3


def test_evidence_of_one_measurement_is_its_own_answer_over_the_training_shares(champion):
    row = make_flower()
    alone = np.array([[NAN, NAN, row[2], NAN]])
    p = probabilities(champion, alone)[0]
    by_hand = np.log(p / (1 - p)) - np.log(0.5)
    assert explain(champion, row).evidence[:, 2] == pytest.approx(by_hand)


def test_what_was_not_measured_says_nothing(champion):
    row = make_flower()
    row[1] = NAN
    found = explain(champion, row)
    assert np.isnan(found.evidence[:, 1]).all()
    assert np.isnan(found.standing[:, 1]).all()
    assert np.isnan(found.deviation[:, 1]).all()


def test_the_next_measurement_is_a_petal_s(champion):
    found = next_measurement(champion, np.array([5.9, 2.8, NAN, NAN]))
    assert found is not None
    assert found.column in (2, 3)
    assert 0.6 < found.certainty_now < 0.8 < found.certainty_then < 1


def test_with_everything_measured_there_is_no_next(champion):
    assert next_measurement(champion, make_flower()) is None


def test_certainty_is_promised_as_it_comes(champion):
    """Over Fisher's flowers, the promised certainty is the one reached when the petal width is really added."""
    promised, reached = [], []
    for row in X[50:]:
        sepals = np.array([row[0], row[1], NAN, NAN])
        found = next_measurement(champion, sepals)
        sepals[found.column] = row[found.column]
        promised.append(found.certainty_then)
        reached.append(probabilities(champion, sepals[None]).max())
    assert np.mean(promised) == pytest.approx(np.mean(reached), abs=0.03)


def test_central_ranges_are_numpy_s_quantiles(champion):
    ranges = central_ranges(champion)
    assert ranges[:, 1, 3] == pytest.approx(np.quantile(X[y == 1, 3], [0.05, 0.5, 0.95]))


def test_evidence_of_the_distributions_points_where_the_models_own_does(champion):
    values = make_flower()
    by_clouds = _evidence_of_clouds(champion, values, np.arange(4))
    assert (by_clouds.argmax(axis=0) == explain(champion, values).evidence.argmax(axis=0)).all()
    missing = _evidence_of_clouds(champion, make_flower(petal_width=np.nan), np.arange(3))
    assert np.isnan(missing[:, 3]).all()
