"""How far can it be trusted? Every score comes from plants that the model did not see while learning."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import betaincinv, stdtrit

from flora_core.identification.predicting import TEMPERATURES, Uncalibrated, calibrate
from flora_core.identification.prediction_sets import fit_conformal_thresholds, prediction_sets
from flora_core.model import Bools, Calibration, Floats, Ints, Scores, SpeciesScore


def clopper_pearson(right: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """The exact (Clopper-Pearson) interval of a share: 147 of 150 gives 94.3 to 99.6 %.

    Parameters
    ----------
    right : float
        Successes; a mean over repeats need not be whole.
    n : float
        Trials; 0 gives (0, 1). What plants in groups are worth need not be whole either.

    References
    ----------
    Clopper & Pearson (1934), The use of confidence or fiducial limits illustrated in the case of the binomial.
    """
    if n == 0:
        return 0.0, 1.0
    tail = (1.0 - level) / 2.0
    low = float(betaincinv(right, n - right + 1, tail)) if right > 0 else 0.0
    high = float(betaincinv(right + 1, n - right, 1.0 - tail)) if right < n else 1.0
    return low, high


def chance_range(share: float, n: int, level: float = 0.95) -> tuple[float, float]:
    """Where the observed share of `n` plants lies in 95 of 100 cases, if the true one is `share`; 0 to 1 where n is 0."""
    from scipy.special import bdtr

    if n == 0:
        return 0.0, 1.0
    up_to = bdtr(np.arange(n + 1.0), n, min(1.0, max(0.0, share)))
    tail = (1.0 - level) / 2.0
    low, high = int(np.searchsorted(up_to, tail)), int(np.searchsorted(up_to, 1.0 - tail))
    return low / n, min(n, high) / n


def effective_plants(right: Floats, groups: Ints | None) -> float:
    """As many plants, drawn one by one, as would tell as much as these, which came in groups.

    Parameters
    ----------
    right : (n,) float
        1 for a right name.
    groups : (n,) int or None
        The group of each plant; None where they came one by one.

    References
    ----------
    Korn & Graubard (1998), Confidence intervals for proportions with small expected number of positive counts estimated
    from survey data, Survey Methodology 24: 193-201.
    """
    n = len(right)
    if groups is None or n < 2:
        return float(n)
    share = float(right.mean())
    _, place = np.unique(groups, return_inverse=True)
    sums = np.bincount(place, weights=right - share)
    count = len(sums)
    if count < 2:
        return 1.0
    by_plant = share * (1.0 - share) / n
    by_group = count / (count - 1.0) * float((sums**2).sum()) / n**2
    design = max(1.0, by_group / by_plant) if by_plant > 0 else 1.0
    # Few groups leave it uncertain how much they differ.
    freedom = float(stdtrit(n - 1, 0.975) / stdtrit(count - 1, 0.975)) ** 2
    return max(1.0, n / design * min(1.0, freedom))


def log_loss(probabilities: Floats, species: Ints) -> float:
    """Mean of -log p(true species), in nats."""
    p = probabilities[np.arange(len(species)), species]
    return float(-np.log(np.clip(p, 1e-15, 1.0)).mean())


def fit_calibration(raw: Floats | Uncalibrated, species: Ints) -> Calibration:
    """The temperature that makes out-of-fold probabilities likeliest, and the floor that n plants allow.

    Parameters
    ----------
    raw : (n, k) float or Uncalibrated
        Out-of-fold.

    Returns
    -------
    Calibration
        The temperature is 1 unless another lowers the log loss of plants it was not fitted on.
    """
    floor = probability_floor(len(species))
    halves = random_half(len(species))
    gained = 0.0
    for half in (halves, ~halves):
        if half.any() and (~half).any():
            fitted = Calibration(_temperature(raw[half], species[half], floor), floor)
            plain = Calibration(1.0, floor)
            other = raw[~half], species[~half]
            gained += log_loss(calibrate(other[0], plain), other[1]) - log_loss(calibrate(other[0], fitted), other[1])
    return Calibration(_temperature(raw, species, floor) if gained > 0 else 1.0, floor, each_completion=True)


def cross_fitted_calibration(raw: Floats | Uncalibrated, species: Ints) -> Floats:
    """Out-of-fold probabilities, each half calibrated by the temperature of the other, so that none saw its own plant.

    Where a temperature is of no use, none is tried on the halves either: half the plants of a small table would find one all
    the same, and the scores would be those of another model.

    Parameters
    ----------
    raw : (n, k) float or Uncalibrated
    """
    floor = probability_floor(len(species))
    if fit_calibration(raw, species).temperature == 1.0:
        return calibrate(raw, Calibration(1.0, floor))
    halves = random_half(len(species))
    calibrated = calibrate(raw, Calibration(1.0, floor))
    for half in (halves, ~halves):
        temperature = _temperature(raw[~half], species[~half], floor) if (~half).any() else 1.0
        calibrated[half] = calibrate(raw[half], Calibration(temperature, floor))
    return calibrated


def probability_floor(plants: int) -> float:
    """The weight of even odds that so many plants leave: n plants make nobody surer than about 2n to 1."""
    return 0.5 / (plants + 1.0)


def random_half(n: int) -> Bools:
    """A random half of n rows, the same at every call, for fitting on one half what is judged on the other."""
    half = np.zeros(n, dtype=bool)
    half[np.random.default_rng(1).permutation(n)[: n // 2]] = True
    return half


def _temperature(raw: Floats | Uncalibrated, species: Ints, floor: float) -> float:
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda t: log_loss(calibrate(raw, Calibration(float(np.exp(t)), floor)), species),
        bounds=(np.log(TEMPERATURES[0]), np.log(TEMPERATURES[-1])),
        method="bounded",
        options={"xatol": 1e-3},
    )
    # Four digits: the rest would differ between machines and say nothing.
    return float(f"{np.exp(found.x):.4g}")


def calibration_error(probabilities: Floats, species: Ints, bins: int = 10) -> float:
    """Expected calibration error of the named species over bins of equal count.

    References
    ----------
    Naeini, Cooper & Hauskrecht (2015), Obtaining well calibrated probabilities using Bayesian binning.
    """
    named = probabilities.argmax(axis=1)
    sure = probabilities[np.arange(len(species)), named]
    right = (named == species).astype(np.float64)
    parts = np.array_split(np.argsort(sure, kind="stable"), min(bins, len(species)))
    return float(sum(len(part) * abs(sure[part].mean() - right[part].mean()) for part in parts) / len(species))


def score(
    names: Sequence[str],
    repeats: Sequence[Floats],
    species: Ints,
    method: str,
    groups: Ints | None = None,
    thresholds: Floats | None = None,
) -> Scores:
    """All scores from the calibrated out-of-fold probabilities of one or more repeats.

    Parameters
    ----------
    names : sequence of str
        The species, in the order of the columns.
    repeats : sequence of (n, k) float
    species : (n,) int
        Species without a plant count for nothing in the means over species.
    groups : (n,) int, optional
        The group of each plant; the interval of the accuracy is then that of so many groups.
    thresholds : (k,) float, optional
        Those of the prediction sets to be scored; where not given, each half of the plants is scored by the other's.
    """
    from sklearn.metrics import confusion_matrix, f1_score, recall_score

    n, k = repeats[0].shape
    named = [p.argmax(axis=1) for p in repeats]
    present = np.unique(species)
    accuracy = float(np.mean([(g == species).mean() for g in named]))
    worth = effective_plants(np.asarray(named[0] == species, dtype=np.float64), groups)
    low, high = clopper_pearson(accuracy * worth, worth)
    confusion = confusion_matrix(species, named[0], labels=range(k))
    held = cross_fitted_sets(repeats[0], species) if thresholds is None else prediction_sets(repeats[0], thresholds)
    coverage, size = float(held[np.arange(n), species].mean()), float(held.sum() / n)
    return Scores(
        plants=n,
        right=int((named[0] == species).sum()),
        accuracy=accuracy,
        low=low,
        high=high,
        balanced_accuracy=float(
            np.mean([recall_score(species, g, labels=present, average="macro", zero_division=0.0) for g in named])
        ),
        macro_f1=float(
            np.mean([f1_score(species, g, labels=present, average="macro", zero_division=0.0) for g in named])
        ),
        log_loss=float(np.mean([log_loss(p, species) for p in repeats])),
        by_species={name: _species_score(confusion, j) for j, name in enumerate(names)},
        confusion=tuple(tuple(int(c) for c in row) for row in confusion),
        calibration_error=float(np.mean([calibration_error(p, species) for p in repeats])),
        set_coverage=coverage,
        set_size=size,
        method=method,
    )


def _species_score(confusion: Ints, j: int) -> SpeciesScore:
    plants, named, right = int(confusion[j].sum()), int(confusion[:, j].sum()), int(confusion[j, j])
    low, high = clopper_pearson(right, plants)
    p_low, p_high = clopper_pearson(right, named)
    return SpeciesScore(
        plants=plants,
        named=named,
        right=right,
        recall=right / plants if plants else 0.0,
        recall_low=low,
        recall_high=high,
        precision=right / named if named else None,
        precision_low=p_low if named else None,
        precision_high=p_high if named else None,
    )


def cross_fitted_sets(probabilities: Floats, species: Ints) -> Bools:
    """Prediction sets whose thresholds came from the other half of the plants; (n, k)."""
    halves = random_half(len(species))
    held = np.ones(probabilities.shape, dtype=bool)
    if not halves.any() or halves.all():
        return held
    for half in (halves, ~halves):
        held[half] = prediction_sets(
            probabilities[half], fit_conformal_thresholds(probabilities[~half], species[~half])
        )
    return held


def selection_optimism(losses: Floats, hits: Floats, seed: int, rounds: int = 300) -> float:
    """By how much choosing the candidate with the lowest loss flatters its accuracy.

    Parameters
    ----------
    losses, hits : (n, c) float
        Out-of-fold loss, and 1 for a right name, of each plant under each candidate.

    Returns
    -------
    float
        Mean over bootstrap samples of (accuracy of the chosen one on the sample that chose it, less that on the plants
        left out); never negative.

    References
    ----------
    Tsamardinos, Greasidou & Borboudakis (2018), Bootstrapping the out-of-sample predictions for efficient and accurate
    cross-validation, Machine Learning 107: 1895-1922.
    """
    n, candidates = losses.shape
    if candidates < 2:
        return 0.0
    rng = np.random.default_rng(seed)
    fixed = int(losses.mean(axis=0).argmin())
    gaps = []
    for _ in range(rounds):
        drawn = rng.integers(0, n, n)
        left = np.ones(n, dtype=bool)
        left[drawn] = False
        if left.any():
            best = int(losses[drawn].mean(axis=0).argmin())
            flattered = hits[drawn, best].mean() - hits[left, best].mean()
            # The same gap without choosing is chance; only what choosing adds is optimism.
            gaps.append(flattered - (hits[drawn, fixed].mean() - hits[left, fixed].mean()))
    return max(0.0, float(np.mean(gaps)))
