"""How likely each species is: a pipeline's probabilities, calibrated, and averaged over what a missing value may have been.

A missing measurement is never replaced by one number, which would make the model as sure as if it had been measured.
The pipeline is asked about many completions instead, drawn from the training plants' distributions given what was
measured, and the answers are averaged: the plant is named from the rest, less surely.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np

from flora_core.identification.fitness import MarginalGaussians, is_small, marginalize, patterns, squared_distances
from flora_core.identification.mixed_completions import complete_states, is_open, mixed_weights
from flora_core.identification.stacked_trees import answers_of_trees
from flora_core.identification.state_scores import held_states, numeric_part
from flora_core.model import Bools, Calibration, Floats, Ints, Model, SpeciesGaussians, SpeciesStates

#: Completions of a plant for each species. 32 leave an error of the averaged probability near 1 %.
DRAWS: Final = 32
#: Rows handed to the pipeline at once, so that memory does not grow with the table.
_ROWS_AT_ONCE: Final = 65_536
#: Temperatures at which the answers for plants with gaps are kept while learning.
TEMPERATURES: Final = tuple(float(t) for t in np.geomspace(0.1, 10.0, 17))
#: Species that are together less likely than this, from what was measured, are not asked about: a tenth of what the
#: number of completions leaves uncertain.
_NEGLIGIBLE: Final = 1e-3


def probabilities(model: Model, X: Floats) -> Floats:
    """The probability of each species for each plant.

    Parameters
    ----------
    X : (n, p) float
        In the study's order and units; NaN where not measured, all NaN gives the training shares.

    Returns
    -------
    (n, k) float
        Rows sum to 1.
    """
    return predict(model.pipeline, model.gaussians, model.calibration, X)


def predict(pipeline: Any, gaussians: SpeciesGaussians, calibration: Calibration, X: Floats) -> Floats:
    """As `probabilities`, for parts that are not yet a model."""
    if calibration.each_completion:
        return _mixed(_answers(pipeline, gaussians, X, (calibration.temperature,))[:, 0], calibration.floor)
    return calibrate(uncalibrated(pipeline, gaussians, X), calibration)


def uncalibrated(pipeline: Any, gaussians: SpeciesGaussians, X: Floats) -> Floats:
    """What the pipeline itself says, averaged over the completions where something was not measured; (n, k)."""
    return _answers(pipeline, gaussians, X, (1.0,))[:, 0]


@dataclass(frozen=True, slots=True, eq=False)
class Uncalibrated:
    """What a pipeline said of plants, with all that a temperature has to be fitted to.

    A plant with gaps is asked about as many completions, and each answer is tempered before they are averaged: an average
    that is tempered afterwards is taken for doubt of the pipeline, and the plant is named less surely than it is right.

    Attributes
    ----------
    raw : (n, k) float
        Averaged as they are.
    gappy : (m,) int
        The plants with gaps.
    tempered : (m, len(TEMPERATURES), k) float
        Their answers, averaged after each of the temperatures.
    """

    raw: Floats
    gappy: Ints
    tempered: Floats

    @classmethod
    def of(cls, pipeline: Any, gaussians: SpeciesGaussians, X: Floats) -> Uncalibrated:
        """Ask a fitted pipeline about plants, NaN where not measured."""
        gaps = is_open(None if gaussians.states is None else gaussians.states.columns, X)
        raw = np.empty((len(X), len(gaussians.means)))
        raw[~gaps] = uncalibrated(pipeline, gaussians, X[~gaps])
        answers = _answers(pipeline, gaussians, X[gaps], (1.0, *TEMPERATURES))
        raw[gaps] = answers[:, 0]
        return cls(raw, np.flatnonzero(gaps), answers[:, 1:].astype(np.float32))

    def __getitem__(self, rows: Bools | Ints) -> Uncalibrated:
        """Those of some of the plants."""
        chosen = np.flatnonzero(rows) if rows.dtype == bool else rows
        place = np.full(len(self.raw), -1, dtype=np.int64)
        place[self.gappy] = np.arange(len(self.gappy))
        kept = place[chosen]
        return Uncalibrated(self.raw[chosen], np.flatnonzero(kept >= 0), self.tempered[kept[kept >= 0]])

    def at(self, temperature: float) -> Floats:
        """The answers at a temperature; between two of `TEMPERATURES` on the straight line of their logarithms."""
        tempered = _tempered(self.raw, temperature)
        if len(self.gappy):
            logs = np.log(TEMPERATURES)
            t = float(np.clip(np.log(temperature), logs[0], logs[-1]))
            right = int(np.clip(np.searchsorted(logs, t), 1, len(logs) - 1))
            share = (t - logs[right - 1]) / (logs[right] - logs[right - 1])
            tempered[self.gappy] = (1.0 - share) * self.tempered[:, right - 1] + share * self.tempered[:, right]
        return tempered


def _answers(pipeline: Any, gaussians: SpeciesGaussians, X: Floats, temperatures: tuple[float, ...]) -> Floats:
    """The pipeline's answers, averaged over completions after each of the temperatures; (n, temperatures, k)."""
    result = np.zeros((len(X), len(temperatures), len(gaussians.means)))
    if not len(X):
        return result
    if gaussians.states is not None:
        return _answers_mixed(pipeline, gaussians, gaussians.states, X, temperatures, result)
    # Input is checked before it comes here, and scikit-learn's own checks cost more than the answer for one plant.
    with _without_checks():
        waiting: list[_Completed] = []
        for observed, rows in patterns(X):
            if all(observed):
                said = _in_parts(pipeline, X[rows])
                for i, temperature in enumerate(temperatures):
                    result[rows, i] = _tempered(said, temperature)
                continue
            for part in _completed(gaussians, X, np.arange(len(X))[rows], observed):
                # A forest takes as long to be asked once as to answer: plants of many patterns are asked about together.
                waiting.append(part)
                if sum(len(w.plants) for w in waiting) * DRAWS > _ROWS_AT_ONCE:
                    _average(pipeline, waiting, temperatures, result)
                    waiting = []
        if waiting:
            _average(pipeline, waiting, temperatures, result)
    return result


