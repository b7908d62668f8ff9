"""Plants of one site: how alike they are is found again, and one new site of them alarms nobody."""

from __future__ import annotations

import numpy as np
import pytest

from flora_core.monitoring.drift.clustered import clustered
from flora_core.monitoring.drift.samples import PlantSample, compare_plants
from flora_core.monitoring.statistics.clusters import Clustering, clustering_of, deflated, design_effect, inflation

NAMES = ("a", "b", "c", "d")


def sited(rng: np.random.Generator, sites: int, each: int, correlation: float) -> tuple[np.ndarray, np.ndarray]:
    """Plants of some sites, of variance 1 within their species; and the site of each."""
    labels = np.repeat(np.arange(sites), each)
    of_site = rng.standard_normal((sites, len(NAMES))) * np.sqrt(correlation)
    noise = rng.standard_normal((len(labels), len(NAMES))) * np.sqrt(1.0 - correlation)
    return of_site[labels] + noise, labels.astype(str)


@pytest.mark.parametrize("correlation", [0.0, 0.1, 0.3, 0.6])
def test_the_correlation_is_found_again_in_whichever_species(correlation: float) -> None:
    rng = np.random.default_rng(3)
    found = []
    for _ in range(20):
        values, labels = sited(rng, 12, 15, correlation)
        species = rng.integers(0, 3, len(values))
        seen = clustering_of(values + 4.0 * species[:, None], species, labels)
        assert seen is not None
        assert sum(seen.sizes) == len(values)
        found.append(seen.correlation)
    assert np.mean(found) == pytest.approx(correlation, abs=0.06)


def test_nobody_can_tell_where_each_species_has_one_site_or_no_site_is_known() -> None:
    values = np.random.default_rng(1).standard_normal((60, 4))
    species = np.repeat([0, 1, 2], 20)
    assert clustering_of(values, species, np.array(["x", "y", "z"])[species]) is None
    assert clustering_of(values, species, np.array([""] * 60)) is None


def test_a_design_effect_is_kish_s() -> None:
    assert design_effect([10, 10, 10], 0.2) == pytest.approx(1 + 9 * 0.2)
    assert design_effect([1] * 30, 0.9) == 1.0
    assert inflation([1] * 40, [1] * 30, 0.5) == pytest.approx(1.0)
    assert deflated(0.03, 1.0, 9) == 0.03
    assert deflated(0.001, 4.0, 9) > deflated(0.001, 2.0, 9) > 0.001


@pytest.mark.parametrize("plants", [30, 100])
def test_one_new_site_alarms_at_most_one_time_in_twelve(plants: int) -> None:
    rng = np.random.default_rng(plants)
    naive = held = 0
    repeats = 60
    for _ in range(repeats):
        values, labels = sited(rng, 10, 15, 0.3)
        species = np.zeros(len(values), dtype=np.int64)
        known = clustering_of(values, species, labels)
        assert known is not None
        window, _ = sited(rng, 1, plants, 0.3)
        findings = compare_plants(NAMES, 1, PlantSample(values), PlantSample(window))
        naive += findings.verdict in ("amber", "red")
        held += clustered(findings, known, (float(plants),)).verdict in ("amber", "red")
    assert naive > 0.3 * repeats
    assert held <= 0.08 * repeats + 2.5


def test_plants_that_grew_apart_are_tested_as_before() -> None:
    rng = np.random.default_rng(5)
    reference, window = rng.standard_normal((150, 4)), rng.standard_normal((60, 4)) + 0.9
    findings = compare_plants(NAMES, 1, PlantSample(reference), PlantSample(window))
    alone = clustered(findings, Clustering(0.3, (1,) * 150), (1.0,) * 60)
    assert alone.verdict == findings.verdict == "red"
    assert [shift.p_value for shift in alone.shifts] == [shift.p_value for shift in findings.shifts]
