"""Training never ends in a traceback: every algorithm on tables that break numerics."""

import warnings

import numpy as np
import pytest

from flora_core.errors import FloraError
from flora_core.identification.naming import predict_plants
from flora_core.learning.algorithms.catalogue import ALGORITHMS
from flora_core.learning.species_gaussians import fit_gaussians, impute_within_species
from flora_core.learning.training import train
from flora_core.model import TrainingPlants, TrainingTable
from tests.learning.test_novelty import study_of


def clusters(rng, k, n, p, apart=3.0):
    species = np.repeat(np.arange(k), n)
    return rng.normal(0, apart, (k, p))[species] + rng.normal(size=(k * n, p)), species


def with_gaps(rng, values, share):
    values = values.copy()
    values[rng.random(values.shape) < share] = np.nan
    values[np.isnan(values).all(axis=1), 0] = 1.0
    return values


def table(name, seed=0):
    rng = np.random.default_rng(seed)
    match name:
        case "tiny":
            return clusters(rng, 2, 3, 2)
        case "wide":
            return clusters(rng, 3, 6, 30)
        case "dependent":
            values, species = clusters(rng, 3, 12, 4)
            values[:, 2] = values[:, 0] + values[:, 1]
            return with_gaps(rng, values, 0.2), species
        case "gappy":
            values, species = clusters(rng, 3, 10, 4)
            return with_gaps(rng, values, 0.5), species
        case "constant within a species":
            values, species = clusters(rng, 3, 10, 3)
            values[species == 0, 1] = 2.0
            values[species == 1] = [1.0, 2.0, 3.0]
            return values, species
        case "a hundred species":
            return clusters(rng, 100, 3, 4)
        case "heavy ties":
            values, species = clusters(rng, 3, 15, 3, 0.5)
            return np.round(values), species
        case "1e-9" | "1e9":
            values, species = clusters(rng, 3, 12, 3)
            return values * float(name), species
    raise AssertionError(name)


TABLES = ["tiny", "wide", "dependent", "gappy", "constant within a species", "heavy ties", "1e-9", "1e9"]


def plants_of(name, seed=0):
    values, species = table(name, seed)
    card = TrainingTable(source="made", sha256="0" * 64, rows=len(species), plants={})
    return TrainingPlants(values=values, species=species, groups=None, table=card)


def trained(name, algorithm):
    plants = plants_of(name)
    study = study_of(int(plants.species.max()) + 1, plants.values.shape[1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return train(study, plants, algorithm=algorithm), plants
        except FloraError:
            # A refusal in words is an answer: an algorithm may need more plants.
            return None, plants


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("algorithm", ["lda", "logistic", "tree", "bayes", "svm"])
def test_quick_algorithms_answer_on_every_table(name, algorithm):
    model, plants = trained(name, algorithm)
    if model is not None:
        assert np.isfinite(predict_plants(model, plants.values).probabilities).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", [*TABLES, "a hundred species"])
@pytest.mark.parametrize("algorithm", ["auto", *ALGORITHMS])
def test_every_algorithm_answers_on_every_table(name, algorithm):
    model, plants = trained(name, algorithm)
    if model is not None:
        assert np.isfinite(predict_plants(model, plants.values).probabilities).all()


def test_the_unit_of_the_measurements_does_not_matter_to_a_tree():
    small, large = trained("1e-9", "tree")[0], trained("1e9", "tree")[0]
    assert small.card.scores.accuracy == large.card.scores.accuracy


@pytest.mark.parametrize("seed", range(40))
def test_gaps_in_exactly_dependent_columns_are_filled(seed):
    rng = np.random.default_rng(seed)
    k, n, p = int(rng.integers(2, 6)), int(rng.integers(4, 40)), int(rng.integers(3, 8))
    values, species = clusters(rng, k, n, p)
    values[:, -1] = values[:, 0] + values[:, 1]
    values[:, 1] = 2.0 * values[:, 0] if seed % 3 == 0 else values[:, 1]
    values = with_gaps(rng, values, float(rng.choice([0.02, 0.1, 0.3, 0.5])))
    gaussians = fit_gaussians(values, species, k)
    assert np.isfinite(impute_within_species(gaussians, values, species, 0)).all()
    assert np.linalg.eigvalsh(gaussians.covariances).min() > 0
