"""Which of the recipes that were tried on the same folds is best, why, and how much choosing flatters it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flora_core.identification.predicting import calibrate
from flora_core.learning.algorithms.pipelines import Recipe
from flora_core.learning.validation.out_of_fold import OutOfFold
from flora_core.learning.validation.scoring import fit_calibration, log_loss, selection_optimism
from flora_core.model import Calibration, Candidate, Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class ModelSelection:
    """The recipes with what came of them; the best has the lowest calibrated log loss, the first of equals.

    Attributes
    ----------
    calibrated : list of (n, k) float
        Out-of-fold probabilities of each recipe.
    losses : list of float
        Their log loss, in nats.
    """

    recipes: Sequence[Recipe]
    results: Sequence[OutOfFold]
    species: Ints
    calibrations: list[Calibration]
    calibrated: list[Floats]
    losses: list[float]

    @classmethod
    def among(cls, recipes: Sequence[Recipe], results: Sequence[OutOfFold], species: Ints) -> ModelSelection:
        """Calibrate what each said, and score it."""
        calibrations = [fit_calibration(result.raw, species) for result in results]
        calibrated = [calibrate(r.raw, c) for r, c in zip(results, calibrations, strict=True)]
        return cls(recipes, results, species, calibrations, calibrated, [log_loss(p, species) for p in calibrated])

    @property
    def best(self) -> int:
        """The place of the best recipe."""
        return int(np.argmin(self.losses))

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
        return f"{title} had the lowest cross-validated log loss, {loss}; {', '.join(others)}."

    def candidates(self) -> tuple[Candidate, ...]:
        """What the card tells of each, in the order they were tried."""
        from sklearn.metrics import balanced_accuracy_score

        named = [p.argmax(axis=1) for p in self.calibrated]
        return tuple(
            Candidate(
                algorithm=recipe.algorithm.name,
                hyperparameters=dict(recipe.hyperparameters),
                log_loss=loss,
                accuracy=float((g == self.species).mean()),
                balanced_accuracy=float(balanced_accuracy_score(self.species, g)),
                seconds=round(r.seconds, 3),
            )
            for recipe, r, g, loss in zip(self.recipes, self.results, named, self.losses, strict=True)
        )

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
