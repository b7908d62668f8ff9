import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flora_core.identification.fitness import misfits
from flora_core.learning.species_gaussians import fit_gaussians, fit_tail_factor, impute_within_species, own_misfits
from tests.builders import iris_table, make_plants

X, y = iris_table()


def test_with_plenty_of_plants_each_species_stands_on_its_own_covariance():
    gaussians = fit_gaussians(X, y, 3)
    for k in range(3):
        assert gaussians.means[k] == pytest.approx(X[y == k].mean(axis=0))
        assert gaussians.covariances[k] == pytest.approx(np.cov(X[y == k], rowvar=False), rel=0.002)
    assert gaussians.means[0] == pytest.approx([5.006, 3.428, 1.462, 0.246])
    assert gaussians.degrees_of_freedom.tolist() == [49, 49, 49]


def test_a_species_with_few_plants_is_drawn_towards_the_pooled_covariance():
    few = np.concatenate([np.flatnonzero(y == 0)[:6], np.flatnonzero(y > 0)])
    gaussians = fit_gaussians(X[few], y[few], 3)
    pooled = sum(np.cov(X[few][y[few] == k], rowvar=False) * ((y[few] == k).sum() - 1) for k in range(3)) / (
        len(few) - 3
    )
    own = np.cov(X[few][y[few] == 0], rowvar=False)
    by_hand = (5 * own + 14 * pooled) / 19  # six plants, fourteen short of five a measurement
    assert gaussians.covariances[0] == pytest.approx(by_hand, rel=0.002)


def test_gaps_are_filled_by_expectation_not_by_the_mean():
    """With a quarter of petal lengths missing, the correlation with petal width survives."""
    rng = np.random.default_rng(0)
    gappy = X.copy()
    gappy[rng.random(150) < 0.25, 2] = np.nan
    full, part = fit_gaussians(X, y, 3), fit_gaussians(gappy, y, 3)
    for k in range(3):
        spread = np.sqrt(np.diag(full.covariances[k]))
        assert part.means[k] == pytest.approx(full.means[k], abs=0.15)
        correlation = [
            c.covariances[k][2, 3] / np.sqrt(c.covariances[k][2, 2] * c.covariances[k][3, 3]) for c in (full, part)
        ]
        assert correlation[1] == pytest.approx(correlation[0], abs=0.15)
        assert np.sqrt(np.diag(part.covariances[k])) == pytest.approx(spread, rel=0.15)


@given(
    st.integers(1, 12),
    st.lists(st.integers(1, 12), min_size=2, max_size=5),
    st.sampled_from([0.0, 0.2, 0.6]),
    st.integers(0, 99),
)
@settings(max_examples=60)
def test_clouds_of_any_few_plants_are_sound(measurements, counts, missing, seed):
    plants = make_plants(tuple(counts), measurements, missing=missing, seed=seed)
    gaussians = fit_gaussians(plants.values, plants.species, len(counts))
    assert np.isfinite(gaussians.covariances).all()
    assert (np.linalg.eigvalsh(gaussians.covariances) > 0).all()
    assert np.isfinite(misfits(gaussians, plants.values)).all()


def test_constant_and_copied_measurements_do_not_break_it():
    values = np.column_stack([X[:, 0], np.full(150, 2.0), X[:, 0], X[:, 2] / X[:, 3]])
    gaussians = fit_gaussians(values, y, 3)
    assert np.isfinite(misfits(gaussians, values)).all()


def test_a_measurement_missing_in_a_whole_species_does_not_break_it():
    gappy = X.copy()
    gappy[y == 1, 3] = np.nan
    gaussians = fit_gaussians(gappy, y, 3)
    assert np.isfinite(gaussians.means).all()
    assert np.isfinite(misfits(gaussians, X)).all()


