"""From probabilities, prediction set and fitness to an answer: a name, "cf." a name, or "none of these"."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from flora_core.identification.fitness import judged
from flora_core.identification.predicting import probabilities
from flora_core.identification.prediction_sets import LEVEL, prediction_sets
from flora_core.model import Bools, Floats, Ints, Model
from flora_core.study import Study, epithet, genus_of

#: The answer where a plant fits no species: neither a name nor a blank.
NONE_OF_THESE: Final = "none of these"


@dataclass(frozen=True, slots=True, eq=False)
class PredictedPlants:
    """The answers for n plants.

    Attributes
    ----------
    probabilities : (n, k) float
    best : (n,) int
        The likeliest species; of no meaning where the plant does not fit.
    misfit : (n, k) float
        Squared distance to each species over its limit.
    fits : (n,) bool
        Whether the plant lies within the limit of any species.
    unusual : (n,) bool
        Whether it does, but outside the usual range of every species; never of a model that knows no such range.
    in_set : (n, k) bool
        The 95 % prediction set; empty where the plant does not fit.
    """

    probabilities: Floats
    best: Ints
    misfit: Floats
    fits: Bools
    unusual: Bools
    in_set: Bools


def predict_plants(model: Model, X: Floats) -> PredictedPlants:
    """The answers for rows in the study's order and units, NaN where not measured.

    Parameters
    ----------
    X : (n, p) float
        Checked values: at least one measured in each row.
    """
    p = probabilities(model, X)
    misfit, outside = judged(model.gaussians, model.novelty, X)
    fits = misfit.min(axis=1) <= 1.0
    unusual = fits & outside
    in_set = prediction_sets(p, model.conformal_thresholds, model.set_rule)
    if model.set_rule != "cumulative":
        # The thresholds promise nothing for plants with more gaps than the training plants had: there the set is the
        # smallest group of species that the probabilities themselves are 95 % sure of.
        sparse = np.isnan(X).sum(axis=1) > _usual_gaps(model)
        if sparse.any():
            in_set[sparse] |= prediction_sets(p[sparse], np.full(p.shape[1], LEVEL), "cumulative")
    in_set &= fits[:, None]
    return PredictedPlants(p, p.argmax(axis=1), misfit, fits, unusual, in_set)


@lru_cache(maxsize=64)
def _usual_gaps(model: Model) -> int:
    """As many measurements are missing in at least one of twenty training plants, or more."""
    return int(np.quantile(np.isnan(model.reference.values).sum(axis=1), 0.95, method="lower"))


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of one plant, in the words of a determination.

    Attributes
    ----------
    species : str
        The likeliest species in full, or "none of these".
    qualifier : str
        "" for a name, "cf. versicolor" where other species are possible, "none of these" where none is.
    scientific_name : str
        As Darwin Core wants it, never with a qualifier: the species where it is the only one possible, else the genus
        they share, or "".
    prediction_set : tuple of str
        The species still possible, likeliest first.
    """

    species: str
    qualifier: str
    scientific_name: str
    prediction_set: tuple[str, ...]

    @property
    def name(self) -> str:
        """As written on a slip: "Iris setosa", "Iris cf. versicolor", "none of these"."""
        if not self.qualifier or self.species == NONE_OF_THESE:
            return self.species
        return f"{genus_of(self.species)} {self.qualifier}".strip()


def answer(study: Study, probability: Floats, best: int, fits: bool, in_set: Bools) -> Answer:
    """The answer for one plant of `PredictedPlants`.

    Parameters
    ----------
    probability : (k,) float
    in_set : (k,) bool
    """
    names = study.species_names
    if not fits:
        return Answer(NONE_OF_THESE, NONE_OF_THESE, "", ())
    possible = tuple(names[j] for j in np.argsort(-probability, kind="stable") if in_set[j])
    if len(possible) <= 1:
        return Answer(names[best], "", names[best], possible)
    return Answer(names[best], f"cf. {epithet(names[best])}", _shared_genus(possible), possible)


def _shared_genus(names: tuple[str, ...]) -> str:
    genera = {genus_of(name) for name in names}
    return genera.pop() if len(genera) == 1 else ""
