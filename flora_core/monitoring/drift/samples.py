"""A window against the reference: every question that is asked of it, corrected for being several.

One correction over all of them gives one error rate for the verdict: with nothing changed, one window in twenty shows
anything but green.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from flora_core.model import Bools, Floats, Ints
from flora_core.monitoring.decision import MIN_PLANTS, Verdict, holm, plants_missing, worst
from flora_core.monitoring.drift.categorical import (
    CategoricalDrift,
    ProportionDrift,
    categorical_drift,
    proportion_drift,
)
from flora_core.monitoring.drift.confidence import Confidence, confidence_of
from flora_core.monitoring.drift.multivariate import MultivariateDrift, multivariate_drift
from flora_core.monitoring.drift.univariate import UnivariateDrift, drifts_of_columns, univariate_drifts
from flora_core.monitoring.drift.within_species import WithinReference, WithinSpecies, moments_of, within_species
from flora_core.monitoring.windows import Column

#: The part of the error rate that is spent within the species, beside one part for everything else together.
WITHIN: Final = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class PlantSample:
    """A sample of identified plants; fields that are unknown are None.

    Attributes
    ----------
    values : (n, p) float
        NaN where not measured.
    species : (n,) int or None
        The species each was named; -1 where none.
    confidence : (n,) float or None
        The probability of that species; NaN where none.
    fits : (n,) bool or None
        Whether the plant fits any species.
    issues : (n,) bool or None
        Whether its row had a value that could not be used.
    """

    values: Floats
    species: Ints | None = None
    confidence: Floats | None = None
    fits: Bools | None = None
    issues: Bools | None = None

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that a window was asked, each with its verdict.

    Attributes
    ----------
    n, m : int
        Plants of the reference and of the window.
    shifts : tuple of UnivariateDrift
        One a measurement.
    together : MultivariateDrift or None
    mix : Mix or None
        Of species.
    confidence : Confidence or None
    shares : tuple of ProportionDrift
        unfit, missing, issues: those that are known.
    groups : tuple of (str, Mix)
        Columns of a table that hold groups.
    needed : int
        Plants still missing for an answer.
    within : WithinSpecies or None
        All measurements within the species named.
    states_within : tuple of (str, CategoricalDrift)
        Characters with states within the species named; over all plants they are among the groups.
    """

    n: int
    m: int
    shifts: tuple[UnivariateDrift, ...] = ()
    multivariate_drift: MultivariateDrift | None = None
    mix: CategoricalDrift | None = None
    confidence: Confidence | None = None
    shares: tuple[ProportionDrift, ...] = ()
    groups: tuple[tuple[str, CategoricalDrift], ...] = ()
    plants_missing: int = 0
    within: WithinSpecies | None = None
    states_within: tuple[tuple[str, CategoricalDrift], ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The gravest of all answers; too few where there is none."""
        return worst([part.verdict for part in self.parts])

    @property
    def parts(
        self,
    ) -> tuple[
        UnivariateDrift | MultivariateDrift | CategoricalDrift | Confidence | ProportionDrift | WithinSpecies, ...
    ]:
        """All that was asked."""
        asked = (self.multivariate_drift, self.within, self.mix, self.confidence)
        single = [part for part in asked if part is not None]
        mixes = (mix for _, mix in (*self.groups, *self.states_within))
        return (*self.shifts, *single, *self.shares, *mixes)

    @property
    def p_value(self) -> float | None:
        """The smallest p value after correction; None where nothing could be tested."""
        return min((part.p_adjusted for part in self.parts if part.p_adjusted is not None), default=None)

    def share(self, kind: str) -> ProportionDrift | None:
        """The share of that kind, where it is known."""
        return next((share for share in self.shares if share.kind == kind), None)


def compare_plants(
    names: Sequence[str],
    species: int,
    reference: PlantSample,
    current: PlantSample,
    *,
    within: WithinReference | None = None,
    states: Sequence[tuple[str, ...]] = (),
    smallest: int = MIN_PLANTS,
) -> Findings:
    """Everything that can be asked of two samples of identified plants.

    Parameters
    ----------
    names : sequence of str
        The measurements.
    species : int
        How many there are.
    within : WithinReference or None
        The reference as plants are held against it within the species named.
    states : sequence of tuple of str
        For each measurement the states it may have, empty where it is a number; not given where all are numbers.
    """
    numbers = [j for j in range(len(names)) if not (states and states[j])]
    asked = [
        pair is not None and other is not None
        for pair, other in (
            (reference.species, current.species),
            (reference.confidence, current.confidence),
            (reference.fits, current.fits),
            (reference.issues, current.issues),
        )
    ]
    tests = len(names) + (len(names) > 1) + sum(asked) + 1
    mix = confidence = None
    shares = [_missing(reference.values, current.values, smallest)]
    if reference.species is not None and current.species is not None:
        before, now = (np.bincount(s[s >= 0], minlength=species) for s in (reference.species, current.species))
        mix = categorical_drift(before, now, tests=tests, smallest=smallest)
    if reference.confidence is not None and current.confidence is not None:
        confidence = confidence_of(reference.confidence, current.confidence, tests=tests, smallest=smallest)
    if reference.fits is not None and current.fits is not None:
        shares.insert(0, _share("unfit", ~reference.fits, ~current.fits, smallest))
    if reference.issues is not None and current.issues is not None:
        shares.append(_share("issues", reference.issues, current.issues, smallest))
    called = [names[j] for j in numbers]
    before_values, now_values = (
        sample.values if len(numbers) == len(names) else sample.values[:, numbers] for sample in (reference, current)
    )
    seen = [j for j in range(len(names)) if j not in numbers]
    findings = Findings(
        len(reference),
        len(current),
        univariate_drifts(called, before_values, now_values, tests=tests, smallest=smallest),
        multivariate_drift(called, before_values, now_values, tests=tests, smallest=smallest) if numbers else None,
        mix,
        confidence,
        tuple(shares),
        groups=tuple(
            (
                names[j],
                categorical_drift(
                    _state_counts(reference.values[:, j], len(states[j])),
                    _state_counts(current.values[:, j], len(states[j])),
                    labels=("several states", *states[j]),
                    tests=tests,
                    smallest=smallest,
                    states=True,
                ),
            )
            for j in seen
        ),
        plants_missing=plants_missing(len(reference), len(current), smallest),
        within=None if within is None else _within(names, within, species, current, smallest),
    )
    return with_verdicts(findings)


def _state_counts(codes: Floats, size: int) -> Ints:
    """How many plants show several states, and each of them alone."""
    known = codes[np.isfinite(codes)]
    return np.bincount(np.where(known < 0, 0, known + 1).astype(np.int64), minlength=size + 1)[: size + 1]


def _within(
    names: Sequence[str], within: WithinReference, species: int, current: PlantSample, smallest: int
) -> WithinSpecies | None:
    if current.species is None:
        return None
    named = np.where(current.fits, current.species, -1) if current.fits is not None else current.species
    counts = np.bincount(named[(named >= 0) & (named < species)], minlength=species)
    return within_species(names, within, counts, *moments_of(current.values, named, species), smallest=smallest)


def compare_columns(columns: Sequence[Column], *, smallest: int = MIN_PLANTS, rows: slice = slice(None)) -> Findings:
    """Everything that can be asked of two tables of numbers and groups.

    Parameters
    ----------
    rows : slice
        The window of the current table.
    """
    numbers = [column for column in columns if not column.categorical]
    tests = max(1, len(columns))
    shifts = drifts_of_columns(
        [(c.name, np.asarray(c.reference, float), np.asarray(c.current[rows], float)) for c in numbers],
        tests=tests,
        smallest=smallest,
    )
    all_of_them = None
    if len(numbers) > 1:
        before, now = (
            np.stack(part, axis=1) for part in zip(*((c.reference, c.current[rows]) for c in numbers), strict=True)
        )
        all_of_them = multivariate_drift([c.name for c in numbers], before, now, tests=tests, smallest=smallest)
    groups = []
    for column in columns:
        if column.categorical:
            mix = categorical_drift(
                _counts(column.reference, column),
                _counts(column.current[rows], column),
                labels=column.labels,
                tests=tests,
                smallest=smallest,
            )
            groups.append((column.name, mix))
    n, m = (len(columns[0].reference), len(columns[0].current[rows])) if columns else (0, 0)
    findings = Findings(n, m, shifts, all_of_them, groups=tuple(groups), plants_missing=plants_missing(n, m, smallest))
    return with_verdicts(findings, columns=len(columns))


def _counts(codes: Floats | Ints, column: Column) -> Ints:
    return np.bincount(codes[codes >= 0].astype(np.int64), minlength=len(column.labels))


def with_verdicts(findings: Findings, *, columns: int = 0) -> Findings:
    """The findings with every p value corrected for all of them, and every verdict given.

    Parameters
    ----------
    columns : int
        Of two tables: how many columns there are. They are corrected for each other alone, and all of them together weighs
        as much as one. 0 for a window of plants, whose questions are corrected all together.
    """
    tested = [
        part
        for part in findings.parts
        if part.p_value is not None and not (columns and part is findings.multivariate_drift)
    ]
    weights = [WITHIN * max(1, len(tested) - 1) if part is findings.within else 1.0 for part in tested]
    corrected = dict(
        zip(map(id, tested), holm([part.p_value for part in tested if part.p_value is not None], weights), strict=True)
    )
    if columns and findings.multivariate_drift is not None and findings.multivariate_drift.p_value is not None:
        corrected[id(findings.multivariate_drift)] = min(1.0, columns * findings.multivariate_drift.p_value)
    shifts = tuple(shift.with_verdict(corrected.get(id(shift))) for shift in findings.shifts)
    shifted = any(shift.is_material for shift in shifts)
    all_of_them, mix, sure = findings.multivariate_drift, findings.mix, findings.confidence
    return Findings(
        findings.n,
        findings.m,
        shifts,
        all_of_them.with_verdict(corrected.get(id(all_of_them)), shifted) if all_of_them else None,
        mix.with_verdict(corrected.get(id(mix))) if mix else None,
        sure.with_verdict(corrected.get(id(sure))) if sure else None,
        tuple(share.with_verdict(corrected.get(id(share))) for share in findings.shares),
        tuple((name, group.with_verdict(corrected.get(id(group)))) for name, group in findings.groups),
        findings.plants_missing,
        findings.within.with_verdict(corrected.get(id(findings.within))) if findings.within else None,
        tuple((name, group.with_verdict(corrected.get(id(group)))) for name, group in findings.states_within),
    )


def _missing(reference: Floats, current: Floats, smallest: int) -> ProportionDrift:
    before, now = (np.asarray(np.isnan(values).any(axis=1)) for values in (reference, current))
    return _share("missing", before, now, smallest)


def _share(kind: str, before: Bools, now: Bools, smallest: int) -> ProportionDrift:
    return proportion_drift(kind, int(before.sum()), len(before), int(now.sum()), len(now), smallest=smallest)
