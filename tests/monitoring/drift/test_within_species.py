import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from benchmarks.verdicts import irises, learn, made_up, mixed, shifted, verdict
from flora_core.monitoring.decision import holm
from flora_core.monitoring.drift.within_species import moments_of, shares_of_species, within_reference, within_species


@pytest.fixture(autouse=True)
def one_thread():
    with threadpool_limits(1):
        yield


def three_species(rng, m, shares=(1 / 3, 1 / 3, 1 / 3), shift=0.0):
    species = rng.choice(3, m, p=shares)
    values = rng.normal(0, [0.5, 0.3], (m, 2)) + species[:, None] * [1.0, 0.5]
    values[:, 0] += shift
    # Names by the first measurement alone: one in ten is wrong.
    return values, np.clip(np.rint(values[:, 0]), 0, 2).astype(int), species


def reference_of(rng, n=300):
    values, named, species = three_species(rng, n)
    return within_reference(values, named, species, np.ones(n, bool), 3)


def found(reference, values, named):
    counts = np.bincount(named, minlength=3)
    return within_species(["length", "width"], reference, counts, *moments_of(values, named, 3))


def test_the_shares_of_species_are_found_from_names_that_are_sometimes_wrong():
    rng = np.random.default_rng(1)
    reference = reference_of(rng, 2000)
    _, named, species = three_species(rng, 5000, (0.7, 0.2, 0.1))
    counts = np.bincount(named, minlength=3)
    truth = np.bincount(species, minlength=3) / 5000
    assert shares_of_species(reference, counts) == pytest.approx(truth, abs=0.03)
    assert np.abs(counts / 5000 - truth).max() > 0.03
    assert shares_of_species(reference, np.zeros(3, int)) == pytest.approx(reference.shares)


def test_moments_of_a_window_are_those_of_its_plants():
    rng = np.random.default_rng(2)
    values, named, _ = three_species(rng, 50)
    values[:5, 0] = np.nan
    named[7] = -1
    sizes, means, squares = moments_of(values, named, 3)
    own = values[named == 1]
    assert sizes[1].tolist() == np.isfinite(own).sum(axis=0).tolist()
    assert means[1] == pytest.approx(np.nanmean(own, axis=0))
    assert squares[1] == pytest.approx(np.nanvar(own, axis=0) * sizes[1])
    assert sizes.sum(axis=0)[1] == 49


def test_a_shift_within_the_species_is_seen_with_its_size():
    rng = np.random.default_rng(3)
    reference = reference_of(rng)
    values, named, _ = three_species(rng, 200)
    values[:, 1] += 0.3
    one = found(reference, values, named)
    assert one.p_value < 1e-6
    assert one.most.name == "width"
    assert one.most.shift == pytest.approx(0.3, abs=0.06)
    assert one.with_verdict(one.p_value).verdict == "red"


def test_too_few_nothing_measured_and_nothing_named():
    rng = np.random.default_rng(4)
    reference = reference_of(rng)
    values, named, _ = three_species(rng, 12)
    few = found(reference, values, named).with_verdict(None)
    assert (few.verdict, few.plants_missing) == ("too few", 8)
    assert found(reference, values[:0], named[:0]) is None
    values, named, _ = three_species(rng, 60)
    values[:] = np.nan
    assert found(reference, values, named).p_value is None
    values, named, _ = three_species(rng, 60)
    values[:, 0] = np.nan
    assert [x.name for x in found(reference, values, named).measurements] == ["width"]


def test_weights_let_one_test_spend_more():
    assert holm([0.01, 0.04], [1.0, 1.0]) == (0.02, 0.04)
    assert holm([0.01, 0.04], [3.0, 1.0]) == pytest.approx((0.01 * 4 / 3, 0.04))
    assert holm([0.04, 0.01], [3.0, 1.0]) == pytest.approx((0.04, 0.04))


def share(change, m, repeats, what, n=150, flora=None):
    rng, flora = np.random.default_rng(11), flora or irises()
    count = 0
    for _ in range(repeats):
        count += what(verdict(learn(flora, rng, n), change(flora, rng, m)))
    return count / repeats


def alarm(findings):
    return findings.verdict in ("amber", "red")


def within(findings):
    return findings.within.verdict in ("amber", "red")


@pytest.mark.slow
# 41 [36-47] of 300 windows in a hundred with 30 plants, 96 [92-98] with 100, 100 [98-100] with 300; less two standard errors.
@pytest.mark.parametrize(("m", "power"), [(30, 0.31), (100, 0.92), (300, 0.98)])
def test_half_a_standard_deviation_within_the_species_is_seen(m, power):
    assert share(shifted(2, 0.5), m, 100, alarm) >= power


@pytest.mark.slow
@pytest.mark.parametrize("mix", [(0.8, 0.1, 0.1), (0.1, 0.1, 0.8)])
@pytest.mark.parametrize("m", [30, 100, 300])
def test_another_mix_is_not_called_a_change_within(m, mix):
    assert share(mixed(*mix), m, 100, within) <= 0.08


@pytest.mark.slow
@pytest.mark.parametrize(("n", "m"), [(45, 20), (45, 10_000), (150, 300), (2000, 1000)])
def test_false_alarms_of_the_whole_verdict(n, m):
    assert share(mixed(), m, 100, alarm, n) <= 0.08


@pytest.mark.slow
@pytest.mark.parametrize(("species", "measurements", "n"), [(2, 4, 200), (40, 4, 800), (3, 30, 300)])
def test_false_alarms_of_other_studies(species, measurements, n):
    assert share(mixed(), 200, 60, alarm, n, made_up(species, measurements)) <= 0.1
