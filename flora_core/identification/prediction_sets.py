"""Which species are still possible: a set that holds the true one for 95 of 100 plants like the training plants.

A species is in the set while its probability reaches a limit of its own, and the likeliest species always is. The limits
are conformal: taken from the probabilities that out-of-fold plants gave their own species. Rare species have limits that
hold 95 of 100 of their own plants, so that they are not forgotten for the sake of the common ones; no common one may lose
more than eight in a hundred. docs/decisions/0006-prediction-sets.md compares the rules.

A model keeps the rule its limits were made for. Models of the first rule hold, for each species, the probability mass of
likelier species up to which it stays in; they go on identifying by it.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from flora_core.model import Bools, Floats, Ints, SetRule

LEVEL: Final = 0.95
#: The rule of new models.
RULE: Final[SetRule] = "prevalence"
#: How far the limit of a species with plants enough is drawn to the one that it would have alone.
_OWN: Final = 0.5
#: The share of one species' plants that may be left out at most, in units of the share that may be of all plants.
_EACH: Final = 1.6
#: The share of the plants of all rare species together, in the same units.
_RARE: Final = 1.2
#: A species that is this probable is never ruled out, however seldom the named ones are wrong.
_HIGHEST: Final = 0.4


def cumulative_probability(probabilities: Floats) -> Floats:
    """For each plant and species, the probability of all species likelier than it: 0 for the first.

    Parameters
    ----------
    probabilities : (n, k) float

    Returns
    -------
    (n, k) float
        Equal probabilities count as likelier in the order of the columns.
    """
    order = np.argsort(-probabilities, axis=1, kind="stable")
    ranked = np.take_along_axis(probabilities, order, axis=1)
    before = np.cumsum(ranked, axis=1) - ranked
    before[:, 0] = 0.0
    mass = np.empty_like(before)
    np.put_along_axis(mass, order, before, axis=1)
    return mass


def prediction_sets(probabilities: Floats, thresholds: Floats, rule: SetRule = RULE) -> Bools:
    """The species that are still possible for each plant.

    Parameters
    ----------
    probabilities : (n, k) float
        Calibrated.
    thresholds : (k,) float
        From `fit_conformal_thresholds`, or those of an older model.
    rule : {"prevalence", "cumulative"}
        "prevalence": a species stays in while its probability reaches its threshold. "cumulative": while the probability
        of all likelier species together does not exceed its threshold.

    Returns
    -------
    (n, k) bool
        The likeliest species is always among them.
    """
    if rule == "cumulative":
        return _by_cumulative_probability(probabilities, thresholds)
    held = probabilities >= thresholds
    held[np.arange(len(probabilities)), probabilities.argmax(axis=1)] = True
    return np.asarray(held)


def fit_conformal_thresholds(probabilities: Floats, species: Ints, level: float = LEVEL) -> Floats:
    """For each species, the probability from which on it is in the set.

    Parameters
    ----------
    probabilities : (n, k) float
        Out-of-fold and calibrated: of plants the model had not seen.
    species : (n,) int
        Each plant's true species.
    level : float
        The share of plants whose true species the set shall hold.

    Returns
    -------
    (k,) float
        Species with plants enough for a limit of their own (19 at 95 %) share one limit, drawn half way to the quantile of
        each one's own plants and nowhere above the one that 92 % of them reach. A rarer one has the quantile of the
        probability of the own species over that species' share of the plants, times the share: of all plants or, where it is
        lower, the one that 94 % of the plants of rare species reach. The shared limit is the highest with which the sets hold
        `level` of all plants. 0, which keeps every species in, where there are fewer plants than 19 in all.

    References
    ----------
    Ding, Fermanian & Salmon (2025), Conformal prediction for long-tailed classification (the prevalence-adjusted softmax
    score, and limits interpolated between the common and the species' own); Sadinle, Lei & Wasserman (2019), Least ambiguous
    set-valued classifiers with bounded error levels; Vovk, Gammerman & Shafer (2005), Algorithmic learning in a random world.
    """
    k, n, missed = probabilities.shape[1], len(species), 1.0 - level
    enough = _smallest(level)
    if n < enough:
        return np.zeros(k)
    own = probabilities[np.arange(n), species]
    counts = np.bincount(species, minlength=k)
    common = counts >= enough
    alone, highest = np.full(k, _HIGHEST), np.full(k, _HIGHEST)
    for j in np.flatnonzero(common):
        # Between two plants where the share falls between them: the promise for all rests on the shared limit.
        quantiles = np.quantile(own[species == j], [missed, _EACH * missed], method="weibull")
        alone[j], highest[j] = np.minimum(quantiles, _HIGHEST)
    if not common.all():
        # A species without a plant is held to be as common as one with a single plant.
        shares = np.maximum(counts, 1) / n
        rare = ~common[species]
        adjusted = own / shares[species]
        quantile = float(np.quantile(adjusted, missed, method="weibull"))
        if rare.sum() >= enough:
            quantile = min(quantile, float(np.quantile(adjusted[rare], _RARE * missed, method="weibull")))
        highest[~common] = np.minimum(quantile * shares[~common], _HIGHEST)

    def limits(shared: float) -> Floats:
        drawn = np.where(common, shared + _OWN * (alone - shared), shared)
        return np.asarray(np.minimum(drawn, highest))

    left_out = max(1, int(np.floor((n + 1) * missed + 1e-9))) - 1
    candidates = np.unique(np.append(own[own < _HIGHEST], [0.0, _HIGHEST]))
    low, high = 0, len(candidates) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if (own < limits(float(candidates[middle]))[species]).sum() <= left_out:
            low = middle
        else:
            high = middle - 1
    return limits(float(candidates[low]))


def _by_cumulative_probability(probabilities: Floats, thresholds: Floats) -> Bools:
    if probabilities.shape[1] == 2:
        # Two species, one comparison: the second stays in while the first is not probable enough.
        other = probabilities[:, ::-1]
        first = np.stack([probabilities[:, 0] >= other[:, 0], probabilities[:, 1] > other[:, 1]], axis=1)
        return np.asarray(first | (other <= thresholds))
    return np.asarray(cumulative_probability(probabilities) <= thresholds)


def _smallest(level: float) -> int:
    """The fewest plants from which a threshold at `level` can be had."""
    return int(np.ceil(level / (1.0 - level) - 1e-9))
