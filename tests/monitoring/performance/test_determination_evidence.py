import numpy as np
import pytest

from flora_core.monitoring.performance.cbpe import prediction_powered
from flora_core.monitoring.performance.determination_evidence import (
    determination_evidence,
    fewer_right_than_expected,
    visible_accuracy,
)


def test_the_count_of_right_names_is_poisson_binomial():
    rng = np.random.default_rng(1)
    confidence = rng.uniform(0.5, 0.99, 30)
    drawn = (rng.random((40_000, 30)) < confidence).sum(axis=1)
    for hits in (18, 22, 25):
        right = np.arange(30) < hits
        assert fewer_right_than_expected(confidence, right) == pytest.approx((drawn <= hits).mean(), abs=0.01)


def test_confidences_known_from_few_errors_are_held_less_tightly():
    confidence, right = np.full(30, 0.85), np.arange(30) < 20
    exact = fewer_right_than_expected(confidence, right)
    assert exact < 0.01 < fewer_right_than_expected(confidence, right, information=4.0)
    assert fewer_right_than_expected(confidence, right, information=1e9) == pytest.approx(exact, rel=1e-3)


def test_a_confidence_of_one_is_not_taken_at_its_word():
    assert fewer_right_than_expected(np.ones(50), np.arange(50) > 0) > 0.01
    assert fewer_right_than_expected(np.ones(19), np.ones(19, bool)) is None


def test_nearly_all_determined_is_a_census():
    confidence, right, by_lot = np.full(40, 0.9), np.ones(40, bool), np.zeros(40, bool)
    found = determination_evidence(42, (40, 39), (0, 0), confidence, right, by_lot)
    assert (found.how, found.plants, found.right, len(found.chosen_right)) == ("census", 40, 39, 0)
    found = determination_evidence(60, (40, 39), (0, 0), confidence, right, by_lot)
    assert (found.how, found.plants, len(found.chosen_right)) == ("drawn", 0, 40)
    assert determination_evidence(0, (0, 0), (0, 0), confidence[:0], right[:0], by_lot[:0]).how == "drawn"


def test_joined_accuracy_is_unbiased_where_the_hard_ones_were_chosen_first():
    rng = np.random.default_rng(2)
    errors, held = [], 0
    for _ in range(150):
        confidence = rng.beta(8, 1, 400)
        right = rng.random(400) < confidence - 0.15  # the model boasts
        order = np.argsort(confidence)
        chosen, rest = order[:40], order[40:]
        lot = rng.choice(rest, 30, replace=False)
        seen = np.concatenate([chosen, lot])
        by_lot = np.arange(70) >= 40
        found = determination_evidence(
            400,
            (70, int(right[seen].sum())),
            (30, int(right[lot].sum())),
            confidence[seen],
            right[seen],
            by_lot,
            window=(confidence, np.ones(400, dtype=np.int64)),
        ).joined
        errors.append(found.value - right.mean())
        held += found.low <= right.mean() <= found.high
    assert abs(np.mean(errors)) < 0.015
    assert held / 150 >= 0.88


def test_counts_are_as_good_as_plants():
    rng = np.random.default_rng(3)
    levels, counts = rng.uniform(0.5, 1.0, 12), rng.integers(1, 20, 12)
    seen, right = rng.uniform(0.5, 1.0, 15), rng.integers(0, 2, 15)
    one = prediction_powered(np.repeat(levels, counts), seen, right)
    other = prediction_powered(levels, seen, right, counts=counts)
    assert (one.value, one.low, one.high, one.identified) == pytest.approx(
        (other.value, other.low, other.high, other.identified)
    )


def test_what_a_few_plants_could_show():
    few, many = visible_accuracy(5, (147, 150)), visible_accuracy(50, (147, 150))
    assert 0.5 < few < 0.75
    assert 0.85 < many < 0.93
    assert visible_accuracy(0, (147, 150)) is None
    assert visible_accuracy(1, (20, 40)) is None