def calibrate(raw: Floats | Uncalibrated, calibration: Calibration) -> Floats:
    """softmax(log p / temperature), mixed with `floor` even odds.

    Parameters
    ----------
    raw : (n, k) float or Uncalibrated
        A pipeline's probabilities.

    References
    ----------
    Guo et al. (2017), On calibration of modern neural networks (temperature). The floor says that n plants can't
    make anyone surer than about 2n to 1 (Krichevsky & Trofimov 1981).
    """
    if isinstance(raw, Uncalibrated):
        return _mixed(raw.at(calibration.temperature), calibration.floor)
    return _mixed(_tempered(raw, calibration.temperature), calibration.floor)


def _without_checks() -> AbstractContextManager[None]:
    """scikit-learn's own checks of its input, off; where it was not imported, nobody asks it."""
    library: Any = sys.modules.get("sklearn")
    if library is None:
        return nullcontext()
    off: AbstractContextManager[None] = library.config_context(assume_finite=True, skip_parameter_validation=True)
    return off


def _tempered(raw: Floats, temperature: float) -> Floats:
    """softmax(log p / temperature) of the last axis."""
    tempered = raw
    if temperature != 1.0:
        logs = np.log(np.clip(raw, 1e-12, 1.0)) / temperature
        tempered = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return np.asarray(tempered / tempered.sum(axis=-1, keepdims=True))


def _mixed(tempered: Floats, floor: float) -> Floats:
    return np.asarray((1.0 - floor) * tempered + floor / tempered.shape[1])


def entropy(p: Floats) -> Floats:
    """Shannon entropy of each row, in nats: 0 is certainty.

    Parameters
    ----------
    p : (..., k) float
    """
    return np.asarray(-(p * np.log(np.clip(p, 1e-300, None))).sum(axis=-1))


def _in_parts(pipeline: Any, X: Floats) -> Floats:
    if len(X) <= _ROWS_AT_ONCE:
        said = answers_of_trees(pipeline, X)
        return np.asarray(pipeline.predict_proba(X), dtype=np.float64) if said is None else said
    return np.concatenate([_in_parts(pipeline, X[i : i + _ROWS_AT_ONCE]) for i in range(0, len(X), _ROWS_AT_ONCE)])


@dataclass(frozen=True, slots=True, eq=False)
class _Completed:
    """Plants completed as each species they may well be: plants (m,), values (m, DRAWS, p), weights (m,)."""

    plants: Ints
    values: Floats
    weights: Floats


