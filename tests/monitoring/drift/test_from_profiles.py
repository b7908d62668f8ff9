import json
from dataclasses import asdict

import numpy as np
import pytest

from flora_core.model import Reference
from flora_core.monitoring.drift.attribution import decompose_plants
from flora_core.monitoring.drift.from_profiles import (
    compare_profiles,
    confidence_curve,
    decompose_profiles,
    expected_right,
    profile_shift,
    reference_null_distributions,
)
from flora_core.monitoring.drift.multivariate import multivariate_drift
from flora_core.monitoring.drift.samples import PlantSample, compare_plants
from flora_core.monitoring.performance.isotonic import fit_isotonic
from flora_core.monitoring.profiles.profile import bins_from, empty, profile_of
from tests.builders import iris_table

VALUES, SPECIES = iris_table()
NAMES = ("sepal_length", "sepal_width", "petal_length", "petal_width")
BINS = bins_from(NAMES, 3, Reference(VALUES, SPECIES, np.eye(3)[SPECIES]))


def sure(species, level=0.95):
    return np.where(np.eye(3)[species] > 0, level, (1 - level) / 2)


def irises(n, seed=1, shift=0.0, level=0.95, unfit=0, mix=(1, 1, 1)):
    rng = np.random.default_rng(seed)
    rows = rng.choice(150, n, p=np.repeat(np.array(mix) / sum(mix) / 50, 50))
    fits = np.arange(n) >= unfit
    return VALUES[rows] + shift, SPECIES[rows], sure(SPECIES[rows], level), fits


def profiled(plants, **rows):
    return profile_of(BINS, *plants, **rows)


REFERENCE = profiled((VALUES, SPECIES, sure(SPECIES), np.ones(150, bool)))


def raw(plants):
    values, species, probabilities, fits = plants
    return PlantSample(values, np.where(fits, species, -1), np.where(fits, probabilities.max(axis=1), np.nan), fits)


@pytest.mark.parametrize(
    "change", [{}, {"shift": 0.45}, {"shift": -0.6}, {"mix": (1, 4, 4)}, {"unfit": 12}, {"level": 0.8}]
)
def test_profiles_come_to_the_verdict_of_the_plants_themselves(change):
    plants = irises(60, **change)
    known = raw((VALUES, SPECIES, sure(SPECIES), np.ones(150, bool)))
    counted = compare_profiles(REFERENCE, profiled(plants))
    expected = compare_plants(NAMES, 3, known, raw(plants))
    for ours, theirs in zip(counted.shifts, expected.shifts, strict=True):
        # Bins beyond the reference's extremes are wide: a distance is exact to one bin only.
        assert ours.distance == pytest.approx(theirs.distance, rel=0.4, abs=0.06)
        assert ours.effect == pytest.approx(theirs.effect, abs=1e-6)
        assert ours.psi == pytest.approx(theirs.psi)
        assert (ours.current, ours.shift) == (
            pytest.approx(theirs.current, abs=1e-6),
            pytest.approx(theirs.shift, abs=1e-6),
        )
        assert ours.p_value == pytest.approx(theirs.p_value, abs=0.12)
    assert counted.mix.p_value == expected.mix.p_value
    assert counted.share("unfit").p_value == expected.share("unfit").p_value
    assert counted.verdict == expected.verdict


def test_where_each_bin_holds_one_value_distances_are_exact():
    from scipy.stats import wasserstein_distance

    values, *rest = irises(70, seed=3)
    found = profile_shift(REFERENCE, profiled((values, *rest)), 0)
    assert found.distance == pytest.approx(wasserstein_distance(VALUES[:, 0], values[:, 0]))


def test_a_reference_against_itself_has_no_drift():
    found = compare_profiles(REFERENCE, REFERENCE)
    assert [(s.distance, s.p_value, s.effect) for s in found.shifts] == [(0.0, 1.0, 0.0)] * 4
    assert found.verdict == "green"


