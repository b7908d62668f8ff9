import numpy as np
import pytest

from flora_core.monitoring.compat import nannyml_performance
from flora_core.monitoring.performance.cbpe import (
    METRICS,
    counted,
    estimate,
    estimate_metric,
    expected_counts,
    prediction_powered,
)
from flora_core.monitoring.predictions import PredictionSample


def honest(n, seed, k=3, sure=0.3):
    """Plants whose species is drawn with the very probabilities that the model gives."""
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet([sure] * k, n)
    true = (rng.random((n, 1)) > probabilities.cumsum(axis=1)).sum(axis=1).clip(0, k - 1)
    return PredictionSample(probabilities, probabilities.argmax(axis=1), true)


def perfect(n, k=3):
    true = np.arange(n) % k
    return PredictionSample(np.eye(k)[true], true.copy(), true)


def test_expected_counts_by_hand():
    counts = expected_counts(np.array([[0.9, 0.1], [0.4, 0.6], [0.5, 0.5]]), np.array([0, 1, 2]))
    assert counts.table.tolist() == [[0.9, 0.4], [0.1, 0.6]]
    assert (counts.named.tolist(), counts.others, counts.n) == ([1.0, 1.0], 1.0, 3.0)
    assert counts.parts("accuracy") == [(1.5, 3.0)]
    assert counts.parts("precision") == [(0.9, 1.0), (0.6, 1.0)]
    assert counts.parts("recall") == [(0.9, pytest.approx(1.3)), (0.6, pytest.approx(0.7))]


def test_the_estimates_are_those_of_the_formula_and_realised_as_scikit_learn_has_it():
    from sklearn.metrics import accuracy_score, f1_score, roc_auc_score

    reference, current = honest(800, 1), honest(300, 2)
    ours, theirs = estimate(reference, current), nannyml_performance.estimate(reference, current, 300)
    for a, b in zip(ours, theirs, strict=True):
        assert (a.metric, a.value) == (b.metric, pytest.approx(b.value, abs=1e-12))
    real = {e.metric: e.realised for e in ours}
    assert real["accuracy"] == pytest.approx(accuracy_score(current.true, current.identified))
    assert real["f1"] == pytest.approx(f1_score(current.true, current.identified, average="macro"))
    assert real["roc_auc"] == pytest.approx(roc_auc_score(current.true, current.probabilities, multi_class="ovr"))


def test_a_perfect_reference_has_a_band_and_no_alert():
    for e in estimate(perfect(90), perfect(30), 10):
        assert e.value == pytest.approx(1.0)
        assert e.standard_error > 0
        assert e.low < e.high <= 1.0
        assert e.threshold_low < 1.0
        assert not e.alert


def test_bands_widen_where_accuracy_falls_and_with_fewer_plants():
    reference = honest(600, 1, sure=0.1)
    wide = {n: estimate(reference, honest(n, 3, sure=1.0))[0] for n in (40, 400)}
    narrow = estimate(reference, honest(400, 3, sure=0.1))[0]
    assert narrow.standard_error < wide[400].standard_error < wide[40].standard_error
    assert wide[400].alert
    assert not narrow.alert


def test_intervals_hold_what_is_realised():
    inside = dict.fromkeys(METRICS, 0)
    for seed in range(200):
        for e in estimate(honest(400, 1000 + seed), honest(60, 100 + seed)):
            inside[e.metric] += e.low <= e.realised <= e.high
    assert all(0.9 <= count / 200 <= 1.0 for count in inside.values()), inside


@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize("k", [1, 2, 3])
def test_a_handful_of_plants_gives_numbers(n, k):
    for e in estimate(honest(60, 1, k), honest(n, 2, k)):
        if e.metric == "roc_auc" and e.value is None:
            continue
        assert 0 <= e.low <= e.value <= e.high <= 1
        assert 0 < e.standard_error < 1


def test_a_window_of_one_species_and_a_name_without_probabilities():
    current = honest(40, 5)
    current.true[:] = 2
    current.identified[:3] = 7
    found = {e.metric: e for e in estimate(honest(300, 1), current)}
    assert found["accuracy"].n == 40
    assert found["accuracy"].realised == (current.identified == 2).mean()
    assert found["roc_auc"].realised is None


def test_without_labels_or_usable_plants():
    current = honest(20, 6)
    current.true[:] = -1
    assert all(e.realised is None and e.value is not None for e in estimate(honest(100, 1), current))
    current.probabilities[:] = np.nan
    assert all(e.value is None and not e.alert for e in estimate(honest(100, 1), current))
    assert (
        estimate_metric(
            "accuracy", counted(np.array([], int), np.array([], int), 2), counted(np.array([0]), np.array([0]), 2)
        )
        is None
    )


def test_determinations_correct_an_estimate_that_boasts():
    rng = np.random.default_rng(7)
    inside = []
    for _ in range(200):
        boasting = rng.uniform(0.85, 1.0, 2000)
        right = rng.random(2000) < boasting - 0.15
        found = prediction_powered(boasting[100:], boasting[:100], right[:100])
        inside.append(found.low <= 0.775 <= found.high)
    assert np.mean(inside) >= 0.9
    assert (found.identified, found.determined) == (2000, 100)


def test_many_identifications_narrow_what_few_determinations_say():
    rng = np.random.default_rng(8)
    inside = narrower = 0
    for _ in range(200):
        confidence = rng.choice([0.5, 0.99], 2000)
        right = rng.random(2000) < confidence
        found = prediction_powered(confidence[60:], confidence[:60], right[:60])
        inside += found.low <= 0.745 <= found.high
        alone = 2 * 1.96 * np.sqrt(max(right[:60].var(), 1e-9) / 60)
        narrower += found.high - found.low < alone
    assert inside / 200 >= 0.9
    assert narrower / 200 > 0.9


def test_too_few_determinations_and_all_right():
    assert prediction_powered(np.full(100, 0.9), np.full(4, 0.9), np.ones(4)) is None
    found = prediction_powered(np.full(100, 0.9), np.full(10, 0.9), np.ones(10))
    assert found.high > found.low
    assert prediction_powered(np.zeros(0), np.full(10, 0.9), np.ones(10)).value == 1.0


def test_what_is_nothing_but_rounding_is_nothing():
    # Ten plants surely of the first species, but for the last digit: the specificity of the first rests on no plant.
    sure = np.full((10, 2), [1.0 - 1e-16, 1e-17])
    for j, (hits, trials) in enumerate(expected_counts(sure, np.zeros(10, int)).parts("specificity")):
        assert (hits, trials) == ((0.0, 0.0) if j == 0 else (pytest.approx(10.0), pytest.approx(10.0)))