def _completed(gaussians: SpeciesGaussians, X: Floats, rows: Ints, observed: tuple[bool, ...]) -> Iterator[_Completed]:
    """The completions of plants measured in the same columns, some at once."""
    k = len(gaussians.means)
    means, slopes, noise = _conditional(gaussians, observed)
    seen = marginalize(gaussians, observed)
    gap = np.flatnonzero(~np.asarray(observed))
    at_once = max(1, _ROWS_AT_ONCE // (k * DRAWS))
    for start in range(0, len(rows), at_once):
        some = rows[start : start + at_once]
        measured = X[some][:, seen.columns]
        weights = species_weights(gaussians, seen, measured)
        plant, species = np.nonzero(weights > _NEGLIGIBLE / k)
        centred = measured[plant] - seen.means[species]
        middle = means[species] + np.einsum("mo,mog->mg", centred, slopes[species])
        values = np.repeat(X[some[plant], None, :], DRAWS, axis=1)
        values[..., gap] = middle[:, None, :] + noise[species]
        kept = weights[plant, species]
        yield _Completed(some[plant], values, kept / np.bincount(plant, weights=kept)[plant])


def _answers_mixed(
    pipeline: Any,
    gaussians: SpeciesGaussians,
    states: SpeciesStates,
    X: Floats,
    temperatures: tuple[float, ...],
    result: Floats,
) -> Floats:
    """As `_answers` where some columns hold states."""
    columns, _ = numeric_part(gaussians)
    with _without_checks():
        gaps = is_open(states.columns, X)
        whole = np.flatnonzero(~gaps)
        if len(whole):
            said = _in_parts(pipeline, X[whole])
            for i, temperature in enumerate(temperatures):
                result[whole, i] = _tempered(said, temperature)
        waiting: list[_Completed] = []
        index = np.flatnonzero(gaps)
        # States are completed without looking at patterns: only which numbers were measured parts the plants.
        for observed, rows in patterns(X[index][:, columns]) if len(index) else ():
            for part in _mixed_completed(gaussians, states, X, index[rows], observed):
                waiting.append(part)
                if sum(len(w.plants) for w in waiting) * DRAWS > _ROWS_AT_ONCE:
                    _average(pipeline, waiting, temperatures, result)
                    waiting = []
        if waiting:
            _average(pipeline, waiting, temperatures, result)
    return result


def _mixed_completed(
    gaussians: SpeciesGaussians, states: SpeciesStates, X: Floats, rows: Ints, observed: tuple[bool, ...]
) -> Iterator[_Completed]:
    """As `_completed`, for plants whose numbers were measured in the same columns."""
    k = len(gaussians.means)
    columns, numbers = numeric_part(gaussians)
    gap = np.flatnonzero(~np.asarray(observed, dtype=bool))
    at_once = max(1, _ROWS_AT_ONCE // (k * DRAWS))
    for start in range(0, len(rows), at_once):
        some = rows[start : start + at_once]
        weights = mixed_weights(gaussians, X[some], observed)
        plant, species = np.nonzero(weights > _NEGLIGIBLE / k)
        values = np.repeat(X[some[plant], None, :], DRAWS, axis=1)
        if len(gap) and numbers is not None:
            means, slopes, noise = _conditional(numbers, observed)
            seen = marginalize(numbers, observed)
            centred = X[some][:, columns[seen.columns]][plant] - seen.means[species]
            middle = means[species] + np.einsum("mo,mog->mg", centred, slopes[species])
            values[..., columns[gap]] = middle[:, None, :] + noise[species]
        complete_states(states, X[some[plant]], species, values)
        kept = weights[plant, species]
        yield _Completed(some[plant], values, kept / np.bincount(plant, weights=kept)[plant])


def _average(pipeline: Any, parts: Sequence[_Completed], temperatures: tuple[float, ...], result: Floats) -> None:
    """Ask about all completions and add the weighted answers to the rows of `result`."""
    values = np.concatenate([part.values for part in parts])
    answers = _in_parts(pipeline, values.reshape(-1, values.shape[2])).reshape(len(values), DRAWS, -1)
    plants, weights = (np.concatenate([getattr(part, name) for part in parts]) for name in ("plants", "weights"))
    for i, temperature in enumerate(temperatures):
        np.add.at(result[:, i], plants, weights[:, None] * _tempered(answers, temperature).mean(axis=1))


def completions(gaussians: SpeciesGaussians, X: Floats, observed: tuple[bool, ...]) -> tuple[Floats, Floats]:
    """What each plant may have been, had everything been measured.

    Parameters
    ----------
    X : (n, p) float
        Plants measured in the `observed` columns.

    Returns
    -------
    completed : (n, k, DRAWS, p) float
        For each species, `DRAWS` completions from its normal distribution given the measured values.
    weights : (n, k) float
        How likely each species is from the measured values alone, by the same distributions and the training shares.
    """
    gap = np.flatnonzero(~np.asarray(observed))
    means, slopes, noise = _conditional(gaussians, observed)
    seen = marginalize(gaussians, observed)
    measured = X[:, seen.columns]
    k, p = gaussians.means.shape
    centred = measured[:, None, :] - seen.means[None, :, :]
    middle = means[None, :, :] + np.einsum("nko,kog->nkg", centred, slopes)
    completed = np.empty((len(X), k, DRAWS, p))
    completed[:] = X[:, None, None, :]
    completed[..., gap] = middle[:, :, None, :] + noise[None, :, :, :]
    return completed, species_weights(gaussians, seen, measured)


def expected_values(gaussians: SpeciesGaussians, X: Floats) -> Floats:
    """The plants with each gap filled by what was measured, without knowing the species; (n, p).

    The expectation under each species' normal distribution given the measured values, weighted by how likely they make it.
    """
    filled = X.copy()
    if gaussians.states is not None:
        return _expected_mixed(gaussians, gaussians.states, X, filled)
    for observed, rows in patterns(X):
        if all(observed):
            continue
        means, slopes, _ = _conditional(gaussians, observed)
        seen, gap = marginalize(gaussians, observed), np.flatnonzero(~np.asarray(observed))
        at_once = max(1, _ROWS_AT_ONCE // len(gaussians.means))
        index = np.arange(len(X))[rows]
        for start in range(0, len(index), at_once):
            some = index[start : start + at_once]
            measured = X[some][:, seen.columns]
            centred = measured[:, None, :] - seen.means[None, :, :]
            middle = means[None, :, :] + np.einsum("nko,kog->nkg", centred, slopes)
            weights = species_weights(gaussians, seen, measured)
            filled[some[:, None], gap] = np.einsum("nk,nkg->ng", weights, middle)
    return filled


def _expected_mixed(gaussians: SpeciesGaussians, states: SpeciesStates, X: Floats, filled: Floats) -> Floats:
    """As `expected_values` where some columns hold states: an open one is the likeliest of those it may be."""
    columns, numbers = numeric_part(gaussians)
    if numbers is not None:
        filled[:, columns] = expected_values(numbers, X[:, columns])
    weights = np.zeros((len(X), len(gaussians.means)))
    for observed, rows in patterns(X[:, columns]) if len(columns) else [((), slice(None))]:
        weights[rows] = mixed_weights(gaussians, X[rows], observed)
    for column, size, shares in zip(states.columns.columns, states.columns.sizes, states.shares, strict=True):
        rows = np.flatnonzero(np.isnan(X[:, column]) | (X[:, column] < 0))
        held = held_states(X[rows, column], size)
        held[~held.any(axis=1)] = True
        filled[rows, column] = (weights[rows] @ shares * held).argmax(axis=1)
    return filled


def species_weights(gaussians: SpeciesGaussians, seen: MarginalGaussians, measured: Floats) -> Floats:
    """The species' shares given the measured values, by their normal distributions and the training counts.

    Parameters
    ----------
    measured : (n, o) float

    Returns
    -------
    (n, k) float
        Rows sum to 1.
    """
    logs = np.log(gaussians.counts) - 0.5 * seen.log_determinants
    if len(seen.columns):
        logs = logs - 0.5 * squared_distances(seen, measured)
    else:
        logs = np.broadcast_to(logs, (len(measured), len(logs)))
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


@lru_cache(maxsize=1024)
def _small_conditional(gaussians: SpeciesGaussians, observed: tuple[bool, ...]) -> tuple[Floats, Floats, Floats]:
    return _worked_out(gaussians, observed)


def _conditional(gaussians: SpeciesGaussians, observed: tuple[bool, ...]) -> tuple[Floats, Floats, Floats]:
    return _small_conditional(gaussians, observed) if is_small(gaussians) else _worked_out(gaussians, observed)


def _worked_out(gaussians: SpeciesGaussians, observed: tuple[bool, ...]) -> tuple[Floats, Floats, Floats]:
    """For each species: the unmeasured means (k, g), their slopes on the measured values (k, o, g), and the draws'
    scatter around them (k, DRAWS, g). The normal draws are the same for every plant and every call.
    """
    seen: Bools = np.asarray(observed)
    o, g = np.flatnonzero(seen), np.flatnonzero(~seen)
    covariances = gaussians.covariances
    across = covariances[:, o[:, None], g]
    slopes = np.asarray(np.linalg.solve(covariances[:, o[:, None], o], across) if len(o) else across, dtype=np.float64)
    left = covariances[:, g[:, None], g] - across.transpose(0, 2, 1) @ slopes
    # Rounding can leave the smallest eigenvalue a hair below zero; the root is taken of what is not negative.
    values, vectors = np.linalg.eigh(left)
    roots = vectors * np.sqrt(np.clip(values, 0.0, None))[:, None, :]
    half = np.random.default_rng(20361936).standard_normal((DRAWS // 2, len(g)))
    scatter = np.concatenate([half, -half])
    return gaussians.means[:, g], slopes, np.einsum("dg,khg->kdh", scatter, roots)
