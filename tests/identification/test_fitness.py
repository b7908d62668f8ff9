"""The numbers of the fitness check on Iris, and an independent look at its formula."""

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import f

from flora_core.identification.fitness import _without_each, limits, marginalize, misfits, odd_measurements, patterns
from flora_core.learning.species_gaussians import fit_gaussians
from tests.builders import iris_table, make_flower

X, y = iris_table()
CLOUDS = fit_gaussians(X, y, 3)
NAN = np.nan


def outside(values):
    return misfits(CLOUDS, values).min(axis=1) > 1


def test_the_limit_is_the_f_corrected_one_worked_out_by_scipy():
    n, p = 50, 4
    by_hand = p * (n**2 - 1) / (n * (n - p)) * f.ppf(0.999, p, n - p)
    assert limits(CLOUDS, 4) == pytest.approx([by_hand] * 3, rel=1e-9)


def test_distances_are_mahalanobis_distances():
    row = np.array([6.0, 2.7, 5.1, 1.6])
    for k in range(3):
        plants = X[y == k]
        covariance = np.cov(plants, rowvar=False)
        distance = (row - plants.mean(0)) @ np.linalg.inv(covariance) @ (row - plants.mean(0))
        found = misfits(CLOUDS, row[None])[0, k] * limits(CLOUDS, 4)[k]
        assert found == pytest.approx(distance, rel=0.01)  # a ridge of a thousandth is in the covariance


def test_no_flower_of_fisher_is_called_a_stranger_when_left_out():
    alarms = 0
    for i in range(150):
        others = np.arange(150) != i
        alarms += misfits(fit_gaussians(X[others], y[others], 3), X[i : i + 1]).min() > 1
    assert alarms == 0


@pytest.mark.parametrize("factor", [10, 0.1, 2.54, 1 / 2.54])
def test_every_flower_in_another_unit_is_caught(factor):
    assert outside(X * factor).all()


@pytest.mark.parametrize("column", range(4))
def test_every_lost_decimal_point_is_caught(column):
    lost = X.copy()
    lost[:, column] *= 10
    assert outside(lost).all()


def test_every_swap_of_petal_and_sepal_is_caught():
    assert outside(X[:, [2, 3, 0, 1]]).all()


def test_of_900_swaps_of_two_values_all_but_five_are_caught():
    missed = 0
    for a, b in combinations(range(4), 2):
        swapped = X.copy()
        swapped[:, [a, b]] = swapped[:, [b, a]]
        missed += int((~outside(swapped)).sum())
    # Each of the five is an ordinary flower of its own or another species after the swap: 6.3 and 6.0 cm, 2.8 and 2.4 cm.
    assert missed == 5


def test_lda_is_sure_of_flowers_that_the_check_refuses():
    """Why the check exists: flowers in millimetres read as centimetres are named with certainty, a third of them wrong."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    lda = LinearDiscriminantAnalysis().fit(X, y)
    p = lda.predict_proba(X * 10)
    assert (p.max(axis=1) >= 0.9).all()
    assert (p.argmax(axis=1) == y).mean() == pytest.approx(0.67, abs=0.01)
    assert outside(X * 10).all()


def test_a_plant_with_nothing_measured_fits_everything():
    assert misfits(CLOUDS, np.full((1, 4), NAN)).tolist() == [[0, 0, 0]]


def test_missing_measurements_are_left_out_of_the_distance():
    row = np.array([[5.1, NAN, 1.4, NAN]])
    part = fit_gaussians(X[:, [0, 2]], y, 3)
    assert misfits(CLOUDS, row) == pytest.approx(misfits(part, row[:, [0, 2]]), rel=1e-6)


def test_rows_come_back_in_their_order_whatever_is_missing_in_them():
    rng = np.random.default_rng(0)
    gappy = np.where(rng.random(X.shape) < 0.3, NAN, X)
    one_by_one = np.vstack([misfits(CLOUDS, gappy[i : i + 1]) for i in range(len(gappy))])
    assert misfits(CLOUDS, gappy) == pytest.approx(one_by_one, rel=1e-9)
    assert sum(len(np.arange(150)[rows]) for _, rows in patterns(gappy)) == 150


def test_a_view_is_kept_for_the_next_plant():
    assert marginalize(CLOUDS, (True, False, True, True)) is marginalize(CLOUDS, (True, False, True, True))


def test_the_value_to_blame_is_named(champion):
    assert odd_measurements(champion, make_flower(petal_length=14.0)) == (2,)


def test_nobody_is_blamed_where_everything_is_wrong(champion):
    assert odd_measurements(champion, make_flower() * 10) == ()


def test_the_misfit_without_a_measurement_is_that_of_a_plant_where_it_is_missing():
    values = make_flower(petal_length=4.9, sepal_width=2.0)
    found = _without_each(CLOUDS, values, (True,) * 4)
    for i in range(4):
        row = values.copy()
        row[i] = np.nan
        assert np.allclose(found[:, i], misfits(CLOUDS, row[None])[0], rtol=1e-9)