def test_more_measurements_than_plants():
    plants = make_plants((36, 36), 192, gap=1.0)
    gaussians = fit_gaussians(plants.values, plants.species, 2)
    fresh = make_plants((36, 36), 192, gap=1.0, seed=1)
    assert np.isfinite(misfits(gaussians, fresh.values)).all()


def test_normal_plants_ask_for_no_stretch_and_heavy_tails_do():
    rng = np.random.default_rng(0)
    species = np.repeat([0, 1], 400)
    for draw, stretched in ((rng.normal(size=(800, 3)), False), (rng.standard_t(3, size=(800, 3)), True)):
        half = np.arange(800) % 2 == 0
        gaussians = fit_gaussians(draw[half], species[half], 2)
        stretch = fit_tail_factor(own_misfits(gaussians, draw[~half], species[~half]))
        assert (stretch > 1) is stretched
        wide = fit_gaussians(draw[half], species[half], 2, stretch)
        outside = (own_misfits(wide, draw[~half], species[~half]) > 1).mean()
        assert outside <= 0.011


def test_gaps_are_filled_among_the_plants_of_their_own_species():
    from flora_core.learning.species_gaussians import impute_within_species

    gappy = X.copy()
    gappy[::2, 2:] = np.nan
    gaussians = fit_gaussians(X, y, 3)
    filled = impute_within_species(gaussians, gappy, y, seed=0)
    assert (filled[1::2] == X[1::2]).all()
    assert (filled[:, :2] == X[:, :2]).all()
    for k in range(3):
        assert filled[y == k].mean(axis=0) == pytest.approx(X[y == k].mean(axis=0), abs=0.2)
        assert filled[y == k].std(axis=0) == pytest.approx(X[y == k].std(axis=0), rel=0.3)
    assert (impute_within_species(gaussians, gappy, y, seed=0) == filled).all()


def test_a_gap_is_filled_from_its_own_species_and_what_was_measured_stays():
    rng = np.random.default_rng(0)
    values = X.copy()
    # Setosa without petals: they are completed as setosa's, with setosa's spread and its own correlations.
    values[:50, 2:] = np.nan
    values[60:110][rng.random((50, 4)) < 0.2] = np.nan
    gaussians = fit_gaussians(X, y, 3)
    filled = impute_within_species(gaussians, values, y, seed=0)
    known = ~np.isnan(values)
    assert (filled[known] == values[known]).all()
    assert filled[:50, 2].mean() == pytest.approx(X[:50, 2].mean(), abs=0.1)
    assert filled[:50, 2].std() == pytest.approx(X[:50, 2].std(), rel=0.35)
    assert (impute_within_species(gaussians, values, y, seed=0) == filled).all()
    assert not (impute_within_species(gaussians, values, y, seed=1) == filled).all()


def test_units_do_not_matter_to_what_a_gap_is_filled_with():
    values = X.copy()
    values[::3, 2] = np.nan
    values[::4, 0] = np.nan
    units = np.array([1e-6, 1.0, 1e5, 10.0])
    plain = impute_within_species(fit_gaussians(values, y, 3), values, y, seed=0)
    scaled = impute_within_species(fit_gaussians(values * units, y, 3), values * units, y, seed=0)
    assert scaled / units == pytest.approx(plain, rel=1e-6)


def test_what_is_missing_given_what_is_known_by_covariances_and_by_their_inverses():
    from flora_core.learning.species_gaussians import _given

    covariances = np.stack([np.cov(X[y == k], rowvar=False) for k in range(3)])
    precisions = np.linalg.inv(covariances)
    o, g = np.array([0, 1, 3]), np.array([2])
    by_inverse = _given(covariances, precisions, o, g)
    across = covariances[:, o[:, None], g]
    slopes = np.linalg.solve(covariances[:, o[:, None], o], across)
    assert by_inverse[0] == pytest.approx(slopes)
    assert by_inverse[1] == pytest.approx(covariances[:, 2:3, 2:3] - across.transpose(0, 2, 1) @ slopes)
