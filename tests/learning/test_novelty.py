import numpy as np
import pytest

from flora_core import parallel
from flora_core.identification.fitness import outlying_levels, outside_usual_range
from flora_core.identification.naming import predict_plants
from flora_core.learning.novelty import fit_novelty
from flora_core.learning.species_gaussians import fit_gaussians
from flora_core.learning.training import train
from flora_core.learning.validation.folds import make_folds
from flora_core.model import TrainingPlants, TrainingTable, pooled_gaussians
from flora_core.study import Measurement, Species, Study


def study_of(k, p):
    return Study(
        name="made",
        title="Made plants",
        measurements=tuple(
            Measurement(name=f"m{i}", label=f"m{i}", unit="cm", low=-1e6, high=1e6, positive=False) for i in range(p)
        ),
        species=tuple(Species(name=f"Planta s{j}") for j in range(k)),
    )


def made(k=4, n=60, p=3, apart=6.0, seed=0, spread=None):
    """Species on the corners of a large box, of one covariance unless `spread` says otherwise."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(0, apart, (k, p))
    species = np.repeat(np.arange(k), n)
    scale = np.ones(k) if spread is None else np.asarray(spread)
    values = centres[species] + rng.normal(size=(k * n, p)) * scale[species, None]
    table = TrainingTable(source="made", sha256="0" * 64, rows=k * n, plants={f"Planta s{j}": n for j in range(k)})
    return TrainingPlants(values=values, species=species, groups=None, table=table)


def fitted(plants, seed=0):
    k, p = int(plants.species.max()) + 1, plants.values.shape[1]
    folds = make_folds(plants, 10, seed)
    return fit_novelty(study_of(k, p), plants, folds, fit_gaussians(plants.values, plants.species, k), seed)


def test_species_far_from_all_others_are_noticed_and_own_plants_seldom():
    novelty, unknown = fitted(made(seed=3))
    assert unknown.left_out == 4
    assert unknown.plants == 240
    assert unknown.noticed > 0.95
    assert 0.005 <= unknown.own_none + unknown.own_unusual <= 0.08
    assert 0.9 < novelty.usual_level < 0.999


def test_fresh_plants_are_called_unusual_as_often_as_is_said():
    novelty, unknown = fitted(made(seed=1, n=200))
    fresh = made(seed=1, n=2000)
    outside = outside_usual_range(novelty.gaussians, fresh.values, novelty.usual_level).mean()
    assert outside == pytest.approx(unknown.own_unusual + unknown.own_none, abs=0.015)


def test_species_on_top_of_each_other_are_not_noticed_and_the_sentence_says_so():
    _, unknown = fitted(made(apart=0.0))
    assert unknown.noticed < 0.2
    assert unknown.low <= unknown.noticed <= unknown.high
    assert f"about {100 * unknown.noticed:.0f} % would be noticed" in unknown.sentence
    assert "240 plants" in unknown.sentence


def test_a_shared_covariance_is_taken_where_it_notices_more():
    """A wide species would take in the plants of its neighbours; the common spread of all does not."""
    plants = made(k=4, n=25, p=4, apart=2.5, seed=2)
    novelty, unknown = fitted(plants)
    assert novelty.pooled == unknown.pooled
    if novelty.pooled:
        assert (novelty.gaussians.covariances == novelty.gaussians.covariances[0]).all()


def test_the_level_of_a_plant_at_its_limit_is_the_limit_s():
    gaussians = fit_gaussians(*(lambda m: (m.values, m.species))(made()), 4)
    x = gaussians.means[:1].copy()
    assert outlying_levels(gaussians, x)[0, 0] == pytest.approx(0.0, abs=1e-9)
    far = x + 1e6
    assert outlying_levels(gaussians, far).min() == pytest.approx(1.0)
    assert outlying_levels(gaussians, np.full((1, 3), np.nan)).max() == 0.0


def test_the_pooled_covariance_is_the_mean_weighted_by_plants():
    plants = made(k=2, spread=[1.0, 3.0])
    gaussians = fit_gaussians(plants.values, plants.species, 2)
    pooled = pooled_gaussians(gaussians)
    assert pooled.covariances[1] == pytest.approx(gaussians.covariances.mean(axis=0))
    assert pooled.degrees_of_freedom == pytest.approx([118, 118])


def test_iris_notices_four_in_five_of_an_iris_it_does_not_know(champion):
    unknown = champion.card.unknown_species
    assert unknown is not None
    assert unknown.noticed >= 0.8
    assert unknown.own_none + unknown.own_unusual <= 0.06
    assert set(unknown.by_species) == set(champion.study.species_names)


def test_a_model_says_unusual_only_of_plants_that_fit(champion):
    X = np.array([[5.0, 3.4, 1.4, 0.2], [5.0, 3.4, 14.0, 0.2], [5.2, 3.9, 2.3, 0.3]])
    named = predict_plants(champion, X)
    assert named.fits.tolist()[:2] == [True, False]
    assert not named.unusual[1]
    assert not named.unusual[0]
    assert not (named.unusual & ~named.fits).any()


def test_a_trained_model_carries_the_rule():
    plants = made(k=3, n=30)
    model = train(study_of(3, 3), plants, algorithm="lda")
    assert model.novelty is not None
    assert model.card.unknown_species is not None
    assert model.set_rule == "prevalence"


@pytest.mark.slow
def test_species_left_out_by_two_processes_give_the_very_same_rule(monkeypatch):
    plants = made(k=6, n=20)
    alone = fitted(plants)
    monkeypatch.setattr(parallel, "KNOWN", 0.0)
    monkeypatch.setattr(parallel, "WORTH_STARTING", 0.0)
    k, p = 6, plants.values.shape[1]
    gaussians = fit_gaussians(plants.values, plants.species, k)
    both = fit_novelty(study_of(k, p), plants, make_folds(plants, 10, 0), gaussians, 0, processes=2)
    assert both[1] == alone[1]
    assert both[0].usual_level == alone[0].usual_level