@pytest.mark.parametrize("far", [1e6, -1e6])
def test_a_value_of_a_million_never_lowers_a_verdict(far):
    order = ["green", "amber", "red"]
    for seed in range(30):
        values, *rest = irises(50, seed=seed, shift=(seed - 15) / 30)
        before = compare_profiles(REFERENCE, profiled((values, *rest)))
        more = np.vstack([values, np.full((1, 4), far)])
        rest = [np.append(rest[0], 0), np.vstack([rest[1], rest[1][:1]]), np.append(rest[2], True)]
        after = compare_profiles(REFERENCE, profiled((more, *rest)))
        for old, new in zip(before.shifts, after.shifts, strict=True):
            assert order.index(new.verdict) >= order.index(old.verdict)
            assert abs(new.effect) >= abs(old.effect) - 1e-9


@pytest.mark.parametrize("m", [0, 1, 5, 19])
def test_too_few_to_say(m):
    found = compare_profiles(REFERENCE, profiled(irises(m)) if m else empty(BINS))
    assert (found.verdict, found.plants_missing) == ("too few", 20 - m)
    json.dumps(asdict(found), allow_nan=False)


def test_an_empty_column_does_not_stop_the_others():
    values, *rest = irises(40, shift=2.0)
    values[:, 1] = np.nan
    found = compare_profiles(REFERENCE, profiled((values, *rest)))
    assert [s.verdict for s in found.shifts] == ["red", "too few", "red", "red"]
    assert found.share("missing").verdict == "red"


def test_all_together_and_issues_where_they_are_known():
    values, *rest = irises(60)
    now, before = profiled((values, *rest), rows=80, troubled=30), profiled(irises(200, seed=9), rows=210, troubled=5)
    found = compare_profiles(REFERENCE, now, together=multivariate_drift(NAMES, VALUES, values), earlier=before)
    assert found.multivariate_drift.verdict == "green"
    assert found.share("issues").verdict == "red"
    assert compare_profiles(REFERENCE, now).share("issues") is None


def test_many_windows_against_one_reference_by_one_deal():
    chance = reference_null_distributions(REFERENCE)
    for seed, shift in ((1, 0.0), (2, 0.1), (3, 0.4)):
        now = profiled(irises(60, seed=seed, shift=shift))
        one, other = compare_profiles(REFERENCE, now), compare_profiles(REFERENCE, now, chance=chance)
        for a, b in zip(one.shifts, other.shifts, strict=True):
            assert a.distance == pytest.approx(b.distance)
            assert a.p_value == pytest.approx(b.p_value, abs=0.1)
            assert a.critical == pytest.approx(b.critical, rel=0.2)


def test_where_a_shift_comes_from():
    plants = irises(90, mix=(0, 1, 1))
    by_counts = decompose_profiles(REFERENCE, profiled(plants))
    known = raw((VALUES, SPECIES, sure(SPECIES), np.ones(150, bool)))
    for ours, theirs in zip(by_counts, decompose_plants(NAMES, 3, known, raw(plants)), strict=True):
        assert (ours.mix, ours.within) == (pytest.approx(theirs.mix, abs=1e-6), pytest.approx(theirs.within, abs=1e-6))
    assert by_counts[2].source == "mix"
    assert decompose_profiles(REFERENCE, profiled(irises(60, shift=0.5)))[0].source == "within"
    assert decompose_profiles(REFERENCE, empty(BINS)) == ()


def test_how_many_are_expected_to_be_right():
    now = profiled(irises(40, level=0.9, unfit=5))
    assert expected_right(now, None) == (pytest.approx(0.9 * 35), 35)
    curve = fit_isotonic(np.array([0.5, 0.9, 1.0]), np.array([False, False, True]))
    assert expected_right(now, curve) == (pytest.approx(0.0), 35)
    assert expected_right(empty(BINS), None) == (0.0, 0)


def test_a_model_that_boasts_is_mended_and_an_honest_one_is_not():
    rng = np.random.default_rng(4)
    boasting = rng.uniform(0.7, 1.0, 1500)
    probabilities = np.stack([boasting, 1 - boasting], axis=1)
    right = rng.random(1500) < boasting - 0.2
    curve = confidence_curve(probabilities, np.where(right, 0, 1))
    assert curve(np.array([0.9]))[0] == pytest.approx(0.7, abs=0.1)
    assert confidence_curve(np.eye(2)[[0, 1] * 20], np.array([0, 1] * 20)) is None
