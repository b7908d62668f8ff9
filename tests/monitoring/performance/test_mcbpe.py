import numpy as np
import pytest

from flora_core.monitoring.performance.cbpe import estimate_share
from flora_core.monitoring.performance.mcbpe import density_ratio, estimate_shifted


def test_plants_like_those_of_the_window_count_more():
    rng = np.random.default_rng(1)
    reference, window = rng.normal(0, 1, (4000, 1)), rng.normal(1, 1, (4000, 1))
    weights = density_ratio(reference, window)
    assert weights.mean() == pytest.approx(1.0, abs=0.2)
    assert np.average(reference[:, 0], weights=weights) == pytest.approx(1.0, abs=0.15)
    expected = np.exp(reference[:, 0] - 0.5)  # the ratio of the two normal densities
    middle = np.abs(reference[:, 0]) < 1.5
    np.testing.assert_allclose(weights[middle], expected[middle], rtol=0.3)


def test_without_a_change_all_count_the_same_and_gaps_do_no_harm():
    rng = np.random.default_rng(2)
    reference, window = rng.normal(size=(500, 3)), rng.normal(size=(400, 3))
    reference[rng.random(reference.shape) < 0.2] = np.nan
    window[:, 2] = np.nan
    weights = density_ratio(reference, window)
    assert np.isfinite(weights).all()
    assert weights[np.isfinite(reference).all(axis=1)].std() < 0.5


def boasting_where_large(n, rng, centre):
    """A model that is as sure of large plants as of small ones, and wrong more often with them."""
    x = rng.normal(centre, 1, n)
    sure = np.full(n, 0.9)
    right = rng.random(n) < np.where(x > 0, 0.6, 0.98)
    probabilities = np.stack([sure, 1 - sure], axis=1)
    return x[:, None], probabilities, np.where(right, 0, 1)


def test_it_follows_where_calibration_alone_cannot():
    rng = np.random.default_rng(3)
    reference, probabilities, species = boasting_where_large(2000, rng, 0.0)
    window, window_probabilities, true = boasting_where_large(1000, rng, 1.0)
    found = estimate_shifted(reference, probabilities, species, window, window_probabilities)
    realised = (true == 0).mean()
    assert (species == 0).mean() - realised > 0.1  # what the reference alone would say is far off
    assert found.guess.value == pytest.approx(realised, abs=0.04)
    assert found.guess.low < realised < found.guess.high
    assert 100 < found.plants < 2000


def test_a_window_unlike_any_reference_plant_is_not_guessed_at():
    rng = np.random.default_rng(4)
    reference, probabilities, species = boasting_where_large(40, rng, 0.0)
    window, window_probabilities, _ = boasting_where_large(50, rng, 6.0)
    assert estimate_shifted(reference, probabilities, species, window, window_probabilities) is None
    assert estimate_shifted(reference, probabilities, species, window[:0], window_probabilities[:0]) is None


def test_rare_species_share_one_curve():
    rng = np.random.default_rng(5)
    species = np.repeat(np.arange(10), 8)
    probabilities = rng.dirichlet(np.ones(10), 80) * 0.3 + 0.7 * np.eye(10)[species]
    found = estimate_shifted(
        rng.normal(size=(80, 2)), probabilities, species, rng.normal(size=(30, 2)), probabilities[:30]
    )
    assert 0.8 < found.guess.value <= 1.0


def test_a_share_from_its_expected_hits():
    found = estimate_share(38.0, 40, 147, 150)
    assert found.value == pytest.approx(0.95)
    assert found.low < 0.95 < found.high
    assert estimate_share(40.0, 40, 150, 150).standard_error > 0
