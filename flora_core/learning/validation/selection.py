"""Which of the recipes that were tried on the same folds is best, why, and how much choosing flatters it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from flora_core.identification.predicting import calibrate
from flora_core.learning.algorithms.pipelines import Recipe
from flora_core.learning.validation.out_of_fold import OutOfFold
from flora_core.learning.validation.scoring import clopper_pearson, fit_calibration, log_loss, selection_optimism
from flora_core.model import Calibration, Candidate, Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class ModelSelection:
    """The recipes with what came of them.

    The best names most plants right among those whose calibrated log loss can't be told from the lowest (within a standard
    error of the paired difference, plant by plant), and those that name more right than that one by more than two. Where
    several families were tried, it must show that it is better than a plain linear discriminant analysis: name more right by
    more than a standard error, or no fewer with a lower log loss. Otherwise that one stays.

    References
    ----------
    Breiman et al. (1984), Classification and regression trees (the one-standard-error rule).

    Attributes
    ----------
    calibrated : list of (n, k) float
        Out-of-fold probabilities of each recipe.
    losses : list of float
        Their log loss, in nats.
    stopped : tuple of Candidate
        What was tried on some of the plants only, and not gone on with.
    """

    recipes: Sequence[Recipe]
    results: Sequence[OutOfFold]
    species: Ints
    calibrations: list[Calibration]
    calibrated: list[Floats]
    losses: list[float]
    stopped: tuple[Candidate, ...] = field(default=())

    @classmethod
    def among(
        cls, recipes: Sequence[Recipe], results: Sequence[OutOfFold], species: Ints, stopped: tuple[Candidate, ...] = ()
    ) -> ModelSelection:
        """Calibrate what each said, and score it."""
        calibrations = [fit_calibration(result.said, species) for result in results]
        calibrated = [calibrate(r.said, c) for r, c in zip(results, calibrations, strict=True)]
        losses = [log_loss(p, species) for p in calibrated]
        return cls(recipes, results, species, calibrations, calibrated, losses, stopped)

    @property
    def best(self) -> int:
        """The place of the best recipe."""
        lowest = int(np.argmin(self.losses))
        rows = np.arange(len(self.species))
        loss = [-np.log(np.clip(p[rows, self.species], 1e-15, 1.0)) for p in self.calibrated]
        hits = [(p.argmax(axis=1) == self.species).astype(np.float64) for p in self.calibrated]
        able = [
            i
            for i in range(len(self.recipes))
            if _mean_less_errors(loss[i] - loss[lowest], 1.0) <= 0.0
            or _mean_less_errors(hits[i] - hits[lowest], 2.0) > 0.0
        ]
        most = max(float(hits[i].sum()) for i in able)
        found = min((i for i in able if hits[i].sum() == most), key=lambda i: (self.losses[i], i))
        plain = self._plain
        if plain is None or found == plain:
            return found
        more, surer = hits[found] - hits[plain], loss[plain] - loss[found]
        better = _mean_less_errors(more, 1.0) > 0.0 or (more.sum() >= 0.0 and surer.sum() > 0.0)
        return found if better else plain

    @property
    def _plain(self) -> int | None:
        """The place of the linear discriminant analysis with its defaults, where other families were tried too."""
        if len({recipe.algorithm.name for recipe in self.recipes}) < 2:
            return None
        for i, recipe in enumerate(self.recipes):
            defaults = {h.name: h.default for h in recipe.algorithm.hyperparameters}
            if recipe.algorithm.name == "lda" and dict(recipe.hyperparameters) == defaults:
                return i
        return None

    @property
    def recipe(self) -> Recipe:
        """The best recipe."""
        return self.recipes[self.best]

    def reason(self) -> str:
        """Why it was chosen, in a sentence."""
        title = self.recipe.algorithm.title.capitalize()
        loss = f"{self.losses[self.best]:.3f}"
        if len(self.recipes) == 1:
            return f"{title} was asked for."
        families = self._best_of_each_family()
        if len(families) == 1:
            return f"{title} with the best of {len(self.recipes)} settings, by cross-validated log loss ({loss})."
        others = [f"{self.recipes[i].algorithm.title} {self.losses[i]:.3f}" for i in families if i != self.best]
        if self.losses[self.best] > min(self.losses) and self.best == self._plain:
            return (
                f"{title} stays: no other named more plants right beyond chance. Log loss {loss}; {', '.join(others)}."
            )
        if self.losses[self.best] > min(self.losses):
            return (
                f"{title} named most plants right among those that can't be told from the best by cross-validated log loss: "
                f"{loss}; {', '.join(others)}."
            )
        return f"{title} had the lowest cross-validated log loss, {loss}; {', '.join(others)}."

    def candidates(self) -> tuple[Candidate, ...]:
        """The leaderboard: what the card tells of each, in the order they were tried, those that were stopped early last."""
        rows = np.arange(len(self.species))
        best = self.best
        found = []
        for i, (recipe, result, p) in enumerate(zip(self.recipes, self.results, self.calibrated, strict=True)):
            why = "chosen"
            if i != best:
                one = self.calibrated[best]
                behind = np.log(np.clip(one[rows, self.species], 1e-15, 1)) - np.log(
                    np.clip(p[rows, self.species], 1e-15, 1)
                )
                mean, error = float(behind.mean()), _standard_error(behind)
                far = "beyond chance" if abs(mean) > 1.96 * error else "within chance"
                way = "behind" if mean > 0 else "ahead of"
                why = f"log loss {abs(mean):.3f} {way} the chosen one, {far}, plant by plant"
            found.append(candidate_of(recipe, p, self.species, result.seconds, chosen=i == best, why=why))
        return (*found, *self.stopped)

    def optimism(self, seed: int) -> float:
        """By how much choosing the best flatters its accuracy."""
        rows = np.arange(len(self.species))
        losses = np.stack([-np.log(p[rows, self.species]) for p in self.calibrated], axis=1)
        hits = np.stack([(p.argmax(axis=1) == self.species).astype(float) for p in self.calibrated], axis=1)
        return selection_optimism(losses, hits, seed)

    def _best_of_each_family(self) -> list[int]:
        """The place of each family's best settings, in the order they were tried."""
        best: dict[str, int] = {}
        for i, recipe in enumerate(self.recipes):
            name = recipe.algorithm.name
            if name not in best or self.losses[i] < self.losses[best[name]]:
                best[name] = i
        return list(best.values())


