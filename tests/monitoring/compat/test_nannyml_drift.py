import numpy as np
import pytest
from scipy.stats import chi2_contingency, ks_2samp, wasserstein_distance

from flora_core.monitoring.compat.nannyml_drift import drift
from flora_core.monitoring.windows import Column


def by_method(figures, window=0):
    return {f.method: f for f in figures if f.window == window}


def test_groups_by_hand():
    # Half and half against all of one: JS² = H(3/4, 1/4) - 1/2 bit, Hellinger² = 1 - sqrt(1/2).
    column = Column("colour", np.tile([0, 1], 20), np.zeros(8, dtype=int), ("blue", "white"))
    found = by_method(drift(column, 20))
    entropy = -(0.75 * np.log2(0.75) + 0.25 * np.log2(0.25))
    assert found["jensen_shannon"].value == pytest.approx(np.sqrt(entropy - 0.5))
    assert found["hellinger"].value == pytest.approx(np.sqrt(1 - np.sqrt(0.5)))
    assert found["l_infinity"].value == 0.5
    assert found["chi2"].value == pytest.approx(chi2_contingency([[20, 20], [8, 0]]).statistic)
    assert found["chi2"].p_value == pytest.approx(chi2_contingency([[20, 20], [8, 0]]).pvalue)
    assert (found["chi2"].threshold_high, found["chi2"].alert) == (None, True)


def test_an_unseen_group_goes_into_a_bin_of_its_own():
    column = Column("colour", np.zeros(20, dtype=int), np.full(5, 1), ("blue", "white"))
    found = by_method(drift(column, 5))
    assert found["jensen_shannon"].value == pytest.approx(1.0)
    assert found["hellinger"].value == pytest.approx(1.0)


def test_numbers_against_scipy_and_thresholds_from_the_references_own_windows():
    rng = np.random.default_rng(1)
    reference, current = rng.normal(size=200), rng.normal(0.5, size=90)
    figures = drift(Column("x", reference, current), 50)
    first = by_method(figures)
    assert first["kolmogorov_smirnov"].value == pytest.approx(ks_2samp(reference, current[:50]).statistic)
    assert first["wasserstein"].value == pytest.approx(wasserstein_distance(reference, current[:50]))
    own = [wasserstein_distance(reference, reference[i : i + 50]) for i in range(0, 200, 50)]
    assert first["wasserstein"].threshold_high == pytest.approx(np.mean(own) + 3 * np.std(own))
    assert first["wasserstein"].alert == (first["wasserstein"].value > first["wasserstein"].threshold_high)
    last = by_method(figures, 1)["wasserstein"]
    assert (last.start, last.end, last.n) == (50, 89, 40)


def test_missing_values_are_left_out_and_counted():
    reference = np.append(np.linspace(0, 1, 50), np.nan)
    found = by_method(drift(Column("x", reference, np.array([0.1, np.nan, 0.5, np.nan])), 4))
    assert found["wasserstein"].n == 2
    assert found["wasserstein"].value == pytest.approx(wasserstein_distance(reference[:-1], [0.1, 0.5]))


def test_from_ten_thousand_on_it_counts_in_bins_close_to_the_exact_figure():
    rng = np.random.default_rng(2)
    reference, current = rng.normal(size=10_000), rng.normal(0.3, 1.5, size=800)
    found = by_method(drift(Column("x", reference, current), 800))
    assert found["wasserstein"].value == pytest.approx(wasserstein_distance(reference, current), rel=5e-3)
    assert found["kolmogorov_smirnov"].value == pytest.approx(ks_2samp(reference, current).statistic, abs=2e-3)


@pytest.mark.parametrize("labels", [(), ("a", "b")])
def test_an_empty_window_or_reference_has_figures_without_values(labels):
    full = np.array([0, 1, 1, 0]) if labels else np.array([0.0, 1.0, 2.0, 3.0])
    empty = np.full(4, -1) if labels else np.full(4, np.nan)
    for column in (Column("x", full, empty, labels), Column("x", empty, full, labels)):
        for figure in drift(column, 4):
            assert (figure.value, figure.p_value, figure.alert) == (None, None, False)
    assert len(drift(Column("x", full, empty, labels), 4)) == 4


def test_a_constant_column_is_at_no_distance_from_itself():
    found = by_method(drift(Column("x", np.full(30, 2.5), np.full(9, 2.5)), 9))
    assert {name: f.value for name, f in found.items()} == dict.fromkeys(found, 0.0)
    assert not any(f.alert for f in found.values())
