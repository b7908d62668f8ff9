import numpy as np
import pytest

from flora_core.errors import Unknown
from flora_core.learning.algorithms.catalogue import ALGORITHMS, resolve_hyperparameters
from flora_core.learning.algorithms.pipelines import Recipe, ShapeRatioColumns, recipe_of, shape_ratio_columns
from flora_core.study import IRIS
from tests.builders import iris_table, make_study

X, y = iris_table()


def recipe(name="lda", **changes):
    return Recipe(ALGORITHMS[name], resolve_hyperparameters(ALGORITHMS[name], {}), seed=0, **changes)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_a_pipeline_is_scikit_learn_s_own_but_for_what_a_machine_s_probabilities_are_made_of(name):
    pipeline = recipe(name, gaps=True, shape=shape_ratio_columns(IRIS)).pipeline(np.array([50, 50, 50]))
    assert [n for n, _ in pipeline.steps if n != "scale"] == ["fill", "shape", "classify"]
    foreign = {type(step).__name__ for _, step in pipeline.steps if not type(step).__module__.startswith("sklearn")}
    assert foreign == ({"PairwiseSVC"} if name == "svm" else set())


def test_shape_ratios_are_logarithms_over_the_geometric_mean_of_the_lengths():
    fitted = recipe(shape=shape_ratio_columns(IRIS)).fit(X, y, 3)
    handed = fitted[:-1].transform(X[:1])[0]
    logs = np.log([5.1, 3.5, 1.4, 0.2])
    assert handed[:4] == pytest.approx([5.1, 3.5, 1.4, 0.2])
    assert handed[4:] == pytest.approx((logs - logs.mean())[:3])


def test_a_plant_of_twice_the_size_has_the_same_shape():
    fitted = recipe(shape=shape_ratio_columns(IRIS)).fit(X, y, 3)
    assert fitted[:-1].transform(2 * X)[:, 4:] == pytest.approx(fitted[:-1].transform(X)[:, 4:])


def test_what_a_missing_length_may_have_been_is_never_without_a_logarithm():
    fitted = recipe("logistic", shape=shape_ratio_columns(IRIS)).fit(X, y, 3)
    odd = X[:1].copy()
    odd[0, 3] = -0.4
    assert np.isfinite(fitted.predict_proba(odd)).all()
    # A tenth of the smallest plausible petal width, 0.05 cm.
    assert fitted[:-1].transform(odd)[0, 4:] == pytest.approx(fitted[:-1].transform([[5.1, 3.5, 1.4, 0.005]])[0, 4:])


def test_shape_is_made_of_the_lengths_that_share_a_unit():
    study = make_study(2, 4)
    units = ("cm", "mm", "mm2", "mm")
    measured = [m.model_copy(update={"unit": u}) for m, u in zip(study.measurements, units, strict=True)]
    assert shape_ratio_columns(study.model_copy(update={"measurements": tuple(measured)})) == ShapeRatioColumns(
        (1, 3), (0.1, 0.1)
    )
    assert shape_ratio_columns(make_study(2, 3, unit="")) is None
    assert shape_ratio_columns(make_study(2, 1)) is None


@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_algorithm_gives_a_species_without_plants_no_probability(name):
    rows = np.r_[50:60, 100:110]
    fitted = recipe(name).fit(X[rows], y[rows], 3)
    p = fitted.predict_proba(X)
    assert p.shape == (150, 3)
    assert p.sum(axis=1) == pytest.approx(np.ones(150))
    assert (p[:, 0] == 0).all()


@pytest.mark.parametrize("name", ALGORITHMS)
def test_where_one_species_is_left_nothing_is_learned(name):
    assert recipe(name).fit(X[:50], y[:50], 3).predict_proba(X[:2]).tolist() == [[1, 0, 0]] * 2


def test_a_version_can_be_made_again_from_its_card(champion):
    again = recipe_of(champion.card, gaps=False)
    assert again.fit(X, y, 3).predict_proba(X) == pytest.approx(champion.pipeline.predict_proba(X))
    with pytest.raises(Unknown, match="'magic' is not an algorithm"):
        recipe_of(champion.card.model_copy(update={"algorithm": "magic"}), gaps=False)