def candidate_of(
    recipe: Recipe, probabilities: Floats, species: Ints, seconds: float, *, chosen: bool = False, why: str = ""
) -> Candidate:
    """A row of the leaderboard.

    Parameters
    ----------
    probabilities : (n, k) float
        Out-of-fold and calibrated, of the plants asked about.
    species : (n,) int
    """
    from sklearn.metrics import balanced_accuracy_score

    n = len(species)
    named = probabilities.argmax(axis=1)
    losses = -np.log(np.clip(probabilities[np.arange(n), species], 1e-15, 1.0))
    right = int((named == species).sum())
    low, high = clopper_pearson(right, n)
    mean, error = float(losses.mean()), _standard_error(losses)
    return Candidate(
        algorithm=recipe.algorithm.name,
        hyperparameters=dict(recipe.hyperparameters),
        log_loss=mean,
        accuracy=right / n,
        balanced_accuracy=float(balanced_accuracy_score(species, named)),
        seconds=round(seconds, 3),
        plants=n,
        low=low,
        high=high,
        log_loss_low=max(0.0, mean - 1.96 * error),
        log_loss_high=mean + 1.96 * error,
        chosen=chosen,
        why=why,
    )


def _standard_error(values: Floats) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0


def _mean_less_errors(values: Floats, errors: float) -> float:
    """The mean less so many of its standard errors."""
    return float(values.mean()) - errors * _standard_error(values)
