"""Findings as they are where plants come in sites, collectors or files, and not one by one."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from flora_core.monitoring.drift.confidence import Confidence
from flora_core.monitoring.drift.multivariate import MultivariateDrift
from flora_core.monitoring.drift.samples import Findings, with_verdicts
from flora_core.monitoring.drift.univariate import UnivariateDrift
from flora_core.monitoring.drift.within_species import WithinSpecies
from flora_core.monitoring.statistics.clusters import Clustering, deflated, inflation

_Part = TypeVar("_Part", UnivariateDrift, MultivariateDrift, WithinSpecies, Confidence)


def clustered(findings: Findings, reference: Clustering, sizes: tuple[float, ...]) -> Findings:
    """The findings with every test of measurements and of certainties held against clusters instead of plants.

    Shares and the mix of species stay: what they count does not follow the correlation of measurements.

    Parameters
    ----------
    sizes : tuple of float
        Plants of each group of the window.
    """
    by = inflation(reference.sizes, sizes, reference.correlation)
    freedom = len(reference.sizes) - 1

    def held(part: _Part) -> _Part:
        return part if part.p_value is None else replace(part, p_value=deflated(part.p_value, by, freedom))

    together, within, sure = findings.multivariate_drift, findings.within, findings.confidence
    return with_verdicts(
        replace(
            findings,
            shifts=tuple(held(shift) for shift in findings.shifts),
            multivariate_drift=None if together is None else held(together),
            within=None if within is None else held(within),
            confidence=None if sure is None else held(sure),
        )
    )
