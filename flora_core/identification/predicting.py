"""How likely each species is: a pipeline's probabilities, calibrated, and averaged over what a missing value may have been.

A missing measurement is never replaced by one number, which would make the model as sure as if it had been measured.
The pipeline is asked about many completions instead, drawn from the training plants' distributions given what was
measured, and the answers are averaged: the plant is named from the rest, less surely.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import numpy as np
import sklearn

from flora_core.identification.fitness import View, patterns, squared_distances, view
from flora_core.model import Bools, Calibration, Clouds, Floats, Model

#: Completions of a plant for each species. 32 leave an error of the averaged probability near 1 %.
DRAWS: Final = 32
#: Rows handed to the pipeline at once, so that memory does not grow with the table.
_ROWS_AT_ONCE: Final = 65_536


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
    return predict(model.pipeline, model.clouds, model.calibration, X)


def predict(pipeline: Any, clouds: Clouds, calibration: Calibration, X: Floats) -> Floats:
    """As `probabilities`, for parts that are not yet a model."""
    return calibrate(uncalibrated(pipeline, clouds, X), calibration)


def uncalibrated(pipeline: Any, clouds: Clouds, X: Floats) -> Floats:
    """What the pipeline itself says, averaged over the completions where something was not measured; (n, k)."""
    result = np.empty((len(X), len(clouds.means)))
    if not len(X):
        return result
    # Input is checked before it comes here, and scikit-learn's own checks cost more than the answer for one plant.
    with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
        for observed, rows in patterns(X):
            whole = all(observed)
            result[rows] = _in_parts(pipeline, X[rows]) if whole else _averaged(pipeline, clouds, X[rows], observed)
    return result


def calibrate(raw: Floats, calibration: Calibration) -> Floats:
    """softmax(log p / temperature), mixed with `floor` even odds.

    Parameters
    ----------
    raw : (n, k) float
        A pipeline's probabilities.

    References
    ----------
    Guo et al. (2017), On calibration of modern neural networks (temperature). The floor says that n plants can't
    make anyone surer than about 2n to 1 (Krichevsky & Trofimov 1981).
    """
    k = raw.shape[1]
    tempered = raw
    if calibration.temperature != 1.0:
        logs = np.log(np.clip(raw, 1e-12, 1.0)) / calibration.temperature
        tempered = np.exp(logs - logs.max(axis=1, keepdims=True))
    tempered = tempered / tempered.sum(axis=1, keepdims=True)
    return np.asarray((1.0 - calibration.floor) * tempered + calibration.floor / k)


def entropy(p: Floats) -> Floats:
    """Shannon entropy of each row, in nats: 0 is certainty.

    Parameters
    ----------
    p : (..., k) float
    """
    return np.asarray(-(p * np.log(np.clip(p, 1e-300, None))).sum(axis=-1))


def _in_parts(pipeline: Any, X: Floats) -> Floats:
    if len(X) <= _ROWS_AT_ONCE:
        return np.asarray(pipeline.predict_proba(X), dtype=np.float64)
    parts = [pipeline.predict_proba(X[i : i + _ROWS_AT_ONCE]) for i in range(0, len(X), _ROWS_AT_ONCE)]
    return np.concatenate(parts)


def _averaged(pipeline: Any, clouds: Clouds, X: Floats, observed: tuple[bool, ...]) -> Floats:
    k, p = clouds.means.shape
    at_once = max(1, _ROWS_AT_ONCE // (k * DRAWS))
    result = np.empty((len(X), k))
    for start in range(0, len(X), at_once):
        part = X[start : start + at_once]
        completed, weights = completions(clouds, part, observed)
        answers = _in_parts(pipeline, completed.reshape(-1, p))
        result[start : start + at_once] = np.einsum(
            "nkdj,nk->nj", answers.reshape(len(part), k, DRAWS, k), weights / DRAWS
        )
    return result


def completions(clouds: Clouds, X: Floats, observed: tuple[bool, ...]) -> tuple[Floats, Floats]:
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
    means, slopes, noise = _conditional(clouds, observed)
    seen = view(clouds, observed)
    measured = X[:, seen.columns]
    k, p = clouds.means.shape
    centred = measured[:, None, :] - seen.means[None, :, :]
    middle = means[None, :, :] + np.einsum("nko,kog->nkg", centred, slopes)
    completed = np.empty((len(X), k, DRAWS, p))
    completed[:] = X[:, None, None, :]
    completed[..., gap] = middle[:, :, None, :] + noise[None, :, :, :]
    return completed, species_weights(clouds, seen, measured)


def species_weights(clouds: Clouds, seen: View, measured: Floats) -> Floats:
    """The species' shares given the measured values, by their normal distributions and the training counts.

    Parameters
    ----------
    measured : (n, o) float

    Returns
    -------
    (n, k) float
        Rows sum to 1.
    """
    logs = np.log(clouds.counts) - 0.5 * seen.log_determinants
    if len(seen.columns):
        logs = logs - 0.5 * squared_distances(seen, measured)
    else:
        logs = np.broadcast_to(logs, (len(measured), len(logs)))
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


@lru_cache(maxsize=1024)
def _conditional(clouds: Clouds, observed: tuple[bool, ...]) -> tuple[Floats, Floats, Floats]:
    """For each species: the unmeasured means (k, g), their slopes on the measured values (k, o, g), and the draws'
    scatter around them (k, DRAWS, g). The normal draws are the same for every plant and every call.
    """
    seen: Bools = np.asarray(observed)
    o, g = np.flatnonzero(seen), np.flatnonzero(~seen)
    covariances = clouds.covariances
    across = covariances[:, o[:, None], g]
    slopes = np.asarray(np.linalg.solve(covariances[:, o[:, None], o], across) if len(o) else across, dtype=np.float64)
    left = covariances[:, g[:, None], g] - across.transpose(0, 2, 1) @ slopes
    # Rounding can leave the smallest eigenvalue a hair below zero; the root is taken of what is not negative.
    values, vectors = np.linalg.eigh(left)
    roots = vectors * np.sqrt(np.clip(values, 0.0, None))[:, None, :]
    half = np.random.default_rng(20361936).standard_normal((DRAWS // 2, len(g)))
    scatter = np.concatenate([half, -half])
    return clouds.means[:, g], slopes, np.einsum("dg,khg->kdh", scatter, roots)
